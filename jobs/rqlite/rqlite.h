/* SPDX-License-Identifier: MIT */
/*
 * rqlite.h: statements to a cluster of rqlite nodes, over HTTP. What a statement means, and that a
 * request does no harm when it is carried out twice, is the caller's business; this sends the same
 * bytes until it is known what became of them, and says so in one word.
 *
 * A handle is one thread's. Nothing is sent to a proxy, to another place that an answer names, or
 * in clear to another machine.
 */
#ifndef RQLITE_H
#define RQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "values/error.h"

enum { RQLITE_NODES = 16 };

/* Texts are copied. */
struct rqlite_options {
    const char *nodes[RQLITE_NODES]; /* "http://127.0.0.1:4001", "https://n1:4001" */
    size_t node_count;
    const char *user, *password; /* NULL: none */
    const char *ca_file;         /* NULL: the system's */
    int64_t connect_ms;          /* for a connection */
    int64_t request_ms;          /* for one try of a small request, all in all */
    int64_t give_up_ms;          /* for a request with all its tries */
    int64_t first_pause_ms, longest_pause_ms;
};

struct rqlite;

/* NULL: error, ERROR_INVALID where a node's address is wrong. Free with rqlite_close(). */
struct rqlite *rqlite_open(const struct rqlite_options *options, struct error *error);
void rqlite_close(struct rqlite *rqlite);

enum rqlite_outcome {
    RQLITE_DONE,    /* every statement was carried out */
    RQLITE_REFUSED, /* a statement, and so the whole request, was refused for good */
    RQLITE_DENIED,  /* user, password or certificate are wrong, or it is no rqlite */
    RQLITE_UNKNOWN  /* given up, or stopped: it may have been carried out, or may yet be */
};

/*
 * A request: statements that are carried out all or not at all, in order. Built once, so that each
 * try sends the same bytes.
 */
struct rqlite_request;
struct rqlite_request *rqlite_request_new(void);
void rqlite_request_free(struct rqlite_request *request);

/*
 * Adds a statement with named parameters, {"name": value}. The object is taken over. From 8.31 on
 * rqlite takes a text like x'4142' for a blob: a text from outside travels in rqlite_rows() alone,
 * and here it is refused. False: no memory, or a parameter that must not be.
 */
bool rqlite_request_add(struct rqlite_request *request, const char *sql, json_t *parameters);

/*
 * The rows of a batch as one JSON text, for json_each(): [[1,"ann"],[2,"bob"]]. Blobs go as hex.
 * The array is taken over. NULL: no memory.
 */
json_t *rqlite_rows(json_t *rows);

/* Sends it. `results`, unless NULL: one result for each statement, as rqlite gives it, where
 * RQLITE_DONE; to be given back with json_decref(). Otherwise the error says what was answered, and
 * by which node. */
enum rqlite_outcome rqlite_execute(struct rqlite *rqlite, struct rqlite_request *request,
                                   json_t **results, struct error *error);

/* Reads: `level` is "weak" or "strong". One result, with "columns" and "values". */
enum rqlite_outcome rqlite_query(struct rqlite *rqlite, struct rqlite_request *request,
                                 const char *level, json_t **results, struct error *error);

/* Of the last request that was RQLITE_REFUSED by a statement: SQLite's words alone. */
const char *rqlite_refusal(const struct rqlite *rqlite);

/* How many tries the last request took. */
unsigned rqlite_tries(const struct rqlite *rqlite);

/* -- one node -- */

size_t rqlite_nodes(const struct rqlite *rqlite);
const char *rqlite_node(const struct rqlite *rqlite, size_t node);

/* The node that requests go to first: the one that leads, which would be handed them anyway. */
void rqlite_prefer(struct rqlite *rqlite, size_t node);

/* GET or, with a body, POST to one node, once. `date`: its clock, Unix seconds, -1: it does not
 * say; may be NULL. False: error. The answer lives until the next request. */
bool rqlite_ask_node(struct rqlite *rqlite, size_t node, const char *path, const char *body,
                     const char **answer, size_t *length, int64_t *date, struct error *error);

/* What a node has to send goes into a file as it comes; or it is sent what a file has, `bytes` of
 * it. */
bool rqlite_receive_file(struct rqlite *rqlite, size_t node, const char *path, int descriptor,
                         struct error *error);
bool rqlite_send_file(struct rqlite *rqlite, size_t node, const char *path, int descriptor,
                      int64_t bytes, struct error *error);

#endif
