#include <inttypes.h>
#include <sqlite3.h>
#include <unistd.h>

#include "commands.h"
#include "moment.h"
#include "say.h"

/* After a backup was put back: consumed codes would live again, and what was under way then is not
 * known. */
static void note_restored(struct job *job)
{
    struct ledger *ledger = job->door->ledger;
    int64_t now = moment_now();
    ledger_begin(ledger);
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

enum status_code init_command(struct job *job)
{
    int found = 0;
    enum status_code status = job_open(job, true);
    if (status != STATUS_DONE)
        return status;
    found = ledger_version_found(job->door->ledger);
    bool unmarked = ledger_is_unmarked(job->door->ledger);
    int version = door_init(job->door, false, moment_now());
    if (version > 0 && job->options.restored)
        note_restored(job);
    if (ledger_failed(job->door->ledger)) {
        bool newer = found > ledger_version();
        status = job_ledger_failed(job, "making the ledger");
        return newer ? STATUS_CONFIG : status;
    }
    if (unmarked)
        say_note("%s: is marked as a ledger of version %d again", job->config.ledger, version);
    else if (found == 0)
        say_note("%s: ledger of version %d made", job->config.ledger, version);
    else if (found < version)
        say_note("%s: upgraded from version %d to %d", job->config.ledger, found, version);
    else
        say_note("%s: is of version %d already", job->config.ledger, version);
    return STATUS_DONE;
}
