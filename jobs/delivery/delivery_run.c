#include "delivery/delivery_run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "values/moment.h"
#include "run/say.h"
#include "run/stop.h"
#include "config/url.h"

struct run {
    struct journal *journals[TRANSFER_DESTINATIONS];
    size_t count;
    volatile sig_atomic_t stop;
    struct say_progress progress;
};

static uint64_t tries(const struct journal *journal)
{
    const struct journal_counts *counts = journal_counts(journal);
    uint64_t sum = 0;
    for (int result = 0; result < TRANSFER_RESULTS; result++)
        sum += counts->results[result];
    return sum;
}

static bool tick(void *context)
{
    struct run *run = context;
    uint64_t finished = 0;
    bool good = true;
    run->stop = stop_asked();
    for (size_t i = 0; i < run->count; i++) {
        good = journal_tick(run->journals[i]) && good;
        finished += tries(run->journals[i]);
    }
    say_progress_step(&run->progress, finished);
    return good;
}

static void count(struct job *job, const struct delivery_words *words,
                  const struct journal *journal)
{
    const struct journal_counts *counts = journal_counts(journal);
    for (int result = 0; result < TRANSFER_RESULTS; result++)
        if (result != TRANSFER_FATAL)
            job_add(job, words->step, transfer_result_name((enum transfer_result)result),
                    counts->results[result]);
    job_add(job, words->step, "again", counts->again);
    job_add(job, words->step, words->given_up, counts->given_up);
}

/* "stopped by SIGTERM" rather than "stopped". */
static void describe_end(const struct delivery_lane *lane, const struct transfer_outcome *outcome,
                         char *text, size_t size)
{
    char server[256];
    url_server(lane->url, server, sizeof server);
    if (outcome->end == TRANSFER_END_STOPPED && stop_asked())
        stop_words(text, size);
    else if (outcome->end == TRANSFER_END_FATAL && lane->transfer.local)
        snprintf(text, size, "nothing can be delivered into %s: %s", server, outcome->text);
    else if (outcome->end == TRANSFER_END_FATAL)
        snprintf(text, size,
                 "our credentials or set-up are refused by %s, see [%s] in the configuration: %s",
                 server, lane->section, outcome->text);
    else
        snprintf(text, size, "%s", outcome->text);
}

/* What came of one lane, said once. */
static enum status_code say_lane(struct job *job, const struct delivery_words *words,
                                 const struct delivery_lane *lane,
                                 const struct transfer_outcome *outcome,
                                 const struct journal *journal)
{
    const struct journal_counts *counts = journal_counts(journal);
    enum status_code status = STATUS_DONE;
    char text[TRANSFER_TEXT + 384];
    uint64_t left = 0;
    say_note("%s: %s: %llu tried: %llu accepted, %llu deferred, %llu again later, %llu %s",
             words->step, lane->channel, (unsigned long long)tries(journal),
             (unsigned long long)counts->results[TRANSFER_ACCEPTED],
             (unsigned long long)counts->results[TRANSFER_DEFERRED],
             (unsigned long long)counts->again, (unsigned long long)counts->given_up,
             words->given_up);
    if (outcome->end != TRANSFER_END_DONE) {
        left = queue_count(&lane->queue, UINT64_MAX);
        describe_end(lane, outcome, text, sizeof text);
    }
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "counting what is queued");
    bool mends_itself = outcome->end == TRANSFER_END_STOPPED || outcome->end == TRANSFER_END_TIME;
    if (outcome->end != TRANSFER_END_DONE && (left > 0 || !mends_itself)) {
        say_error("%s: %s: %s; %llu still to be sent, nothing is lost", words->step, lane->channel,
                  text, (unsigned long long)left);
        status = STATUS_RETRY;
    }
    if (counts->again > 0) {
        say_error("%s: %s: %llu of %llu failed and will be tried again; the last answer: %s",
                  words->step, lane->channel, (unsigned long long)counts->again,
                  (unsigned long long)tries(journal), journal_last_failure(journal));
        status = STATUS_RETRY;
    }
    return status;
}

static enum status_code carry(struct job *job, const struct delivery_words *words,
                              struct delivery_lane *lanes, struct run *run)
{
    struct transfer_destination destinations[TRANSFER_DESTINATIONS];
    struct transfer_outcome outcomes[TRANSFER_DESTINATIONS];
    const struct transfer_limits limits = {.stop = &run->stop,
                                           .run_ms = (int64_t)job->config.run_seconds * 1000,
                                           .tick = tick,
                                           .tick_context = run};
    enum status_code status = STATUS_DONE;
    for (size_t i = 0; i < run->count; i++)
        destinations[i] = (struct transfer_destination){.name = lanes[i].channel,
                                                        .channel = lanes[i].transfer,
                                                        .pace = lanes[i].pace,
                                                        .patience = *lanes[i].queue.patience,
                                                        .owner = journal_owner(run->journals[i])};
    run->stop = stop_asked();
    if (!transfer_run(destinations, run->count, &limits, outcomes)) {
        say_error("%s: %s", words->step, outcomes[0].text);
        return STATUS_RETRY;
    }
    for (size_t i = 0; i < run->count; i++) {
        status = job_worse(status, journal_settle(run->journals[i]));
        count(job, words, run->journals[i]);
    }
    say_progress_end(&run->progress);
    /* A ledger that failed has been said; that the transfer broke off follows from it. */
    const bool ledger_failed_before = status != STATUS_DONE;
    for (size_t i = 0; i < run->count; i++)
        if (!ledger_failed_before || outcomes[i].end != TRANSFER_END_BROKEN)
            status =
                job_worse(status, say_lane(job, words, &lanes[i], &outcomes[i], run->journals[i]));
    return status;
}

enum status_code delivery_run(struct job *job, const struct delivery_words *words,
                              struct delivery_lane *lanes, size_t lane_count, uint64_t *limit,
                              uint64_t *given_up)
{
    struct run run = {.count = lane_count};
    enum status_code status = STATUS_RETRY;
    uint64_t due = 0;
    if (!handed_begin(lanes[0].queue.handed, job->owner)) {
        say_error("%s: the lock file: %s: what sets out cannot be noted there", words->step,
                  strerror(errno));
        return STATUS_RETRY;
    }
    for (size_t i = 0; i < lane_count; i++) {
        due += queue_count(&lanes[i].queue, limit != NULL ? *limit : UINT64_MAX);
        run.journals[i] = journal_open(&lanes[i].queue, &lanes[i].cargo, words->item, limit);
        if (run.journals[i] == NULL) {
            say_error("out of memory");
            goto out;
        }
    }
    say_progress_start(&run.progress, words->step, limit != NULL && *limit < due ? *limit : due);
    status = carry(job, words, lanes, &run);
    for (size_t i = 0; i < lane_count; i++)
        *given_up += journal_counts(run.journals[i])->given_up;
out:
    for (size_t i = 0; i < lane_count; i++)
        journal_close(run.journals[i]);
    return status;
}

enum status_code delivery_leftovers(const struct delivery_words *words, struct queue *queue,
                                    uint64_t *given_up)
{
    struct job *job = queue->job;
    const struct queue_leftovers leftovers = queue_finish_leftovers(queue);
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "looking for tries without an answer");
    *given_up += leftovers.given_up;
    job_add(job, words->step, "leftover", leftovers.ambiguous);
    job_add(job, words->step, "unmade", leftovers.unmade);
    job_add(job, words->step, words->given_up, leftovers.given_up);
    if (leftovers.unmade > 0)
        say_note("%s: %llu tries of an earlier run were never made: they are taken back",
                 words->step, (unsigned long long)leftovers.unmade);
    if (leftovers.ambiguous > 0)
        say_note("%s: %llu tries of an earlier run have no answer: they count as ambiguous and are "
                 "made again",
                 words->step, (unsigned long long)leftovers.ambiguous);
    return STATUS_DONE;
}
