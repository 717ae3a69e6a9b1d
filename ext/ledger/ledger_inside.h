/* ledger_inside.h: what a struct ledger is made of, for ledger.c, transaction.c and
 * ledger_creation.c alone. */
#ifndef LEDGER_INSIDE_H
#define LEDGER_INSIDE_H

#include "host.h"
#include "ledger/ledger.h"
#include "ledger/ledger_time.h"
#include "ledger/shadowing.h"

enum { LEDGER_MOST_COLUMNS = 32 };

struct ledger_statement {
    struct ledger *ledger;
    sqlite3_stmt *prepared;
    const char *const *columns;     /* whose places are known; NULL: each is where it is */
    int place[LEDGER_MOST_COLUMNS]; /* of columns[i]; -1, which reads NULL, behind the last */
};

enum kept { BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO, GUARD, KEPT };

struct ledger {
    sqlite3 *database;
    struct ledger_statement statements[STATEMENT_COUNT];
    sqlite3_stmt *kept[KEPT]; /* prepared while there is memory for it */
    sqlite3_stmt *under_way;  /* see ledger_creation.c, watch_over() */
    const char *keeper;       /* see ledger_keep_by() */
    bool keeps;               /* the keeper has been prepared since the statements were let go */
    bool own_transaction;
    bool own_savepoint; /* within the caller's transaction */
    bool snapshot_too;  /* what is written now may be written to a snapshot as well */
    struct ledger_clock clock;
    enum ledger_secure_delete before; /* the host's own, while another is in force; else ON */
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

#endif
