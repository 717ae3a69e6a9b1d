/* SPDX-License-Identifier: MIT */
/* settle.c: ends pending attempts whose time is up, and lets go of fingerprints that nothing waits
 * for. */
#include "values/time_units.h"
#include "run/job.h"
#include "run/say.h"
#include "run/stop.h"

enum {
    SETTLE_BATCH = 1000,
    FINGERPRINT_BATCH = 10000,
    DEAD_DAYS = 30 /* for which a dead report may still be sent with its fingerprint */
};

static struct ledger *ledger_of(struct job *job)
{
    return job->session->ledger;
}

/* How many are overdue, counted up to `most`. */
static uint64_t count_overdue(struct job *job, int64_t now, int64_t most)
{
    uint64_t overdue = 0;
    struct ledger_statement *count = ledger_use(ledger_of(job), STATEMENT_count_overdue);
    ledger_set_integer(count, ":now", now);
    ledger_set_integer(count, ":batch", most);
    if (ledger_row(count)) {
        overdue = (uint64_t)ledger_integer(count, 0);
        ledger_done(count);
    }
    return overdue;
}

/* One batch in a transaction; how many. */
static uint64_t settle_some(struct job *job)
{
    uint64_t settled = 0;
    do {
        ledger_begin(ledger_of(job));
        int64_t now = ledger_now(ledger_of(job));
        const struct settings *settings = session_settings(job->session);
        settled = settings == NULL ? 0 : count_overdue(job, now, SETTLE_BATCH);
        if (settled > 0) {
            ledger_stamp(ledger_of(job));
            struct ledger_statement *settle = ledger_use(ledger_of(job), STATEMENT_settle);
            ledger_set_integer(settle, ":now", now);
            ledger_set_integer(settle, ":batch", SETTLE_BATCH);
            ledger_set_text(settle, ":reportable", settings->reportable_reasons);
            ledger_run(settle);
        }
        ledger_end(ledger_of(job));
    } while (ledger_again(ledger_of(job)));
    return ledger_failed(ledger_of(job)) ? 0 : settled;
}

/* Ends what is overdue. True: all of it. */
static bool settle_overdue(struct job *job)
{
    uint64_t settled = 0;
    struct say_progress progress;
    say_progress_start(&progress, "settling", 0);
    bool left = count_overdue(job, ledger_now(ledger_of(job)), 1) > 0;
    while (left && !stop_asked()) {
        uint64_t batch = settle_some(job);
        settled += batch;
        left = batch == SETTLE_BATCH;
        say_progress_step(&progress, settled);
    }
    say_progress_end(&progress);
    job_add(job, "settle", "settled", settled);
    if (settled > 0)
        say_note("settle: settled %llu pending attempt%s whose time had run out",
                 (unsigned long long)settled, settled == 1 ? "" : "s");
    return !left;
}

/* How many fingerprints the next batch after `after` has, and where it ends. */
static int64_t next_fingerprints(struct job *job, int64_t after, int64_t *end)
{
    int64_t number = 0;
    enum { LAST, NUMBER };
    static const char *const columns[] = {"last", "number", NULL};
    struct ledger_statement *next =
        ledger_select(ledger_of(job), STATEMENT_fingerprints_end, columns);
    ledger_set_integer(next, ":after", after);
    ledger_set_integer(next, ":batch", FINGERPRINT_BATCH);
    if (ledger_row(next)) {
        *end = ledger_integer(next, LAST);
        number = ledger_integer(next, NUMBER);
        ledger_done(next);
    }
    return number;
}

static int64_t count_fingerprints(struct job *job, int64_t after, int64_t end)
{
    int64_t number = 0;
    struct ledger_statement *count = ledger_use(ledger_of(job), STATEMENT_count_fingerprints);
    ledger_set_integer(count, ":after", after);
    ledger_set_integer(count, ":end", end);
    if (ledger_row(count)) {
        number = ledger_integer(count, 0);
        ledger_done(count);
    }
    return number;
}

static void forget_fingerprints(struct job *job)
{
    int64_t after = 0, end = 0, forgotten = 0, number;
    while (!stop_asked() && (number = next_fingerprints(job, after, &end)) > 0) {
        do {
            ledger_begin(ledger_of(job));
            int64_t now = ledger_now(ledger_of(job));
            struct ledger_statement *forget =
                ledger_use(ledger_of(job), STATEMENT_forget_fingerprints);
            ledger_set_integer(forget, ":after", after);
            ledger_set_integer(forget, ":end", end);
            ledger_set_integer(forget, ":dead_since", now - DEAD_DAYS * (int64_t)DAY_MS);
            ledger_run(forget);
            ledger_end(ledger_of(job));
        } while (ledger_again(ledger_of(job)));
        int64_t left = count_fingerprints(job, after, end);
        forgotten += number > left ? number - left : 0;
        after = end;
    }
    job_add(job, "settle", "fingerprints_deleted", (uint64_t)forgotten);
}

enum exit_code settle_step(struct job *job)
{
    struct lock lock;
    enum exit_code status = job_lock(job, "settle", &lock);
    if (status != EXIT_DONE)
        return status;
    bool all = settle_overdue(job);
    forget_fingerprints(job);
    if (ledger_failed(ledger_of(job)))
        status = job_ledger_failed(job, "settling");
    else if (!all)
        status = job_stopped("settle", "the remaining attempts wait for the next run");
    lock_release(&lock);
    return status;
}

enum exit_code settle_command(struct job *job)
{
    return settle_step(job);
}
