/* snapshot.c: a copy of the whole ledger, which is looked over before it has its name. */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "copies/copies.h"
#include "ledger/connection.h"
#include "ledger/snapshot.h"
#include "run/draft.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/moment.h"

enum {
    STEPS_BETWEEN_LOOKS = 20000, /* of SQLite's machine: some milliseconds */
    NAME_SIZE = 320,
};

struct snapshot {
    struct job *job;
    struct draft draft;
    struct say_progress progress;
};

/* -- what may be replaced -- */

/* A database that is not in WAL mode, as it says in its header: looking into another one would
 * leave files beside it. */
static bool is_plain(const char *path)
{
    enum { WRITE_VERSION = 18, READ_VERSION, HEADER };
    unsigned char header[HEADER];
    int descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool is = descriptor >= 0 && read(descriptor, header, HEADER) == HEADER &&
              memcmp(header, "SQLite format 3", 16) == 0 && header[WRITE_VERSION] == 1 &&
              header[READ_VERSION] == 1;
    if (descriptor >= 0)
        close(descriptor);
    return is;
}

/* A file of another purpose, the ledger itself above all, is not lost by a slip. */
static bool is_snapshot(const char *path)
{
    struct error error;
    struct sqlite3 *database =
        is_plain(path) ? connection_open(path, CONNECTION_READER, 0, &error) : NULL;
    struct ledger *ledger = database == NULL ? NULL : ledger_open(database);
    bool is = ledger != NULL && ledger_is_snapshot(ledger);
    ledger_close(ledger);
    sqlite3_close(database);
    return is;
}

/* SQLite would take these for its own, and remove them. */
static bool is_companion(const char *path)
{
    static const char *const endings[] = {"-wal", "-shm", "-journal"};
    size_t length = strlen(path);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (length > strlen(endings[i]) &&
            strcmp(path + length - strlen(endings[i]), endings[i]) == 0)
            return true;
    return false;
}

/* By whatever name. It is not to be opened a second time: closing that would end SQLite's locks. */
static bool is_ledger(const struct job *job, const struct stat *facts)
{
    struct stat ledger;
    return stat(sqlite3_db_filename(job->database, "main"), &ledger) == 0 &&
           ledger.st_dev == facts->st_dev && ledger.st_ino == facts->st_ino;
}

static bool may_be_written(const struct job *job)
{
    const struct options *options = &job->options;
    const char *path = options->arguments[0];
    struct stat facts;
    bool there = lstat(path, &facts) == 0;
    size_t length = strlen(path);
    if (length == 0 || path[length - 1] == '/')
        say_error("%s: expected the name of a file", path);
    else if (is_companion(path))
        say_error("%s: SQLite gives its own files such names: use another one", path);
    else if (there && !S_ISREG(facts.st_mode))
        say_error("%s is no regular file: name one that a snapshot may have", path);
    else if (there && !options->replace)
        say_error("%s is there already: --replace replaces an older snapshot", path);
    else if (there && facts.st_size > 0 && (is_ledger(job, &facts) || !is_snapshot(path)))
        say_error("%s is no snapshot of a ledger: it is not replaced", path);
    else
        return true;
    return false;
}

/* -- the copy -- */

/* SQLite asks now and then whether to go on. */
static int look_up(void *context)
{
    struct snapshot *snapshot = context;
    struct stat facts;
    if (fstat(snapshot->draft.descriptor, &facts) == 0)
        say_progress_step(&snapshot->progress, (uint64_t)facts.st_size);
    return stop_asked();
}

static enum exit_code failed(struct snapshot *snapshot, struct ledger *ledger)
{
    const char *path = snapshot->draft.target;
    if (stop_asked())
        return job_stopped(path, "nothing was written");
    say_error("%s: a snapshot of %s cannot be made: %s", path, snapshot->job->config.ledger,
              ledger_error(ledger));
    ledger_forgive(ledger);
    return EXIT_RETRY;
}

static enum exit_code copy(struct snapshot *snapshot)
{
    struct job *job = snapshot->job;
    struct ledger *ledger = job->session->ledger;
    struct stat facts;
    uint64_t bytes = stat(job->config.ledger, &facts) == 0 ? (uint64_t)facts.st_size : 0;
    say_progress_start(&snapshot->progress, "copying the ledger", bytes);
    sqlite3_progress_handler(job->database, STEPS_BETWEEN_LOOKS, look_up, snapshot);
    ledger_copy_into(ledger, snapshot->draft.path);
    sqlite3_progress_handler(job->database, 0, NULL, NULL);
    say_progress_end(&snapshot->progress);
    return ledger_failed(ledger) ? failed(snapshot, ledger) : EXIT_DONE;
}

/* -- what is done to it -- */

typedef void work_function(struct snapshot *snapshot, struct ledger *copy, int64_t taken_at);

static void mark(struct snapshot *snapshot, struct ledger *copy, int64_t taken_at)
{
    ledger_mark_snapshot(copy, sqlite3_db_filename(snapshot->job->database, "main"), taken_at);
}

/* Of the bytes as they were written, by another connection than that which wrote them. */
static void look_over(struct snapshot *snapshot, struct ledger *copy, int64_t taken_at)
{
    const unsigned char *ours = ledger_uuid(snapshot->job->session->ledger),
                        *its = ledger_ready(copy) ? ledger_uuid(copy) : NULL;
    (void)taken_at;
    if (its != NULL &&
        (ours == NULL || memcmp(ours, its, LEDGER_UUID_SIZE) != 0 || !ledger_is_snapshot(copy)))
        ledger_fail(copy, SQLITE_CORRUPT, "the copy is not that of the ledger");
    ledger_is_sound(copy);
}

static enum exit_code work(struct snapshot *snapshot, enum connection_use use, work_function *done,
                           int64_t taken_at)
{
    struct error error;
    enum exit_code status = EXIT_DONE;
    struct sqlite3 *database = connection_open(snapshot->draft.path, use, 0, &error);
    struct ledger *ledger = database == NULL ? NULL : ledger_open(database);
    if (ledger == NULL) {
        say_error("%s: %s", snapshot->draft.path, database == NULL ? error.text : "out of memory");
        status = EXIT_RETRY;
    } else {
        sqlite3_progress_handler(database, STEPS_BETWEEN_LOOKS, look_up, snapshot);
        done(snapshot, ledger, taken_at);
        if (ledger_failed(ledger))
            status = failed(snapshot, ledger);
    }
    ledger_close(ledger);
    sqlite3_close(database);
    return status;
}

static enum exit_code publish(struct snapshot *snapshot, int64_t taken_at)
{
    struct stat facts = {0};
    struct error error;
    char moment[MOMENT_SIZE];
    fstat(snapshot->draft.descriptor, &facts);
    if (!draft_publish(&snapshot->draft, snapshot->job->options.replace, &error)) {
        say_error("%s", error.text);
        return error.code == ERROR_INVALID ? EXIT_USAGE : EXIT_RETRY;
    }
    moment_format(taken_at, moment);
    job_add(snapshot->job, "snapshot", "bytes", (uint64_t)facts.st_size);
    say_note("%s: the ledger as it stood at %s, %" PRId64 " bytes", snapshot->draft.target, moment,
             (int64_t)facts.st_size);
    return EXIT_DONE;
}

static enum exit_code take(struct snapshot *snapshot)
{
    int64_t taken_at = moment_now();
    enum exit_code status = copy(snapshot);
    if (status == EXIT_DONE)
        status = work(snapshot, CONNECTION_DRAFT, mark, taken_at);
    if (status == EXIT_DONE)
        status = work(snapshot, CONNECTION_READER, look_over, taken_at);
    return status == EXIT_DONE ? publish(snapshot, taken_at) : status;
}

/* The ledger's name and the beginning of its uuid: whatever the target is called, the next run
 * finds what a killed one left. */
static bool name_draft(struct job *job, char name[NAME_SIZE])
{
    const char *path = sqlite3_db_filename(job->database, "main"), *slash = strrchr(path, '/');
    const unsigned char *uuid = ledger_uuid(job->session->ledger);
    if (uuid == NULL)
        return false;
    snprintf(name, NAME_SIZE, "%.180s.%02x%02x%02x%02x", slash == NULL ? path : slash + 1, uuid[0],
             uuid[1], uuid[2], uuid[3]);
    return true;
}

enum exit_code snapshot_command(struct job *job)
{
    static struct snapshot snapshot; /* some kilobytes of paths */
    struct error error;
    char name[NAME_SIZE];
    if (!may_be_written(job))
        return EXIT_USAGE;
    if (!name_draft(job, name))
        return job_ledger_failed(job, "reading");
    snapshot.job = job;
    job_read_lean(job);
    enum draft_result result = draft_open(&snapshot.draft, job->options.arguments[0], name, &error);
    if (result != DRAFT_OPEN) {
        say_error("%s", error.text);
        return result == DRAFT_HELD          ? EXIT_LOCKED
               : error.code == ERROR_INVALID ? EXIT_USAGE
                                             : EXIT_RETRY;
    }
    enum exit_code status = take(&snapshot);
    draft_close(&snapshot.draft);
    return status;
}
