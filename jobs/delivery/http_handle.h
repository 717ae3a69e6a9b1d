/* SPDX-License-Identifier: MIT */
/* http_handle.h: a reusable libcurl handle with what it receives, bounded; used by the transfer
 * engine alone. */
#ifndef HTTP_HANDLE_H
#define HTTP_HANDLE_H

#include "delivery/transfer.h"

enum { HANDLE_LINE = 512, HANDLE_HEADER_BYTES = 64 * 1024 };

struct http_handle {
    void *owner; /* the engine's */
    struct transfer_item *item;
    struct transfer_call call;
    bool busy;
    bool probe;
    int64_t started; /* monotonic microseconds */

    struct http_handle *next; /* in the workers' lists */
    CURLcode code;            /* how curl_easy_perform() ended there */

    unsigned sends; /* times that libcurl was about to send the request */
    char *body;     /* kept for the next call */
    size_t body_size;
    size_t body_length;
    bool body_cut;
    size_t header_bytes;
    const char *command; /* SMTP: the last that was sent; NULL: none */
    char last_line[HANDLE_LINE];
    char error[CURL_ERROR_SIZE];
};

/* Makes the handle, with the options of every call to every destination. */
bool http_handle_open(struct http_handle *handle, const struct config_patience *patience);

/* How the call went; points into the handle. */
void http_handle_reply(struct http_handle *handle, CURLcode code, bool stopped,
                       struct transfer_reply *reply);

/* Ready for the next call: wipes and frees what belonged to the last one. */
void http_handle_clear(struct http_handle *handle);

/* Frees everything. */
void http_handle_close(struct http_handle *handle);

#endif
