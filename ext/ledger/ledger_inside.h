/* SPDX-License-Identifier: MIT */
/* ledger_inside.h: what a struct ledger is made of, for ledger.c, transaction.c, cluster.c,
 * cluster_write.c and ledger_creation.c alone. */
#ifndef LEDGER_INSIDE_H
#define LEDGER_INSIDE_H

#include "host.h"
#include "ledger/cluster.h"
#include "ledger/ledger.h"
#include "ledger/ledger_time.h"
#include "ledger/shadowing.h"

enum { LEDGER_MOST_COLUMNS = 32 };

struct cluster;

/* On a cluster: a value as it was bound or read. */
struct ledger_value {
    enum { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT, VALUE_BLOB } type;
    int64_t integer;
    double real;
    const char *bytes; /* a text ends with NUL, where it was read */
    size_t length;
};

/* Which tables and views, a bit each in the order of statement_objects[]. */
struct ledger_tables {
    uint64_t bits[(STATEMENT_OBJECTS + 63) / 64];
};

/* On a cluster: what a statement has beside its prepared form, which is never run. */
struct remote_statement {
    struct ledger_tables reads, writes;
    int parameters;
    struct ledger_value *bound; /* [parameters] */
    struct json_t *rows;        /* the answer; NULL: not asked yet */
    size_t next;                /* row */
    struct ledger_value cells[LEDGER_MOST_COLUMNS];
    char *texts;             /* of the cells */
    struct json_t *foreseen; /* the values of reads to come, each with its rows once asked */
    uint64_t foreseen_in;    /* cluster.begun, then */
    bool foreseen_asked;
};

struct ledger_statement {
    struct ledger *ledger;
    enum statement name;
    sqlite3_stmt *prepared;
    bool under_way;                  /* in a step: what that calls must not begin it anew */
    struct remote_statement *remote; /* NULL: the ledger is in a file */
    const char *const *columns;      /* whose places are known; NULL: each is where it is */
    int place[LEDGER_MOST_COLUMNS];  /* of columns[i]; -1, which reads NULL, behind the last */
};

enum kept {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVEPOINT,
    RELEASE,
    ROLLBACK_TO,
    GUARD,
    KEPT_AHEAD, /* those before it are prepared while there is memory for it */
    AS_ONE = KEPT_AHEAD,
    KEPT
};

struct ledger {
    sqlite3 *database;
    struct cluster *cluster; /* NULL: the ledger is in a file */
    struct ledger_statement statements[STATEMENT_COUNT];
    sqlite3_stmt *kept[KEPT];
    sqlite3_stmt *under_way; /* see ledger_creation.c, watch_over() */
    const char *keeper;      /* see ledger_keep_by() */
    bool keeps;              /* the keeper has been prepared since the statements were let go */
    bool own_transaction;
    bool at_one;        /* within ledger_run_as_one() */
    bool own_savepoint; /* within the caller's transaction */
    bool snapshot_too;  /* what is written now may be written to a snapshot as well */
    struct ledger_clock clock;
    enum ledger_secure_delete before; /* the host's own, while another is in force; else ON */
    int64_t schema; /* SQLite's schema version when we last wrote; 0: we have not */
    bool identity_known;
    bool ours;      /* application_id has been seen to be a ledger's */
    bool unsettled; /* made in a transaction of the caller's, who may yet roll it back */
    bool facts_known;
    uint64_t attached; /* when the facts were read */
    struct shadowing_facts facts;
    unsigned char uuid[LEDGER_UUID_SIZE];
    unsigned char salt[LEDGER_SALT_SIZE];
    int code;
    char error[LEDGER_ERROR_SIZE];
};

/* Fails with the message that the connection has. */
void ledger_fail_with_engine(struct ledger *ledger);

void ledger_execute(struct ledger *ledger, const char *sql);

/* Prepares a statement that is kept. False with the error set. */
bool ledger_keep(struct ledger *ledger, const char *sql, sqlite3_stmt **kept);

/* Statements that begin and end transactions, prepared ahead: where they are needed there may be no
 * memory. */
void ledger_prepare_kept(struct ledger *ledger);
void ledger_let_go_of_kept(struct ledger *ledger);
int ledger_run_kept(struct ledger *ledger, enum kept kept);

/* Sets the error where what is about to be written would go to a snapshot or a share. */
bool ledger_keeps_copy(struct ledger *ledger);

/* Whether a transaction is open, the caller's or ours. */
bool ledger_is_open(struct ledger *ledger);
/* Undoes what was written since ledger_begin(): for certain, at need with the caller's transaction.
 */
void ledger_roll_back(struct ledger *ledger);

/* -- a ledger on a cluster (cluster.c, cluster_write.c) -- */

struct cluster_item;

struct cluster {
    struct cluster_link link;
    char owner[CLUSTER_OWNER_SIZE];
    int64_t sequence; /* of the last write that was carried out */
    int version;      /* of the ledger there */
    bool writing;     /* between ledger_begin() and ledger_end() */
    uint64_t begun;   /* how often ledger_begin() and ledger_end() were called */
    bool stale;       /* the last write was */
    bool unknown;     /* what came of it is not known, and nothing more is written */
    unsigned rounds;  /* how often in a row */
    struct json_t *leases;
    int64_t wrote_at;             /* the last time that they were prolonged, monotonic */
    struct ledger_tables written; /* by what is gathered */
    struct cluster_item *items;   /* gathered */
    size_t item_count, item_room;
    struct json_t *premises; /* statements */
};

/* How a value travels within JSON. */
enum cluster_kind { KIND_ANY, KIND_PLAIN, KIND_HEX, KIND_HEX_TEXT };

/* Prepares a statement and learns which tables it is about. */
bool cluster_prepare(struct ledger_statement *statement, enum statement name);
/* Its parameters are NULL again, and it has no rows. */
void cluster_reset(struct ledger_statement *statement);
void cluster_finalize(struct ledger_statement *statement);
/* ledger_row(). */
bool cluster_row(struct ledger_statement *statement);
/* Asks for its rows. */
void cluster_fetch(struct ledger_statement *statement);
struct ledger_value *cluster_bind(struct ledger_statement *statement, int parameter);
/* Appends a value as JSON, and tells how it is to be understood. */
enum cluster_kind cluster_encode(sqlite3_str *json, const struct ledger_value *value);
/* Appends the text of a statement in which each parameter is what `expression` appends for it,
 * numbered from 0. */
typedef void cluster_expression(void *context, sqlite3_str *sql, int parameter);
void cluster_rewrite(const struct ledger_statement *statement, sqlite3_str *sql,
                     cluster_expression *expression, void *context);
/* Appends `base` as it is to be understood. */
void cluster_understand(sqlite3_str *sql, enum cluster_kind kind, const char *base, int place);

/* What is written goes out at the end; what was read goes with it. */
void cluster_gather(struct ledger_statement *statement);
void cluster_gather_script(struct ledger *ledger, const char *script);
void cluster_add_premise(struct ledger *ledger, const char *query, const char *values,
                         const char *found, const char *seen);
void cluster_begin(struct ledger *ledger);
void cluster_finish(struct ledger *ledger);
void cluster_close(struct cluster *cluster);

#endif
