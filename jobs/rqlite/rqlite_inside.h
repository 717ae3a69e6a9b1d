/* SPDX-License-Identifier: MIT */
/* rqlite_inside.h: what a handle and a request are made of, for this room alone. */
#ifndef RQLITE_INSIDE_H
#define RQLITE_INSIDE_H

#include <curl/curl.h>

#include "rqlite/rqlite.h"

enum { RQLITE_URL_SIZE = 512, RQLITE_STOP_MS = 10000 };

struct rqlite {
    CURL *curl;
    struct curl_slist *headers;
    char nodes[RQLITE_NODES][RQLITE_URL_SIZE];
    size_t node_count, node; /* whom the next request goes to */
    struct rqlite_options options;
    char *user, *password, *ca_file;
    char curl_error[CURL_ERROR_SIZE];
    char refusal[512];
    char *answer;
    size_t length, room;
    bool too_long;
    unsigned tries;
    int64_t stop_at; /* when to give up, once the run is to stop, monotonic; 0: it is not */
};

struct rqlite_request {
    json_t *statements;
    char *body; /* as it is sent; NULL until then, and where a statement was added since */
};

/* NULL: no memory. */
const char *rqlite_request_body(struct rqlite_request *request);

/* libcurl's callback: into `answer`. */
size_t rqlite_keep_answer(char *bytes, size_t size, size_t count, void *context);

/* Whether a call failed by what is the same the next time: a certificate, memory. */
bool rqlite_is_about_us(CURLcode code);

/* The pause before a round of tries; and one that ends when the run is to stop. */
int64_t rqlite_pause(const struct rqlite *rqlite, unsigned round);
void rqlite_wait(int64_t ms);

#endif
