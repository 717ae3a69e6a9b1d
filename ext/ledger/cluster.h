/* SPDX-License-Identifier: MIT */
/*
 * cluster.h: a ledger that does not lie in a file but on a cluster of SQLite nodes, which somebody
 * else talks to.
 *
 * The statements are the same. A read goes out at once. Between ledger_begin() and ledger_end()
 * writes are gathered and sent together: consecutive rows of one INSERT as one statement over a
 * JSON array. What was read meanwhile goes with them, to be found the same when they are carried
 * out; else the write is stale, and whoever asked for it reads again (ledger_again()). To read what
 * has just been gathered is a mistake in the program, and an error.
 *
 * Each write begins with the rule `once`, so that it may be sent twice. Whose outcome is not known
 * is the last of its handle: the next run finds what came of it.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "ledger/ledger.h"

enum {
    CLUSTER_OWNER_SIZE = 192,
    CLUSTER_REMEMBER_MS = 1000,
    CLUSTER_LEASE_MS = 120000, /* longer than a request with all its tries */
    /* Of several machines each has its own clock: what one records may be so much older than what
     * another has just recorded. */
    CLUSTER_CLOCK_MS = 2000,
};

enum cluster_end {
    CLUSTER_DONE,
    CLUSTER_REFUSED, /* by a statement, and wholly undone: the error has SQLite's words alone */
    CLUSTER_FAILED,  /* it was not carried out, and will not be */
    CLUSTER_UNKNOWN
};

/* How the cluster is talked to; `context` outlives the ledger. */
struct cluster_link {
    void *context;
    /* The rows of a query, each an array of texts, as a JSON array for the caller to give back.
     * `values`: the parameter :v, NULL: none. `strong`: also what was written by whoever was given
     * up. False: error. */
    bool (*read)(void *context, const char *sql, const char *values, bool strong, json_t **rows,
                 struct error *error);
    /* Statements, [["SQL", {"name": "text"}], ...], all or none. */
    enum cluster_end (*write)(void *context, const json_t *statements, struct error *error);
};

/* From now on the ledger is the one on the cluster. Its database, which nobody else has, is given
 * the schema, to prepare statements by. `owner`: of this handle's writes, never used before.
 * `version`: that of the ledger there, 0: there is none. False: the ledger's error. */
bool cluster_join(struct ledger *ledger, const struct cluster_link *link, const char *owner,
                  int version);

/* Whether it is one on a cluster; and whether that has none yet, so that nothing can be read. */
bool ledger_is_shared(const struct ledger *ledger);
bool ledger_is_unmade(const struct ledger *ledger);

/*
 * The read for which the statement's parameters are set will follow soon, before the next
 * transaction begins or this one ends: with the first of such reads all go out together. Only
 * integers and plain texts are foreseen. Not needed where the ledger is in a file, and without
 * effect.
 */
void ledger_foresee(struct ledger_statement *statement);

/* Whether what was read then (monotonic) need not be read again: on a cluster, for a second, and
 * not within a transaction, which goes by what it has read itself. */
bool ledger_remembers(const struct ledger *ledger, int64_t read_at);

/*
 * Takes a lease, which every write of the handle then depends on and prolongs, until it is
 * released. `host`: what the owners of this host's runs begin with, if their leases may be taken,
 * since none of them is going on; NULL: they may not. False: `holder` has it ("" after an error).
 * Without a cluster there is nothing to be taken: true.
 */
bool ledger_take_lease(struct ledger *ledger, const char *what, const char *host,
                       char holder[CLUSTER_OWNER_SIZE]);
void ledger_release_lease(struct ledger *ledger, const char *what);

/* Prolongs the leases where nothing has been written for a while: to be called now and then by
 * whoever waits for something else. */
void ledger_keep_leases(struct ledger *ledger);

#endif
