/* SPDX-License-Identifier: MIT */
#include "tables/attempts.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "admission/admit.h"
#include "admission/prepared_password.h"
#include "ledger/session.h"
#include "tables/history.h"
#include "values/moment.h"
#include "values/signup.h"
#include "tables/table.h"
#include "values/text.h"

#define VALUE(name, type)                                                                          \
    {                                                                                              \
        name, type, HISTORY_VALUE, SEARCH_NONE                                                     \
    }
#define TIME(name)                                                                                 \
    {name, "TEXT", HISTORY_TIME, SEARCH_NONE},                                                     \
    {                                                                                              \
        name "_ms", "INTEGER", HISTORY_VALUE, SEARCH_NONE                                          \
    }

#define WORD(name)                                                                                 \
    {                                                                                              \
        name, "TEXT", HISTORY_VALUE, SEARCH_TEXT                                                   \
    }

/*
 * SQLite says of each of the first 63 columns whether a statement looks at it, and of all others
 * together whether it looks at any. So those come last that cost next to nothing, or only come in;
 * whoever asks for one of them gets all of them read. Nobody may count on a column's place: names
 * are what stays.
 */
static const struct history_column attempts_columns[] = {
    {"id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    {"attempted_at", "TEXT", HISTORY_TIME, SEARCH_TIME},
    {"email", "TEXT", HISTORY_VALUE, SEARCH_EMAIL},
    {"username", "TEXT", HISTORY_VALUE, SEARCH_USERNAME},
    {"phone", "TEXT", HISTORY_VALUE, SEARCH_PHONE},
    WORD("phone_country"),
    WORD("name"),
    WORD("given_name"),
    WORD("family_name"),
    WORD("birth_date"),
    WORD("birth_place"),
    WORD("gender"),
    WORD("country"),
    WORD("currency"),
    WORD("locale"),
    WORD("user_type"),
    VALUE("partner_id", "INTEGER"),
    WORD("source_id"),
    WORD("account_group_id"),
    WORD("uuid"),
    WORD("custom_id"),
    WORD("identity_provider"),
    WORD("identity_subject"),
    {"device_id", "TEXT", HISTORY_VALUE, SEARCH_ORIGIN},
    WORD("device_type"),
    WORD("manufacturer"),
    WORD("model"),
    WORD("os"),
    {"ip_address", "TEXT", HISTORY_VALUE, SEARCH_ORIGIN},
    WORD("language"),
    VALUE("latitude", "REAL"),
    VALUE("longitude", "REAL"),
    WORD("user_agent"),
    WORD("app_name"),
    WORD("app_platform"),
    WORD("recommendation"),
    {"email_verified_at", "TEXT", HISTORY_TIME, SEARCH_NONE},
    {"phone_verified_at", "TEXT", HISTORY_TIME, SEARCH_NONE},
    VALUE("consents", "TEXT"),
    {"outcome", "TEXT", HISTORY_VALUE, SEARCH_OUTCOME},
    {"failure_reason", "TEXT", HISTORY_FIRST, SEARCH_NONE},
    {"as_of", "", HISTORY_AS_OF,
     SEARCH_NONE}, /* the first hidden column: reg_attempts('...') binds it */
    {"password", "TEXT", HISTORY_INPUT, SEARCH_NONE},
    {"attempted_at_ms", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    {"email_verified_at_ms", "INTEGER", HISTORY_VALUE, SEARCH_NONE},
    {"recorded_at", "TEXT", HISTORY_TIME, SEARCH_TIME},
    {"recorded_at_ms", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    TIME("decided_at"),
    VALUE("reasons", "TEXT"),
    VALUE("hint", "TEXT"),
    {"import_id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    {"customer_id", "INTEGER", HISTORY_VALUE, SEARCH_CUSTOMER},
    TIME("email_confirmed_at"),
    TIME("phone_confirmed_at"),
    {"code_state", "TEXT", HISTORY_VALUE, SEARCH_CODE_STATE},
    {"report_state", "TEXT", HISTORY_VALUE, SEARCH_REPORT_STATE},
    {"acknowledged_at", "TEXT", HISTORY_TIME, SEARCH_ACKNOWLEDGED},
    {"acknowledged_at_ms", "INTEGER", HISTORY_VALUE, SEARCH_ACKNOWLEDGED},
    VALUE("steps", "TEXT"),
    {"email_domain", "TEXT", HISTORY_VALUE, SEARCH_ORIGIN},
    /* the last ones: see above */
    {"phone_verified_at_ms", "INTEGER", HISTORY_VALUE, SEARCH_NONE},
    WORD("app_domain"),
    VALUE("guest_account", "INTEGER"),
    WORD("captcha"),
    VALUE("notes", "TEXT"),
    WORD("told_reason"),
    VALUE("line", "INTEGER"),
    TIME("erased_at"),
    {"password_md5", "TEXT", HISTORY_INPUT, SEARCH_NONE},
    {"password_hash", "TEXT", HISTORY_INPUT, SEARCH_NONE},
    {"password_sha256", "TEXT", HISTORY_INPUT, SEARCH_NONE},
    {"email_confirm_code", "TEXT", HISTORY_INPUT, SEARCH_NONE},
};

enum {
    COLUMNS = sizeof attempts_columns / sizeof *attempts_columns,
    LAST_ONES = 13, /* from phone_verified_at_ms on */
    TOLD_APART = 63
};
_Static_assert(COLUMNS - LAST_ONES <= TOLD_APART, "what is dear has to stand among the first");

const struct history history_attempts = {STATEMENT_attempts,       STATEMENT_attempts_rows,
                                         STATEMENT_attempts_count, true,
                                         attempts_columns,         COLUMNS};

/* The sign-up column that a column of the table takes in, by its name; -1: it only goes out. */
static int signup_columns[COLUMNS];
static pthread_once_t signup_columns_once = PTHREAD_ONCE_INIT;

static void find_signup_columns(void)
{
    for (int column = 0; column < COLUMNS; column++) {
        signup_columns[column] = -1;
        for (int to = 0; to < SIGNUP_COLUMN_COUNT; to++)
            if (strcmp(attempts_columns[column].name, signup_column_name((enum signup_column)to)) ==
                0)
                signup_columns[column] = to;
    }
}

static int refuse(sqlite3_vtab *table, const char *format, const char *name)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf(format, name);
    return SQLITE_ERROR; /* not SQLITE_CONSTRAINT, which under OR ROLLBACK would end the caller's
                            transaction */
}

/* The values of an INSERT as a sign-up; what only goes out is refused by name. */
static int read_signup(sqlite3_vtab *table, sqlite3_value **values, struct signup *signup)
{
    memset(signup, 0, sizeof *signup);
    (void)pthread_once(&signup_columns_once, find_signup_columns);
    for (int column = 0; column < COLUMNS; column++) {
        sqlite3_value *value = values[column];
        int to = signup_columns[column];
        if (sqlite3_value_type(value) == SQLITE_NULL)
            continue;
        if (to < 0)
            return refuse(table, "reg_attempts: %s is decided by the ledger and cannot be inserted",
                          attempts_columns[column].name);
        if (sqlite3_value_type(value) == SQLITE_BLOB)
            return refuse(table, "reg_attempts: %s: expected text, not a blob",
                          attempts_columns[column].name);
        const char *text = (const char *)sqlite3_value_text(value);
        if (text == NULL)
            return SQLITE_NOMEM;
        if (strlen(text) != (size_t)sqlite3_value_bytes(value))
            return refuse(table, "reg_attempts: %s holds a NUL character",
                          attempts_columns[column].name);
        signup_give(signup, (enum signup_column)to, text);
    }
    return SQLITE_OK;
}

static int report_ledger(sqlite3_vtab *table, struct ledger *ledger)
{
    int code = ledger_code(ledger);
    refuse(table, "%s", ledger_error(ledger));
    ledger_forgive(ledger);
    return (code & 0xff) == SQLITE_CONSTRAINT ? SQLITE_ERROR : code;
}

/* Admits one sign-up. The INSERT that we are called from has begun the write, so what is read here
 * stays true. */
static int admit(sqlite3_vtab *table, const struct signup *signup, sqlite3_int64 *rowid)
{
    struct session *session = history_door(table);
    struct admission admission;
    struct error error;
    int code = SQLITE_OK;
    ledger_begin(session->ledger);
    const struct settings *settings = session_settings(session);
    if (settings == NULL) {
        ledger_end(session->ledger);
        return report_ledger(table, session->ledger);
    }
    if (!admit_prepare(&admission, settings, signup, moment_now(), &error))
        code = table_fail(table, "reg_attempts", &error);
    else
        admit_find_subjects(session, &admission);
    if (code == SQLITE_OK && admit_wants_hash(&admission) && !admit_is_held(session, &admission) &&
        !prepared_take(session, &admission) && !admit_hash(&admission))
        code = SQLITE_NOMEM;
    if (code == SQLITE_OK)
        *rowid = admit_write(session, &admission);
    ledger_end(session->ledger);
    if (code == SQLITE_OK && ledger_failed(session->ledger))
        code = report_ledger(table, session->ledger);
    ledger_forgive(session->ledger);
    admit_wipe(&admission);
    return code;
}

static int update(sqlite3_vtab *table, int count, sqlite3_value **arguments, sqlite3_int64 *rowid)
{
    struct signup signup;
    struct session *session = history_door(table);
    int code = SQLITE_OK;
    if (count > 2 && ledger_runs_as_one(arguments[2], &code))
        return code;
    if (count == 1)
        return refuse(table, "reg_attempts: attempts are history and are not deleted%s",
                      "; a person is erased with `regjob forget`");
    if (sqlite3_value_type(arguments[0]) != SQLITE_NULL)
        return refuse(table, "reg_attempts: attempts are history and are not updated%s",
                      "; what happens later is recorded by the reg_ functions");
    if (sqlite3_value_type(arguments[1]) != SQLITE_NULL)
        return refuse(table, "reg_attempts: %s is decided by the ledger and cannot be inserted",
                      "rowid");
    int conflict = sqlite3_vtab_on_conflict(ledger_database(session->ledger));
    if (conflict == SQLITE_REPLACE || conflict == SQLITE_IGNORE)
        return refuse(table, "reg_attempts: a sign-up is a new attempt each time%s",
                      ": INSERT without OR REPLACE or OR IGNORE");
    code = table_is_meant(table, session, true);
    if (code == SQLITE_OK)
        code = read_signup(table, arguments + 2, &signup);
    return code == SQLITE_OK ? admit(table, &signup, rowid) : code;
}

const sqlite3_module attempts_module = {
    .iVersion = 0,
    .xConnect = history_connect, /* no xCreate: the table is there by its name, in every database */
    .xBestIndex = history_best_index,
    .xDisconnect = history_disconnect,
    .xOpen = history_open,
    .xClose = history_close,
    .xFilter = history_filter,
    .xNext = history_next,
    .xEof = history_eof,
    .xColumn = history_column,
    .xRowid = history_rowid,
    .xUpdate = update,
};

const sqlite3_module attempts_read_only_module = {
    .iVersion = 0,
    .xConnect = history_connect,
    .xBestIndex = history_best_index,
    .xDisconnect = history_disconnect,
    .xOpen = history_open,
    .xClose = history_close,
    .xFilter = history_filter,
    .xNext = history_next,
    .xEof = history_eof,
    .xColumn = history_column,
    .xRowid = history_rowid,
};

static const struct history_column codes_columns[] = {
    {"id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    {"attempt_id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    WORD("subject"),
    WORD("kind"),
    WORD("channel"),
    WORD("token_type"),
    WORD("token_prefix"),
    VALUE("attempt", "INTEGER"),
    {"request_timestamp", "TEXT", HISTORY_TIME, SEARCH_TIME},
    VALUE("request_timestamp_ms", "INTEGER"),
    TIME("handed_over_at"),
    VALUE("expiry_minutes", "REAL"),
    TIME("expiry_timestamp"),
    VALUE("active", "INTEGER"),
    WORD("username"),
    WORD("phone"),
    WORD("account_group_id"),
    WORD("device_id"),
    {"state", "TEXT", HISTORY_VALUE, SEARCH_STATE},
    VALUE("failures", "INTEGER"),
    TIME("verified_at"),
    WORD("last_error"),
    {"as_of", "", HISTORY_AS_OF, SEARCH_NONE},
};

const struct history history_codes = {
    STATEMENT_codes, STATEMENT_codes_rows, STATEMENT_codes_count,
    false,           codes_columns,        sizeof codes_columns / sizeof *codes_columns};

static const struct history_column reports_columns[] = {
    {"id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    {"attempt_id", "INTEGER", HISTORY_VALUE, SEARCH_INTEGER},
    WORD("outcome"),
    {"due_at", "TEXT", HISTORY_TIME, SEARCH_TIME},
    VALUE("due_at_ms", "INTEGER"),
    {"state", "TEXT", HISTORY_VALUE, SEARCH_OWN_REPORT_STATE},
    VALUE("tries", "INTEGER"),
    VALUE("ambiguous_tries", "INTEGER"),
    VALUE("last_status", "INTEGER"),
    WORD("last_error"),
    TIME("next_try_at"),
    TIME("acknowledged_at"),
    VALUE("vendor_timestamp", "INTEGER"),
    {"payload", "TEXT", HISTORY_PAYLOAD, SEARCH_NONE},
    {"as_of", "", HISTORY_AS_OF, SEARCH_NONE},
};

const struct history history_reports = {
    STATEMENT_reports,       STATEMENT_reports_rows,
    STATEMENT_reports_count, false,
    reports_columns,         sizeof reports_columns / sizeof *reports_columns};
