/* SPDX-License-Identifier: MIT */
/* url.c: a strict reading of the URLs that the configuration may give, by libcurl's own parser, so
 * that what is checked is what is called. */
#include "config/url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum scheme_rule { SCHEME_REFUSED, SCHEME_ALLOWED, SCHEME_LOOPBACK };

static enum scheme_rule find_scheme(const char *schemes, const char *name, size_t length)
{
    while (*schemes != '\0') {
        size_t width = strcspn(schemes, "|");
        bool loopback = *schemes == '(';
        const char *word = schemes + (loopback ? 1 : 0);
        size_t word_length = width - (loopback ? 2 : 0);
        if (word_length == length && strncmp(word, name, length) == 0) {
            return loopback ? SCHEME_LOOPBACK : SCHEME_ALLOWED;
        }
        schemes += width + (schemes[width] == '|' ? 1 : 0);
    }
    return SCHEME_REFUSED;
}

void url_allowed(const char *schemes, char *words, size_t size)
{
    size_t used = 0;

    words[0] = '\0';
    while (*schemes != '\0' && used < size) {
        size_t width = strcspn(schemes, "|");
        bool loopback = *schemes == '(';
        bool file = strncmp(schemes, "file", width) == 0;
        bool last = schemes[width] == '\0';
        int put = snprintf(words + used, size - used, "%s%.*s%s%s",
                           used == 0 ? ""
                           : last    ? " or "
                                     : ", ",
                           (int)(width - (loopback ? 2 : 0)), schemes + (loopback ? 1 : 0),
                           file ? ":FOLDER" : "://HOST",
                           loopback ? " to this machine alone (127.0.0.0/8, ::1, localhost)" : "");
        used += put < 0 ? 0 : (size_t)put;
        schemes += width + (last ? 0 : 1);
    }
}

const char *url_file_path(const char *url)
{
    if (strncmp(url, "file:", 5) != 0) {
        return NULL;
    }
    /* file:///PATH says the same as file:/PATH. */
    return strncmp(url + 5, "///", 3) == 0 ? url + 7 : url + 5;
}

static bool fail(struct error *error, const char *text)
{
    return error_set(error, ERROR_INVALID, "%s", text);
}

/* `host` as libcurl gives it: an IPv6 address stands in brackets. */
static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    char inside[INET6_ADDRSTRLEN] = "";

    if (inet_pton(AF_INET, host, &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    if (sscanf(host, "[%45[^]]]", inside) == 1) {
        return inet_pton(AF_INET6, inside, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    }
    return strcasecmp(host, "localhost") == 0;
}

/* What a URL is made of, in libcurl's reading; NULL for what it has not. */
struct parts {
    char *host, *port, *path, *query;
};

static void parts_free(struct parts *parts)
{
    curl_free(parts->host);
    curl_free(parts->port);
    curl_free(parts->path);
    curl_free(parts->query);
}

/* To be freed whatever it returns. */
static CURLUcode parts_read(const char *url, struct parts *parts)
{
    CURLU *parsed = curl_url();
    CURLUcode code = CURLUE_OUT_OF_MEMORY;

    *parts = (struct parts){NULL};
    if (parsed != NULL) {
        code = curl_url_set(parsed, CURLUPART_URL, url,
                            CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
    }
    if (code == CURLUE_OK) {
        code = curl_url_get(parsed, CURLUPART_HOST, &parts->host, 0);
    }
    if (code == CURLUE_OK) {
        code = curl_url_get(parsed, CURLUPART_PATH, &parts->path, 0);
    }
    if (code == CURLUE_OK) { /* these two may be missing */
        curl_url_get(parsed, CURLUPART_PORT, &parts->port, 0);
        curl_url_get(parsed, CURLUPART_QUERY, &parts->query, 0);
    }
    curl_url_cleanup(parsed);
    return code;
}

static bool check_parts(const struct parts *parts, const char *scheme, enum scheme_rule rule,
                        struct error *error)
{
    if (parts->port != NULL && strcmp(parts->port, "0") == 0) {
        return fail(error, "a port is from 1 to 65535");
    }
    if (strncmp(scheme, "smtp", 4) == 0 &&
        (strcmp(parts->path, "/") != 0 || parts->query != NULL)) {
        return fail(error, "a mail server has no path: expected SCHEME://HOST[:PORT]");
    }
    if (rule == SCHEME_LOOPBACK && !is_loopback(parts->host)) {
        return fail(error, "without encryption only this machine may be called "
                           "(127.0.0.0/8, ::1, localhost): use https://");
    }
    return true;
}

bool url_check(const char *url, const char *schemes, struct error *error)
{
    char allowed[512];
    struct parts parts;
    size_t scheme_length = strcspn(url, ":");

    enum scheme_rule rule = find_scheme(schemes, url, scheme_length);
    if (rule == SCHEME_REFUSED || url[scheme_length] != ':') {
        url_allowed(schemes, allowed, sizeof allowed);
        return error_set(error, ERROR_INVALID, "expected %s", allowed);
    }
    const char *path = url_file_path(url);
    if (path != NULL) {
        return (*path != '\0' && strncmp(path, "//", 2) != 0) ||
               fail(error, "expected file: and a folder, such as file:outbox");
    }
    for (const char *next = url; *next != '\0'; next++) {
        if (*next <= ' ' || *next > '~' || *next == '\\' || *next == '#') {
            return fail(error, "a URL has no spaces, no # or \\, and only ASCII characters");
        }
    }
    /* libcurl takes one slash to three. */
    if (strncmp(url + scheme_length, "://", 3) != 0) {
        return fail(error, "a URL begins with SCHEME://HOST");
    }
    CURLUcode code = parts_read(url, &parts);
    bool good = false;
    if (code == CURLUE_OK && url[scheme_length + 3] == '/') {
        code = CURLUE_NO_HOST;
    }
    if (code == CURLUE_OUT_OF_MEMORY) {
        error_no_memory(error, NULL);
    } else if (code == CURLUE_USER_NOT_ALLOWED) {
        fail(error, "a URL must not hold a user name or password: there are keys for them");
    } else if (code != CURLUE_OK) {
        fail(error, "expected a host name or address after ://, and after it at most a port "
                    "from 1 to 65535");
    } else {
        good = check_parts(&parts, url, rule, error);
    }
    parts_free(&parts);
    return good;
}

bool url_is_loopback(const char *url)
{
    struct parts parts;
    bool loopback = parts_read(url, &parts) == CURLUE_OK && is_loopback(parts.host);
    parts_free(&parts);
    return loopback;
}

void url_server(const char *url, char *server, size_t size)
{
    const char *folder = url_file_path(url);
    struct parts parts;

    if (folder != NULL) {
        snprintf(server, size, "%s", folder);
        return;
    }
    parts_read(url, &parts);
    snprintf(server, size, "%s%s%s", parts.host != NULL ? parts.host : "",
             parts.port != NULL ? ":" : "", parts.port != NULL ? parts.port : "");
    parts_free(&parts);
}
