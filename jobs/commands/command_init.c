/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "config/nodes.h"
#include "ledger/connection.h"
#include "ledger/snapshot.h"
#include "rqlite/cluster.h"
#include "run/draft.h"
#include "run/say.h"

enum { LOCKS = 5 };

/* After a backup was put back: consumed codes would live again, and what was under way then is not
 * known. */
static void note_restored(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    ledger_begin_restored(ledger);
    int64_t now = ledger_stamp(ledger);
    struct ledger_statement *codes = ledger_use(ledger, STATEMENT_supersede_all_codes);
    ledger_set_integer(codes, ":recorded_at", now);
    int64_t superseded = ledger_run(codes);
    ledger_run(ledger_use(ledger, STATEMENT_unqueue_all_codes));
    struct ledger_statement *reports = ledger_use(ledger, STATEMENT_release_all_reports);
    ledger_set_integer(reports, ":recorded_at", now);
    ledger_run(reports);
    struct ledger_statement *tries = ledger_use(ledger, STATEMENT_close_all_tries);
    ledger_set_integer(tries, ":recorded_at", now);
    int64_t ambiguous = ledger_run(tries);
    ledger_end(ledger);
    if (!ledger_failed(ledger))
        say_note("%s: %" PRId64 " codes superseded, %" PRId64 " tries are ambiguous",
                 job->config.ledger, superseded, ambiguous);
}

/* Every step's lock: what a step has under way belongs to the ledger that it has opened. */
static enum exit_code lock_all(struct job *job, struct lock locks[LOCKS])
{
    static const char *const steps[LOCKS] = {"import", "send", "settle", "report", "reconcile"};
    for (size_t i = 0; i < LOCKS; i++)
        locks[i] = (struct lock){.descriptor = -1};
    for (size_t i = 0; i < LOCKS; i++) {
        enum exit_code status = job_lock(job, steps[i], &locks[i]);
        if (status == EXIT_LOCKED)
            say_error("init --restored: %s is under way on %s: end it first", steps[i],
                      job->config.ledger);
        if (status != EXIT_DONE)
            return status;
    }
    return EXIT_DONE;
}

static enum exit_code make(struct job *job)
{
    enum exit_code status = EXIT_DONE;
    int found = ledger_version_found(job->session->ledger);
    bool unmarked = ledger_is_unmarked(job->session->ledger);
    bool share = ledger_is_share(job->session->ledger);
    int version = session_init(job->session, false);
    if (version > 0 && ledger_is_shared(job->session->ledger))
        cluster_mark_key(job);
    if (version > 0 && job->options.restored)
        note_restored(job);
    if (ledger_failed(job->session->ledger)) {
        bool newer = found > ledger_version();
        status = job_ledger_failed(job, "making the ledger");
        return newer || share ? EXIT_CONFIG : status;
    }
    job_add(job, "init", "version", (uint64_t)version);
    if (unmarked)
        say_note("%s: is marked as a ledger of version %d again", job->config.ledger, version);
    else if (found == 0)
        say_note("%s: ledger of version %d made", job->config.ledger, version);
    else if (found < version)
        say_note("%s: upgraded from version %d to %d", job->config.ledger, found, version);
    else
        say_note("%s: is of version %d already", job->config.ledger, version);
    return EXIT_DONE;
}

/* -- a ledger in a file moves to the cluster -- */

/* The key that lies beside it must be the one that the cluster's ledger is to have. */
static bool keys_agree(struct session *session, const struct job *job, struct error *error)
{
    unsigned char theirs[KEY_MAC_SIZE], ours[KEY_MAC_SIZE];
    const unsigned char *uuid = ledger_uuid(session->ledger);
    const struct key *key = session_key_if_any(session), *shared = session_key(job->session);
    if (uuid == NULL || shared == NULL)
        return error_set(error, ERROR_INVALID, "%s",
                         uuid == NULL ? ledger_error(session->ledger)
                                      : ledger_error(job->session->ledger));
    if (key == NULL) /* it was moved, perhaps */
        return true;
    key_mark(key, uuid, LEDGER_UUID_SIZE, theirs);
    key_mark(shared, uuid, LEDGER_UUID_SIZE, ours);
    return sodium_memcmp(theirs, ours, sizeof ours) == 0 ||
           error_set(error, ERROR_INVALID,
                     "the key beside it is not the one of [ledger] key_file: copy it there first");
}

/* A copy of it into the draft. */
static bool copy_file(const struct job *job, const struct draft *draft, struct error *error)
{
    const char *path = job->options.from;
    struct sqlite3 *database =
        connection_open(path, CONNECTION_WRITER, job->config.busy_timeout_ms, error);
    struct session *session = database == NULL ? NULL : session_open(database);
    bool done = session != NULL;
    if (database != NULL && session == NULL)
        error_no_memory(error, NULL);
    if (done && (!ledger_ready(session->ledger) || ledger_refuse_copy(session->ledger)))
        done = error_set(error, ERROR_INVALID, "%s", ledger_error(session->ledger));
    done = done && keys_agree(session, job, error);
    if (done) {
        ledger_copy_into(session->ledger, draft->path);
        done = !ledger_failed(session->ledger) ||
               error_set(error, ERROR_IO, "%s", ledger_error(session->ledger));
    }
    session_release(session);
    sqlite3_close(database);
    return done || error_at(error, "%s", path);
}

static bool load_draft(struct job *job, const struct draft *draft, struct error *error)
{
    struct stat facts;
    return copy_file(job, draft, error) &&
           (fstat(draft->descriptor, &facts) == 0 ||
            error_set(error, ERROR_IO, "%s: %s", draft->path, strerror(errno))) &&
           cluster_load(job, draft->descriptor, (int64_t)facts.st_size, error);
}

static enum exit_code load_from(struct job *job)
{
    struct draft draft = {.descriptor = -1};
    struct error error = {ERROR_NONE, ""};
    if (draft_open(&draft, job->beside, "load", &error) != DRAFT_OPEN) {
        say_error("%s", error.text);
        return EXIT_RETRY;
    }
    bool done = load_draft(job, &draft, &error);
    draft_close(&draft);
    if (!done) {
        say_error("%s: nothing was moved there: %s", job->config.ledger, error.text);
        ledger_forgive(job->session->ledger);
        return error.code == ERROR_INVALID ? EXIT_CONFIG : EXIT_RETRY;
    }
    /* As any other run finds it. */
    job_close(job);
    enum exit_code status = cluster_open(job, false);
    if (status == EXIT_DONE)
        say_note("%s: has the ledger of %s now; from now on write to no other", job->config.ledger,
                 job->options.from);
    return status;
}

static enum exit_code move_in(struct job *job)
{
    if (!nodes_are(job->config.ledger)) {
        say_error("init --from: %s is no cluster: set [ledger] path to its nodes",
                  job->config.ledger);
        return EXIT_USAGE;
    }
    enum exit_code status = cluster_open(job, true);
    if (status != EXIT_DONE)
        return status;
    if (ledger_version_found(job->session->ledger) == 0)
        return load_from(job);
    say_error("%s: has a ledger already, which is not replaced", job->config.ledger);
    return EXIT_CONFIG;
}

enum exit_code init_command(struct job *job)
{
    struct lock locks[LOCKS];
    if (job->options.from != NULL)
        return move_in(job);
    if (job->options.restored && nodes_are(job->config.ledger)) {
        say_error("%s: restore the ledger in a file, and move that with init --from",
                  job->config.ledger);
        return EXIT_CONFIG;
    }
    enum exit_code status =
        nodes_are(job->config.ledger) ? cluster_open(job, true) : job_open(job, true);
    if (status != EXIT_DONE || !job->options.restored)
        return status == EXIT_DONE ? make(job) : status;
    status = lock_all(job, locks);
    if (status == EXIT_DONE)
        status = make(job);
    for (size_t i = 0; i < LOCKS; i++)
        lock_release(&locks[i]);
    return status;
}
