#include "twin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admit_values.h"
#include "host.h"
#include "who.h"

/* What is fetched of an attempt, or of the ledger as a whole: SELECT * FROM and a condition on ?1.
 */
struct part {
    const char *table;
    const char *condition;
};

static const struct part parts[] = {
    {"attempt", "id = ?1"},
    {"person", "attempt_id = ?1"},
    {"subject",
     "attempt_id = ?1 AND key IN (SELECT email_key FROM person WHERE attempt_id = ?1 UNION "
     "SELECT phone_key FROM person WHERE attempt_id = ?1 UNION SELECT username_key FROM "
     "person WHERE attempt_id = ?1 UNION SELECT uuid_key FROM person WHERE attempt_id = "
     "?1 UNION SELECT identity_key FROM person WHERE attempt_id = ?1)"},
    {"link", "customer_id = ?1"},
    {"waiting", "attempt_id = ?1"},
    {"decision", "attempt_id = ?1"},
    {"code", "attempt_id = ?1"},
    {"recipient", "code_id IN (SELECT id FROM code WHERE attempt_id = ?1)"},
    {"code_end", "code_id IN (SELECT id FROM code WHERE attempt_id = ?1)"},
    {"wrong_try", "code_id IN (SELECT id FROM code WHERE attempt_id = ?1)"},
    {"given_code",
     "key IN (SELECT r.subject_key FROM code c JOIN recipient r ON r.code_id = c.id WHERE "
     "c.attempt_id = ?1 UNION SELECT email_key FROM person WHERE attempt_id = ?1 UNION SELECT "
     "phone_key FROM person WHERE attempt_id = ?1 UNION SELECT username_key FROM person WHERE "
     "attempt_id = ?1) AND code_id IN (SELECT id FROM code WHERE attempt_id = ?1)"},
};
static const struct part identity = {"ledger", "?1 IS NOT NULL"};
static const struct part settings = {"setting", "?1 IS NOT NULL"};
static const struct part newest_entry = {"clock", "?1 IS NOT NULL"};
/* Codes for a subject that belong to no attempt; ?1 is the subject's key. */
static const struct part lone_parts[] = {
    {"code", "attempt_id IS NULL AND id IN (SELECT code_id FROM recipient WHERE subject_key = ?1)"},
    {"recipient", "subject_key = ?1 AND code_id IN (SELECT id FROM code WHERE attempt_id IS NULL)"},
    {"code_end", "code_id IN (SELECT c.id FROM recipient r JOIN code c ON c.id = r.code_id WHERE "
                 "r.subject_key = ?1 AND c.attempt_id IS NULL)"},
    {"wrong_try", "code_id IN (SELECT c.id FROM recipient r JOIN code c ON c.id = r.code_id WHERE "
                  "r.subject_key = ?1 AND c.attempt_id IS NULL)"},
    {"given_code", "key = ?1 AND code_id IN (SELECT c.id FROM recipient r JOIN code c ON c.id = "
                   "r.code_id WHERE r.subject_key = ?1 AND c.attempt_id IS NULL)"},
};

enum { PARTS = sizeof parts / sizeof *parts, LONE_PARTS = sizeof lone_parts / sizeof *lone_parts };

/* A part's statements, kept: from the real ledger, into the private one. */
struct copier {
    sqlite3_stmt *from, *to;
};

struct twin {
    struct door *real, *door;
    sqlite3 *database;
    sqlite3_stmt *snapshot; /* a row that is being read keeps the real ledger as it is */
    sqlite3_stmt *known;    /* whether an attempt was fetched */
    sqlite3_stmt *meet;     /* notes a subject's key whose attempts are being fetched */
    struct copier copiers[PARTS], lone_copiers[LONE_PARTS];
};

static bool fail(struct twin *twin, sqlite3 *database, int code)
{
    ledger_fail(twin->real->ledger, code, "rehearsing: %s",
                database == NULL ? "out of memory" : sqlite3_errmsg(database));
    return false;
}

/* An error of the private ledger becomes the real one's, who has the caller's ear. */
static bool succeeded(struct twin *twin)
{
    struct ledger *ledger = twin->door->ledger;
    if (ledger_failed(ledger))
        ledger_fail(twin->real->ledger, ledger_code(ledger), "rehearsing: %s",
                    ledger_error(ledger));
    return !ledger_failed(twin->real->ledger);
}

static sqlite3 *real_database(struct twin *twin)
{
    return ledger_database(twin->real->ledger);
}

/* -- copying -- */

static bool prepare_copier(struct twin *twin, const struct part *part, struct copier *copier)
{
    sqlite3 *real = real_database(twin);
    if (copier->to != NULL)
        return true;
    char *select = sqlite3_mprintf("SELECT * FROM %s WHERE %s", part->table, part->condition);
    int code =
        select == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(real, select, -1, &copier->from, NULL);
    sqlite3_free(select);
    if (code != SQLITE_OK)
        return fail(twin, real, code);
    sqlite3_str *insert = sqlite3_str_new(NULL);
    sqlite3_str_appendf(insert, "INSERT OR IGNORE INTO %s VALUES (?", part->table);
    for (int i = 1; i < sqlite3_column_count(copier->from); i++)
        sqlite3_str_appendall(insert, ", ?");
    sqlite3_str_appendall(insert, ")");
    char *text = sqlite3_str_finish(insert);
    code = text == NULL ? SQLITE_NOMEM
                        : sqlite3_prepare_v2(twin->database, text, -1, &copier->to, NULL);
    sqlite3_free(text);
    return code == SQLITE_OK || fail(twin, twin->database, code);
}

static bool copy(struct twin *twin, const struct part *part, struct copier *copier, int64_t id)
{
    if (!prepare_copier(twin, part, copier))
        return false;
    int step, code = sqlite3_bind_int64(copier->from, 1, id);
    while (code == SQLITE_OK && (step = sqlite3_step(copier->from)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            sqlite3_reset(copier->from);
            return fail(twin, real_database(twin), step);
        }
        for (int i = 0; i < sqlite3_column_count(copier->from) && code == SQLITE_OK; i++)
            code = sqlite3_bind_value(copier->to, i + 1, sqlite3_column_value(copier->from, i));
        if (code == SQLITE_OK && sqlite3_step(copier->to) != SQLITE_DONE)
            code = sqlite3_errcode(twin->database);
        sqlite3_reset(copier->to);
    }
    sqlite3_reset(copier->from);
    return code == SQLITE_OK || fail(twin, twin->database, code);
}

static bool copy_once(struct twin *twin, const struct part *part)
{
    struct copier copier = {NULL, NULL};
    bool done = copy(twin, part, &copier, 0);
    sqlite3_finalize(copier.from);
    sqlite3_finalize(copier.to);
    return done;
}

static bool is_known(struct twin *twin, int64_t attempt)
{
    sqlite3_bind_int64(twin->known, 1, attempt);
    bool known = sqlite3_step(twin->known) == SQLITE_ROW;
    sqlite3_reset(twin->known);
    return known;
}

static bool fetch_attempt(struct twin *twin, int64_t attempt)
{
    bool done = true;
    for (int i = 0; i < PARTS && done; i++)
        done = copy(twin, &parts[i], &twin->copiers[i], attempt);
    return done;
}

/* Whether what this key leads to is still to be fetched: the real ledger stays as it is meanwhile,
 * so once is enough, however many sign-ups have it. */
static bool meet(struct twin *twin, int64_t key, bool all, bool *fresh)
{
    sqlite3_bind_int64(twin->meet, 1, key);
    sqlite3_bind_int(twin->meet, 2, all);
    int code = sqlite3_step(twin->meet);
    *fresh = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        code = sqlite3_step(twin->meet);
    sqlite3_reset(twin->meet);
    return code == SQLITE_DONE || fail(twin, twin->database, code);
}

/* The attempts that a key leads to, by the parameter that it is for; and for `all` the codes that
 * stand alone. An attempt is fetched once: what the rehearsal has made of it since counts. */
static bool fetch_met(struct twin *twin, const char *parameter, int64_t key, bool all)
{
    bool fresh;
    if (!meet(twin, key, all, &fresh) || !fresh)
        return !ledger_failed(twin->real->ledger);
    bool done = true;
    struct ledger_statement *met = ledger_use(twin->real->ledger, STATEMENT_twin_met);
    ledger_set_integer(met, parameter, key);
    ledger_set_integer(met, ":all", all);
    while (ledger_row(met) && done)
        done =
            is_known(twin, ledger_integer(met, 0)) || fetch_attempt(twin, ledger_integer(met, 0));
    for (int i = 0; all && i < LONE_PARTS && done; i++)
        done = copy(twin, &lone_parts[i], &twin->lone_copiers[i], key);
    return done && !ledger_failed(twin->real->ledger);
}

/* Everything that a second request can meet: whoever its subject can mean. */
static bool fetch_meant(struct twin *twin, const char *subject)
{
    struct who who;
    bool done = true;
    who_read(twin->real, subject, &who);
    for (size_t k = 0; k < who.count && done; k++)
        done = fetch_met(twin, ":email_key", who.readings[k].key, true);
    return done && !ledger_failed(twin->real->ledger);
}

/* Everything that a sign-up can meet. */
static bool fetch(struct twin *twin, const struct admission *admission)
{
    char third_party[SUBJECT_SIZE];
    bool confirms = admission->signup->text[SIGNUP_email_confirm_code] != NULL, done = true;
    admit_values_identity(admission, third_party);
    const struct {
        const char *name;
        enum subject_kind kind;
        const char *text;
    } keys[] = {
        {":email_key", SUBJECT_EMAIL, admission->email_folded},
        {":phone_key", SUBJECT_PHONE, admission->phone},
        {":username_key", SUBJECT_USERNAME, admission->username_folded},
        {":uuid_key", SUBJECT_UUID, admission->uuid},
        {":identity_key", SUBJECT_IDENTITY, third_party},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys && done; i++)
        if (keys[i].text[0] != '\0')
            done = fetch_met(twin, keys[i].name,
                             door_subject_key(twin->real, keys[i].kind, keys[i].text), confirms);
    return done && (!confirms || fetch_meant(twin, admit_subject(admission)));
}

/* -- the private ledger -- */

/* Runs a text of several statements with the same parameters. */
static bool run_places(struct twin *twin, const int64_t *ids)
{
    static const char *const names[] = {":attempt",  ":code",      ":report",      ":decision",
                                        ":code_end", ":wrong_try", ":report_event"};
    const char *rest = statement_text[STATEMENT_twin_places];
    int code = SQLITE_OK;
    while (code == SQLITE_OK && rest[0] != '\0') {
        sqlite3_stmt *statement = NULL;
        code = sqlite3_prepare_v2(twin->database, rest, -1, &statement, &rest);
        for (int i = 0; code == SQLITE_OK && statement != NULL && i < 7; i++) {
            int place = sqlite3_bind_parameter_index(statement, names[i]);
            if (place > 0)
                code = sqlite3_bind_int64(statement, place, ids[i]);
        }
        if (code == SQLITE_OK && statement != NULL && sqlite3_step(statement) != SQLITE_DONE)
            code = sqlite3_errcode(twin->database);
        sqlite3_finalize(statement);
    }
    return code == SQLITE_OK || fail(twin, twin->database, code);
}

static bool take_places(struct twin *twin)
{
    int64_t ids[7] = {0};
    struct ledger_statement *row = ledger_use(twin->real->ledger, STATEMENT_twin_ids);
    if (ledger_row(row)) {
        for (int i = 0; i < 7; i++)
            ids[i] = ledger_integer(row, i);
        ledger_done(row);
    }
    return !ledger_failed(twin->real->ledger) && run_places(twin, ids);
}

static bool make_ledger(struct twin *twin)
{
    int code =
        sqlite3_open_v2(":memory:", &twin->database,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK)
        return fail(twin, twin->database, code);
    twin->door = door_open(twin->database);
    if (twin->door == NULL)
        return fail(twin, NULL, SQLITE_NOMEM);
    ledger_create(twin->door->ledger, &(struct ledger_making){0});
    if (!succeeded(twin))
        return false;
    /* One transaction for all, which ends with the connection. What it refers to is not all here.
     */
    code = sqlite3_exec(twin->database,
                        "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; BEGIN; DELETE FROM "
                        "ledger; DELETE FROM setting; DELETE FROM clock; CREATE TEMP TABLE met "
                        "(key INTEGER PRIMARY "
                        "KEY, everything INTEGER NOT NULL)",
                        NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(twin->database, "SELECT 1 FROM attempt WHERE id = ?1", -1,
                                  &twin->known, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(twin->database,
                                  "INSERT INTO met VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET "
                                  "everything = 1 WHERE ?2 > everything RETURNING 1",
                                  -1, &twin->meet, NULL);
    return code == SQLITE_OK || fail(twin, twin->database, code);
}

static bool hold_snapshot(struct twin *twin)
{
    sqlite3 *real = real_database(twin);
    int code = sqlite3_prepare_v2(real, "SELECT id FROM ledger", -1, &twin->snapshot, NULL);
    if (code == SQLITE_OK && sqlite3_step(twin->snapshot) == SQLITE_ROW)
        return true;
    return fail(twin, real, code == SQLITE_OK ? sqlite3_errcode(real) : code);
}

struct twin *twin_open(struct door *real)
{
    if (!ledger_ready(real->ledger))
        return NULL;
    struct twin *twin = calloc(1, sizeof *twin);
    if (twin == NULL) {
        ledger_fail(real->ledger, SQLITE_NOMEM, "out of memory");
        return NULL;
    }
    twin->real = real;
    if (!hold_snapshot(twin) || !make_ledger(twin) || !copy_once(twin, &identity) ||
        !copy_once(twin, &settings) || !copy_once(twin, &newest_entry) || !take_places(twin)) {
        twin_close(twin);
        return NULL;
    }
    /* Borrowed; without it the private ledger has a key of its own, good for everything but codes.
     */
    if (door_key_if_any(real) != NULL)
        twin->door->key = real->key;
    return twin;
}

void twin_close(struct twin *twin)
{
    if (twin == NULL)
        return;
    for (int i = 0; i < PARTS; i++) {
        sqlite3_finalize(twin->copiers[i].from);
        sqlite3_finalize(twin->copiers[i].to);
    }
    for (int i = 0; i < LONE_PARTS; i++) {
        sqlite3_finalize(twin->lone_copiers[i].from);
        sqlite3_finalize(twin->lone_copiers[i].to);
    }
    sqlite3_finalize(twin->known);
    sqlite3_finalize(twin->meet);
    sqlite3_finalize(twin->snapshot);
    if (twin->door != NULL && twin->door->key == twin->real->key)
        twin->door->key = NULL;
    door_release(twin->door);
    sqlite3_close(twin->database);
    free(twin);
}

const struct settings *twin_settings(struct twin *twin)
{
    const struct settings *found = door_settings(twin->door);
    return succeeded(twin) ? found : NULL;
}

static void read_verdict(struct twin *twin, int64_t id, struct twin_verdict *verdict)
{
    struct ledger *ledger = twin->door->ledger;
    verdict->reasons = "[]";
    verdict->detail[0] = '\0';
    if (verdict->outcome == ADMIT_CONTINUED) {
        struct ledger_statement *row = ledger_use(ledger, STATEMENT_twin_continuation);
        ledger_set_integer(row, ":id", id);
        if (ledger_row(row)) {
            snprintf(verdict->detail, sizeof verdict->detail, "%s", ledger_word(row, 0));
            ledger_done(row);
        }
    } else if (verdict->outcome == ADMIT_FAILURE) {
        /* Left at its row, which holds the text; the statement starts anew when it is used again.
         */
        struct ledger_statement *row = ledger_use(ledger, STATEMENT_admitted_outcome);
        ledger_set_integer(row, ":id", id);
        if (ledger_row(row) && !ledger_is_null(row, 2))
            verdict->reasons = ledger_text(row, 2);
    }
}

bool twin_admit(struct twin *twin, struct admission *admission, struct twin_verdict *verdict)
{
    /* A code can only be judged with the ledger's own key. */
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL && door_key(twin->real) == NULL)
        return false;
    if (!fetch(twin, admission))
        return false;
    ledger_begin(twin->door->ledger);
    struct admit_verdict admitted = admit_write(twin->door, admission);
    ledger_end(twin->door->ledger);
    verdict->outcome = admitted.outcome;
    read_verdict(twin, admitted.id, verdict);
    return succeeded(twin);
}
