/* SPDX-License-Identifier: MIT */
/* delivery_run.c: see delivery_run.h. */
#include "delivery/delivery_run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "values/time_units.h"
#include "values/moment.h"
#include "run/say.h"
#include "run/stop.h"
#include "config/url.h"

static uint64_t tries(const struct record_counts *counts)
{
    uint64_t sum = 0;
    for (int result = 0; result < TRANSFER_RESULTS; result++)
        sum += counts->results[result];
    return sum;
}

static void count(struct job *job, const struct delivery_words *words,
                  const struct record_counts *counts)
{
    for (int result = 0; result < TRANSFER_RESULTS; result++)
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
    else if (outcome->end == TRANSFER_END_ABOUT_US && lane->transfer.local)
        snprintf(text, size, "cannot deliver to %s: %s", server, outcome->text);
    else if (outcome->end == TRANSFER_END_ABOUT_US)
        snprintf(text, size,
                 "%s refuses our credentials or setup: check [%s] in the configuration: %s", server,
                 lane->section, outcome->text);
    else
        snprintf(text, size, "%s", outcome->text);
}

/* What came of one lane, said once. */
static enum exit_code say_lane(struct job *job, const struct delivery_words *words,
                               const struct delivery_lane *lane,
                               const struct transfer_outcome *outcome, const struct record *record)
{
    const struct record_counts *counts = &record->counts;
    enum exit_code status = EXIT_DONE;
    char text[TRANSFER_TEXT + 384];
    uint64_t left = 0;
    say_note("%s: %s: %llu tried: %llu accepted, %llu deferred, %llu again later, %llu %s",
             words->step, lane->channel, (unsigned long long)tries(counts),
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
        status = EXIT_RETRY;
    }
    if (counts->again > 0) {
        say_error("%s: %s: %llu of %llu failed and will be tried again; the last answer: %s",
                  words->step, lane->channel, (unsigned long long)counts->again,
                  (unsigned long long)tries(counts), record->last_failure);
        status = EXIT_RETRY;
    }
    return status;
}

struct run {
    struct transfer *transfer;
    struct journal *journals[TRANSFER_DESTINATIONS];
    size_t count;
};

/* Writes down what has come back. False: a ledger failed. */
static bool tick(struct run *run, struct say_progress *progress)
{
    uint64_t finished = 0;
    bool good = true;
    for (size_t i = 0; i < run->count; i++) {
        good = journal_tick(run->journals[i]) && good;
        finished += tries(&journal_record(run->journals[i])->counts);
    }
    say_progress_step(progress, finished);
    return good;
}

/* Take, send, record: until every destination is over. */
static void carry(struct run *run, struct say_progress *progress)
{
    int64_t tick_at = moment_monotonic() + TRANSFER_TICK_MS;
    bool more;
    do {
        struct transfer_item *item;
        if (stop_asked())
            transfer_end(run->transfer, TRANSFER_END_STOPPED, "stopped");
        more = transfer_step(run->transfer);
        while ((item = transfer_ended(run->transfer)) != NULL)
            journal_ended(run->journals[item->destination], item);
        if (moment_monotonic() < tick_at)
            continue;
        tick_at = moment_monotonic() + TRANSFER_TICK_MS;
        if (!tick(run, progress))
            transfer_end(run->transfer, TRANSFER_END_BROKEN, "the items' source failed");
    } while (more);
}

static enum exit_code settle(struct job *job, const struct delivery_words *words,
                             const struct delivery_lane *lanes, const struct run *run)
{
    enum exit_code settled = EXIT_DONE;
    for (size_t i = 0; i < run->count; i++) {
        settled = job_worse(settled, journal_settle(run->journals[i]));
        count(job, words, &journal_record(run->journals[i])->counts);
    }
    /* A ledger that failed has been said; that a transfer broke off follows from it. */
    enum exit_code status = settled;
    for (size_t i = 0; i < run->count; i++) {
        const struct transfer_outcome *outcome = transfer_outcome(run->transfer, i);
        if (settled == EXIT_DONE || outcome->end != TRANSFER_END_BROKEN)
            status = job_worse(
                status, say_lane(job, words, &lanes[i], outcome, journal_record(run->journals[i])));
    }
    return status;
}

/* Opens the journals and the engine. False: said. */
static bool open_run(struct run *run, struct job *job, const struct delivery_words *words,
                     const struct delivery_lane *lanes, uint64_t *limit)
{
    struct transfer_destination destinations[TRANSFER_DESTINATIONS];
    const struct transfer_limits limits = {.run_ms = (int64_t)job->config.run_seconds * SECOND_MS};
    struct error error;
    if (!handed_begin(lanes[0].queue.handed, job->owner)) {
        say_error(
            "%s: cannot write to the lock file: %s: nothing was sent; the next run tries again",
            words->step, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < run->count; i++) {
        run->journals[i] = journal_open(&lanes[i].queue, &lanes[i].cargo, words->item, limit);
        if (run->journals[i] == NULL) {
            say_error("out of memory");
            return false;
        }
        destinations[i] = (struct transfer_destination){.channel = lanes[i].transfer,
                                                        .pace = lanes[i].pace,
                                                        .patience = *lanes[i].queue.patience,
                                                        .source = journal_source(run->journals[i])};
    }
    run->transfer = transfer_open(destinations, run->count, &limits, &error);
    if (run->transfer == NULL)
        say_error("%s: %s", words->step, error.text);
    return run->transfer != NULL;
}

enum exit_code delivery_run(struct job *job, const struct delivery_words *words,
                            const struct delivery_lane *lanes, size_t count, uint64_t *limit,
                            uint64_t *given_up)
{
    struct run run = {.count = count};
    struct say_progress progress;
    enum exit_code status = EXIT_RETRY;
    uint64_t due = 0;
    if (!open_run(&run, job, words, lanes, limit))
        goto out;
    for (size_t i = 0; i < count; i++)
        due += queue_count(&lanes[i].queue, limit != NULL ? *limit : UINT64_MAX);
    say_progress_start(&progress, words->step, limit != NULL && *limit < due ? *limit : due);
    carry(&run, &progress);
    say_progress_end(&progress);
    status = settle(job, words, lanes, &run);
    for (size_t i = 0; i < count; i++)
        *given_up += journal_record(run.journals[i])->counts.given_up;
out:
    if (run.transfer != NULL)
        transfer_close(run.transfer);
    for (size_t i = 0; i < count; i++)
        journal_close(run.journals[i]);
    return status;
}

enum exit_code delivery_leftovers(const struct delivery_words *words, const struct queue *queue,
                                  uint64_t *given_up)
{
    struct job *job = queue->job;
    const struct record_leftovers leftovers = record_leftovers(queue);
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "looking for tries without an answer");
    *given_up += leftovers.given_up;
    job_add(job, words->step, "leftover", leftovers.ambiguous);
    job_add(job, words->step, "unmade", leftovers.unmade);
    job_add(job, words->step, words->given_up, leftovers.given_up);
    if (leftovers.unmade > 0)
        say_note("%s: an earlier run recorded %llu tries but never made them: withdrawn",
                 words->step, (unsigned long long)leftovers.unmade);
    if (leftovers.ambiguous > 0)
        say_note("%s: %llu tries of an earlier run have no answer: counted as ambiguous, retrying",
                 words->step, (unsigned long long)leftovers.ambiguous);
    return EXIT_DONE;
}
