/* SPDX-License-Identifier: MIT */
/* transaction.c: where a change of the ledger begins and ends: whole, or not there. */
#include "ledger/ledger_inside.h"
#include "ledger/snapshot.h"

static const char *const kept_text[KEPT] = {
    [BEGIN] = "BEGIN IMMEDIATE",    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",        [SAVEPOINT] = "SAVEPOINT reg_call",
    [RELEASE] = "RELEASE reg_call", [ROLLBACK_TO] = "ROLLBACK TO reg_call",
    [GUARD] = SCHEMA_GUARD,         [AS_ONE] = "INSERT INTO reg_attempts (id) SELECT ?1"};

void ledger_let_go_of_kept(struct ledger *ledger)
{
    for (int i = 0; i < KEPT; i++) {
        sqlite3_stmt *kept = ledger->kept[i];
        ledger->kept[i] = NULL; /* first: the end of AS_ONE may end its table, which comes here */
        sqlite3_finalize(kept);
    }
    ledger->facts_known = false; /* a new guard knows of no change */
}

void ledger_prepare_kept(struct ledger *ledger)
{
    for (int i = 0; i < KEPT_AHEAD && !ledger_failed(ledger); i++)
        if (ledger->kept[i] == NULL)
            ledger_keep(ledger, kept_text[i], &ledger->kept[i]);
}

int ledger_run_kept(struct ledger *ledger, enum kept kept)
{
    sqlite3_step(ledger->kept[kept]);
    return sqlite3_reset(ledger->kept[kept]);
}

bool ledger_is_open(struct ledger *ledger)
{
    return sqlite3_get_autocommit(ledger->database) == 0;
}

/* What a call has written in the caller's transaction is undone alone, where SQLite still can: its
 * answer may be lost, though it has. */
static bool undo_within(struct ledger *ledger)
{
    return ledger->own_savepoint && (ledger_run_kept(ledger, ROLLBACK_TO) == SQLITE_OK ||
                                     ledger_run_kept(ledger, ROLLBACK_TO) == SQLITE_OK);
}

/*
 * While the statement runs that has called us, its lack of memory, or its interruption, also fails
 * whatever is run from within; nothing can be prepared then, and a ROLLBACK does not get to its
 * work. But SQLite undoes the whole transaction of a statement that is cut off for want of memory,
 * and of one that writes, as BEGIN IMMEDIATE does, by whatever. A progress handler that has ended
 * the ROLLBACK may let the BEGIN pass: an interruption of our own does not. What is open would be
 * committed, half a write, by whoever comes next.
 */
void ledger_roll_back(struct ledger *ledger)
{
    if (!ledger_is_open(ledger) || undo_within(ledger))
        return;
    ledger_run_kept(ledger, ROLLBACK);
    if (ledger_is_open(ledger))
        ledger_run_kept(ledger, BEGIN);
    while (ledger_is_open(ledger) && sqlite3_step(ledger->under_way) == SQLITE_ROW)
        ;
    if (ledger_is_open(ledger)) {
        sqlite3_interrupt(ledger->database);
        ledger_run_kept(ledger, BEGIN);
    }
}

void ledger_leave_nothing(struct ledger *ledger)
{
    if (ledger->cluster != NULL)
        return; /* each request says so itself */
    ledger->before = ledger_secure_delete(ledger, LEDGER_SECURE_DELETE_ON);
}

void ledger_leave_as_before(struct ledger *ledger)
{
    if (ledger->cluster != NULL)
        return;
    if (ledger->before != LEDGER_SECURE_DELETE_ON)
        ledger_secure_delete(ledger, ledger->before);
    ledger->before = LEDGER_SECURE_DELETE_ON;
}

/* A statement of the caller's that writes permits no savepoint: it undoes its own work. */
static void begin_within(struct ledger *ledger)
{
    int code = ledger_run_kept(ledger, SAVEPOINT);
    ledger->own_savepoint = code == SQLITE_OK;
    if (code == SQLITE_OK || code == SQLITE_BUSY)
        return;
    ledger_fail(ledger, code, "%s", sqlite3_errstr(code));
    ledger_run_kept(ledger, RELEASE); /* a progress handler may have ended it when it was there */
}

/* Another program may have upgraded the ledger since we last wrote: what we know to write is not
 * what its rules want any more. */
static void make_sure_of_version(struct ledger *ledger)
{
    int64_t schema = ledger_number(ledger, STATEMENT_schema_version, 0);
    if (ledger->schema == 0 || schema == ledger->schema || ledger_ready(ledger))
        ledger->schema = schema;
}

static void begin(struct ledger *ledger)
{
    ledger->own_transaction = ledger_run_kept(ledger, BEGIN) == SQLITE_OK;
    if (ledger->own_transaction) {
        make_sure_of_version(ledger);
        return;
    }
    ledger_fail_with_engine(ledger);
    ledger_roll_back(ledger); /* as above */
}

void ledger_begin(struct ledger *ledger)
{
    if (ledger->at_one) {
        ledger_fail(ledger, SQLITE_ERROR,
                    "a trigger on the ledger's tables cannot write to the ledger by way of reg");
        return;
    }
    ledger_leave_nothing(ledger);
    ledger_clock_begin(&ledger->clock);
    ledger->own_transaction = ledger->own_savepoint = false;
    if (ledger->cluster != NULL) {
        cluster_begin(ledger);
        return;
    }
    if (ledger_keeps_copy(ledger))
        return;
    bool within = ledger_is_open(ledger);
    if (!within && sqlite3_txn_state(ledger->database, "main") == SQLITE_TXN_WRITE)
        return;
    ledger_prepare_kept(ledger);
    if (ledger_failed(ledger))
        return;
    if (within)
        begin_within(ledger);
    else
        begin(ledger);
}

/* A progress handler may end a COMMIT when it has committed. */
static bool commit(struct ledger *ledger)
{
    int code = ledger_run_kept(ledger, COMMIT);
    return code == SQLITE_OK || (code == SQLITE_INTERRUPT && !ledger_is_open(ledger));
}

static void end_transaction(struct ledger *ledger)
{
    if (ledger->own_transaction && !ledger_failed(ledger) && !commit(ledger))
        ledger_fail_with_engine(ledger);
    if (ledger_failed(ledger))
        ledger_roll_back(ledger); /* a full disk may have done so already */
    if (ledger->own_savepoint && ledger_is_open(ledger))
        ledger_run_kept(ledger, RELEASE); /* one that stays does no harm */
    ledger->own_transaction = ledger->own_savepoint = false;
}

void ledger_end(struct ledger *ledger)
{
    if (ledger->at_one)
        return; /* nothing was begun */
    if (ledger->cluster != NULL)
        cluster_finish(ledger);
    ledger_clock_end(&ledger->clock);
    if (ledger->own_transaction || ledger->own_savepoint)
        end_transaction(ledger);
    ledger_leave_as_before(ledger);
}

struct work {
    struct ledger *ledger;
    ledger_work *run;
    void *context;
    bool done;
};

static const char work_kind[] = "reg_work";

bool ledger_runs_as_one(sqlite3_value *value, int *code)
{
    struct work *work = sqlite3_value_pointer(value, work_kind);
    if (work == NULL)
        return false;
    work->ledger->at_one = true;
    work->run(work->context);
    work->ledger->at_one = false;
    work->done = true;
    *code = ledger_code(work->ledger);
    return true;
}

/* Its row comes from a SELECT, so that SQLite takes it for a statement of many rows. */
void ledger_run_as_one(struct ledger *ledger, ledger_work *run, void *context)
{
    struct work work = {ledger, run, context, false};
    sqlite3_int64 last = sqlite3_last_insert_rowid(ledger->database);
    if (ledger_failed(ledger) || (ledger->kept[AS_ONE] == NULL &&
                                  !ledger_keep(ledger, kept_text[AS_ONE], &ledger->kept[AS_ONE])))
        return;
    int code = sqlite3_bind_pointer(ledger->kept[AS_ONE], 1, &work, work_kind, NULL);
    if (code == SQLITE_OK)
        code = ledger_run_kept(ledger, AS_ONE);
    if (code != SQLITE_OK)
        ledger_fail_with_engine(ledger);
    else if (!work.done)
        ledger_fail(ledger, SQLITE_INTERNAL, "a sign-up did not get to where it is written");
    sqlite3_clear_bindings(ledger->kept[AS_ONE]);
    if (ledger_failed(ledger))
        sqlite3_set_last_insert_rowid(ledger->database, last);
}

static int read_mode(void *mode, int count, char **values, char **names)
{
    (void)names;
    if (count > 0 && values[0] != NULL)
        *(int *)mode = values[0][0] - '0';
    return 0;
}

enum ledger_secure_delete ledger_secure_delete(struct ledger *ledger,
                                               enum ledger_secure_delete mode)
{
    static const char *const set[] = {
        [LEDGER_SECURE_DELETE_OFF] = "PRAGMA main.secure_delete = OFF",
        [LEDGER_SECURE_DELETE_ON] = "PRAGMA main.secure_delete = ON",
        [LEDGER_SECURE_DELETE_FAST] = "PRAGMA main.secure_delete = FAST"};
    int before = -1; /* not known: then it is set, and left on */
    sqlite3_exec(ledger->database, "PRAGMA main.secure_delete", read_mode, &before, NULL);
    if (before != (int)mode) /* each PRAGMA is parsed anew, with every sign-up */
        sqlite3_exec(ledger->database, set[mode], NULL, NULL, NULL);
    return before >= LEDGER_SECURE_DELETE_OFF && before <= LEDGER_SECURE_DELETE_FAST
               ? (enum ledger_secure_delete)before
               : LEDGER_SECURE_DELETE_ON;
}

void ledger_trust(struct ledger *ledger, bool trusted)
{
    if (ledger->cluster == NULL)
        sqlite3_db_config(ledger->database, SQLITE_DBCONFIG_ENABLE_FKEY, !trusted, NULL);
}

void ledger_rehearse(struct ledger *ledger)
{
    if (ledger_refuse_share(ledger))
        return;
    ledger->snapshot_too = true;
    ledger_execute(ledger, "BEGIN IMMEDIATE");
}

void ledger_look(struct ledger *ledger)
{
    ledger_execute(ledger, "BEGIN");
}

void ledger_undo(struct ledger *ledger)
{
    ledger_rest(ledger); /* a statement that is still being read would keep what it reads */
    sqlite3_exec(ledger->database, "ROLLBACK", NULL, NULL, NULL);
    ledger->snapshot_too = false;
}
