/* SPDX-License-Identifier: MIT */
/* report.c: tells the fraud API every outcome that is due. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channels/fraud.h"
#include "fraud/payload.h"
#include "delivery/delivery_run.h"
#include "run/say.h"
#include "run/stop.h"

enum { REQUEUE_BATCH = 10000 };

static const struct delivery_words words = {"report", "report", "dead"};

/* -- the cargo -- */

enum { HIDDEN = 3 }; /* texts: address, number, name */

struct parcel {
    struct fraud_request request;
    struct payload_request wanted; /* what `payload` is made of */
    char *payload;                 /* NULL until it is complete */
    size_t size;                   /* of the whole, with its texts */
    char texts[];
};

static void unload(void *argument)
{
    struct parcel *parcel = argument;
    if (parcel == NULL)
        return;
    payload_free(parcel->payload);
    sodium_memzero(parcel, parcel->size);
    free(parcel);
}

/* What is to be hidden in an answer, and the reasons. A fingerprint need not be among them: no kept
 * answer holds a long run of hexadecimal digits. */
static void copy_texts(struct parcel *parcel, const char *const *texts, const size_t *sizes)
{
    char *at = parcel->texts;
    size_t hidden = 0;
    for (size_t i = 0; i <= HIDDEN; i++) {
        if (texts[i] == NULL)
            continue;
        memcpy(at, texts[i], sizes[i]);
        if (i < HIDDEN)
            parcel->request.hide[hidden++] = at;
        else
            parcel->wanted.reasons = at;
        at += sizes[i];
    }
}

static void *load(void *context, struct session *session, struct ledger_statement *row)
{
    (void)context;
    (void)session;
    const char *texts[] = {
        ledger_text(row, QUEUE_REPORT_EMAIL), ledger_text(row, QUEUE_REPORT_PHONE),
        ledger_text(row, QUEUE_REPORT_USERNAME), ledger_text(row, QUEUE_REPORT_REASONS)};
    size_t sizes[HIDDEN + 1];
    size_t size = sizeof(struct parcel);
    for (size_t i = 0; i <= HIDDEN; i++) {
        sizes[i] = texts[i] == NULL ? 0 : strlen(texts[i]) + 1;
        size += sizes[i];
    }
    struct parcel *parcel = calloc(1, size);
    if (parcel == NULL)
        return NULL;
    parcel->size = size;
    parcel->wanted = (struct payload_request){
        .attempt_id = ledger_integer(row, QUEUE_REPORT_ATTEMPT),
        .success = strcmp(ledger_word(row, QUEUE_REPORT_OUTCOME), "success") == 0,
        .customer_id = ledger_integer(row, QUEUE_REPORT_CUSTOMER),
        .fingerprint = PAYLOAD_NEEDED,
    };
    copy_texts(parcel, texts, sizes);
    return parcel;
}

static void foresee(void *context, struct session *session, void *parcel)
{
    (void)context;
    payload_foresee(session, &((struct parcel *)parcel)->wanted);
}

static bool complete(void *context, struct session *session, void *argument)
{
    struct parcel *parcel = argument;
    (void)context;
    parcel->payload = payload_build(session, &parcel->wanted);
    if (parcel->payload == NULL)
        return false;
    parcel->request.body = parcel->payload;
    parcel->request.length = strlen(parcel->payload);
    return true;
}

static const void *request(void *context, void *parcel, int64_t now)
{
    (void)context;
    (void)now;
    return &((struct parcel *)parcel)->request;
}

/* -- the step -- */

/* Of dead reports after `after`: where the next batch ends, and how many were looked at. */
static int64_t next_dead(struct ledger *ledger, int64_t after, int64_t *last)
{
    enum { LAST, NUMBER };
    static const char *const columns[] = {"last", "number", NULL};
    int64_t number = 0;
    struct ledger_statement *end = ledger_select(ledger, STATEMENT_dead_reports_end, columns);
    ledger_set_integer(end, ":after", after);
    ledger_set_integer(end, ":batch", REQUEUE_BATCH);
    if (ledger_row(end)) {
        *last = ledger_integer(end, LAST);
        number = ledger_integer(end, NUMBER);
        ledger_done(end);
    }
    return number;
}

/* Requeues one batch; how many. */
static int64_t requeue_batch(struct ledger *ledger, int64_t after, int64_t last)
{
    int64_t requeued = 0;
    do {
        ledger_begin(ledger);
        int64_t now = ledger_now(ledger);
        struct ledger_statement *count = ledger_use(ledger, STATEMENT_count_dead);
        ledger_set_integer(count, ":after", after);
        ledger_set_integer(count, ":end", last);
        if (ledger_row(count)) {
            requeued = ledger_integer(count, 0);
            ledger_done(count);
        }
        ledger_stamp(ledger);
        struct ledger_statement *requeue = ledger_use(ledger, STATEMENT_requeue_dead);
        ledger_set_integer(requeue, ":now", now);
        ledger_set_integer(requeue, ":after", after);
        ledger_set_integer(requeue, ":end", last);
        ledger_run(requeue);
        ledger_end(ledger);
    } while (ledger_again(ledger));
    return requeued;
}

/* Puts dead reports back into the queue, batch by batch. */
static enum exit_code requeue_dead(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    int64_t after = 0, last = 0, count, requeued = 0;
    do {
        count = next_dead(ledger, after, &last);
        if (count > 0)
            requeued += requeue_batch(ledger, after, last);
        after = last;
    } while (count == REQUEUE_BATCH && !ledger_failed(ledger) && !stop_asked());
    if (ledger_failed(ledger))
        return job_ledger_failed(job, "queueing dead reports again");
    job_add(job, words.step, "requeued", (uint64_t)requeued);
    say_note("report: %lld dead report%s requeued", (long long)requeued, requeued == 1 ? "" : "s");
    return job_stopped(words.step, "the remaining dead reports were not requeued");
}

/* What would be told: nothing personal. */
static enum exit_code show_due(struct job *job, const struct queue *queue)
{
    int64_t limit = job->options.limit > 0 && job->options.limit < INT64_MAX
                        ? (int64_t)job->options.limit
                        : INT64_MAX;
    struct ledger *ledger = job->session->ledger;
    struct ledger_statement *due = queue_due(queue, ledger, ledger_now(ledger), limit);
    while (ledger_row(due)) {
        const char *reasons = ledger_text(due, QUEUE_REPORT_REASONS);
        say_line("report %lld: attempt %lld, %s%s%s", (long long)ledger_integer(due, QUEUE_ID),
                 (long long)ledger_integer(due, QUEUE_REPORT_ATTEMPT),
                 ledger_word(due, QUEUE_REPORT_OUTCOME), reasons == NULL ? "" : " ",
                 reasons == NULL ? "" : reasons);
    }
    return ledger_failed(job->session->ledger) ? job_ledger_failed(job, "reading the queue")
                                               : EXIT_DONE;
}

static enum exit_code say_dead(uint64_t dead)
{
    if (dead == 0)
        return EXIT_DONE;
    say_error("report: %llu report%s dead, because the fraud API refused %s: see last_error in "
              "reg_reports; `regjob report --retry-dead` requeues %s",
              (unsigned long long)dead, dead == 1 ? " is" : "s are", dead == 1 ? "it" : "them",
              dead == 1 ? "it" : "them");
    return EXIT_PARTLY;
}

static enum exit_code send_due(struct job *job, const struct queue *queue, uint64_t *dead)
{
    struct error error;
    uint64_t limit = job->options.limit;
    struct fraud *fraud = fraud_open(&job->config.fraud, &error);
    if (fraud == NULL) {
        say_error("%s", error.text);
        return EXIT_CONFIG;
    }
    struct delivery_lane lane = {.channel = "fraud API",
                                 .section = "fraud",
                                 .url = job->config.fraud.url,
                                 .queue = *queue,
                                 .cargo = {NULL, load, foresee, complete, request, unload},
                                 .transfer = fraud_channel(fraud),
                                 .pace = job->config.fraud.pace};
    enum exit_code status = delivery_run(job, &words, &lane, 1, limit > 0 ? &limit : NULL, dead);
    fraud_close(fraud);
    return status;
}

static enum exit_code report_locked(struct job *job, struct handed *handed, bool must,
                                    uint64_t *dead)
{
    struct queue queue = {.job = job,
                          .kind = QUEUE_REPORTS,
                          .patience = &job->config.fraud.patience,
                          .handed = handed};
    enum exit_code status = delivery_leftovers(&words, &queue, dead);
    if (status == EXIT_DONE)
        handed_forget(handed);
    if (status == EXIT_DONE && job->options.retry_dead)
        status = requeue_dead(job);
    bool configured = job->config.fraud.url[0] != '\0';
    uint64_t due = queue_count(&queue, configured ? 1 : UINT64_MAX);
    if (ledger_failed(job->session->ledger))
        return job_ledger_failed(job, "reading the queue");
    if (status != EXIT_DONE)
        return status;
    if (!configured) {
        if (must)
            say_error("[fraud] url: none is configured: %llu reports stay queued",
                      (unsigned long long)due);
        else if (due > 0)
            say_note("report: [fraud] url: none is configured: %llu reports stay queued",
                     (unsigned long long)due);
        return must ? EXIT_CONFIG : EXIT_DONE;
    }
    return due > 0 ? send_due(job, &queue, dead) : EXIT_DONE;
}

static enum exit_code report(struct job *job, bool must)
{
    struct lock lock;
    enum exit_code status = job_lock(job, words.step, &lock);
    if (status != EXIT_DONE)
        return status;
    uint64_t dead = 0;
    struct handed handed;
    handed_read(&handed, &lock);
    status = report_locked(job, &handed, must, &dead);
    status = job_worse(status, say_dead(dead));
    lock_release(&lock);
    return status;
}

enum exit_code report_step(struct job *job)
{
    return report(job, false);
}

enum exit_code report_command(struct job *job)
{
    const struct queue queue = {
        .job = job, .kind = QUEUE_REPORTS, .patience = &job->config.fraud.patience};
    return job->options.dry_run ? show_due(job, &queue) : report(job, true);
}
