/* SPDX-License-Identifier: MIT */
#include "run/job.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values/document.h"
#include "ledger/connection.h"
#include "ledger/ledger_time.h"
#include "ledger/snapshot.h"
#include "values/time_units.h"
#include "values/moment.h"
#include "values/text.h"
#include "run/others_turn.h"
#include "run/say.h"
#include "run/stop.h"

enum { UNLIKELY_DAYS = 30 /* in which nothing was recorded */, SESSION_DAYS = 30 };

enum exit_code job_worse(enum exit_code left, enum exit_code right)
{
    /* From the mildest to the gravest. */
    static const enum exit_code order[] = {EXIT_DONE,  EXIT_LOCKED, EXIT_PARTLY, EXIT_BAD_DATA,
                                           EXIT_RETRY, EXIT_CONFIG, EXIT_USAGE};
    size_t at_left = 0, at_right = 0;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        at_left = order[i] == left ? i : at_left;
        at_right = order[i] == right ? i : at_right;
    }
    return order[at_left > at_right ? at_left : at_right];
}

enum exit_code job_ledger_failed(struct job *job, const char *doing)
{
    struct ledger *ledger = job->session->ledger;
    int code = ledger_code(ledger) & 0xff;
    say_error("%s: %s: %s", job->config.ledger, doing, ledger_error(ledger));
    ledger_forgive(ledger);
    return code == SQLITE_AUTH ? EXIT_CONFIG : EXIT_RETRY;
}

enum exit_code job_refuse_copy(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    ledger_refuse_copy(ledger);
    say_error("%s: %s", job->config.ledger, ledger_error(ledger));
    ledger_forgive(ledger);
    return EXIT_CONFIG;
}

/* A name that SQLite would take for something else than a file has no place in a configuration. */
static bool is_file_name(const char *path)
{
    return path[0] != '\0' && strcmp(path, ":memory:") != 0 && strncmp(path, "file:", 5) != 0;
}

/*
 * SQLite gives LEDGER-shm and LEDGER-wal the ledger's mode when it creates them. A run that found
 * the ledger read-only leaves them read-only, and they are in the way once the ledger is writable
 * again. Our own files get the ledger's mode; another user's are reported. LEDGER-wal must stay: it
 * may hold commits that are not in the ledger yet.
 */
static bool put_right(const char *ledger, const char *suffix, mode_t mode)
{
    char path[PATH_MAX + 8];
    struct stat facts;
    snprintf(path, sizeof path, "%s%s", ledger, suffix);
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 || errno == ENOENT)
        return true;
    int reason = errno, file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool right = file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) &&
                 facts.st_uid == geteuid() && fchmod(file, mode & 0777) == 0;
    if (file >= 0)
        close(file);
    if (!right)
        say_error("%s: not writable (%s), although the ledger is: while nobody uses the ledger, "
                  "give this file the ledger's owner and mode, and do not remove it",
                  path, strerror(reason));
    return right;
}

/* Before the ledger is opened: closing a descriptor of a file would end the locks that SQLite has
 * on it. */
static bool put_files_right(const char *path)
{
    char ledger[PATH_MAX];
    struct stat facts;
    if (realpath(path, ledger) == NULL || faccessat(AT_FDCWD, ledger, W_OK, AT_EACCESS) != 0 ||
        stat(ledger, &facts) != 0)
        return true; /* it may be new, or read-only: opening it says what is wrong */
    return put_right(ledger, "-wal", facts.st_mode) && put_right(ledger, "-shm", facts.st_mode);
}

/* A ledger within an application's database may be in another. */
static bool is_in_wal_mode(sqlite3 *database)
{
    sqlite3_stmt *mode = NULL;
    bool wal = sqlite3_prepare_v2(database, "PRAGMA journal_mode", -1, &mode, NULL) == SQLITE_OK &&
               sqlite3_step(mode) == SQLITE_ROW &&
               sqlite3_stricmp((const char *)sqlite3_column_text(mode, 0), "wal") == 0;
    sqlite3_finalize(mode);
    return wal;
}

static bool open_database(struct job *job, bool create)
{
    const char *path = job->config.ledger;
    struct stat facts;
    struct error error;
    if (!is_file_name(path)) {
        say_error("%s: the ledger must be a file", path);
        return false;
    }
    if (!create && stat(path, &facts) != 0 && errno == ENOENT) {
        say_error("%s: there is no ledger: make one with `regjob init`", path);
        return false;
    }
    if (!put_files_right(path))
        return false;
    job->database = connection_open(path, create ? CONNECTION_CREATOR : CONNECTION_WRITER,
                                    job->config.busy_timeout_ms, &error);
    if (job->database == NULL)
        say_error("%s: %s", path, error.text);
    else if (!create && is_in_wal_mode(job->database))
        others_turn_watch(path);
    return job->database != NULL;
}

void job_name_owner(struct job *job)
{
    char host[64] = "";
    unsigned char chance[8];
    gethostname(host, sizeof host - 1);
    snprintf(job->owner, sizeof job->owner, "%s:%ld", host, (long)getpid());
    randombytes_buf(chance, sizeof chance);
    int length = snprintf(job->run_owner, sizeof job->run_owner, "%s:", job->owner);
    sodium_bin2hex(job->run_owner + length, sizeof job->run_owner - (size_t)length, chance,
                   sizeof chance);
}

bool job_open_reader(const struct job *job, struct job_reader *reader, struct error *error)
{
    *reader = (struct job_reader){NULL, NULL, NULL};
    if (job->cluster.open_reader != NULL)
        return job->cluster.open_reader(job, reader, error);
    reader->database =
        connection_open(job->config.ledger, CONNECTION_READER, job->config.busy_timeout_ms, error);
    if (reader->database == NULL)
        return false;
    reader->session = session_open(reader->database);
    if (reader->session == NULL)
        return error_no_memory(error, NULL);
    snprintf(reader->session->key_file, sizeof reader->session->key_file, "%s",
             job->config.key_file);
    return true;
}

void job_close_reader(const struct job *job, struct job_reader *reader)
{
    session_release(reader->session);
    sqlite3_close(reader->database);
    if (reader->remote != NULL)
        job->cluster.end(reader->remote);
    *reader = (struct job_reader){NULL, NULL, NULL};
}

enum exit_code job_open(struct job *job, bool create)
{
    if (!open_database(job, create))
        return EXIT_RETRY;
    job_name_owner(job);
    /* SQLite's name for it: by whatever link or path two runs come to a ledger, they have one lock.
     */
    snprintf(job->beside, sizeof job->beside, "%s", sqlite3_db_filename(job->database, "main"));
    job->session = session_open(job->database);
    if (job->session == NULL) {
        say_error("out of memory");
        return EXIT_RETRY;
    }
    snprintf(job->session->key_file, sizeof job->session->key_file, "%s", job->config.key_file);
    if (create)
        return EXIT_DONE;
    bool other = ledger_version_found(job->session->ledger) != ledger_version() &&
                 !ledger_failed(job->session->ledger);
    if (!ledger_ready(job->session->ledger)) {
        enum exit_code status = job_ledger_failed(job, "opening");
        return other ? EXIT_CONFIG : status;
    }
    return EXIT_DONE;
}

bool job_read_moment(struct job *job, const char *option, const char *text, int64_t *moment)
{
    if (text == NULL)
        return true;
    if (!moment_parse(text, moment)) {
        say_error("%s %.80s: expected a moment, such as 2026-01-31T08:00:00Z, or Unix time", option,
                  text);
        return false;
    }
    if (*moment > ledger_now(job->session->ledger)) {
        say_error("%s %.80s: it is in the future", option, text);
        return false;
    }
    return true;
}

void job_cache(struct job *job, size_t kib)
{
    char pragma[64];
    snprintf(pragma, sizeof pragma, "PRAGMA cache_size = -%zu", kib);
    sqlite3_exec(ledger_database(job->session->ledger), pragma, NULL, NULL, NULL);
}

void job_read_lean(struct job *job)
{
    enum { LEAN_KIB = 12 * 1024 };
    job_cache(job, LEAN_KIB);
}

enum exit_code job_stopped(const char *step, const char *left)
{
    char why[128];
    if (!stop_asked())
        return EXIT_DONE;
    stop_words(why, sizeof why);
    say_error("%s: %s; %s", step, why, left);
    return EXIT_RETRY;
}

void job_close(struct job *job)
{
    session_release(job->session);
    sqlite3_close(job->database);
    if (job->cluster.remote != NULL)
        job->cluster.end(job->cluster.remote);
    job->cluster = (struct job_cluster){NULL, NULL, NULL};
    json_decref(job->inputs);
    json_decref(job->files);
    job->inputs = job->files = NULL;
    job->session = NULL;
    job->database = NULL;
}

void job_add(struct job *job, const char *step, const char *what, uint64_t number)
{
    for (size_t i = 0; i < job->count_count; i++)
        if (strcmp(job->counts[i].step, step) == 0 && strcmp(job->counts[i].what, what) == 0) {
            job->counts[i].number += number;
            return;
        }
    if (job->count_count < JOB_COUNTS)
        job->counts[job->count_count++] = (struct job_count){step, what, number};
}

void job_add_all(struct job *job, const struct job *other)
{
    for (size_t i = 0; i < other->count_count; i++)
        job_add(job, other->counts[i].step, other->counts[i].what, other->counts[i].number);
    if (other->inputs == NULL)
        return;
    if (job->inputs == NULL)
        job->inputs = json_array();
    json_array_extend(job->inputs, other->inputs);
}

void job_add_input(struct job *job, const char *name, const unsigned char digest[DIGEST_SIZE])
{
    char shown[JOB_ERROR_SIZE], text[DIGEST_TEXT];
    digest_text(digest, text);
    if (job->inputs == NULL)
        job->inputs = json_array();
    json_array_append_new(
        job->inputs,
        json_pack("{s:s, s:s}", "name", text_escape(shown, sizeof shown, name), "digest", text));
}

void job_add_file(struct job *job, const struct job_file *file)
{
    char name[JOB_ERROR_SIZE], unknown[2 * JOB_ERROR_SIZE], form[JOB_ERROR_SIZE];
    if (job->files == NULL)
        job->files = json_array();
    json_t *row = json_pack(
        "{s:s, s:o, s:I, s:I, s:I, s:I, s:s}", "name", text_escape(name, sizeof name, file->name),
        "import", file->import_id == 0 ? json_null() : json_integer((json_int_t)file->import_id),
        "read", (json_int_t)file->read, "failed", (json_int_t)file->failed, "rejected",
        (json_int_t)file->rejected, "noted", (json_int_t)file->noted, "unknown_columns",
        text_escape(unknown, sizeof unknown, file->unknown));
    if (file->form != NULL && file->form[0] != '\0')
        json_object_set_new(row, "form", json_string(text_escape(form, sizeof form, file->form)));
    json_array_append_new(job->files, row);
}

void job_compare_clock(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    char here[MOMENT_SIZE], there[MOMENT_SIZE];
    int64_t newest = ledger_number(ledger, STATEMENT_newest_entry_or_run, 0), clock = moment_now();
    int64_t days = (clock - newest) / DAY_MS;
    moment_format(clock, here);
    moment_format(newest, there);
    if (newest - clock > LEDGER_TIME_AGREES_MS)
        say_error(
            "%s: the clock shows %s, but the ledger's newest entry is from %s: the clock is wrong "
            "now, or was wrong then; until it catches up, ledger time continues from that entry",
            job->config.ledger, here, there);
    else if (newest > 0 && days >= UNLIKELY_DAYS)
        say_error("%s: the clock shows %s, but the ledger's newest entry is from %s, %lld days "
                  "earlier: if the clock is wrong, correct it now: otherwise pending attempts and "
                  "codes expire by it",
                  job->config.ledger, here, there, (long long)days);
}

static int64_t find_run(struct job *job)
{
    int64_t id = 0;
    struct ledger_statement *row = ledger_use(job->session->ledger, STATEMENT_run_of_owner);
    ledger_set_text(row, ":owner", job->run_owner);
    if (ledger_row(row)) {
        id = ledger_integer(row, 0);
        ledger_done(row);
    }
    return id;
}

/* Sessions of runs that are long over, and whose writes cannot be on their way any more. */
static void forget_sessions(struct ledger *ledger)
{
    struct ledger_statement *forget = ledger_use(ledger, STATEMENT_forget_sessions);
    ledger_set_integer(forget, ":before", moment_now() - SESSION_DAYS * (int64_t)DAY_MS);
    ledger_run(forget);
}

enum exit_code job_begin_run(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    do {
        ledger_begin(ledger);
        if (ledger_is_shared(ledger))
            forget_sessions(ledger);
        int64_t now = ledger_now(ledger);
        bool behind = ledger_notice_clock(ledger);
        struct ledger_statement *begin = ledger_use(ledger, STATEMENT_begin_run);
        ledger_set_text(begin, ":command", job->options.command);
        ledger_set_text(begin, ":owner", job->run_owner);
        ledger_set_integer(begin, ":started_at", now);
        ledger_run(begin);
        if (behind) {
            struct ledger_statement *release = ledger_use(ledger, STATEMENT_release_reports);
            ledger_set_integer(release, ":now", now);
            ledger_run(release);
        }
        ledger_end(ledger);
    } while (ledger_again(ledger));
    job->run_id = find_run(job);
    say_run(job->options.command, job->run_id);
    return ledger_failed(ledger) ? job_ledger_failed(job, "beginning the run") : EXIT_DONE;
}

struct json_t *job_counts(const struct job *job)
{
    json_t *steps = json_object();
    for (size_t i = 0; i < job->count_count; i++) {
        json_t *step = json_object_get(steps, job->counts[i].step);
        if (step == NULL)
            json_object_set_new(steps, job->counts[i].step, step = json_object());
        json_object_set_new(step, job->counts[i].what,
                            json_integer((json_int_t)job->counts[i].number));
    }
    return steps;
}

/* {"import": {"read": 3, ...}, ..., "inputs": [{"name": "a.csv", "digest": "..."}], "files":
 * [{"name": "a.csv", "import": 1, ...}]} */
static char *counts_text(const struct job *job)
{
    json_t *steps = job_counts(job);
    if (job->inputs != NULL)
        json_object_set(steps, "inputs", job->inputs);
    if (job->files != NULL)
        json_object_set(steps, "files", job->files);
    char *text = document_text(steps, JSON_COMPACT);
    json_decref(steps);
    return text;
}

void job_end_run(struct job *job, enum exit_code status)
{
    struct ledger *ledger = job->session->ledger;
    char *counts = counts_text(job);
    do {
        ledger_begin(ledger);
        struct ledger_statement *end = ledger_use(ledger, STATEMENT_end_run);
        ledger_set_integer(end, ":id", job->run_id);
        ledger_set_integer(end, ":finished_at", ledger_now(ledger));
        ledger_set_integer(end, ":exit_code", status);
        ledger_set_text(end, ":counts", counts);
        ledger_run(end);
        ledger_end(ledger);
    } while (ledger_again(ledger));
    if (ledger_failed(ledger))
        job_ledger_failed(job, "ending the run");
    free(counts);
}

/* A lease beside the lock, so that no other machine is at the same. The lock tells that no other
 * run of this host is. */
static enum exit_code take_lease(struct job *job, const char *step, struct lock *lock)
{
    char host[JOB_OWNER_SIZE], holder[CLUSTER_OWNER_SIZE];
    struct ledger *ledger = job->session->ledger;
    snprintf(host, sizeof host, "%s", job->owner);
    host[strcspn(host, ":") + 1] = '\0';
    snprintf(lock->lease, sizeof lock->lease, "step %s", step);
    lock->ledger = ledger;
    if (ledger_take_lease(ledger, lock->lease, host, holder))
        return EXIT_DONE;
    lock->lease[0] = '\0';
    lock_release(lock);
    if (ledger_failed(ledger))
        return job_ledger_failed(job, "taking a lease");
    say_note("another run of %s is going on: %s", step, holder);
    return EXIT_LOCKED;
}

enum exit_code job_lock(struct job *job, const char *step, struct lock *lock)
{
    char message[JOB_ERROR_SIZE];
    switch (lock_take(lock, job->beside, step, message, sizeof message)) {
    case LOCK_TAKEN:
        /* Of imports there may be several; each file has its own lease. */
        return ledger_is_shared(job->session->ledger) && strcmp(step, "import") != 0
                   ? take_lease(job, step, lock)
                   : EXIT_DONE;
    case LOCK_HELD:
        say_note("%s", message); /* send runs every minute: while nightly sends there is nothing to
                                    complain of */
        return EXIT_LOCKED;
    case LOCK_FAILED:
        break;
    }
    say_error("%s", message);
    return EXIT_RETRY;
}
