/* SPDX-License-Identifier: MIT */
#include "copies/copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/stop.h"

enum { NAME_SIZE = 320 };

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
static bool is_its_like(const struct copy_kind *kind, const char *path)
{
    struct error error;
    struct sqlite3 *database =
        is_plain(path) ? connection_open(path, CONNECTION_READER, 0, &error) : NULL;
    struct ledger *ledger = database == NULL ? NULL : ledger_open(database);
    bool is = ledger != NULL && kind->is(ledger);
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
    return !ledger_is_shared(job->session->ledger) &&
           stat(sqlite3_db_filename(job->database, "main"), &ledger) == 0 &&
           ledger.st_dev == facts->st_dev && ledger.st_ino == facts->st_ino;
}

static bool may_be_written(const struct copy_kind *kind, const struct job *job)
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
        say_error("%s is no regular file: name one that a %s may have", path, kind->name);
    else if (there && !options->replace)
        say_error("%s is there already: --replace replaces an older %s", path, kind->name);
    else if (there && facts.st_size > 0 && (is_ledger(job, &facts) || !is_its_like(kind, path)))
        say_error("%s is no %s of a ledger: it is not replaced", path, kind->name);
    else
        return true;
    return false;
}

/* -- the draft -- */

/* The ledger's name and the beginning of its uuid: whatever the target is called, the next run
 * finds what a killed one left. */
static bool name_draft(struct job *job, char name[NAME_SIZE])
{
    const char *path = ledger_is_shared(job->session->ledger)
                           ? "cluster"
                           : sqlite3_db_filename(job->database, "main"),
               *slash = strrchr(path, '/');
    const unsigned char *uuid = ledger_uuid(job->session->ledger);
    if (uuid == NULL)
        return false;
    snprintf(name, NAME_SIZE, "%.180s.%02x%02x%02x%02x", slash == NULL ? path : slash + 1, uuid[0],
             uuid[1], uuid[2], uuid[3]);
    return true;
}

enum exit_code copy_open(struct copy *copy, const struct copy_kind *kind, struct job *job)
{
    struct error error;
    char name[NAME_SIZE];
    if (!may_be_written(kind, job))
        return EXIT_USAGE;
    if (!name_draft(job, name))
        return job_ledger_failed(job, "reading");
    copy->kind = kind;
    copy->job = job;
    enum draft_result result = draft_open(&copy->draft, job->options.arguments[0], name, &error);
    if (result == DRAFT_OPEN)
        return EXIT_DONE;
    say_error("%s", error.text);
    return result == DRAFT_HELD          ? EXIT_LOCKED
           : error.code == ERROR_INVALID ? EXIT_USAGE
                                         : EXIT_RETRY;
}

int copy_look_up(void *context)
{
    struct copy *copy = context;
    struct stat facts;
    if (fstat(copy->draft.descriptor, &facts) == 0)
        say_progress_step(&copy->progress, (uint64_t)facts.st_size);
    return stop_asked();
}

enum exit_code copy_failed(struct copy *copy, struct ledger *ledger)
{
    const char *path = copy->draft.target;
    if (stop_asked())
        return job_stopped(path, "nothing was written");
    say_error("%s: a %s of %s cannot be made: %s", path, copy->kind->name, copy->job->config.ledger,
              ledger_error(ledger));
    ledger_forgive(ledger);
    return EXIT_RETRY;
}

enum exit_code copy_do(struct copy *copy, enum connection_use use, copy_work *work, void *context)
{
    struct error error;
    enum exit_code status = EXIT_DONE;
    struct sqlite3 *database = connection_open(copy->draft.path, use, 0, &error);
    struct ledger *ledger = database == NULL ? NULL : ledger_open(database);
    if (ledger == NULL) {
        say_error("%s: %s", copy->draft.path, database == NULL ? error.text : "out of memory");
        status = EXIT_RETRY;
    } else {
        sqlite3_progress_handler(database, COPY_STEPS_BETWEEN_LOOKS, copy_look_up, copy);
        work(copy, ledger, context);
        if (ledger_failed(ledger))
            status = copy_failed(copy, ledger);
    }
    ledger_close(ledger);
    sqlite3_close(database);
    return status;
}

enum exit_code copy_publish(struct copy *copy, int64_t *bytes)
{
    struct stat facts = {0};
    struct error error;
    if (fstat(copy->draft.descriptor, &facts) != 0 ||
        fchmod(copy->draft.descriptor, copy->kind->mode) != 0) {
        say_error("%s: its mode cannot be set", copy->draft.path);
        return EXIT_RETRY;
    }
    if (!draft_publish(&copy->draft, copy->job->options.replace, &error)) {
        say_error("%s", error.text);
        return error.code == ERROR_INVALID ? EXIT_USAGE : EXIT_RETRY;
    }
    *bytes = (int64_t)facts.st_size;
    job_add(copy->job, copy->kind->name, "bytes", (uint64_t)facts.st_size);
    return EXIT_DONE;
}

void copy_close(struct copy *copy)
{
    draft_close(&copy->draft);
}
