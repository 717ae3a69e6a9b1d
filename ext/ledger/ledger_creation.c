/* SPDX-License-Identifier: MIT */
/* The ledger as a whole: whether there is one, of which version, and how it is made. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ledger/connection.h"
#include "ledger/ledger_inside.h"
#include "ledger/snapshot.h"
#include "values/text.h"

/* By it the next version knows a plain view for ours: see sql/plain_views.sql. */
#define PLAIN_VIEW_MARK " AS -- of the ledger\n"

enum { APPLICATION_ID = 0x72656773 /* "regs" */, JOURNAL_MODE_SIZE = 16 };

int ledger_application_id(void)
{
    return APPLICATION_ID;
}

int ledger_version(void)
{
    return STATEMENT_UPGRADES;
}

/* -- What is there -- */

/* The facts of the schemas, read again when one has changed. An error is set where something stands
 * before a table of the extension's. */
static bool look(struct ledger *ledger)
{
    sqlite3 *database = ledger->database;
    ledger_prepare_kept(ledger);
    if (ledger_failed(ledger))
        return false;
    if (ledger_run_kept(ledger, GUARD) != SQLITE_OK) {
        ledger_fail_with_engine(ledger);
        return false;
    }
    uint64_t attached = shadowing_attached(database);
    bool changed = sqlite3_stmt_status(ledger->kept[GUARD], SQLITE_STMTSTATUS_REPREPARE, 1) != 0 ||
                   attached != ledger->attached || (attached != 0 && shadowing_hides(database));
    if (changed || !ledger->facts_known) {
        int code = shadowing_read(database, &ledger->facts);
        ledger->facts_known = code == SQLITE_OK;
        ledger->attached = attached;
        if (code == SQLITE_NOMEM) /* perhaps our own: the engine need not know */
            ledger_fail(ledger, code, "out of memory");
        else if (code != SQLITE_OK)
            ledger_fail_with_engine(ledger);
    }
    /* As an error of set-up: somebody is to remove it. */
    if (ledger->facts.hidden[0] != '\0')
        ledger_fail(ledger, SQLITE_AUTH, "%s", ledger->facts.hidden);
    return !ledger_failed(ledger);
}

/* The version of a ledger beside another application's tables, whose user_version and
 * application_id are not ours to set; 0: there is none. */
static int version_beside(struct ledger *ledger)
{
    if (ledger->statements[STATEMENT_version_beside].prepared == NULL &&
        sqlite3_table_column_metadata(ledger->database, "main", "ledger", "version", NULL, NULL,
                                      NULL, NULL, NULL) != SQLITE_OK)
        return 0;
    return (int)ledger_number(ledger, STATEMENT_version_beside, 0);
}

int ledger_version_found(struct ledger *ledger)
{
    if (ledger->cluster != NULL) /* every write makes sure of it */
        return ledger_failed(ledger) ? -1 : ledger->cluster->version;
    if (!look(ledger))
        return -1;
    int version = (int)ledger_number(ledger, STATEMENT_user_version, -1);
    if (version > 0 && !ledger->ours)
        ledger->ours = ledger_number(ledger, STATEMENT_application_id, 0) == APPLICATION_ID;
    if (!ledger->ours && version >= 0)
        version = ledger->facts.ledger ? version_beside(ledger) : 0;
    if (version > 0 && ledger->facts.shadow[0] != '\0')
        ledger_fail(ledger, SQLITE_AUTH, "%s", ledger->facts.shadow);
    return ledger_failed(ledger) ? -1 : version;
}

bool ledger_intruder(struct ledger *ledger, char *text, size_t size)
{
    struct shadowing_facts facts;
    bool found = shadowing_read(ledger->database, &facts) == SQLITE_OK &&
                 (facts.hidden[0] != '\0' || (facts.ledger && facts.shadow[0] != '\0'));
    if (found)
        snprintf(text, size, "%s", facts.hidden[0] != '\0' ? facts.hidden : facts.shadow);
    return found;
}

bool ledger_is_unmarked(struct ledger *ledger)
{
    return ledger_version_found(ledger) == 0 && ledger->facts.ledger;
}

bool ledger_is_snapshot(struct ledger *ledger)
{
    return ledger->cluster == NULL && look(ledger) && ledger->facts.snapshot;
}

bool ledger_is_share(struct ledger *ledger)
{
    return look(ledger) && ledger->facts.share;
}

bool ledger_is_copy(struct ledger *ledger)
{
    return look(ledger) && (ledger->facts.snapshot || ledger->facts.share);
}

bool ledger_ready(struct ledger *ledger)
{
    int found = ledger_version_found(ledger);
    if (found == ledger_version())
        return true;
    if (found > ledger_version())
        ledger_fail(
            ledger, SQLITE_ERROR,
            "the ledger has version %d, this program knows up to %d: use a newer sqlite-reg", found,
            ledger_version());
    else if (found > 0)
        ledger_fail(ledger, SQLITE_ERROR,
                    "the ledger has version %d, this program needs %d: upgrade it with reg_init() "
                    "or `regjob init`",
                    found, ledger_version());
    else if (ledger->facts.ledger)
        ledger_fail(ledger, SQLITE_ERROR,
                    "this database has a ledger's tables but not its user_version and "
                    "application_id (.dump and .clone lose them): restore them with reg_init(), or "
                    "after restoring a backup with `regjob init --restored`");
    else
        ledger_fail(
            ledger, SQLITE_ERROR,
            "there is no ledger in this database: make one with reg_init() or `regjob init`");
    return false;
}

/* -- Whether one may be made -- */

/* Whether main has all tables and indexes of another database, letter by letter. */
static int has_all(sqlite3 *database, sqlite3 *model, bool *all)
{
    sqlite3_stmt *wanted = NULL, *found = NULL;
    int code =
        sqlite3_prepare_v2(model, "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL",
                           -1, &wanted, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(
            database, "SELECT 1 FROM main.sqlite_schema WHERE type = ?1 AND name = ?2 AND sql = ?3",
            -1, &found, NULL);
    *all = true;
    while (code == SQLITE_OK && *all && (code = sqlite3_step(wanted)) == SQLITE_ROW) {
        code = SQLITE_OK;
        for (int i = 0; i < 3 && code == SQLITE_OK; i++)
            code = sqlite3_bind_value(found, i + 1, sqlite3_column_value(wanted, i));
        if (code != SQLITE_OK)
            break;
        code = sqlite3_step(found);
        *all = code == SQLITE_ROW;
        code = code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
        sqlite3_reset(found);
    }
    sqlite3_finalize(wanted);
    sqlite3_finalize(found);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* Of a ledger without its marks: the version whose tables it has, the newest that fits; 0: none. */
static int version_by_tables(struct ledger *ledger)
{
    struct error error;
    sqlite3 *model = connection_open(NULL, CONNECTION_PRIVATE, 0, &error);
    int version = 0, code = model == NULL ? SQLITE_NOMEM : SQLITE_OK;
    for (int i = 0; i < ledger_version() && code == SQLITE_OK; i++) {
        bool all = false;
        code = sqlite3_exec(model, statement_upgrades[i], NULL, NULL, NULL);
        if (code == SQLITE_OK)
            code = has_all(ledger->database, model, &all);
        version = all ? i + 1 : version;
    }
    if (code != SQLITE_OK)
        ledger_fail(ledger, code, "%s", sqlite3_errstr(code));
    sqlite3_close(model);
    return version;
}

/* The version to begin from where no ledger is found: 0, or that of one without its marks. -1 with
 * an error where none may be made. */
static int beginning(struct ledger *ledger, bool beside)
{
    int64_t version = ledger_number(ledger, STATEMENT_user_version, -1),
            application = ledger_number(ledger, STATEMENT_application_id, -1);
    const struct shadowing_facts *facts = &ledger->facts;
    if (ledger_failed(ledger))
        return -1;
    if (facts->shadow[0] != '\0') {
        ledger_fail(ledger, SQLITE_AUTH, "%s", facts->shadow);
    } else if (facts->ledger) {
        int found = version_by_tables(ledger);
        if (found == 0)
            ledger_fail(ledger, SQLITE_ERROR,
                        "this database has a ledger's tables but not its user_version, and the "
                        "tables match no version up to %d: restore the complete backup again",
                        ledger_version());
        return ledger_failed(ledger) ? -1 : found;
    } else if (!beside && !(facts->empty && version == 0 &&
                            (application == 0 || application == APPLICATION_ID))) {
        ledger_fail(ledger, SQLITE_ERROR,
                    "this database belongs to another application (%suser_version %lld, "
                    "application_id %lld): keep the ledger in a file of its own, or make it there "
                    "with reg_init('beside')",
                    facts->empty ? "" : "it has tables, ", (long long)version,
                    (long long)application);
    } else if (facts->taken[0] != '\0') {
        ledger_fail(ledger, SQLITE_ERROR,
                    "this database has a %.200s already, and the ledger needs that name: keep it "
                    "in a file of its own",
                    facts->taken);
    }
    return ledger_failed(ledger) ? -1 : 0;
}

/* -- Making one -- */

static void save_settings(struct ledger *ledger, const char *settings)
{
    if (settings == NULL ||
        (!ledger_is_unmade(ledger) && ledger_number(ledger, STATEMENT_newest_setting_id, 0) != 0))
        return;
    struct ledger_statement *insert = ledger_use(ledger, STATEMENT_insert_setting);
    ledger_set_integer(insert, ":recorded_at", ledger_now(ledger));
    ledger_set_text(insert, ":json", settings);
    ledger_run(insert);
}

static void insert_identity(struct ledger *ledger)
{
    ledger->identity_known = false;
    ledger->unsettled = !ledger->own_transaction;
    unsigned char uuid[LEDGER_UUID_SIZE], salt[LEDGER_SALT_SIZE];
    randombytes_buf(uuid, sizeof uuid);
    randombytes_buf(salt, sizeof salt);
    struct ledger_statement *insert = ledger_use(ledger, STATEMENT_insert_ledger);
    ledger_set_blob(insert, ":uuid", uuid, sizeof uuid);
    ledger_set_blob(insert, ":subject_salt", salt, sizeof salt);
    ledger_set_integer(insert, ":recorded_at", ledger_now(ledger));
    ledger_run(insert);
}

static void mark(struct ledger *ledger, bool beside)
{
    char pragma[96];
    if (beside) {
        struct ledger_statement *statement = ledger_use(ledger, STATEMENT_mark_beside);
        ledger_set_integer(statement, ":version", ledger_version());
        ledger_run(statement);
        return;
    }
    snprintf(pragma, sizeof pragma,
             "PRAGMA main.user_version = %d; PRAGMA main.application_id = %d", ledger_version(),
             APPLICATION_ID);
    ledger_execute(ledger, pragma);
}

/* Of a thing of that name in the database: whether it is a plain view of ours. A trigger may have
 * any name beside it. */
enum holder { NOBODY, OURS, ANOTHER };

static enum holder holder_of(struct ledger *ledger, const char *name)
{
    enum { TYPE, SQL };
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_plain_view_holder);
    enum holder holder = NOBODY;
    ledger_set_text(row, ":name", name);
    if (ledger_row(row)) {
        const char *sql = ledger_text(row, SQL);
        bool ours = strcmp(ledger_word(row, TYPE), "view") == 0 && sql != NULL &&
                    strstr(sql, PLAIN_VIEW_MARK) != NULL;
        holder = ours ? OURS : ANOTHER;
        ledger_done(row);
    }
    return holder;
}

/* The plain views, anew. One whose name something else has is not made: it may be the
 * application's, or an analyst's own. */
static void make_plain_views(struct ledger *ledger)
{
    char drop[96];
    for (int i = 0; i < STATEMENT_PLAIN_VIEWS && !ledger_failed(ledger); i++) {
        enum statement create = statement_plain_views[i];
        const char *name = statement_name[create] + strlen("view_");
        enum holder holder = holder_of(ledger, name);
        snprintf(drop, sizeof drop, "DROP VIEW main.%s", name);
        if (holder == OURS)
            ledger_execute(ledger, drop);
        if (holder != ANOTHER)
            ledger_execute(ledger, statement_text[create]);
    }
}

/* Returns what it was. */
static int configure(sqlite3 *database, int option, int value)
{
    int found = 0;
    sqlite3_db_config(database, option, -1, &found);
    sqlite3_db_config(database, option, value, NULL);
    return found;
}

/* In the manner of old, in which a rename leaves views and triggers alone: the rules are made anew
 * after it, and a broken view of the application's keeps nobody from an upgrade. Without foreign
 * keys, for whose sake SQLite would empty a table row by row, with the keys of all in memory. */
static void upgrade_tables(struct ledger *ledger, int from)
{
    const int legacy = configure(ledger->database, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1);
    const int keys = configure(ledger->database, SQLITE_DBCONFIG_ENABLE_FKEY, 0);
    for (int version = from; version < ledger_version(); version++)
        ledger_execute(ledger, statement_upgrades[version]);
    configure(ledger->database, SQLITE_DBCONFIG_ENABLE_FKEY, keys);
    configure(ledger->database, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, legacy);
}

static void upgrade(struct ledger *ledger, int from, bool beside,
                    const struct ledger_making *making)
{
    upgrade_tables(ledger, from);
    ledger_execute(ledger, statement_text[STATEMENT_rules]);
    ledger_execute(ledger, statement_text[STATEMENT_views]);
    make_plain_views(ledger);
    save_settings(ledger, making->settings);
    if (from == 0 && !ledger_failed(ledger))
        insert_identity(ledger);
    mark(ledger, beside);
    /* Last, under the write lock and before the commit: what fails leaves no key, and what is
     * committed has one. */
    if (from == 0 && !ledger_failed(ledger) && making->make_key != NULL)
        making->make_key(making->context);
}

/* Neither ROLLBACK nor a savepoint does here: after a change of the schema SQLite prepares them
 * anew, which fails while the statement that has called us is out of memory. A statement that is
 * under way is not prepared anew; this one is of those that could write, and its next step is its
 * end. */
static void watch_over(struct ledger *ledger)
{
    if (sqlite3_prepare_v2(ledger->database, "PRAGMA main.journal_mode", -1, &ledger->under_way,
                           NULL) != SQLITE_OK ||
        sqlite3_step(ledger->under_way) != SQLITE_ROW)
        ledger_fail_with_engine(ledger);
}

static void watch_no_more(struct ledger *ledger)
{
    if (!ledger_failed(ledger)) {
        ledger_let_go_of_kept(ledger);
        ledger_prepare_kept(ledger);
    }
    if (ledger_failed(ledger) && (ledger->own_transaction || ledger->own_savepoint))
        ledger_roll_back(ledger);
    sqlite3_finalize(ledger->under_way);
    ledger->under_way = NULL;
}

static int read_text(void *text, int count, char **values, char **names)
{
    (void)names;
    snprintf(text, JOURNAL_MODE_SIZE, "%s", count > 0 && values[0] != NULL ? values[0] : "");
    return 0;
}

/* Neither can be set within a transaction; a caller who is in one keeps what he has. Pages of 8
 * KiB: a tenth faster to import into than of 4, and none slower to read. */
static void prepare_file(struct ledger *ledger, char mode[JOURNAL_MODE_SIZE])
{
    if (!sqlite3_get_autocommit(ledger->database) ||
        sqlite3_txn_state(ledger->database, "main") != SQLITE_TXN_NONE)
        return;
    sqlite3_exec(ledger->database, "PRAGMA main.journal_mode", read_text, mode, NULL);
    ledger_execute(ledger, "PRAGMA main.page_size = 8192; PRAGMA main.journal_mode = WAL");
}

/* After a failure: the journal mode is what it was, and a key that was made is gone. Under the
 * write lock, so that nobody has made a ledger with it meanwhile; without the lock all stays. */
static void leave_as_found(struct ledger *ledger, const char *mode,
                           const struct ledger_making *making)
{
    sqlite3 *database = ledger->database;
    char ledgers[JOURNAL_MODE_SIZE] = "", pragma[64];
    bool begun = !ledger_is_open(ledger);
    if (begun && ledger_run_kept(ledger, BEGIN) != SQLITE_OK) {
        ledger_roll_back(ledger);
        return;
    }
    sqlite3_exec(database, "SELECT count(*) FROM main.sqlite_schema WHERE name = 'ledger'",
                 read_text, ledgers, NULL);
    bool none = strcmp(ledgers, "0") == 0;
    if (none && making->take_back_key != NULL)
        making->take_back_key(making->context);
    if (begun)
        ledger_roll_back(ledger);
    snprintf(pragma, sizeof pragma, "PRAGMA main.journal_mode = %s", mode);
    if (none && begun && mode[0] != '\0')
        sqlite3_exec(database, pragma, NULL, NULL, NULL);
}

/* Within a transaction of its own, or within the caller's and a savepoint. */
static void make(struct ledger *ledger, const struct ledger_making *making)
{
    ledger->snapshot_too = true; /* it is brought to this version, and stays one */
    ledger_begin(ledger);
    ledger->snapshot_too = false;
    if (!ledger->own_transaction && !ledger->own_savepoint)
        ledger_fail(ledger, SQLITE_BUSY,
                    "the calling statement writes: call it in a statement of its own");
    int found = ledger_version_found(ledger); /* another process may have been quicker */
    bool beside = found > 0 ? !ledger->ours : making->beside;
    if (found == 0) {
        found = beginning(ledger, making->beside);
        beside = beside && found == 0;
    }
    if (found > ledger_version())
        ledger_ready(ledger);
    bool needed =
        !ledger_failed(ledger) && (found < ledger_version() || ledger_version_found(ledger) == 0);
    if (needed) {
        watch_over(ledger);
        upgrade(ledger, found, beside, making);
    }
    watch_no_more(ledger);
    ledger_end(ledger);
}

/* One request, whole or not at all. Of two who make one at the same time the second is refused,
 * since the tables are there. */
static void make_shared(struct ledger *ledger, int found, const struct ledger_making *making)
{
    ledger_begin(ledger);
    upgrade(ledger, found, false, making);
    ledger_end(ledger);
    if (!ledger_failed(ledger))
        ledger->cluster->version = ledger_version();
    else if (found == 0 && !ledger->cluster->unknown && making->take_back_key != NULL)
        making->take_back_key(making->context);
}

void ledger_create(struct ledger *ledger, const struct ledger_making *making)
{
    char mode[JOURNAL_MODE_SIZE] = "";
    int found = ledger_version_found(ledger);
    if (ledger_failed(ledger) || found == ledger_version())
        return;
    if (found > ledger_version()) {
        ledger_ready(ledger);
        return;
    }
    if (ledger->cluster != NULL) {
        make_shared(ledger, found, making);
        return;
    }
    if (found == 0) {
        int from = beginning(ledger, making->beside);
        if (from >= 0 && (from > 0 || !making->beside) && !making->one_file)
            prepare_file(ledger, mode);
    }
    if (ledger_failed(ledger))
        return;
    make(ledger, making);
    if (ledger_failed(ledger))
        leave_as_found(ledger, mode, making);
}
