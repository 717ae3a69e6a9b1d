/* url.c: a strict reading of the URLs that the configuration may give. What it does not understand
 * it refuses, because libcurl would read it in its own way. */
#include "config/url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { URL_HOST = 256, URL_PORT_MOST = 65535 };

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

static bool is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, host, &four) == 1) {
        return (ntohl(four.s_addr) >> 24) == 127;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&six);
    }
    return strcasecmp(host, "localhost") == 0;
}

/* `text` is what follows the host. */
static bool is_port(const char *text, size_t length)
{
    unsigned port = 0;

    if (length == 0) {
        return true;
    }
    if (text[0] != ':' || length < 2 || length > 6) {
        return false;
    }
    for (size_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    return port >= 1 && port <= URL_PORT_MOST;
}

/* Takes the host out of HOST[:PORT] or [IPv6][:PORT]. */
static bool read_host(const char *authority, size_t length, char host[URL_HOST])
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    bool bracket = length > 0 && authority[0] == '[';
    const char *start = authority + (bracket ? 1 : 0);
    const char *end = bracket ? memchr(authority, ']', length) : NULL;
    size_t width = bracket && end != NULL ? (size_t)(end - start) : strspn(start, letters);
    const char *rest = start + width + (bracket ? 1 : 0);
    struct in6_addr six;

    if ((bracket && end == NULL) || width == 0 || width >= URL_HOST || rest > authority + length) {
        return false;
    }
    snprintf(host, URL_HOST, "%.*s", (int)width, start);
    if (bracket && inet_pton(AF_INET6, host, &six) != 1) {
        return false;
    }
    return is_port(rest, (size_t)(authority + length - rest));
}

bool url_check(const char *url, const char *schemes, struct error *error)
{
    char host[URL_HOST];
    char allowed[512];
    size_t scheme_length = strcspn(url, ":");

    enum scheme_rule rule = find_scheme(schemes, url, scheme_length);
    if (rule == SCHEME_REFUSED || url[scheme_length] != ':') {
        url_allowed(schemes, allowed, sizeof allowed);
        return error_set(error, ERROR_INVALID, "%s is expected", allowed);
    }
    const char *path = url_file_path(url);
    if (path != NULL) {
        return (*path != '\0' && strncmp(path, "//", 2) != 0) ||
               error_set(error, ERROR_INVALID, "file: and a folder is expected, as file:outbox");
    }
    for (const char *next = url; *next != '\0'; next++) {
        if (*next <= ' ' || *next > '~' || *next == '\\' || *next == '#') {
            return error_set(error, ERROR_INVALID,
                             "a URL has no blanks, no # or \\, and only ASCII characters");
        }
    }
    if (strncmp(url + scheme_length, "://", 3) != 0) {
        return error_set(error, ERROR_INVALID, "a URL begins with SCHEME://HOST");
    }
    const char *authority = url + scheme_length + 3;
    size_t length = strcspn(authority, "/?");
    if (memchr(authority, '@', length) != NULL) {
        return error_set(error, ERROR_INVALID,
                         "a URL must not hold a user name or password: there are keys for them");
    }
    if (!read_host(authority, length, host)) {
        return error_set(error, ERROR_INVALID,
                         "a host name or address is expected after ://, and after "
                         "it at most a port from 1 to 65535");
    }
    if (strncmp(url, "smtp", 4) == 0 && authority[length] != '\0' &&
        strcmp(authority + length, "/") != 0) {
        return error_set(error, ERROR_INVALID,
                         "a mail server has no path: SCHEME://HOST[:PORT] is expected");
    }
    if (rule == SCHEME_LOOPBACK && !is_loopback(host)) {
        return error_set(error, ERROR_INVALID,
                         "without encryption only this machine may be called "
                         "(127.0.0.0/8, ::1, localhost): use https://");
    }
    return true;
}

bool url_is_loopback(const char *url)
{
    char host[URL_HOST];
    const char *authority = strstr(url, "://");
    return authority != NULL && read_host(authority + 3, strcspn(authority + 3, "/?"), host) &&
           is_loopback(host);
}

void url_server(const char *url, char *server, size_t size)
{
    const char *folder = url_file_path(url);
    const char *authority = strstr(url, "://");

    if (folder == NULL && authority != NULL) {
        authority += 3;
        snprintf(server, size, "%.*s", (int)strcspn(authority, "/?"), authority);
    } else {
        snprintf(server, size, "%s", folder != NULL ? folder : "");
    }
}
