/* SPDX-License-Identifier: MIT */
/* command_tidy.c: erases what was kept long enough: the personal data of attempts that failed long
 * ago, as `forget` would, and what runs and tries said in words. */
#include <inttypes.h>

#include "codes/customer.h"
#include "commands/commands.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/time_units.h"

/* One kind of thing that is kept for so many days. */
struct kept {
    const char *what;                      /* in the run's counts */
    const char *one, *many, *erased, *old; /* "the ERASED of 3 MANY that OLD more than ..." */
    int64_t span;                          /* numbers that one transaction goes through */
    int64_t (*next)(struct job *job, int64_t after, int64_t before); /* 0: no more */
    /* How many of those in (after, until] are over. With `erase` they are erased, in a transaction
     * that the caller has begun. */
    int64_t (*some)(struct job *job, int64_t after, int64_t until, int64_t before, bool erase);
};

static int64_t next_attempt(struct job *job, int64_t after, int64_t before)
{
    return customer_next_to_tidy(job->session, after, before);
}

static int64_t some_attempts(struct job *job, int64_t after, int64_t until, int64_t before,
                             bool erase)
{
    struct customer_forgotten forgotten;
    if (!erase)
        return customer_count_to_tidy(job->session, after, until, before);
    customer_tidy(job->session, after, until, before, &forgotten);
    return forgotten.attempts;
}

/* The single number that a statement gives; 0: none. */
static int64_t ask(struct job *job, enum statement name, int64_t after, int64_t until,
                   int64_t before)
{
    int64_t number = 0;
    struct ledger_statement *row = ledger_use(job->session->ledger, name);
    ledger_set_integer(row, ":after", after);
    if (until > 0)
        ledger_set_integer(row, ":until", until);
    ledger_set_integer(row, ":before", before);
    if (ledger_row(row)) {
        number = ledger_integer(row, 0);
        ledger_done(row);
    }
    return number;
}

static int64_t summarise(struct job *job, enum statement count, enum statement write, int64_t after,
                         int64_t until, int64_t before, bool erase)
{
    int64_t some = ask(job, count, after, until, before);
    if (!erase)
        return some;
    struct ledger_statement *row = ledger_use(job->session->ledger, write);
    ledger_set_integer(row, ":after", after);
    ledger_set_integer(row, ":until", until);
    ledger_set_integer(row, ":before", before);
    ledger_run(row);
    return some;
}

static int64_t next_try(struct job *job, int64_t after, int64_t before)
{
    return ask(job, STATEMENT_next_try_to_summarise, after, 0, before);
}

static int64_t some_tries(struct job *job, int64_t after, int64_t until, int64_t before, bool erase)
{
    return summarise(job, STATEMENT_tries_to_summarise, STATEMENT_summarise_tries, after, until,
                     before, erase);
}

static int64_t next_run(struct job *job, int64_t after, int64_t before)
{
    return ask(job, STATEMENT_next_run_to_summarise, after, 0, before);
}

static int64_t some_runs(struct job *job, int64_t after, int64_t until, int64_t before, bool erase)
{
    return summarise(job, STATEMENT_runs_to_summarise, STATEMENT_summarise_runs, after, until,
                     before, erase);
}

static const struct kept attempts = {.what = "attempts",
                                     .one = "attempt",
                                     .many = "attempts",
                                     .erased = "personal data",
                                     .old = "failed",
                                     .span = 2000,
                                     .next = next_attempt,
                                     .some = some_attempts};
static const struct kept tries = {.what = "tries",
                                  .one = "try",
                                  .many = "tries",
                                  .erased = "details",
                                  .old = "ended",
                                  .span = 10000,
                                  .next = next_try,
                                  .some = some_tries};
static const struct kept runs = {.what = "runs",
                                 .one = "run",
                                 .many = "runs",
                                 .erased = "details",
                                 .old = "ended",
                                 .span = 2000,
                                 .next = next_run,
                                 .some = some_runs};

/* How many were erased, or with --dry-run would be; -1: failed */
static int64_t erase_some(struct job *job, const struct kept *kept, int64_t after, int64_t before)
{
    int64_t some;
    struct ledger *ledger = job->session->ledger;
    if (job->options.dry_run) {
        some = kept->some(job, after, after + kept->span, before, false);
        return ledger_failed(ledger) ? -1 : some;
    }
    do {
        ledger_begin(ledger);
        some = kept->some(job, after, after + kept->span, before, true);
        ledger_end(ledger);
    } while (ledger_again(ledger));
    return ledger_failed(ledger) ? -1 : some;
}

static void say_erased(const struct job *job, const struct kept *kept, uint64_t number,
                       unsigned days)
{
    const char *what = number == 1 ? kept->one : kept->many;
    if (job->options.dry_run)
        say_line("the %s of %" PRIu64 " %s that %s more than %u days ago", kept->erased, number,
                 what, kept->old, days);
    else if (number > 0)
        say_note("tidy: erased the %s of %" PRIu64 " %s that %s more than %u days ago",
                 kept->erased, number, what, kept->old, days);
}

/* Adds to `erased` what was. */
static enum exit_code erase_old(struct job *job, const struct kept *kept, unsigned days,
                                uint64_t *erased)
{
    uint64_t number = 0;
    int64_t next = 0, some = 0;
    int64_t before = ledger_now(job->session->ledger) - (int64_t)days * DAY_MS;
    enum exit_code status = EXIT_DONE;
    struct say_progress progress;
    if (days == 0)
        return EXIT_DONE;
    say_progress_start(&progress, "tidying", 0);
    /* Looked for without a transaction: of most there is nothing to erase. */
    while (!stop_asked() && some >= 0 && (next = kept->next(job, next, before)) > 0) {
        some = erase_some(job, kept, next - 1, before);
        number += some > 0 ? (uint64_t)some : 0;
        next += kept->span - 1;
        say_progress_step(&progress, number);
    }
    say_progress_end(&progress);
    job_add(job, "tidy", kept->what, number);
    if (ledger_failed(job->session->ledger))
        status = job_ledger_failed(job, "tidying");
    else if (next > 0 || stop_asked())
        status = job_stopped("tidy", "the next run goes on");
    say_erased(job, kept, number, days);
    *erased += number;
    return status;
}

static enum exit_code erase_all(struct job *job)
{
    uint64_t erased = 0;
    const struct {
        const struct kept *kept;
        unsigned days;
    } all[] = {{&attempts, job->config.keep_failed_days},
               {&tries, job->config.keep_details_days},
               {&runs, job->config.keep_details_days}};
    enum exit_code status = EXIT_DONE;
    for (size_t i = 0; i < sizeof all / sizeof *all && status == EXIT_DONE; i++)
        status = erase_old(job, all[i].kept, all[i].days, &erased);
    /* By hand also for what a run before has erased, but found readers at work. */
    if (job->options.dry_run || (erased == 0 && job->options.function != tidy_command))
        return status;
    return job_worse(status, forget_truncate_wal(job));
}

static bool keeps_for_ever(const struct job *job)
{
    return job->config.keep_failed_days == 0 && job->config.keep_details_days == 0;
}

enum exit_code tidy_step(struct job *job)
{
    struct lock lock;
    if (keeps_for_ever(job))
        return EXIT_DONE;
    enum exit_code status = job_lock(job, "tidy", &lock);
    if (status != EXIT_DONE)
        return status;
    status = erase_all(job);
    lock_release(&lock);
    return status;
}

enum exit_code tidy_command(struct job *job)
{
    if (keeps_for_ever(job))
        say_note("tidy: nothing is to be erased: keep_failed_days and keep_details_days are 0");
    return job->options.dry_run ? erase_all(job) : tidy_step(job);
}
