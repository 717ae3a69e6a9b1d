/* SPDX-License-Identifier: MIT */
#include "listings/rehearsal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/admit_values.h"
#include "admission/admit_writer.h"
#include "host.h"
#include "codes/subject_lookup.h"
#include "ledger/connection.h"
#include "ledger/snapshot.h"

/* What is fetched of an attempt, or of the ledger as a whole: SELECT * FROM and a condition on ?1.
 */
struct part {
    const char *table;
    const char *condition;
};

static const struct part parts[] = {
    {"attempt", "id = ?1"},
    {"person", "attempt_id = ?1"},
    {"subject_merged",
     "attempt_id = ?1 AND key IN (SELECT key FROM subject_key WHERE attempt_id = ?1)"},
    {"subject_waiting", "segment IN (SELECT id FROM subject_segment) AND attempt_id = ?1 AND key "
                        "IN (SELECT key FROM subject_key WHERE attempt_id = ?1)"},
    {"link", "customer_id = ?1"},
    {"waiting", "attempt_id = ?1"},
    {"decision", "attempt_id = ?1"},
    {"code", "attempt_id = ?1"},
    /* the others are of its codes */
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
static const struct part segments = {"subject_segment", "?1 IS NOT NULL"};
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

struct rehearsal {
    struct session *real, *session;
    sqlite3 *database;
    struct admit_writer *writer;
    sqlite3_stmt *snapshot; /* a row that is being read keeps the real ledger as it is */
    sqlite3_stmt *known;    /* whether an attempt was fetched */
    sqlite3_stmt *meet;     /* notes a subject's key whose attempts are being fetched */
    struct copier copiers[PARTS], lone_copiers[LONE_PARTS];
};

static bool fail(struct rehearsal *rehearsal, sqlite3 *database, int code)
{
    ledger_fail(rehearsal->real->ledger, code, "rehearsing: %s",
                database == NULL ? "out of memory" : sqlite3_errmsg(database));
    return false;
}

/* An error of the private ledger becomes the real one's, who has the caller's ear. */
static bool succeeded(struct rehearsal *rehearsal)
{
    struct ledger *ledger = rehearsal->session->ledger;
    if (ledger_failed(ledger))
        ledger_fail(rehearsal->real->ledger, ledger_code(ledger), "rehearsing: %s",
                    ledger_error(ledger));
    return !ledger_failed(rehearsal->real->ledger);
}

static sqlite3 *real_database(struct rehearsal *rehearsal)
{
    return ledger_database(rehearsal->real->ledger);
}

/* -- copying -- */

static bool prepare_copier(struct rehearsal *rehearsal, const struct part *part,
                           struct copier *copier)
{
    sqlite3 *real = real_database(rehearsal);
    if (copier->to != NULL)
        return true;
    char *select = sqlite3_mprintf("SELECT * FROM %s WHERE %s", part->table, part->condition);
    int code =
        select == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(real, select, -1, &copier->from, NULL);
    sqlite3_free(select);
    if (code != SQLITE_OK)
        return fail(rehearsal, real, code);
    sqlite3_str *insert = sqlite3_str_new(NULL);
    sqlite3_str_appendf(insert, "INSERT OR IGNORE INTO %s VALUES (?", part->table);
    for (int i = 1; i < sqlite3_column_count(copier->from); i++)
        sqlite3_str_appendall(insert, ", ?");
    sqlite3_str_appendall(insert, ")");
    char *text = sqlite3_str_finish(insert);
    code = text == NULL ? SQLITE_NOMEM
                        : sqlite3_prepare_v2(rehearsal->database, text, -1, &copier->to, NULL);
    sqlite3_free(text);
    return code == SQLITE_OK || fail(rehearsal, rehearsal->database, code);
}

/* `rows` counts what was copied. */
static bool copy(struct rehearsal *rehearsal, const struct part *part, struct copier *copier,
                 int64_t id, int *rows)
{
    *rows = 0;
    if (!prepare_copier(rehearsal, part, copier))
        return false;
    int step, code = sqlite3_bind_int64(copier->from, 1, id);
    while (code == SQLITE_OK && (step = sqlite3_step(copier->from)) != SQLITE_DONE) {
        if (step != SQLITE_ROW) {
            sqlite3_reset(copier->from);
            return fail(rehearsal, real_database(rehearsal), step);
        }
        for (int i = 0; i < sqlite3_column_count(copier->from) && code == SQLITE_OK; i++)
            code = sqlite3_bind_value(copier->to, i + 1, sqlite3_column_value(copier->from, i));
        if (code == SQLITE_OK && sqlite3_step(copier->to) != SQLITE_DONE)
            code = sqlite3_errcode(rehearsal->database);
        sqlite3_reset(copier->to);
        ++*rows;
    }
    sqlite3_reset(copier->from);
    return code == SQLITE_OK || fail(rehearsal, rehearsal->database, code);
}

static bool copy_once(struct rehearsal *rehearsal, const struct part *part)
{
    struct copier copier = {NULL, NULL};
    int rows;
    bool done = copy(rehearsal, part, &copier, 0, &rows);
    sqlite3_finalize(copier.from);
    sqlite3_finalize(copier.to);
    return done;
}

static bool is_known(struct rehearsal *rehearsal, int64_t attempt)
{
    sqlite3_bind_int64(rehearsal->known, 1, attempt);
    bool known = sqlite3_step(rehearsal->known) == SQLITE_ROW;
    sqlite3_reset(rehearsal->known);
    return known;
}

static bool fetch_attempt(struct rehearsal *rehearsal, int64_t attempt)
{
    bool done = true;
    for (int i = 0, rows; i < PARTS && done; i++) {
        done = copy(rehearsal, &parts[i], &rehearsal->copiers[i], attempt, &rows);
        if (rows == 0 && strcmp(parts[i].table, "code") == 0)
            break;
    }
    admit_writer_met(rehearsal->writer);
    return done;
}

/* Whether what this key leads to is still to be fetched: the real ledger stays as it is meanwhile,
 * so once is enough, however many sign-ups have it. */
static bool meet(struct rehearsal *rehearsal, int64_t key, bool all, bool *fresh)
{
    sqlite3_bind_int64(rehearsal->meet, 1, key);
    sqlite3_bind_int(rehearsal->meet, 2, all);
    int code = sqlite3_step(rehearsal->meet);
    *fresh = code == SQLITE_ROW;
    if (code == SQLITE_ROW)
        code = sqlite3_step(rehearsal->meet);
    sqlite3_reset(rehearsal->meet);
    return code == SQLITE_DONE || fail(rehearsal, rehearsal->database, code);
}

static bool leads_to_somebody(struct rehearsal *rehearsal, int64_t key)
{
    struct ledger_statement *meets = ledger_use(rehearsal->real->ledger, STATEMENT_rehearsal_meets);
    ledger_set_integer(meets, ":key", key);
    bool found = ledger_row(meets);
    if (found)
        ledger_done(meets);
    return found;
}

/* The attempts that a key leads to, and for `all` the codes that stand alone. An attempt is fetched
 * once: what the rehearsal has made of it since counts. */
static bool fetch_met(struct rehearsal *rehearsal, int64_t key, bool all)
{
    bool fresh;
    if (!all && !leads_to_somebody(rehearsal, key))
        return !ledger_failed(rehearsal->real->ledger);
    if (!meet(rehearsal, key, all, &fresh) || !fresh)
        return !ledger_failed(rehearsal->real->ledger);
    bool done = true;
    int rows;
    struct ledger_statement *met = ledger_use(rehearsal->real->ledger, STATEMENT_rehearsal_met);
    ledger_set_integer(met, ":key", key);
    ledger_set_integer(met, ":all", all);
    while (ledger_row(met) && done)
        done = is_known(rehearsal, ledger_integer(met, 0)) ||
               fetch_attempt(rehearsal, ledger_integer(met, 0));
    for (int i = 0; all && i < LONE_PARTS && done; i++)
        done = copy(rehearsal, &lone_parts[i], &rehearsal->lone_copiers[i], key, &rows);
    return done && !ledger_failed(rehearsal->real->ledger);
}

/* Everything that a second request can meet: whoever its subject can mean. */
static bool fetch_meant(struct rehearsal *rehearsal, const char *subject)
{
    struct lookup who;
    bool done = true;
    lookup_read(rehearsal->real, subject, &who);
    for (size_t k = 0; k < who.count && done; k++)
        done = fetch_met(rehearsal, who.readings[k].key, true);
    return done && !ledger_failed(rehearsal->real->ledger);
}

/* Everything that a sign-up can meet. */
static bool fetch(struct rehearsal *rehearsal, const struct admission *admission)
{
    bool confirms = admission->signup->text[SIGNUP_email_confirm_code] != NULL, done = true;
    const struct admit_subjects *subjects = &admission->subjects;
    const int64_t keys[] = {subjects->email, subjects->phone, subjects->username, subjects->uuid,
                            subjects->identity};
    for (size_t i = 0; i < sizeof keys / sizeof *keys && done; i++)
        if (keys[i] != 0)
            done = fetch_met(rehearsal, keys[i], confirms);
    return done && (!confirms || fetch_meant(rehearsal, admit_subject(admission)));
}

/* -- the private ledger -- */

/* Runs a text of several statements with the same parameters. */
static bool run_places(struct rehearsal *rehearsal, const int64_t *ids)
{
    static const char *const names[] = {":attempt",  ":code",      ":report",      ":decision",
                                        ":code_end", ":wrong_try", ":report_event"};
    const char *rest = statement_text[STATEMENT_rehearsal_places];
    int code = SQLITE_OK;
    while (code == SQLITE_OK && rest[0] != '\0') {
        sqlite3_stmt *statement = NULL;
        code = sqlite3_prepare_v2(rehearsal->database, rest, -1, &statement, &rest);
        for (int i = 0; code == SQLITE_OK && statement != NULL && i < 7; i++) {
            int place = sqlite3_bind_parameter_index(statement, names[i]);
            if (place > 0)
                code = sqlite3_bind_int64(statement, place, ids[i]);
        }
        if (code == SQLITE_OK && statement != NULL && sqlite3_step(statement) != SQLITE_DONE)
            code = sqlite3_errcode(rehearsal->database);
        sqlite3_finalize(statement);
    }
    return code == SQLITE_OK || fail(rehearsal, rehearsal->database, code);
}

static bool take_places(struct rehearsal *rehearsal)
{
    int64_t ids[7] = {0};
    struct ledger_statement *row = ledger_use(rehearsal->real->ledger, STATEMENT_rehearsal_ids);
    if (ledger_row(row)) {
        for (int i = 0; i < 7; i++)
            ids[i] = ledger_integer(row, i);
        ledger_done(row);
    }
    return !ledger_failed(rehearsal->real->ledger) && run_places(rehearsal, ids);
}

static bool make_ledger(struct rehearsal *rehearsal)
{
    struct error error;
    rehearsal->database = connection_open(NULL, CONNECTION_PRIVATE, 0, &error);
    if (rehearsal->database == NULL)
        return fail(rehearsal, NULL, SQLITE_NOMEM);
    rehearsal->session = session_open(rehearsal->database);
    if (rehearsal->session == NULL)
        return fail(rehearsal, NULL, SQLITE_NOMEM);
    ledger_create(rehearsal->session->ledger, &(struct ledger_making){0});
    if (!succeeded(rehearsal))
        return false;
    /* One transaction for all, which ends with the connection. What it refers to is not all here.
     */
    int code = sqlite3_exec(
        rehearsal->database,
        "BEGIN; DELETE FROM ledger; DELETE FROM setting; DELETE FROM clock; CREATE TEMP TABLE met "
        "(key INTEGER PRIMARY "
        "KEY, everything INTEGER NOT NULL)",
        NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(rehearsal->database, "SELECT 1 FROM attempt WHERE id = ?1", -1,
                                  &rehearsal->known, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(rehearsal->database,
                                  "INSERT INTO met VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET "
                                  "everything = 1 WHERE ?2 > everything RETURNING 1",
                                  -1, &rehearsal->meet, NULL);
    return code == SQLITE_OK || fail(rehearsal, rehearsal->database, code);
}

static bool hold_snapshot(struct rehearsal *rehearsal)
{
    sqlite3 *real = real_database(rehearsal);
    int code = sqlite3_prepare_v2(real, "SELECT id FROM ledger", -1, &rehearsal->snapshot, NULL);
    if (code == SQLITE_OK && sqlite3_step(rehearsal->snapshot) == SQLITE_ROW)
        return true;
    return fail(rehearsal, real, code == SQLITE_OK ? sqlite3_errcode(real) : code);
}

/* Nothing of the real ledger is in the private one yet. */
static bool open_writer(struct rehearsal *rehearsal)
{
    rehearsal->writer = admit_writer_open(rehearsal->session);
    if (rehearsal->writer == NULL)
        return fail(rehearsal, NULL, SQLITE_NOMEM);
    admit_writer_begin(rehearsal->writer);
    return succeeded(rehearsal);
}

struct rehearsal *rehearsal_open(struct session *real)
{
    if (!ledger_ready(real->ledger) || ledger_refuse_share(real->ledger))
        return NULL;
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    if (rehearsal == NULL) {
        ledger_fail(real->ledger, SQLITE_NOMEM, "out of memory");
        return NULL;
    }
    rehearsal->real = real;
    if (!hold_snapshot(rehearsal) || !make_ledger(rehearsal) || !copy_once(rehearsal, &identity) ||
        !copy_once(rehearsal, &settings) || !copy_once(rehearsal, &newest_entry) ||
        !copy_once(rehearsal, &segments) || !take_places(rehearsal) || !open_writer(rehearsal)) {
        rehearsal_close(rehearsal);
        return NULL;
    }
    /* Borrowed; without it the private ledger has a key of its own, good for everything but codes.
     */
    if (session_key_if_any(real) != NULL)
        rehearsal->session->key = real->key;
    return rehearsal;
}

void rehearsal_close(struct rehearsal *rehearsal)
{
    if (rehearsal == NULL)
        return;
    for (int i = 0; i < PARTS; i++) {
        sqlite3_finalize(rehearsal->copiers[i].from);
        sqlite3_finalize(rehearsal->copiers[i].to);
    }
    for (int i = 0; i < LONE_PARTS; i++) {
        sqlite3_finalize(rehearsal->lone_copiers[i].from);
        sqlite3_finalize(rehearsal->lone_copiers[i].to);
    }
    sqlite3_finalize(rehearsal->known);
    sqlite3_finalize(rehearsal->meet);
    sqlite3_finalize(rehearsal->snapshot);
    admit_writer_close(rehearsal->writer);
    if (rehearsal->session != NULL && rehearsal->session->key == rehearsal->real->key)
        rehearsal->session->key = NULL;
    session_release(rehearsal->session);
    sqlite3_close(rehearsal->database);
    free(rehearsal);
}

const struct settings *rehearsal_settings(struct rehearsal *rehearsal)
{
    const struct settings *found = session_settings(rehearsal->session);
    return succeeded(rehearsal) ? found : NULL;
}

static void read_verdict(struct rehearsal *rehearsal, int64_t id, struct rehearsal_verdict *verdict)
{
    struct ledger *ledger = rehearsal->session->ledger;
    verdict->reasons = "[]";
    verdict->detail[0] = '\0';
    if (verdict->outcome == ADMIT_CONTINUED) {
        struct ledger_statement *row = ledger_use(ledger, STATEMENT_rehearsal_continuation);
        ledger_set_integer(row, ":id", id);
        if (ledger_row(row)) {
            snprintf(verdict->detail, sizeof verdict->detail, "%s", ledger_word(row, 0));
            ledger_done(row);
        }
    } else if (verdict->outcome == ADMIT_FAILURE) {
        /* Left at its row, which holds the text; the statement starts anew when it is used again.
         */
        static const char *const columns[] = {"reasons", NULL};
        struct ledger_statement *row = ledger_select(ledger, STATEMENT_admitted_outcome, columns);
        ledger_set_integer(row, ":id", id);
        if (ledger_row(row) && !ledger_is_null(row, 0))
            verdict->reasons = ledger_text(row, 0);
    }
}

bool rehearsal_admit(struct rehearsal *rehearsal, struct admission *admission,
                     struct rehearsal_verdict *verdict)
{
    /* A code can only be judged with the ledger's own key. */
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL &&
        session_key(rehearsal->real) == NULL)
        return false;
    admit_find_subjects(rehearsal->real, admission);
    if (!fetch(rehearsal, admission))
        return false;
    struct admit_values values;
    if (!admit_values_prepare(&values, admission))
        ledger_fail(rehearsal->session->ledger, SQLITE_NOMEM, "out of memory");
    struct admit_verdict admitted = admit_writer_write(rehearsal->writer, admission, &values);
    admit_writer_settle(rehearsal->writer);
    admit_values_wipe(&values);
    verdict->outcome = admitted.outcome;
    read_verdict(rehearsal, admitted.id, verdict);
    return succeeded(rehearsal);
}
