/* SPDX-License-Identifier: MIT */
/* cluster_fill.c: what has gone from the nodes' logs is overwritten. A node's log is a file of
 * pages (raft.db); those that are free keep what they held until they are used again, the lowest
 * first. So something that says nothing is written until none is left: large requests while they
 * find room, then smaller ones for the holes. */
#include <sodium.h>
#include <stdlib.h>

#include "rqlite/cluster.h"
#include "rqlite/rqlite_inside.h"
#include "run/stop.h"
#include "values/moment.h"
#include "values/time_units.h"

enum {
    PAGE = 4096,
    LARGEST = 256, /* pages of one request */
    SMALLER = 4,   /* the next is so much smaller */
    HOLES = 8,     /* pages that the log's own writes leave free, again and again */
    FILL_MS = 2 * MINUTE_MS
};

/* The free pages of the node that has most; -1: error. */
static int64_t free_pages(struct rqlite *rqlite, struct error *error)
{
    int64_t most = 0;
    for (size_t node = 0; node < rqlite_nodes(rqlite); node++) {
        const char *answer;
        size_t length;
        if (!rqlite_ask_node(rqlite, node, "/status", NULL, &answer, &length, NULL, error))
            return -1;
        json_t *status = json_loadb(answer, length, 0, NULL);
        const json_t *raft = json_object_get(json_object_get(status, "store"), "raft"),
                     *free = json_object_get(json_object_get(raft, "bolt"), "FreePageN");
        int64_t pages = json_is_integer(free) ? (int64_t)json_integer_value(free) : -1;
        json_decref(status);
        if (pages < 0) {
            error_set(error, ERROR_INVALID, "%s: it does not say which pages of its log are free",
                      rqlite_node(rqlite, node));
            return -1;
        }
        most = pages > most ? pages : most;
    }
    return most;
}

/* Chance does not compress. Nobody has such a name, so that nothing is changed. */
static bool write_noise(struct rqlite *rqlite, size_t bytes, struct error *error)
{
    enum { VARIANT = sodium_base64_VARIANT_ORIGINAL };
    size_t size = sodium_base64_ENCODED_LEN(bytes, VARIANT);
    unsigned char *noise = malloc(bytes);
    char *text = malloc(size);
    struct rqlite_request *request = rqlite_request_new();
    json_t *parameters = NULL;
    if (noise != NULL && text != NULL) {
        randombytes_buf(noise, bytes);
        sodium_bin2base64(text, size, noise, bytes, VARIANT);
        parameters = json_pack("{s:s}", "noise", text);
    }
    bool made = request != NULL && parameters != NULL &&
                rqlite_request_add(request, "DELETE FROM session WHERE owner = :noise", parameters);
    if (!made)
        error_no_memory(error, NULL);
    bool done = made && rqlite_execute(rqlite, request, NULL, error) == RQLITE_DONE;
    rqlite_request_free(request);
    free(text);
    free(noise);
    return done;
}

bool cluster_fill_log(struct job *job, struct error *error)
{
    struct rqlite *rqlite = job->cluster.remote;
    int64_t give_up = moment_monotonic() + FILL_MS, size = LARGEST;
    int64_t before = free_pages(rqlite, error), extra = 0;
    while (before >= 0) {
        if (before <= HOLES && extra++ >= HOLES)
            return true;
        if (stop_asked() || moment_monotonic() >= give_up)
            return error_set(error, ERROR_IO, "%lld pages of a node's log are not yet overwritten",
                             (long long)before);
        while (size > 1 && size > before)
            size /= SMALLER;
        /* Somewhat less than the pages hold: they say of themselves what they are. */
        if (!write_noise(rqlite, (size_t)size * PAGE - PAGE / 4, error))
            return false;
        int64_t left = free_pages(rqlite, error);
        if (size > 1 && left > before - size / 2)
            size /= SMALLER; /* it has found no such hole */
        before = left;
    }
    return false;
}
