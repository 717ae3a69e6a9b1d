/* SPDX-License-Identifier: MIT */
/* cluster_copy.c: the whole of what a cluster holds: fetched, put there, and let go of. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rqlite/cluster.h"
#include "rqlite/rqlite_inside.h"
#include "run/stop.h"
#include "values/moment.h"

enum { COPY_MS = 60000, TRIES_MOST = 6 };

enum place { NOWHERE, LEADS, FOLLOWS };

/* What a node is to the others; one that is cut off from them knows no leader. */
static enum place place_of(struct rqlite *rqlite, size_t node)
{
    struct error error;
    const char *answer;
    size_t length;
    if (!rqlite_ask_node(rqlite, node, "/status", NULL, &answer, &length, NULL, &error))
        return NOWHERE;
    json_t *status = json_loadb(answer, length, 0, NULL);
    const json_t *store = json_object_get(status, "store");
    const char *id = json_string_value(json_object_get(store, "node_id")),
               *leader =
                   json_string_value(json_object_get(json_object_get(store, "leader"), "node_id"));
    enum place place = id == NULL || leader == NULL || leader[0] == '\0' ? NOWHERE
                       : strcmp(id, leader) == 0                         ? LEADS
                                                                         : FOLLOWS;
    json_decref(status);
    return place;
}

/* The next from `first` on that follows, else the one that leads, which has enough to do. */
static size_t follower_after(struct rqlite *rqlite, size_t first)
{
    size_t best = first % rqlite_nodes(rqlite);
    for (size_t i = 0; i < rqlite_nodes(rqlite); i++) {
        size_t node = (first + i) % rqlite_nodes(rqlite);
        enum place place = place_of(rqlite, node);
        if (place == FOLLOWS)
            return node;
        if (place == LEADS)
            best = node;
    }
    return best;
}

/* A node that takes a snapshot of its own answers 500 meanwhile. */
bool cluster_copy(struct job *job, int descriptor, struct error *error)
{
    struct rqlite *rqlite = job->cluster.remote;
    int64_t give_up = moment_monotonic() + COPY_MS;
    size_t node = follower_after(rqlite, 0);
    for (unsigned round = 1;; round++) {
        if (ftruncate(descriptor, 0) == 0 && lseek(descriptor, 0, SEEK_SET) == 0 &&
            rqlite_receive_file(rqlite, node, "/db/backup?noleader", descriptor, error))
            return true;
        if (error->code != ERROR_IO || stop_asked() || moment_monotonic() >= give_up)
            return false;
        rqlite_wait(rqlite_pause(rqlite, round));
        node = follower_after(rqlite, node + 1);
    }
}

bool cluster_load(struct job *job, int descriptor, int64_t bytes, struct error *error)
{
    struct rqlite *rqlite = job->cluster.remote;
    for (size_t i = 0; i < rqlite_nodes(rqlite); i++) {
        if (lseek(descriptor, 0, SEEK_SET) == 0 &&
            rqlite_send_file(rqlite, i, "/db/load", descriptor, bytes, error))
            return true;
        if (error->code != ERROR_IO)
            break;
    }
    return false;
}

/* A write that says nothing, so that there is something for a node to take a snapshot of. */
static void write_something(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    ledger_begin(ledger);
    struct ledger_statement *forget = ledger_use(ledger, STATEMENT_forget_sessions);
    ledger_set_integer(forget, ":before", 0);
    ledger_run(forget);
    ledger_end(ledger);
}

/* The number in an answer to such a query; -1: it has none. */
static int64_t number_in(const char *answer, size_t length)
{
    json_t *whole = json_loadb(answer, length, 0, NULL);
    const json_t *rows =
        json_object_get(json_array_get(json_object_get(whole, "results"), 0), "values");
    const json_t *number = json_array_get(json_array_get(rows, 0), 0);
    int64_t value = json_is_integer(number) ? (int64_t)json_integer_value(number) : -1;
    json_decref(whole);
    return value;
}

/* How many writes of this run a node has carried out itself, or the one that leads; -1: error. */
static int64_t writes_on(struct job *job, size_t node, bool leader, struct error *error)
{
    const char *answer = "";
    size_t length = 0;
    json_t *query = json_pack("[[s, {s:s}]]", "SELECT sequence FROM session WHERE owner = :owner",
                              "owner", job->run_owner);
    char *body = query == NULL ? NULL : json_dumps(query, JSON_COMPACT);
    bool asked =
        body != NULL && rqlite_ask_node(job->cluster.remote, node,
                                        leader ? "/db/query?level=weak" : "/db/query?level=none",
                                        body, &answer, &length, NULL, error);
    int64_t writes = asked ? number_in(answer, length) : -1;
    free(body);
    json_decref(query);
    return writes;
}

/* What a node has not carried out yet its snapshot would not have, and its log would. */
static bool has_carried_out_all(struct job *job, size_t node, struct error *error)
{
    error_set(error, ERROR_IO, "%s: it is behind", rqlite_node(job->cluster.remote, node));
    int64_t all = writes_on(job, node, true, error);
    return all >= 0 && writes_on(job, node, false, error) >= all;
}

/* The last entry of the log stays, and is one that says nothing: none at all would be taken for the
 * usual ten thousand. */
static bool forget_log_of(struct job *job, size_t node, struct error *error)
{
    struct rqlite *rqlite = job->cluster.remote;
    write_something(job);
    for (unsigned round = 1; round <= TRIES_MOST && !ledger_failed(job->session->ledger); round++) {
        bool ready = has_carried_out_all(job, node, error);
        if (ready &&
            rqlite_ask_node(rqlite, node, "/snapshot?trailing_logs=1", "", NULL, NULL, NULL, error))
            return true;
        rqlite_wait(rqlite_pause(rqlite, round));
        if (ready) /* a snapshot that the node has taken by itself meanwhile */
            write_something(job);
    }
    return false;
}

static bool forget_logs(struct job *job, struct error *error)
{
    bool all = true;
    struct error one;
    for (size_t i = 0; i < rqlite_nodes(job->cluster.remote); i++)
        if (!forget_log_of(job, i, &one)) {
            *error = one;
            all = false;
        }
    return all;
}

bool cluster_forget_log(struct job *job, struct error *error)
{
    return forget_logs(job, error) && cluster_fill_log(job, error) && forget_logs(job, error);
}
