/* SPDX-License-Identifier: MIT */
/* http_handle.c: see http_handle.h. */
#include "delivery/http_handle.h"

#include "delivery/response.h"
#include "values/time_units.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BODY = 1024,
    OLDEST_CONNECTION_SECONDS = 30, /* idle; servers close theirs after 60 and more */
    LONGEST_WAIT_SECONDS = HOUR_MS / SECOND_MS,
};

/* Keeps at most TRANSFER_BODY bytes; the rest is not worth reading, so the call ends. */
static size_t receive_body(char *bytes, size_t size, size_t count, void *argument)
{
    struct http_handle *handle = argument;
    size_t length = size * count;
    size_t keep = length;
    if (keep > TRANSFER_BODY - handle->body_length)
        keep = TRANSFER_BODY - handle->body_length;
    if (handle->body_length + keep + 1 > handle->body_size) {
        size_t larger = handle->body_size ? handle->body_size : FIRST_BODY;
        while (larger < handle->body_length + keep + 1)
            larger *= 2;
        char *body = realloc(handle->body, larger);
        if (!body)
            return 0;
        handle->body = body;
        handle->body_size = larger;
    }
    memcpy(handle->body + handle->body_length, bytes, keep);
    handle->body_length += keep;
    handle->body[handle->body_length] = 0;
    if (keep < length)
        handle->body_cut = true;
    return keep;
}

/* Keeps a line without its end. */
static void keep_line(char line[HANDLE_LINE], const char *bytes, size_t length)
{
    while (length > 0 && (bytes[length - 1] == '\r' || bytes[length - 1] == '\n'))
        length--;
    if (length >= HANDLE_LINE)
        length = HANDLE_LINE - 1;
    memcpy(line, bytes, length);
    line[length] = 0;
}

/* HTTP headers and SMTP replies, one line a call. */
static size_t receive_line(char *bytes, size_t size, size_t count, void *argument)
{
    struct http_handle *handle = argument;
    size_t length = size * count;
    handle->header_bytes += length;
    if (handle->header_bytes > HANDLE_HEADER_BYTES)
        return 0;
    if (length < 3 || memcmp(bytes, "221", 3) != 0) /* libcurl's QUIT hides what it followed */
        keep_line(handle->last_line, bytes, length);
    return length;
}

/*
 * libcurl silently sends a request again when a kept-alive connection turns out to be closed, even
 * where the other side may have acted on the first. A journalled try is one send, so the second is
 * refused here, and the call is judged as one that was sent and not answered.
 */
static int before_send(void *argument, char *remote, char *local, int remote_port, int local_port)
{
    struct http_handle *handle = argument;
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    return handle->sends++ == 0 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* Which SMTP command goes out; only called where CURLOPT_VERBOSE is set. Other lines are the
 * log-in's secrets, and QUIT ends what has been answered by then. */
static int note_command(CURL *easy, curl_infotype type, char *bytes, size_t length, void *argument)
{
    static const char *const commands[] = {"EHLO", "HELO", "STARTTLS", "AUTH",
                                           "MAIL", "RCPT", "DATA"};
    struct http_handle *handle = argument;
    (void)easy;
    for (size_t i = 0; type == CURLINFO_HEADER_OUT && i < sizeof commands / sizeof *commands; i++) {
        size_t size = strlen(commands[i]);
        if (length > size && memcmp(bytes, commands[i], size) == 0 &&
            (bytes[size] == ' ' || bytes[size] == '\r'))
            handle->command = commands[i];
    }
    return 0;
}

static CURLcode set_limits(CURL *easy, const struct config_patience *patience)
{
    CURLcode code = CURLE_OK;
    code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)patience->connect_seconds);
    code |= curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)patience->transfer_seconds);
    code |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)patience->idle_seconds);
    code |= curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)patience->idle_seconds);
    code |= curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)OLDEST_CONNECTION_SECONDS);
    return code;
}

static CURLcode set_manners(CURL *easy)
{
    CURLcode code = CURLE_OK;
    code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
    code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    code |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    code |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
    code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    code |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    /* What a run does must not depend on cron's environment: no proxy unless configured. */
    code |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    return code;
}

static CURLcode set_callbacks(CURL *easy, struct http_handle *handle)
{
    CURLcode code = CURLE_OK;
    code |= curl_easy_setopt(easy, CURLOPT_PRIVATE, handle);
    code |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle->error);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body);
    code |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, handle);
    code |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_line);
    code |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, handle);
    code |= curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_send);
    code |= curl_easy_setopt(easy, CURLOPT_PREREQDATA, handle);
    code |= curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, note_command);
    code |= curl_easy_setopt(easy, CURLOPT_DEBUGDATA, handle);
    return code;
}

bool http_handle_open(struct http_handle *handle, const struct config_patience *patience)
{
    handle->call.easy = curl_easy_init();
    if (!handle->call.easy)
        return false;
    CURLcode code = set_limits(handle->call.easy, patience);
    code |= set_manners(handle->call.easy);
    code |= set_callbacks(handle->call.easy, handle);
    if (code == CURLE_OK)
        return true;
    http_handle_close(handle);
    return false;
}

/* What Retry-After asks for, as seconds or as a date, at most an hour. libcurl gives 0 for none,
 * for what it cannot read and for "now", and before 8.12 a date in the past as a negative number.
 */
static int64_t retry_after_ms(CURL *easy)
{
    curl_off_t seconds = 0;
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
    if (seconds <= 0)
        return -1;
    return (seconds < LONGEST_WAIT_SECONDS ? seconds : LONGEST_WAIT_SECONDS) * SECOND_MS;
}

void http_handle_reply(struct http_handle *handle, CURLcode code, bool stopped,
                       struct transfer_reply *reply)
{
    enum { FIRST_FINAL_STATUS = 200 };
    CURL *easy = handle->call.easy;
    long status = 0;
    curl_off_t ready = 0;
    char *type = NULL;
    char *location = NULL;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &location);
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    const char *error = handle->error[0] ? handle->error : curl_easy_strerror(code);
    if (handle->sends > 1)
        error = "the connection was closed before an answer came";
    else if (stopped)
        error = "stopped before an answer came";
    *reply = (struct transfer_reply){
        .code = code,
        .error = error,
        .status = status >= FIRST_FINAL_STATUS ? status : 0,
        .sent = handle->sends > 0 || ready > 0,
        .upload_ended = handle->call.upload_ended,
        .stopped = stopped,
        .body = handle->body_length ? handle->body : "",
        .body_length = handle->body_length,
        .body_cut = handle->body_cut,
        .type = type ? type : "",
        .command = handle->command ? handle->command : "",
        .last_line = handle->last_line,
        .location = location ? location : "",
        .retry_after_ms = retry_after_ms(easy),
        .hide = handle->call.hide,
    };
}

void http_handle_clear(struct http_handle *handle)
{
    if (handle->call.body)
        sodium_memzero(handle->call.body, handle->call.body_length);
    if (handle->call.kept)
        sodium_memzero(handle->call.kept, strlen(handle->call.kept));
    free(handle->call.body);
    free(handle->call.kept);
    response_headers_free(handle->call.list);
    /* An answer may repeat what was sent. */
    if (handle->body)
        sodium_memzero(handle->body, handle->body_length);
    handle->call = (struct transfer_call){.easy = handle->call.easy};
    handle->item = NULL;
    handle->busy = handle->probe = handle->body_cut = false;
    handle->sends = 0;
    handle->body_length = handle->header_bytes = 0;
    handle->command = NULL;
    handle->last_line[0] = handle->error[0] = 0;
}

void http_handle_close(struct http_handle *handle)
{
    CURL *easy = handle->call.easy;
    http_handle_clear(handle);
    free(handle->body);
    handle->body = NULL;
    handle->body_size = 0;
    handle->call.easy = NULL;
    curl_easy_cleanup(easy);
}
