/* SPDX-License-Identifier: MIT */
/* rqlite_node.c: what is asked of one node and not of the cluster: how it is, a copy of what it
 * holds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rqlite/rqlite_inside.h"

enum { IDLE_SECONDS = 30, CODE_OK = 200 };

size_t rqlite_nodes(const struct rqlite *rqlite)
{
    return rqlite->node_count;
}

const char *rqlite_node(const struct rqlite *rqlite, size_t node)
{
    return rqlite->nodes[node];
}

void rqlite_prefer(struct rqlite *rqlite, size_t node)
{
    rqlite->node = node % rqlite->node_count;
}

static bool set_url(struct rqlite *rqlite, size_t node, const char *path)
{
    char url[RQLITE_URL_SIZE + 64];
    snprintf(url, sizeof url, "%s%s", rqlite->nodes[node], path);
    rqlite->length = 0;
    rqlite->too_long = false;
    rqlite->curl_error[0] = '\0';
    return curl_easy_setopt(rqlite->curl, CURLOPT_URL, url) == CURLE_OK;
}

/* False: error. */
static bool perform(struct rqlite *rqlite, size_t node, struct error *error)
{
    long status = 0;
    CURLcode code = curl_easy_perform(rqlite->curl);
    if (code != CURLE_OK) {
        error_set(error, rqlite_is_about_us(code) ? ERROR_INVALID : ERROR_IO, "%s",
                  rqlite->curl_error[0] != '\0' ? rqlite->curl_error : curl_easy_strerror(code));
        return error_at(error, "%s", rqlite->nodes[node]);
    }
    curl_easy_getinfo(rqlite->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status == CODE_OK)
        return true;
    if (status == 401 || status == 403)
        error_set(error, ERROR_INVALID, "the user or the password is wrong (%ld)", status);
    else
        error_set(error, status == 404 || status == 405 ? ERROR_INVALID : ERROR_IO,
                  "it answered %ld", status);
    return error_at(error, "%s", rqlite->nodes[node]);
}

/* A day as libcurl reads it, from the header Date. */
static size_t read_date(char *line, size_t size, size_t count, void *context)
{
    char text[64];
    int64_t *date = context;
    size_t length = size * count;
    if (length > 5 && length < sizeof text && strncasecmp(line, "Date:", 5) == 0) {
        snprintf(text, sizeof text, "%.*s", (int)(length - 5), line + 5);
        *date = (int64_t)curl_getdate(text, NULL);
    }
    return length;
}

bool rqlite_ask_node(struct rqlite *rqlite, size_t node, const char *path, const char *body,
                     const char **answer, size_t *length, int64_t *date, struct error *error)
{
    CURL *curl = rqlite->curl;
    int64_t shown = -1;
    bool done = set_url(rqlite, node, path) &&
                (body == NULL ? curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK
                              : curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
                                    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                                                     (curl_off_t)strlen(body)) == CURLE_OK &&
                                    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK) &&
                curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, read_date) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_HEADERDATA, &shown) == CURLE_OK;
    if (!done)
        error_no_memory(error, NULL);
    done = done && perform(rqlite, node, error);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, NULL);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, NULL);
    if (date != NULL)
        *date = shown;
    if (answer != NULL)
        *answer = rqlite->length == 0 ? "" : rqlite->answer;
    if (length != NULL)
        *length = rqlite->length;
    return done;
}

/* -- files -- */

static size_t write_bytes(char *bytes, size_t size, size_t count, void *context)
{
    int descriptor = *(const int *)context;
    size_t length = size * count, done = 0;
    while (done < length) {
        ssize_t more = write(descriptor, bytes + done, length - done);
        if (more < 0 && errno == EINTR)
            continue;
        if (more <= 0)
            return 0;
        done += (size_t)more;
    }
    return length;
}

static size_t read_bytes(char *bytes, size_t size, size_t count, void *context)
{
    ssize_t got;
    do {
        got = read(*(const int *)context, bytes, size * count);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
}

/* A large file may take as long as it likes, while anything moves. */
static bool be_patient(CURL *curl, long whole_ms, long idle_seconds)
{
    return curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, whole_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, idle_seconds > 0 ? 1L : 0L) ==
               CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, idle_seconds) == CURLE_OK;
}

bool rqlite_receive_file(struct rqlite *rqlite, size_t node, const char *path, int descriptor,
                         struct error *error)
{
    CURL *curl = rqlite->curl;
    bool done = set_url(rqlite, node, path) && be_patient(curl, 0, IDLE_SECONDS) &&
                curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write_bytes) == CURLE_OK &&
                curl_easy_setopt(curl, CURLOPT_WRITEDATA, &descriptor) == CURLE_OK;
    if (!done)
        error_no_memory(error, NULL);
    errno = 0;
    done = done && perform(rqlite, node, error);
    if (!done && errno == ENOSPC)
        error_set(error, ERROR_IO, "%s", strerror(ENOSPC));
    be_patient(curl, (long)rqlite->options.request_ms, 0);
    curl_easy_setopt(curl, CURLOPT_FAILONERROR, 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, rqlite_keep_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, rqlite);
    return done;
}

bool rqlite_send_file(struct rqlite *rqlite, size_t node, const char *path, int descriptor,
                      int64_t bytes, struct error *error)
{
    CURL *curl = rqlite->curl;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    bool done =
        headers != NULL && set_url(rqlite, node, path) && be_patient(curl, 0, 10 * IDLE_SECONDS) &&
        curl_easy_setopt(curl, CURLOPT_POST, 1L) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_bytes) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_READDATA, &descriptor) == CURLE_OK &&
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK;
    if (!done)
        error_no_memory(error, NULL);
    done = done && perform(rqlite, node, error);
    be_patient(curl, (long)rqlite->options.request_ms, 0);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, NULL);
    curl_easy_setopt(curl, CURLOPT_READDATA, NULL);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, rqlite->headers);
    curl_slist_free_all(headers);
    return done;
}
