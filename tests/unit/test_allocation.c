/* SPDX-License-Identifier: MIT */
/* Memory that runs out: each allocation of SQLite, of ours and of jansson fails in turn, once and
 * from then on for good. A statement then gives its result or SQLITE_NOMEM, has been done or not at
 * all, and is done when it is tried again.
 *
 * The steps build on each other; each is a test of its own on the ledger that those before it have
 * left. Every STRIDE-th of the first thousand allocations fails, then fewer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <sodium.h>
#include <sqlite3.h>

#include "folder.h"

int sqlite3_reg_init(sqlite3 *database, char **error, const void *api);

/* -- the allocations -- */

static struct {
    bool armed;
    bool for_good;
    bool documents_alone, in_document; /* jansson's, and no others */
    long calls, fails_at;              /* from 1 */
    bool failed;
    long held; /* allocations that nobody has freed */
} memory;

static bool is_refused(void)
{
    if (!memory.armed || (memory.documents_alone && !memory.in_document))
        return false;
    memory.calls++;
    bool refused =
        memory.calls == memory.fails_at || (memory.for_good && memory.calls > memory.fails_at);
    memory.failed = memory.failed || refused;
    return refused;
}

#include "../tools/failing_memory.h"

/* SQLite's, which are counted: what is held at the end is a leak. */
static sqlite3_mem_methods usual;

static void *engine_allocate(int size)
{
    void *made = is_refused() ? NULL : usual.xMalloc(size);
    memory.held += made != NULL;
    return made;
}

static void *engine_resize(void *before, int size)
{
    return is_refused() ? NULL : usual.xRealloc(before, size);
}

static void engine_free(void *before)
{
    memory.held -= before != NULL;
    usual.xFree(before);
}

static void *document_allocate(size_t size)
{
    memory.in_document = true;
    void *made = jansson_allocate(size);
    memory.in_document = false;
    return made;
}

static void take_over_memory(void)
{
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual), SQLITE_OK);
    sqlite3_mem_methods methods = usual;
    methods.xMalloc = engine_allocate;
    methods.xRealloc = engine_resize;
    methods.xFree = engine_free;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
    /* So that every allocation is one that can fail. */
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
    json_set_alloc_funcs(document_allocate, free);
}

/* -- the steps -- */

/* %s is the folder of the files that are read. */
static const struct step {
    const char *name, *sql;
    bool first; /* on an empty database */
} steps[] = {
    {"a ledger is made", "SELECT reg_init()", true},
    {"settings are replaced",
     "SELECT reg_settings('{\"passwordHash\":{\"memoryKiB\":8,\"passes\":1},\"sandbox\":true,"
     "\"registrationType\":\"REQUIRE_EMAIL_ACTIVATION\",\"consentVersions\":{\"terms\":\"2\"},"
     "\"fraudReasonMap\":{\"email_taken\":\"duplicate\"}}') IS NOT NULL",
     false},
    {"settings are changed",
     "SELECT reg_settings_patch('{\"channels\":[\"email\",\"sms\"],"
     "\"resendPauseInSeconds\":0}')",
     false},
    {"settings are read", "SELECT reg_settings()", false},
    {"a sign-up waits for its code",
     "INSERT INTO reg_attempts (email, phone, username, name, country, password, consents, "
     "ip_address) "
     "VALUES ('Ann@Example.com', '+16045550101', 'ann', 'Ann Bee', 'CA', 'Abcdef1!xyz', "
     "'[{\"name\":\"terms\",\"version\":\"2\",\"state\":\"accepted\"}]', '192.0.2.1')",
     false},
    {"a rival waits too",
     "INSERT INTO reg_attempts (email, password, consents) VALUES ('ann@example.com', "
     "'Abcdef1!xyz', '[{\"name\":\"terms\",\"version\":\"2\",\"state\":\"accepted\"}]')",
     false},
    {"a sign-up fails for every reason",
     "INSERT INTO reg_attempts (email, phone, password, country, birth_date, consents, "
     "recommendation) VALUES ('no address', '12', 'short', 'XX', '2020-02-30', "
     "'[{\"name\":\"terms\",\"version\":\"9\",\"state\":\"accepted\"}]', 'PREVENT')",
     false},
    {"a customer who is known by another",
     "INSERT INTO reg_attempts (email, identity_provider, identity_subject, consents) VALUES "
     "('bob@example.com', 'google', 'g-1', "
     "'[{\"name\":\"terms\",\"version\":\"2\",\"state\":\"accepted\"}]')",
     false},
    {"he logs in",
     "INSERT INTO reg_attempts (identity_provider, identity_subject) VALUES ('google', 'g-1')",
     false},
    {"an outcome that was told, with a fingerprint",
     "INSERT INTO reg_attempts (email, outcome, password_sha256, recommendation) VALUES "
     "('cid@example.com', 'success', "
     "'2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881', 'REVIEW')",
     false},
    {"a failure that was told",
     "INSERT INTO reg_attempts (email, outcome, failure_reason, attempted_at) VALUES "
     "('dan@example.com', 'failure', 'because', '2026-01-02T03:04:05Z')",
     false},
    {"several sign-ups in one statement",
     "INSERT INTO reg_attempts (email, outcome, attempted_at) SELECT 'many' || value || "
     "'@example.com', 'success', '2026-01-02' FROM json_each('[1,2,3]')",
     false},
    {"a code that is wrong", "SELECT reg_verify_code('ann@example.com', '99999')", false},
    {"the second request of a sign-up, with a wrong code",
     "INSERT INTO reg_attempts (email, email_confirm_code) VALUES ('ann@example.com', 'abc')",
     false},
    {"a code is issued", "SELECT reg_issue_code('eve@example.com', 'none', 'device-1')", false},
    {"another in its place",
     "SELECT reg_resend_code('eve@example.com', 'none', 'device-1') IS NOT NULL", false},
    {"a code that is right", "SELECT reg_verify_code('eve@example.com', '12345', 'device-1')",
     false},
    {"a code ends its sign-up, and that of its rival",
     "SELECT reg_verify_code('ann@example.com', '12345')", false},
    {"an identifier that is taken",
     "INSERT INTO reg_attempts (email, password, consents) VALUES ('ANN@example.com', "
     "'Abcdef1!xyz', '[{\"name\":\"terms\",\"version\":\"2\",\"state\":\"accepted\"}]')",
     false},
    {"a password that was not asked for at first",
     "SELECT reg_complete('many2@example.com', '12345', 'Abcdef1!xyz')", false},
    {"people with hashes of other systems",
     "INSERT INTO reg_attempts (email, password_hash, consents) SELECT value ->> 0, value ->> 1, "
     "'[{\"name\":\"terms\",\"version\":\"2\",\"state\":\"accepted\"}]' FROM json_each('["
     "[\"fay@example.com\",\"$1$SvmK7SJt$vcHR8qOwelK2l5jBh.Bfl/\"],[\"gus@example.com\","
     "\"{\\\"algorithm\\\":\\\"sha1\\\",\\\"hash\\\":{\\\"value\\\":"
     "\\\"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8\\\",\\\"encoding\\\":\\\"hex\\\"}}\"]]')",
     false},
    {"a customer logs in",
     "SELECT reg_verify_login('many3@example.com', 'x'), reg_verify_login('ann@example.com', "
     "'Abcdef1!xyz'), reg_verify_login('ann', 'Abcdef1!xy')",
     false},
    {"the formats of hashes",
     "SELECT (SELECT count(*) FROM reg_hash_formats), (SELECT sum(hashes) FROM "
     "reg_password_formats), reg_verify_password('password', "
     "'{\"algorithm\":\"sha1\",\"hash\":{\"value\":"
     "\"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8\",\"encoding\":\"hex\"}}')",
     false},
    {"who shares",
     "SELECT count(value), sum(emails) FROM reg_shared_origins('2020-01-01', NULL, 1)", false},
    {"a consent", "SELECT reg_set_consent('ann@example.com', 'news', '1', 'declined')", false},
    {"a later step", "SELECT reg_record_step('ann@example.com', 'KYC', 'approved', 'ref-1')",
     false},
    {"who exists",
     "SELECT reg_email_exists('ann@example.com'), reg_phone_exists('+1 604 555 0101'), "
     "reg_username_exists('ANN'), reg_email_exists('nobody@example.com')",
     false},
    {"attempts",
     "SELECT id, attempted_at > '2026', email, username, phone, name, consents, outcome, "
     "failure_reason, reasons, told_reason, customer_id, email_confirmed_at > '', code_state, "
     "report_state, steps FROM reg_attempts ORDER BY id",
     false},
    {"attempts of an address, of some, of an outcome, of a time",
     "SELECT (SELECT group_concat(id) FROM reg_attempts WHERE email = 'Ann@Example.com'), "
     "(SELECT group_concat(id) FROM reg_attempts WHERE email IN ('bob@example.com', "
     "'many3@example.com')), "
     "(SELECT group_concat(id) FROM reg_attempts WHERE phone = '+16045550101' OR username = "
     "'ann'), "
     "(SELECT count(*) FROM reg_attempts WHERE outcome = 'success'), "
     "(SELECT count(*) FROM reg_attempts WHERE outcome IN ('pending', 'failure')), "
     "(SELECT count(*) FROM reg_attempts WHERE attempted_at >= '2026-01-02' AND attempted_at < "
     "'2026-01-03'), "
     "(SELECT group_concat(id) FROM reg_attempts WHERE id IN (1, 3, 99)), "
     "(SELECT group_concat(id) FROM (SELECT id FROM reg_attempts ORDER BY id DESC LIMIT 2 OFFSET "
     "1))",
     false},
    {"attempts as of a moment before",
     "SELECT count(*), (SELECT count(*) FROM reg_attempts(1000)), (SELECT count(*) FROM "
     "reg_codes(1000)) FROM reg_attempts WHERE as_of = '2026-01-01T00:00:00Z'",
     false},
    {"codes",
     "SELECT id, attempt_id, subject, kind, channel, token_type, attempt, expiry_minutes, active, "
     "phone, device_id, state, failures, verified_at > '' FROM reg_codes ORDER BY id",
     false},
    {"reports",
     "SELECT id, attempt_id, outcome, state, tries, length(payload) > 10, instr(payload, "
     "'\"success\":') > 0 FROM "
     "reg_reports ORDER BY id",
     false},
    {"a payload",
     "SELECT instr(reg_report_payload(4), 'bob@example.com') > 0, "
     "instr(reg_report_payload(1), '\"success\":false') > 0",
     false},
    {"what an import would do",
     "SELECT line, email, outcome, reasons FROM reg_signups('%s/signups.csv')", false},
    {"an export of the dashboard", "SELECT * FROM reg_dashboard('%s/dashboard.csv')", false},
    {"an export against the ledger",
     "SELECT day, outcome, vendor, ledger, difference, causes, verdict FROM "
     "reg_reconcile('%s/dashboard.csv')",
     false},
    {"a policy",
     "SELECT group_concat(rule || met) , reg_check_policy('abc', 'cleeng'), "
     "reg_check_policy('Abcdef1!xyz'), reg_check_policy('abc', '{\"minLength\":8}') "
     "FROM reg_policy('password1', 'nist')",
     false},
    {"passwords",
     "SELECT reg_verify_password('x', reg_hash_password('x')), reg_hash_password('x', 'md5'), "
     "reg_needs_rehash('$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$"
     "Y2hlY2tjaGVja2NoZWNrY2hlY2tjaGVja2NoZWNrMTI')",
     false},
    {"texts for a shell",
     "SELECT reg_version() > '', reg_mask('john@example.com'), reg_bar(3, 10), (SELECT "
     "reg_spark(value) FROM json_each('[1,5,2,8,null]')), (SELECT count(*) FROM reg_functions), "
     "(SELECT count(*) FROM reg_reasons), (SELECT count(*) FROM reg_columns)",
     false},
    {"the views",
     "SELECT (SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema WHERE type = 'view' "
     "AND name NOT LIKE 'admit%%' ORDER BY 1))",
     false},
    {"a person is forgotten", "SELECT reg_forget('ann@example.com')", false},
    {"a ledger that is there stays as it is", "SELECT reg_init()", false},
};

enum { STEPS = sizeof steps / sizeof *steps, TEXT = 1 << 16 };

struct bytes {
    void *start;
    size_t length;
};

static struct expected {
    struct bytes ledger, key;                     /* before it */
    char before[TEXT], after[TEXT], answer[TEXT]; /* the ledger's counts, and what is answered */
} * expected;

static char path[FOLDER_PATH];

static struct bytes read_bytes(const char *name)
{
    FILE *file = fopen(name, "rb");
    struct bytes bytes = {NULL, 0};
    if (file == NULL)
        return bytes;
    fseek(file, 0, SEEK_END);
    bytes.length = (size_t)ftell(file);
    rewind(file);
    bytes.start = __real_malloc(bytes.length + 1);
    assert_int_equal(fread(bytes.start, 1, bytes.length, file), bytes.length);
    fclose(file);
    return bytes;
}

static void write_bytes(const char *name, const struct bytes *bytes)
{
    unlink(name);
    if (bytes->start == NULL)
        return;
    FILE *file = fopen(name, "wb");
    assert_non_null(file);
    chmod(name, 0600);
    assert_int_equal(fwrite(bytes->start, 1, bytes->length, file), bytes->length);
    fclose(file);
}

static void put_ledger(const struct expected *at)
{
    char beside[FOLDER_PATH + 8];
    snprintf(beside, sizeof beside, "%s-wal", path);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s-shm", path);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s.key", path);
    write_bytes(beside, &at->key);
    write_bytes(path, &at->ledger);
}

/* All the rows as text; the result code of the statement. */
static int ask(sqlite3 *database, const char *sql, char answer[TEXT])
{
    sqlite3_stmt *statement = NULL;
    size_t length = 0;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    answer[0] = '\0';
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement) && length < TEXT - 1; i++) {
            const char *text = (const char *)sqlite3_column_text(statement, i);
            if (text == NULL && memory.armed && sqlite3_errcode(database) == SQLITE_NOMEM)
                break; /* of ours, not of what is tested */
            length +=
                (size_t)snprintf(answer + length, TEXT - length, "%s|", text == NULL ? "-" : text);
            assert_true(length < TEXT);
        }
        code = memory.armed && sqlite3_errcode(database) == SQLITE_NOMEM ? SQLITE_NOMEM : SQLITE_OK;
    }
    int end = sqlite3_finalize(statement);
    return code == SQLITE_DONE ? end : code;
}

/* How many rows every table has, and what is updated in place. */
static void count(sqlite3 *database, char counts[TEXT])
{
    static char sql[TEXT];
    assert_int_equal(ask(database, "PRAGMA main.integrity_check", counts), SQLITE_OK);
    assert_string_equal(counts, "ok|");
    assert_int_equal(ask(database, "PRAGMA foreign_key_check", counts), SQLITE_OK);
    assert_string_equal(counts, "");
    assert_int_equal(
        ask(database,
            "SELECT 'SELECT ' || group_concat('''' || name || ''', (SELECT count(*) FROM main.\"' "
            "|| name || '\")') FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE "
            "'sqlite_%'",
            sql),
        SQLITE_OK);
    sql[strlen(sql) - 1] = '\0'; /* the last | */
    if (strcmp(sql, "-") == 0)
        snprintf(counts, TEXT, "no tables");
    else
        assert_int_equal(ask(database, sql, counts), SQLITE_OK);
}

static sqlite3 *open_plain(void)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, "PRAGMA synchronous = OFF", NULL, NULL, NULL),
                     SQLITE_OK);
    return database;
}

static sqlite3 *open_ledger(void)
{
    char *error = NULL;
    sqlite3 *database = open_plain();
    assert_int_equal(sqlite3_reg_init(database, &error, NULL), SQLITE_OK);
    assert_null(error);
    return database;
}

static void in_folder(const char *sql, char filled[4096])
{
    const char *place = strstr(sql, "%s");
    if (place == NULL)
        snprintf(filled, 4096, "%s", sql);
    else
        snprintf(filled, 4096, "%.*s%s%s", (int)(place - sql), sql, folder, place + 2);
}

/* Every step once, without a failure. */
static int rehearse(void **state)
{
    char key[FOLDER_PATH + 8], sql[4096];
    if (folder_make(state) != 0)
        return -1;
    take_over_memory();
    assert_true(sodium_init() >= 0);
    folder_write("signups.csv", "email,password,consent_terms\nzoe@example.com,Abcdef1!xyz,2\n"
                                "ann@example.com,Abcdef1!xyz,2\nbroken\n"
                                "zoe@example.com,Abcdef1!xyz,2\n");
    folder_write("dashboard.csv", "date,success,failure\n2026-01-02,4,2\n2026-01-03,1,0\n");
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    snprintf(key, sizeof key, "%s.key", path);
    expected = __real_calloc(STEPS, sizeof *expected);
    for (size_t i = 0; i < STEPS; i++) {
        struct expected *at = &expected[i];
        at->ledger = read_bytes(path);
        at->key = read_bytes(key);
        sqlite3 *database = open_ledger();
        if (strstr(steps[i].sql, "resend_code") != NULL)
            usleep(1100000); /* the least pause */
        count(database, at->before);
        in_folder(steps[i].sql, sql);
        if (ask(database, sql, at->answer) != SQLITE_OK)
            fail_msg("%s: %s", steps[i].name, sqlite3_errmsg(database));
        if (getenv("SHOW") != NULL)
            fprintf(stderr, "# %s: %s\n", steps[i].name, at->answer);
        count(database, at->after);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
    }
    return 0;
}

static int clear(void **state)
{
    for (size_t i = 0; i < STEPS; i++) {
        free(expected[i].ledger.start);
        free(expected[i].key.start);
    }
    free(expected);
    return folder_remove(state);
}

/* -- the failures -- */

struct trial {
    const struct step *step;
    const struct expected *expected;
    char sql[4096];
    bool within; /* a transaction of the caller's */
    bool for_good;
    long at;
};

#define describe(trial, what, got, wanted)                                                         \
    fail_msg("%s: allocation %ld failed %s%s: %s: `%s`, not `%s`", (trial)->step->name,            \
             (trial)->at, (trial)->for_good ? "for good" : "once",                                 \
             (trial)->within ? ", in a transaction" : "", what, got, wanted)

static void arm(const struct trial *trial)
{
    memory.armed = true;
    memory.for_good = trial->for_good;
    memory.calls = 0;
    memory.fails_at = trial->at;
    memory.failed = false;
}

static bool is_no_memory(int code)
{
    return code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM;
}

/* What still reads keeps its snapshot: the next write would fail, and the WAL could not be emptied.
 */
static bool is_at_rest(sqlite3 *database)
{
    return !sqlite3_get_autocommit(database) ||
           sqlite3_txn_state(database, NULL) == SQLITE_TXN_NONE;
}

/* A failed statement has done nothing, or all of it; tried again, it is done. */
static void check_failed(const struct trial *trial, sqlite3 *database, int code)
{
    static char found[TEXT], answer[TEXT];
    if (!is_no_memory(code))
        describe(trial, "error", sqlite3_errmsg(database), "SQLITE_NOMEM");
    if (!is_at_rest(database))
        describe(trial, "afterwards", "a statement still reads", "nothing reads");
    count(database, found);
    bool is_done = strcmp(found, trial->expected->after) == 0;
    if (!is_done && strcmp(found, trial->expected->before) != 0)
        describe(trial, "half done", found, trial->expected->before);
    if (is_done && strcmp(trial->expected->after, trial->expected->before) != 0)
        return;
    code = ask(database, trial->sql, answer);
    if (code != SQLITE_OK)
        describe(trial, "tried again", sqlite3_errmsg(database), "SQLITE_OK");
    if (strcmp(answer, trial->expected->answer) != 0)
        describe(trial, "tried again, answers", answer, trial->expected->answer);
    count(database, found);
    if (strcmp(found, trial->expected->after) != 0)
        describe(trial, "tried again, leaves", found, trial->expected->after);
}

static void check_done(const struct trial *trial, sqlite3 *database, const char *answer)
{
    static char found[TEXT];
    if (strcmp(answer, trial->expected->answer) != 0)
        describe(trial, "answers", answer, trial->expected->answer);
    count(database, found);
    if (strcmp(found, trial->expected->after) != 0)
        describe(trial, "leaves", found, trial->expected->after);
}

/* False: the statement makes fewer allocations than that. */
static bool try_once(const struct trial *trial)
{
    static char answer[TEXT];
    put_ledger(trial->expected);
    sqlite3 *database = open_ledger();
    if (trial->within)
        assert_int_equal(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    arm(trial);
    int code = ask(database, trial->sql, answer);
    memory.armed = false;
    if (code == SQLITE_OK)
        check_done(trial, database, answer);
    else
        check_failed(trial, database, code);
    if (trial->within && !sqlite3_get_autocommit(database))
        assert_int_equal(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
    return memory.failed;
}

#ifdef __SANITIZE_ADDRESS__
static const bool is_sanitised = true; /* everything takes ten times as long */
#else
static const bool is_sanitised = false;
#endif

static long stride(void)
{
    const char *given = getenv("STRIDE");
    const long few = is_sanitised ? 1499 : 397, many = is_sanitised ? 47 : 7;
    return given != NULL ? strtol(given, NULL, 10) : getenv("SOAK") != NULL ? many : few;
}

static void fails_well(void **state)
{
    struct trial trial = {.step = *state, .expected = &expected[(struct step *)*state - steps]};
    in_folder(trial.step->sql, trial.sql);
    long held = memory.held, tried = 0;
    for (int way = 0; way < 4; way++) {
        trial.for_good = way % 2 != 0;
        trial.within = way / 2 != 0;
        if (trial.within && trial.step->first)
            break; /* WAL is not to be had there */
        /* Later ones are ever more alike. */
        for (trial.at = 1 + way; try_once(&trial); trial.at += stride() * (1 + trial.at / 1000))
            tried++;
    }
    assert_true(tried > 0);
    assert_int_equal(memory.held, held);
}

/* Every one of the allocations for documents: what a document loses in silence, no error tells. The
 * sanitizers, which learn nothing from that, look at some. */
static void loses_nothing_of_documents(void **state)
{
    struct trial trial = {.step = *state, .expected = &expected[(struct step *)*state - steps]};
    in_folder(trial.step->sql, trial.sql);
    memory.documents_alone = true;
    for (trial.at = 1; try_once(&trial); trial.at += is_sanitised ? 13 : 1)
        ;
    memory.documents_alone = false;
    assert_true(trial.at > 1);
}

static sqlite3 *to_interrupt;
static long until_interrupted;

static int interrupt(void *unused)
{
    (void)unused;
    if (--until_interrupted == 0)
        sqlite3_interrupt(to_interrupt);
    return 0;
}

/* Ctrl-C while a function writes: all of it or nothing, and no transaction is left open. */
static void is_interrupted_well(void **state)
{
    struct trial trial = {.step = *state, .expected = &expected[(struct step *)*state - steps]};
    static char answer[TEXT], found[TEXT];
    in_folder(trial.step->sql, trial.sql);
    int code = SQLITE_INTERRUPT, interrupted = 0;
    /* Later ones are ever more alike. */
    for (trial.at = 1; code != SQLITE_OK;
         trial.at += getenv("SOAK") != NULL ? 1 : 1 + trial.at / 16) {
        put_ledger(trial.expected);
        to_interrupt = open_ledger();
        until_interrupted = trial.at;
        sqlite3_progress_handler(to_interrupt, 20, interrupt, NULL);
        code = ask(to_interrupt, trial.sql, answer);
        sqlite3_progress_handler(to_interrupt, 0, NULL, NULL);
        interrupted += code != SQLITE_OK;
        if (!sqlite3_get_autocommit(to_interrupt))
            fail_msg("%s: interrupted at %ld: a transaction is open", trial.step->name, trial.at);
        if (!is_at_rest(to_interrupt))
            fail_msg("%s: interrupted at %ld: a statement still reads", trial.step->name, trial.at);
        count(to_interrupt, found);
        if (strcmp(found, trial.expected->after) != 0 && strcmp(found, trial.expected->before) != 0)
            describe(&trial, "half done", found, trial.expected->before);
        assert_int_equal(sqlite3_close(to_interrupt), SQLITE_OK);
    }
    assert_true(interrupted > 0 || strcmp(trial.expected->before, trial.expected->after) == 0);
}

/* The extension itself is loaded, or not at all. */
static void loading_fails_well(void **state)
{
    struct trial trial = {.step = &(struct step){.name = "loading"}};
    (void)state;
    long held = memory.held;
    put_ledger(&expected[STEPS - 1]);
    for (int way = 0; way < 2; way++) {
        trial.for_good = way != 0;
        memory.failed = true;
        for (trial.at = 1; memory.failed; trial.at += (stride() + 9) / 10) {
            char *error = NULL;
            sqlite3 *database = open_plain();
            arm(&trial);
            int code = sqlite3_reg_init(database, &error, NULL);
            memory.armed = false;
            sqlite3_free(error);
            if (code != SQLITE_OK && !is_no_memory(code))
                describe(&trial, "error", sqlite3_errstr(code), "SQLITE_NOMEM");
            error = NULL;
            if (code != SQLITE_OK)
                assert_int_equal(sqlite3_reg_init(database, &error, NULL), SQLITE_OK);
            assert_int_equal(
                sqlite3_exec(database, "SELECT count(*) FROM reg_attempts", NULL, NULL, NULL),
                SQLITE_OK);
            assert_int_equal(sqlite3_close(database), SQLITE_OK);
        }
    }
    assert_int_equal(memory.held, held);
}

int main(void)
{
    struct CMUnitTest tests[3 * STEPS + 1];
    size_t number = 0;
    for (size_t i = 0; i < STEPS; i++)
        tests[number++] = (struct CMUnitTest){
            .name = steps[i].name, .test_func = fails_well, .initial_state = (void *)&steps[i]};
    for (size_t i = 0; i < STEPS; i++)
        if (strncmp(steps[i].sql, "SELECT reg_", 11) == 0)
            tests[number++] = (struct CMUnitTest){.name = steps[i].name,
                                                  .test_func = is_interrupted_well,
                                                  .initial_state = (void *)&steps[i]};
    for (size_t i = 0; i < STEPS; i++)
        if (strcmp(steps[i].name, "settings are replaced") == 0 ||
            strcmp(steps[i].name, "a sign-up waits for its code") == 0)
            tests[number++] = (struct CMUnitTest){.name = steps[i].name,
                                                  .test_func = loses_nothing_of_documents,
                                                  .initial_state = (void *)&steps[i]};
    tests[number++] = (struct CMUnitTest)cmocka_unit_test(loading_fails_well);
    return _cmocka_run_group_tests("allocation", tests, number, rehearse, clear);
}
