/* SPDX-License-Identifier: MIT */
/* The table of everything the extension offers, and its registration. */
#include <sqlite3ext.h>
SQLITE_EXTENSION_INIT1

#include "reg.h"

#include <sodium.h>
#include <stdatomic.h>
#include <string.h>

#include "tables/attempts.h"
#include "functions/sql_call.h"
#include "functions/cell.h"
#include "functions/chart.h"
#include "listings/file_table.h"
#include "functions/functions.h"
#include "functions/row_taker.h"
#include "tables/history.h"
#include "listings/catalog.h"
#include "listings/password_formats.h"
#include "listings/policy_table.h"
#include "listings/shared_origins.h"

enum {
    OLDEST_SQLITE = 3038000,
    PURE = SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
    WRITES = SQLITE_DIRECTONLY,
    INTRUDER_SIZE = 640
};

static const struct sql_function rows[] = {
    {"reg_version", 0, PURE, functions_version, "reg_version()", "the extension's version",
     "this ledger"},
    {"reg_init", 0, WRITES, functions_init, "reg_init()",
     "creates or upgrades the ledger of the main database, and its key; returns the schema "
     "version; safe to repeat",
     "this ledger"},
    {"reg_init", 1, WRITES, functions_init, "reg_init('beside')",
     "the same inside another application's database; leaves its user_version, application_id and "
     "journal mode alone",
     "this ledger"},
    {"reg_settings", 0, 0, functions_settings, "reg_settings()",
     "the current settings, as one JSON object", "Synerise (settings/general)"},
    {"reg_settings", 1, WRITES, functions_replace_settings, "reg_settings(json)",
     "replaces the settings; a missing member returns to its default; returns the new settings",
     "Synerise (settings/general)"},
    {"reg_settings_patch", 1, WRITES, functions_patch_settings, "reg_settings_patch(json)",
     "changes the given members only; returns the new settings", "Synerise (settings/general)"},
    {"reg_check_policy", 1, SQLITE_DIRECTONLY, functions_check_policy, "reg_check_policy(password)",
     "JSON array of the rules of the current password policy that the password breaks; [] if "
     "acceptable; NULL for NULL",
     "partner API, Cleeng; SP 800-63B-4"},
    {"reg_check_policy", 2, SQLITE_DIRECTONLY, functions_check_policy,
     "reg_check_policy(password, profile)",
     "the same for a profile: classic, cleeng, nist or a JSON object",
     "partner API, Cleeng; SP 800-63B-4"},
    {"reg_hash_password", 1, SQLITE_DIRECTONLY, functions_hash_password,
     "reg_hash_password(password)",
     "an Argon2id PHC string (RFC 9106), at the cost in the settings",
     "RFC 9106, OWASP; fraud API, INVAS"},
    {"reg_hash_password", 2, SQLITE_DIRECTONLY, functions_hash_password,
     "reg_hash_password(password, format)",
     "an unsalted hash for comparing with a vendor's: sha256, sha1sha256 (lower-case hex) or md5 "
     "(upper-case hex); never store it",
     "RFC 9106, OWASP; fraud API, INVAS"},
    {"reg_prepare_password", 1, SQLITE_DIRECTONLY, functions_prepare_password,
     "reg_prepare_password(password)",
     "the password's hash, sealed for the column password_hash of an INSERT that brings the same "
     "password, which then hashes nothing while it holds the write lock",
     "RFC 9106; SQLite (one writer at a time)"},
    {"reg_prepare_password", 2, SQLITE_DIRECTONLY, functions_prepare_password,
     "reg_prepare_password(password, format)",
     "the same for what comes in the column password_md5; format is md5", "RFC 9106; INVAS"},
    {"reg_verify_password", 2, SQLITE_DIRECTONLY, functions_verify_password,
     "reg_verify_password(password, stored)",
     "1 or 0, in constant time, for a hash of any format in reg_hash_formats or a vendor's; an "
     "error if the hash costs more than passwordHashLimit",
     "RFC 9106; fraud API, INVAS"},
    {"reg_verify_login", 2, WRITES, functions_verify_login, "reg_verify_login(subject, password)",
     "1 if it is the password of the customer with this subject, else 0; a right one whose hash is "
     "weaker than the settings require is hashed anew and stored; an unknown subject takes as long "
     "as a wrong password",
     "OWASP authentication and password storage"},
    {"reg_needs_rehash", 1, 0, functions_needs_rehash, "reg_needs_rehash(stored)",
     "1 if the settings now require a costlier hash than this one, else 0",
     "OWASP password storage"},
    {"reg_issue_code", 2, WRITES, functions_issue_code, "reg_issue_code(subject, channel)",
     "issues and returns a confirmation code; channel email or sms queues it for sending, with "
     "none the caller delivers it",
     "Synerise, partner API, INVAS; RFC 4226 section 5.3, SP 800-63A-4"},
    {"reg_issue_code", 3, WRITES, functions_issue_code,
     "reg_issue_code(subject, channel, device_id)", "the same; a pin works only on that device",
     "Synerise, partner API, INVAS; RFC 4226 section 5.3, SP 800-63A-4"},
    {"reg_resend_code", 2, WRITES, functions_resend_code, "reg_resend_code(subject, channel)",
     "replaces the last code with a new one and returns it; if that is refused, the error says how "
     "many seconds to wait or which device may ask",
     "Synerise (by-pin-code/request, activation/request), INVAS (resend); SP 800-63A-4"},
    {"reg_resend_code", 3, WRITES, functions_resend_code,
     "reg_resend_code(subject, channel, device_id)", "the same, from that device",
     "Synerise (by-pin-code/request, activation/request), INVAS (resend); SP 800-63A-4"},
    {"reg_verify_code", 1, WRITES, functions_verify_code, "reg_verify_code(token)",
     "verifies a token; it identifies its own subject",
     "Synerise (confirmation), partner API; SP 800-63A-4"},
    {"reg_verify_code", 2, WRITES, functions_verify_code, "reg_verify_code(subject, code)",
     "verifies a code; returns verified, invalid_code, code_timeout, rate_limit, wrong_device, "
     "superseded, already_verified or not_found",
     "Synerise (confirmation), partner API; SP 800-63A-4"},
    {"reg_verify_code", 3, WRITES, functions_verify_code,
     "reg_verify_code(subject, code, device_id)", "the same, entered on that device",
     "Synerise (confirmation), partner API; SP 800-63A-4"},
    {"reg_email_exists", 1, 0, functions_email_exists, "reg_email_exists(email)",
     "1 if a customer has this e-mail address, else 0", "INVAS (verifyEmail)"},
    {"reg_phone_exists", 1, 0, functions_phone_exists, "reg_phone_exists(phone)",
     "1 if a customer has this phone number, else 0", "INVAS (verifyUsername)"},
    {"reg_username_exists", 1, 0, functions_username_exists, "reg_username_exists(username)",
     "1 if a customer has this username, else 0", "INVAS (verifyUsername)"},
    {"reg_complete", 3, WRITES, functions_complete, "reg_complete(subject, code, password)",
     "verifies a code and sets the password if the sign-up had none; returns reg_verify_code's "
     "verdicts, or a JSON array of password_ reasons without spending a try",
     "INVAS (register/confirm)"},
    {"reg_complete", 4, WRITES, functions_complete,
     "reg_complete(subject, code, password, device_id)", "the same, entered on that device",
     "INVAS (register/confirm)"},
    {"reg_set_consent", 4, WRITES, functions_set_consent,
     "reg_set_consent(subject, name, version, state)",
     "records a consent, accepted or declined, after registration; returns the state",
     "Cleeng (customers/:id/consents)"},
    {"reg_record_step", 3, WRITES, functions_record_step, "reg_record_step(subject, step, status)",
     "records a later onboarding step (KYC, SUBSCRIPTION, PAYMENT, ...); returns the status",
     "partner API (Sumsub, subscription)"},
    {"reg_record_step", 4, WRITES, functions_record_step,
     "reg_record_step(subject, step, status, reference)",
     "the same with the other system's reference", "partner API (Sumsub, subscription)"},
    {"reg_forget", 1, WRITES, functions_forget, "reg_forget(subject)",
     "erases the person but keeps the counts; returns the number of attempts erased",
     "GDPR article 17"},
    {"reg_report_payload", 1, SQLITE_DIRECTONLY, functions_report_payload,
     "reg_report_payload(attempt_id)",
     "the JSON sent to the fraud API for the attempt; the password fingerprint is masked unless "
     "the key is present",
     "fraud API (POST /v2/registration)"},
    {"reg_mask", 1, PURE, functions_mask, "reg_mask(text)",
     "masks a text for sharing a screen or a file: j***@example.com, +1604*****55", "this ledger"},
    {"reg_cell", 1, PURE, functions_cell, "reg_cell(value)",
     "the value for a cell of a spreadsheet: a text that would be taken for a formula (= + - @ or "
     "a "
     "tab first) with ' before it; everything else as it is",
     "OWASP (CSV injection)"},
    {"reg_bar", 2, PURE, chart_bar, "reg_bar(value, max)",
     "a bar of blocks for a terminal, 20 cells long if value reaches max; NULL for NULL",
     "this ledger"},
    {"reg_bar", 3, PURE, chart_bar, "reg_bar(value, max, width)", "the same, 1 to 200 cells long",
     "this ledger"},
};

static const struct aggregate_row {
    const char *name;
    void (*step)(sqlite3_context *context, int count, sqlite3_value **arguments);
    void (*final)(sqlite3_context *context);
    const char *signature;
    const char *help;
    const char *source;
} aggregates[] = {
    {"reg_spark", chart_spark_step, chart_spark_final, "reg_spark(value)",
     "aggregate: a one-line chart, one block per row in row order; a blank for NULL; NULL if there "
     "are no rows",
     "this ledger"},
};

struct table_row {
    const char *name;
    const sqlite3_module *module;
    const struct history *history; /* one of these three, or none */
    const struct catalog *listing;
    const struct file_table *file;
    const char *signature;
    const char *help;
    const char *source;
};

#define FUNCTIONS_TABLE "CREATE TABLE x(name TEXT, signature TEXT, help TEXT, source TEXT)"
static bool functions_row(size_t n, const char *texts[]),
    reading_row(size_t n, const char *texts[]);
static const struct catalog listing_functions = {FUNCTIONS_TABLE, 4, -1, functions_row},
                            listing_reading = {FUNCTIONS_TABLE, 4, -1, reading_row};

/* What strangers may ask. A list of what they may, so that nothing new is offered to them unawares.
 * reg_settings is not in it, as a setting can be a secret of another system; nor is anything that
 * hashes a password, or judges one, since its cost is not theirs to choose. */
static const char *const reading[] = {
    "reg_version",      "reg_mask",         "reg_cell",         "reg_bar",
    "reg_spark",        "reg_attempts",     "reg_codes",        "reg_reports",
    "reg_functions",    "reg_reasons",      "reg_rules",        "reg_columns",
    "reg_hash_formats", "reg_email_exists", "reg_phone_exists", "reg_username_exists",
};

static const struct table_row tables[] = {
    {.name = "reg_attempts",
     .module = &attempts_module,
     .history = &history_attempts,
     .signature = "reg_attempts([as_of])",
     .help = "one row per attempt, as the ledger stood at as_of; INSERT registers",
     .source = "all five"},
    {.name = "reg_codes",
     .module = &attempts_read_only_module,
     .history = &history_codes,
     .signature = "reg_codes([as_of])",
     .help = "one row per confirmation code: its details and state, never the code itself",
     .source = "INVAS (token description)"},
    {.name = "reg_reports",
     .module = &attempts_read_only_module,
     .history = &history_reports,
     .signature = "reg_reports([as_of])",
     .help = "one row per outcome to report to the fraud API: state, tries, answers, payload",
     .source = "fraud API"},
    {.name = "reg_policy",
     .module = &policy_module,
     .signature = "reg_policy(password [, profile])",
     .help = "one row per rule of a password policy: the rule in words, and whether it is met",
     .source = "partner API, Cleeng; SP 800-63B-4"},
    {.name = "reg_functions",
     .module = &catalog_module,
     .listing = &listing_functions,
     .signature = "reg_functions",
     .help = "every function and table of the extension",
     .source = "this ledger"},
    {.name = "reg_reasons",
     .module = &catalog_module,
     .listing = &listing_reasons,
     .signature = "reg_reasons",
     .help = "every failure reason, in order, each with a sentence",
     .source = "this ledger; fraud API"},
    {.name = "reg_rules",
     .module = &catalog_module,
     .listing = &listing_rules,
     .signature = "reg_rules",
     .help = "every rule that stands in an attempt's notes: what was done by it, with a sentence",
     .source = "this ledger"},
    {.name = "reg_columns",
     .module = &catalog_module,
     .listing = &listing_columns,
     .signature = "reg_columns",
     .help = "every sign-up column: its other names, its rule, the source of the rule and the "
             "longest value in bytes",
     .source = "all five"},
    {.name = "reg_hash_formats",
     .module = &catalog_module,
     .listing = &listing_hash_formats,
     .signature = "reg_hash_formats",
     .help = "every format of password hash that is verified: what it begins with, the library, "
             "how strong it is, what it costs",
     .source = "this ledger; crypt(5), RFC 2307, passlib, Django, Auth0, Keycloak, Firebase, "
               "Kratos"},
    {.name = "reg_password_formats",
     .module = &password_formats_module,
     .signature = "reg_password_formats",
     .help = "how many stored password hashes are of each format, and how many of them the "
             "settings require more of",
     .source = "this ledger"},
    {.name = "reg_shared_origins",
     .module = &shared_origins_module,
     .signature = "reg_shared_origins(since, until [, least])",
     .help = "one row per address, device or mail domain that at least so many (5) different "
             "e-mail addresses came with in attempts from since to before until",
     .source = "this ledger"},
    {.name = "reg_signups",
     .module = &file_table_module,
     .file = &file_table_signups,
     .signature = "reg_signups(file)",
     .help = "the rows of a sign-up CSV file, each with the verdict that an import would give now, "
             "counting duplicates within the file; writes nothing",
     .source = "all five"},
    {.name = "reg_dashboard",
     .module = &file_table_module,
     .file = &file_table_dashboard,
     .signature = "reg_dashboard(file [, columns])",
     .help = "a vendor's dashboard export (date,success,failure or date,outcome,count), one row "
             "per day and outcome; columns: JSON with the vendor's column names",
     .source = "fraud API (its dashboard is a file)"},
    {.name = "reg_reconcile",
     .module = &file_table_module,
     .file = &file_table_reconcile,
     .signature = "reg_reconcile(file [, as_of [, columns]])",
     .help = "a dashboard export compared with the ledger, one row per day (in time zone TZ) and "
             "outcome: counts, causes that add up to the difference, verdict match, explained or "
             "unexplained",
     .source = "this ledger"},
};

enum {
    ROWS = sizeof rows / sizeof *rows,
    AGGREGATES = sizeof aggregates / sizeof *aggregates,
    FUNCTIONS = ROWS + AGGREGATES,
    TABLES = sizeof tables / sizeof *tables,
    LISTED = FUNCTIONS + TABLES /* behind them: the function by which tables read */
};

static bool functions_row(size_t n, const char *texts[])
{
    if (n < ROWS) {
        texts[0] = rows[n].name;
        texts[1] = rows[n].signature;
        texts[2] = rows[n].help;
        texts[3] = rows[n].source;
    } else if (n < FUNCTIONS) {
        texts[0] = aggregates[n - ROWS].name;
        texts[1] = aggregates[n - ROWS].signature;
        texts[2] = aggregates[n - ROWS].help;
        texts[3] = aggregates[n - ROWS].source;
    } else if (n < LISTED) {
        texts[0] = tables[n - FUNCTIONS].name;
        texts[1] = tables[n - FUNCTIONS].signature;
        texts[2] = tables[n - FUNCTIONS].help;
        texts[3] = tables[n - FUNCTIONS].source;
    }
    return n < LISTED;
}

static const char *name_of(int n)
{
    return n < ROWS        ? rows[n].name
           : n < FUNCTIONS ? aggregates[n - ROWS].name
                           : tables[n - FUNCTIONS].name;
}

static bool is_reading(int n)
{
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
        if (strcmp(reading[i], name_of(n)) == 0)
            return true;
    return false;
}

static bool reading_row(size_t n, const char *texts[])
{
    for (int i = 0; i < LISTED; i++)
        if (is_reading(i) && n-- == 0)
            return functions_row((size_t)i, texts);
    return false;
}

/* A module's client data begins with what its table is, and ends with the session. */
union client {
    struct history_module history;
    struct catalog_module listing;
    struct file_table_module file;
};

static void forget_history(void *data)
{
    session_release(((struct history_module *)data)->session);
    sqlite3_free(data);
}

static void forget_listing(void *data)
{
    session_release(((struct catalog_module *)data)->session);
    sqlite3_free(data);
}

static void forget_file(void *data)
{
    session_release(((struct file_table_module *)data)->session);
    sqlite3_free(data);
}

/* `for_strangers`: a sign-up would be a write. */
static int register_table(sqlite3 *database, struct session *session, const struct table_row *row,
                          bool for_strangers)
{
    const sqlite3_module *module =
        for_strangers && row->module == &attempts_module ? &attempts_read_only_module : row->module;
    const struct catalog *listing =
        for_strangers && row->listing == &listing_functions ? &listing_reading : row->listing;
    union client *client = sqlite3_malloc(sizeof *client);
    if (client == NULL)
        return SQLITE_NOMEM;
    if (row->history != NULL)
        client->history = (struct history_module){row->history, session_hold(session)};
    else if (row->file != NULL)
        client->file = (struct file_table_module){row->file, session_hold(session)};
    else
        client->listing = (struct catalog_module){listing, session_hold(session)};
    return sqlite3_create_module_v2(database, row->name, module, client,
                                    row->history != NULL ? forget_history
                                    : row->file != NULL  ? forget_file
                                                         : forget_listing);
}

/* Registers the n-th item, counting functions, then aggregates, then tables. */
static int register_nth(sqlite3 *database, struct session *session, int n, bool for_strangers)
{
    if (for_strangers && (n == LISTED || !is_reading(n)))
        return SQLITE_OK;
    if (n == LISTED)
        return row_taker_offer(database);
    if (n < ROWS)
        return sql_function_register(database, session, &rows[n]);
    if (n < FUNCTIONS) {
        const struct aggregate_row *row = &aggregates[n - ROWS];
        return sqlite3_create_function_v2(database, row->name, 1, SQLITE_UTF8 | PURE, NULL, NULL,
                                          row->step, row->final, NULL);
    }
    return register_table(database, session, &tables[n - FUNCTIONS], for_strangers);
}

static void unregister_nth(sqlite3 *database, int n)
{
    if (n < FUNCTIONS)
        sqlite3_create_function_v2(database, n < ROWS ? rows[n].name : aggregates[n - ROWS].name,
                                   n < ROWS ? rows[n].arguments : 1, SQLITE_UTF8, NULL, NULL, NULL,
                                   NULL, NULL);
    else
        sqlite3_create_module_v2(database, tables[n - FUNCTIONS].name, NULL, NULL, NULL);
}

/* All or nothing: SQLite lets go of a library whose entry has failed, and of nothing that this has
 * registered. No schema is read, since the database may be one that cannot be. */
static int register_all(sqlite3 *database, struct session *session, bool for_strangers,
                        char **error)
{
    for (int n = 0; n <= LISTED; n++) {
        int code = register_nth(database, session, n, for_strangers);
        if (code == SQLITE_OK)
            continue;
        *error = sqlite3_mprintf("reg: %s", sqlite3_errmsg(database));
        while (n-- > 0)
            unregister_nth(database, n);
        return code;
    }
    return SQLITE_OK;
}

/* Whether this connection has it already. Functions that a running statement uses, as SELECT
 * load_extension() once more does, cannot be registered again. */
static bool is_loaded(sqlite3 *database)
{
    sqlite3_stmt *statement = NULL;
    const char *version = NULL;
    if (sqlite3_prepare_v2(database, "SELECT reg_version()", -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        version = (const char *)sqlite3_column_text(statement, 0);
    bool loaded = version != NULL && strcmp(version, REG_VERSION) == 0;
    sqlite3_finalize(statement);
    return loaded;
}

/* Of two that were loaded, the one with teeth would be at hand: no server should take that for
 * safe. */
static bool has_other(sqlite3 *database, bool for_strangers)
{
    sqlite3_stmt *statement = NULL;
    bool full =
        sqlite3_prepare_v2(database, "SELECT reg_init()", -1, &statement, NULL) == SQLITE_OK;
    sqlite3_finalize(statement);
    return full == for_strangers;
}

static int load(sqlite3 *database, bool for_strangers, char **error)
{
    char intruder[INTRUDER_SIZE];
    if (sqlite3_libversion_number() < OLDEST_SQLITE) {
        *error = sqlite3_mprintf("reg %s needs SQLite 3.38.0 or newer, this is SQLite %s",
                                 REG_VERSION, sqlite3_libversion());
        return SQLITE_ERROR;
    }
    if (sodium_init() < 0) {
        *error = sqlite3_mprintf("reg: libsodium cannot be started");
        return SQLITE_ERROR;
    }
    if (is_loaded(database)) {
        if (!has_other(database, for_strangers))
            return SQLITE_OK;
        *error = sqlite3_mprintf("reg: this connection has loaded it by the other entry point: use "
                                 "one of the two in a connection");
        return SQLITE_ERROR;
    }
    struct session *session = session_open(database);
    if (session == NULL)
        return SQLITE_NOMEM;
    if (ledger_intruder(session->ledger, intruder, sizeof intruder)) {
        *error = sqlite3_mprintf("reg: %s", intruder);
        session_release(session);
        return SQLITE_ERROR;
    }
    /* Kept statements would make sqlite3_close() answer SQLITE_BUSY. Before it looks for them it
     * disconnects virtual tables, and ours then lets go of them. */
    ledger_keep_by(session->ledger, "SELECT 1 FROM reg_functions");
    int code = register_all(database, session, for_strangers, error);
    session_release(session);
    return code;
}

#ifdef SQLITE_CORE

int sqlite3_reg_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    (void)api;
    return load(database, false, error);
}

int sqlite3_regread_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    (void)api;
    return load(database, true, error);
}

#else

/*
 * A process may have two SQLite libraries (two packages for Node that each bring one). Both come to
 * the one copy of this library, which has one table of SQLite's functions: that of the first. It is
 * kept for good, since a connection's last function may still be on its way out.
 */
static int load_once(sqlite3 *database, bool for_strangers, char **error,
                     const sqlite3_api_routines *api)
{
    static _Atomic(const sqlite3_api_routines *) first;
    const sqlite3_api_routines *found = NULL;
    if (!atomic_compare_exchange_strong(&first, &found, api) && found != api) {
        *error = api->mprintf(
            "reg: this process has loaded it into another SQLite library (%s), and this is a "
            "second one (%s): the two would call each other's functions; use one SQLite library "
            "in a process",
            found->libversion(), api->libversion());
        return SQLITE_ERROR;
    }
    SQLITE_EXTENSION_INIT2(api);
    return load(database, for_strangers, error);
}

int sqlite3_reg_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    return load_once(database, false, error, api);
}

int sqlite3_regread_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    return load_once(database, true, error, api);
}

int sqlite3_extension_init(sqlite3 *database, char **error, const sqlite3_api_routines *api)
{
    return load_once(database, false, error, api);
}

#endif
