/* SPDX-License-Identifier: MIT */
/*
 * share.c: a ledger to give away: the facts, with pseudonyms in place of people and without any
 * secret.
 *
 * It is not a copy from which something is taken out. A new ledger is filled, and each statement of
 * sql/share.sql names the columns that it takes: what nobody thought of is not in it, and no page
 * of the file has ever held what it should not.
 */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "copies/copies.h"
#include "copies/copy.h"
#include "copies/pseudonym.h"
#include "ledger/snapshot.h"
#include "values/moment.h"

enum { OPTIONS_SIZE = 512 };

/* Readable by the group: that of the folder or of the user decides who it is. */
static const struct copy_kind kind = {"share", ledger_is_share, 0640};

struct share {
    struct pseudonyms *pseudonyms;
    int64_t made_at;
    char options[OPTIONS_SIZE]; /* JSON, for the mark */
};

/* In this order rows come after those that they refer to. */
static const enum statement tables[] = {
    STATEMENT_share_setting,      STATEMENT_share_run,          STATEMENT_share_import,
    STATEMENT_share_import_batch, STATEMENT_share_reject,       STATEMENT_share_attempt,
    STATEMENT_share_person,       STATEMENT_share_link,         STATEMENT_share_decision,
    STATEMENT_share_waiting,      STATEMENT_share_continuation, STATEMENT_share_code,
    STATEMENT_share_code_end,     STATEMENT_share_wrong_try,    STATEMENT_share_report,
    STATEMENT_share_report_event, STATEMENT_share_make_answers, STATEMENT_share_answers,
    STATEMENT_share_try,          STATEMENT_share_consent,      STATEMENT_share_step,
    STATEMENT_share_erasure,      STATEMENT_share_clock,        STATEMENT_share_kept_through,
    STATEMENT_share_kept_day,     STATEMENT_share_kept_outcome, STATEMENT_share_kept_note,
    STATEMENT_share_kept_cause,   STATEMENT_share_kept_storm,   STATEMENT_share_kept_call,
    STATEMENT_share_kept_state,
};

/* What is sorted: it has pseudonyms alone, and may go to files. */
static const enum statement indexes[] = {
    STATEMENT_share_subject,        STATEMENT_share_index_email,  STATEMENT_share_index_phone,
    STATEMENT_share_index_username, STATEMENT_share_index_device, STATEMENT_share_index_address,
};

/* -- the way of each kind -- */

static const char *const ways[] = {
    [PSEUDONYM_KEYED] = "pseudonym", [PSEUDONYM_MASK] = "mask", [PSEUDONYM_DROP] = "drop"};

/* The options have been checked: it is one of the words, or NULL. */
static enum pseudonym_way way_of(const char *word, enum pseudonym_way otherwise)
{
    for (size_t i = 0; word != NULL && i < sizeof ways / sizeof *ways; i++)
        if (strcmp(ways[i], word) == 0)
            return (enum pseudonym_way)i;
    return otherwise;
}

static void choose_ways(const struct options *options, enum pseudonym_way chosen[PSEUDONYM_KINDS],
                        char text[OPTIONS_SIZE])
{
    chosen[PSEUDONYM_EMAIL] = way_of(options->emails, PSEUDONYM_KEYED);
    chosen[PSEUDONYM_PHONE] = way_of(options->phones, PSEUDONYM_KEYED);
    chosen[PSEUDONYM_USERNAME] = way_of(options->usernames, PSEUDONYM_KEYED);
    chosen[PSEUDONYM_NAME] = way_of(options->names, PSEUDONYM_DROP);
    chosen[PSEUDONYM_ADDRESS] = way_of(options->addresses, PSEUDONYM_KEYED);
    chosen[PSEUDONYM_DEVICE] = way_of(options->devices, PSEUDONYM_KEYED);
    chosen[PSEUDONYM_ID] = PSEUDONYM_KEYED;
    snprintf(text, OPTIONS_SIZE,
             "{\"emails\":\"%s\",\"phones\":\"%s\",\"usernames\":\"%s\",\"names\":\"%s\","
             "\"addresses\":\"%s\",\"devices\":\"%s\",\"stable\":%s}",
             ways[chosen[PSEUDONYM_EMAIL]], ways[chosen[PSEUDONYM_PHONE]],
             ways[chosen[PSEUDONYM_USERNAME]], ways[chosen[PSEUDONYM_NAME]],
             ways[chosen[PSEUDONYM_ADDRESS]], ways[chosen[PSEUDONYM_DEVICE]],
             options->stable ? "true" : "false");
}

/* -- filling it -- */

static void execute(struct ledger *draft, const char *sql)
{
    if (!ledger_failed(draft) &&
        sqlite3_exec(ledger_database(draft), sql, NULL, NULL, NULL) != SQLITE_OK)
        ledger_fail(draft, sqlite3_errcode(ledger_database(draft)), "%s",
                    sqlite3_errmsg(ledger_database(draft)));
}

static void run_each(struct ledger *draft, const enum statement *statements, size_t count)
{
    for (size_t i = 0; i < count && !ledger_failed(draft); i++)
        ledger_run(ledger_use(draft, statements[i]));
}

/* Not IMMEDIATE, which would keep others from writing to the ledger: what is read is of one moment
 * all the same. */
static void fill_tables(struct ledger *draft)
{
    execute(draft, "BEGIN");
    run_each(draft, tables, sizeof tables / sizeof *tables);
    execute(draft, "COMMIT");
}

/* Beside the draft, where there is room for it, if anywhere. */
static void sort_in_files(const struct copy *copy, struct ledger *draft)
{
    const char *path = copy->draft.path;
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%.*s", (int)(strrchr(path, '/') - path), path);
    execute(draft, "DETACH source; PRAGMA temp_store = FILE");
}

static void fill(struct copy *copy, struct ledger *draft, void *context)
{
    struct share *share = context;
    struct session session = {.ledger = draft};
    struct ledger_making making = {.one_file = true};
    execute(draft, "PRAGMA page_size = 8192; PRAGMA cache_size = -12288");
    ledger_create(draft, &making);
    if (!ledger_failed(draft) &&
        pseudonyms_register(share->pseudonyms, ledger_database(draft), &session) != SQLITE_OK)
        ledger_fail(draft, SQLITE_NOMEM, "out of memory");
    struct ledger_statement *attach = ledger_use(draft, STATEMENT_share_attach);
    ledger_set_text(attach, ":path", sqlite3_db_filename(copy->job->database, "main"));
    ledger_run(attach);
    fill_tables(draft);
    ledger_rest(draft);
    sort_in_files(copy, draft);
    execute(draft, "BEGIN");
    run_each(draft, indexes, sizeof indexes / sizeof *indexes);
    ledger_mark_share(draft, share->made_at, share->options);
    execute(draft, "COMMIT");
    ledger_rest(draft);
}

/* Of the bytes as they were written, by another connection than that which wrote them. */
static void look_over(struct copy *copy, struct ledger *draft, void *context)
{
    (void)copy;
    (void)context;
    if (ledger_ready(draft) && !ledger_is_share(draft))
        ledger_fail(draft, SQLITE_CORRUPT, "it is no share");
    ledger_is_sound(draft);
}

static enum exit_code publish(struct copy *copy, const struct share *share)
{
    char moment[MOMENT_SIZE];
    int64_t bytes;
    enum exit_code status = copy_publish(copy, &bytes);
    moment_format(share->made_at, moment);
    if (status == EXIT_DONE)
        say_note("%s: a share of the ledger as it stood at %s, %" PRId64 " bytes",
                 copy->draft.target, moment, bytes);
    return status;
}

static enum exit_code make(struct copy *copy, struct share *share)
{
    struct stat facts;
    uint64_t bytes = stat(copy->job->config.ledger, &facts) == 0 ? (uint64_t)facts.st_size : 0;
    share->made_at = moment_now();
    say_progress_start(&copy->progress, "making the share", bytes);
    enum exit_code status = copy_do(copy, CONNECTION_DRAFT, fill, share);
    if (status == EXIT_DONE)
        status = copy_do(copy, CONNECTION_READER, look_over, NULL);
    say_progress_end(&copy->progress);
    return status == EXIT_DONE ? publish(copy, share) : status;
}

enum exit_code share_command(struct job *job)
{
    static struct copy copy; /* some kilobytes of paths */
    static struct share share;
    enum pseudonym_way chosen[PSEUDONYM_KINDS];
    const struct key *key = job->options.stable ? session_key(job->session) : NULL;
    if (job->options.stable && key == NULL)
        return job_ledger_failed(job, "share --stable");
    enum exit_code status = copy_open(&copy, &kind, job);
    if (status != EXIT_DONE)
        return status;
    choose_ways(&job->options, chosen, share.options);
    share.pseudonyms = pseudonyms_open(chosen, key);
    if (share.pseudonyms == NULL) {
        say_error("out of memory");
        status = EXIT_RETRY;
    } else {
        status = make(&copy, &share);
    }
    pseudonyms_close(share.pseudonyms);
    copy_close(&copy);
    return status;
}
