/* command_tidy.c: erases the personal data of attempts that failed long ago, as `forget` would. */
#include <inttypes.h>

#include "codes/customer.h"
#include "commands/commands.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/time_units.h"

enum { SPAN = 2000 /* numbers of attempts that one transaction goes through */ };

/* -1: failed */
static int64_t erase_some(struct job *job, int64_t after, int64_t before)
{
    struct customer_forgotten forgotten;
    do {
        ledger_begin(job->session->ledger);
        customer_tidy(job->session, after, after + SPAN, before, &forgotten);
        ledger_end(job->session->ledger);
    } while (ledger_again(job->session->ledger));
    return ledger_failed(job->session->ledger) ? -1 : forgotten.attempts;
}

static enum exit_code erase_old(struct job *job, int64_t before)
{
    uint64_t erased = 0;
    int64_t next = 0, some = 0;
    enum exit_code status = EXIT_DONE;
    struct say_progress progress;
    say_progress_start(&progress, "tidying", 0);
    /* Looked for without the lock: most ledgers are mostly customers. */
    while (!stop_asked() && some >= 0 &&
           (next = customer_next_to_tidy(job->session, next, before)) > 0) {
        some = erase_some(job, next - 1, before);
        erased += some > 0 ? (uint64_t)some : 0;
        next += SPAN - 1;
        say_progress_step(&progress, erased);
    }
    say_progress_end(&progress);
    job_add(job, "tidy", "attempts", erased);
    if (ledger_failed(job->session->ledger))
        status = job_ledger_failed(job, "tidying");
    else if (next > 0)
        status = job_stopped("tidy", "the next run goes on");
    if (erased > 0) {
        say_note("tidy: erased the personal data of %" PRIu64 " attempt%s that failed more than %u "
                 "days ago",
                 erased, erased == 1 ? "" : "s", job->config.keep_failed_days);
        status = job_worse(status, forget_truncate_wal(job));
    }
    return status;
}

enum exit_code tidy_step(struct job *job)
{
    struct lock lock;
    if (job->config.keep_failed_days == 0)
        return EXIT_DONE;
    enum exit_code status = job_lock(job, "tidy", &lock);
    if (status != EXIT_DONE)
        return status;
    status = erase_old(job, ledger_now(job->session->ledger) -
                                (int64_t)job->config.keep_failed_days * DAY_MS);
    lock_release(&lock);
    return status;
}

enum exit_code tidy_command(struct job *job)
{
    if (job->config.keep_failed_days == 0)
        say_note("tidy: nothing is to be erased: keep_failed_days is 0");
    return tidy_step(job);
}
