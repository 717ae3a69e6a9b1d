#include <inttypes.h>
#include <sqlite3.h>
#include <unistd.h>

#include "commands/commands.h"
#include "ledger/snapshot.h"
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
        locks[i].descriptor = -1;
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

enum exit_code init_command(struct job *job)
{
    struct lock locks[LOCKS];
    enum exit_code status = job_open(job, true);
    if (status != EXIT_DONE || !job->options.restored)
        return status == EXIT_DONE ? make(job) : status;
    status = lock_all(job, locks);
    if (status == EXIT_DONE)
        status = make(job);
    for (size_t i = 0; i < LOCKS; i++)
        lock_release(&locks[i]);
    return status;
}
