/* SPDX-License-Identifier: MIT */
/* record_answers.c: see record_answers.h. */
#include "delivery/record_answers.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/retry.h"
#include "fraud/json_text.h"
#include "ledger/cluster.h"
#include "run/say.h"

enum { LEFTOVER_BATCH = 1000 };

/* -- one try -- */

void record_withdraw(const struct queue *queue, const struct queue_place *place)
{
    struct ledger_statement *withdraw = ledger_use(queue_ledger(queue), STATEMENT_withdraw_try);
    ledger_set_integer(withdraw, ":id", place->try_id);
    ledger_run(withdraw);
    struct ledger_statement *give_back =
        queue_use(queue, STATEMENT_give_back_code, STATEMENT_give_back_report);
    ledger_set_integer(give_back, ":id", place->id);
    ledger_set_integer(give_back, ":lease_until", place->lease_until);
    ledger_set_integer(give_back, ":seen", place->seen);
    ledger_run(give_back);
}

enum { TRIES, SPENT, TRIED_FOR };

static struct ledger_statement *use_tries(const struct queue *queue,
                                          const struct queue_place *place)
{
    static const char *const columns[] = {"tries", "spent", "tried_for_ms", NULL};
    struct ledger_statement *tries = ledger_select(
        queue_ledger(queue),
        queue->kind == QUEUE_CODES ? STATEMENT_tries_of_code : STATEMENT_tries_of_report, columns);
    ledger_set_integer(tries, ":id", place->id);
    ledger_set_integer(tries, ":most", retry_unreached_ms());
    return tries;
}

/* The item's tries, of which the last got this answer. */
static struct retry_history history_of(const struct queue *queue, const struct queue_place *place,
                                       const struct transfer_answer *answer)
{
    struct retry_history history = {.tries = 1, .spent = 1};
    struct ledger_statement *tries = use_tries(queue, place);
    if (ledger_row(tries)) {
        history.tries = ledger_integer(tries, TRIES);
        history.spent = ledger_integer(tries, SPENT);
        history.tried_for_ms = ledger_integer(tries, TRIED_FOR);
        ledger_done(tries);
    }
    if (answer->unreached)
        history.spent--;
    return history;
}

static bool is_delivered(enum transfer_result result)
{
    return result == TRANSFER_ACCEPTED || result == TRANSFER_DEFERRED;
}

static void finish_code(const struct queue *queue, const struct queue_place *place,
                        const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    struct ledger_statement *end = ledger_use(queue_ledger(queue), STATEMENT_finish_code);
    ledger_set_integer(end, ":try_id", place->try_id);
    ledger_set_integer(end, ":recorded_at", now);
    ledger_set_text(end, ":result", transfer_result_name(answer->result));
    if (answer->status != 0)
        ledger_set_integer(end, ":status", answer->status);
    if (answer->text[0] != '\0')
        ledger_set_text(end, ":answer", answer->text);
    if (retry != 0)
        ledger_set_integer(end, ":retry_at", retry);
    ledger_run(end);
}

/* -- answers to reports, which are written together -- */

enum { ANSWERS_MOST = 250 };

struct answers {
    const struct queue *queue;
    int64_t now;
    enum transfer_result result; /* of all of them */
    size_t count;
    int64_t report[ANSWERS_MOST];
    struct json_text text; /* as sql/queue.sql describes it */
};

static void run_step(const struct answers *answers, enum statement name, const char *text)
{
    struct ledger_statement *step = ledger_use(queue_ledger(answers->queue), name);
    ledger_set_text(step, ":answers", text);
    if (name != STATEMENT_finish_reports_fingerprint)
        ledger_set_text(step, ":result", transfer_result_name(answers->result));
    if (name == STATEMENT_finish_reports_event || name == STATEMENT_finish_reports_try)
        ledger_set_integer(step, ":recorded_at", answers->now);
    ledger_run(step);
}

static void write_answers(struct answers *answers)
{
    if (answers->count == 0)
        return;
    answers->count = 0;
    char *text = json_text_end(&answers->text);
    if (text == NULL) {
        ledger_fail(queue_ledger(answers->queue), SQLITE_NOMEM, "out of memory");
        return;
    }
    run_step(answers, STATEMENT_finish_reports_event, text);
    run_step(answers, STATEMENT_finish_reports_queue, text);
    if (is_delivered(answers->result))
        run_step(answers, STATEMENT_finish_reports_fingerprint, text);
    run_step(answers, STATEMENT_finish_reports_try, text);
    free(text);
}

/* A second answer for the same report depends on what became of the first. */
static bool has_report(const struct answers *answers, int64_t report)
{
    bool found = false;
    for (size_t i = 0; i < answers->count; i++)
        found |= answers->report[i] == report;
    return found;
}

static void add_answer(struct answers *answers, const struct queue_place *place,
                       const struct transfer_answer *answer, int64_t retry)
{
    struct json_text *text = &answers->text;
    char try[24];
    if (answers->count == ANSWERS_MOST || answers->result != answer->result ||
        has_report(answers, place->id))
        write_answers(answers);
    if (answers->count == 0)
        json_text_begin(text);
    answers->result = answer->result;
    snprintf(try, sizeof try, "%lld", (long long)place->try_id);
    answers->report[answers->count++] = place->id;
    json_text_open(text, try);
    json_text_integer(text, "report", place->id);
    json_text_integer(text, "lease_until", place->lease_until);
    if (answer->status != 0)
        json_text_integer(text, "status", answer->status);
    if (answer->text[0] != '\0')
        json_text_string(text, "answer", answer->text);
    if (retry != 0)
        json_text_integer(text, "retry_at", retry);
    if (answer->timestamp >= 0)
        json_text_integer(text, "vendor_timestamp", answer->timestamp);
    json_text_close(text);
}

static bool may_be_retried(const struct transfer_answer *answer)
{
    return !is_delivered(answer->result) && answer->result != TRANSFER_REFUSED;
}

int64_t record_retry(const struct queue *queue, const struct queue_place *place,
                     const struct transfer_answer *answer, int64_t now)
{
    if (!may_be_retried(answer))
        return 0;
    const struct retry_history history = history_of(queue, place, answer);
    return retry_at(queue->patience, &history, answer, now);
}

/* Writes an answer down, to a report with those after it: until write_answers(). */
static enum queue_fate record_item(struct answers *answers, const struct queue_place *place,
                                   const struct transfer_answer *answer)
{
    if (answers->queue->kind == QUEUE_CODES)
        finish_code(answers->queue, place, answer, place->retry, answers->now);
    else
        add_answer(answers, place, answer, place->retry);
    if (is_delivered(answer->result))
        return QUEUE_DELIVERED;
    return place->retry != 0 ? QUEUE_AGAIN : QUEUE_GIVEN_UP;
}

enum queue_fate record_answer(const struct queue *queue, const struct queue_place *place,
                              const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    struct answers answers = {.queue = queue, .now = now};
    struct queue_place with_retry = *place;
    with_retry.retry = retry;
    enum queue_fate fate = record_item(&answers, &with_retry, answer);
    write_answers(&answers);
    return fate;
}

/* -- what has come back -- */

void record_open(struct record *record, const struct queue *queue, const char *name)
{
    *record = (struct record){.queue = queue, .name = name};
    queue_list_clear(&record->back);
}

void record_close(struct record *record)
{
    struct queue_item *item;
    while ((item = queue_list_take(&record->back)) != NULL)
        free(item);
}

void record_add(struct record *record, struct queue_item *item)
{
    struct transfer_item *transfer = &item->transfer;
    /* An answer about ourselves says nothing of the item: the try is as if it had not been made. */
    if (transfer->answered && transfer->answer.result == TRANSFER_ABOUT_US) {
        transfer->answered = false;
        if (transfer->answer.behind)
            item->place.seen = ledger_now(queue_ledger(record->queue));
    }
    queue_list_add(&record->back, item);
}

void record_write(struct record *record, int64_t now)
{
    struct answers answers = {.queue = record->queue, .now = now};
    if (ledger_is_shared(queue_ledger(record->queue)))
        for (const struct queue_item *item = record->back.first; item != NULL; item = item->next)
            if (item->transfer.answered && may_be_retried(&item->transfer.answer))
                ledger_foresee(use_tries(record->queue, &item->place));
    for (struct queue_item *item = record->back.first; item != NULL; item = item->next)
        item->place.retry = item->transfer.answered ? record_retry(record->queue, &item->place,
                                                                   &item->transfer.answer, now)
                                                    : 0;
    for (struct queue_item *item = record->back.first; item != NULL; item = item->next) {
        if (item->transfer.answered)
            item->fate = record_item(&answers, &item->place, &item->transfer.answer);
        else
            record_withdraw(record->queue, &item->place);
    }
    write_answers(&answers);
}

static void note_failure(struct record *record, const struct queue_item *item)
{
    const struct transfer_answer *answer = &item->transfer.answer;
    if (item->fate == QUEUE_DELIVERED)
        return;
    memcpy(record->last_failure, answer->text, sizeof record->last_failure);
    if (say_is_verbose())
        say_note("%s %lld: %s, %s: %s", record->name, (long long)item->place.id,
                 transfer_result_name(answer->result),
                 item->fate == QUEUE_AGAIN ? "is tried again later" : "given up", answer->text);
}

uint64_t record_written(struct record *record)
{
    struct queue_item *item;
    uint64_t unmade = 0;
    while ((item = queue_list_take(&record->back)) != NULL) {
        if (item->transfer.answered) {
            record->counts.results[item->transfer.answer.result]++;
            record->counts.again += item->fate == QUEUE_AGAIN;
            record->counts.given_up += item->fate == QUEUE_GIVEN_UP;
            note_failure(record, item);
        } else {
            unmade++;
        }
        free(item);
    }
    return unmade;
}

/* -- what a killed run has left -- */

/* Ends up to LEFTOVER_BATCH of them. */
static size_t end_some_leftovers(const struct queue *queue, const char *host, int64_t now,
                                 struct record_leftovers *leftovers)
{
    static const struct transfer_answer answer = {
        .result = TRANSFER_AMBIGUOUS,
        .retry_after_ms = -1,
        .timestamp = -1,
        .text = "no answer was recorded: the program ended in between",
    };
    struct queue_place places[LEFTOVER_BATCH];
    bool unmade[LEFTOVER_BATCH];
    size_t count = 0;
    enum { ID, ITEM, LEASE_UNTIL, STARTED_AT, OWNER };
    static const char *const columns[] = {"id",         "item_id", "lease_until",
                                          "started_at", "owner",   NULL};
    struct ledger_statement *leftover =
        ledger_select(queue_ledger(queue), STATEMENT_leftover_tries, columns);
    if (queue->kind == QUEUE_CODES)
        ledger_set_text(leftover, ":channel", queue->channel);
    ledger_set_integer(leftover, ":now", now);
    ledger_set_text(leftover, ":host", host);
    ledger_set_integer(leftover, ":limit", LEFTOVER_BATCH);
    while (ledger_row(leftover) && count < LEFTOVER_BATCH) {
        places[count] = (struct queue_place){.try_id = ledger_integer(leftover, ID),
                                             .id = ledger_integer(leftover, ITEM),
                                             .lease_until = ledger_integer(leftover, LEASE_UNTIL),
                                             .seen = ledger_integer(leftover, STARTED_AT)};
        unmade[count] = queue->handed != NULL &&
                        handed_never(queue->handed, queue->lane, ledger_text(leftover, OWNER),
                                     places[count].try_id);
        count++;
    }
    if (count > 0)
        ledger_stamp(queue_ledger(queue));
    for (size_t i = 0; i < count && ledger_is_shared(queue_ledger(queue)); i++)
        if (!unmade[i])
            ledger_foresee(use_tries(queue, &places[i]));
    for (size_t i = 0; i < count; i++)
        places[i].retry = unmade[i] ? 0 : record_retry(queue, &places[i], &answer, now);
    struct answers answers = {.queue = queue, .now = now};
    for (size_t i = 0; i < count; i++) {
        leftovers->unmade += unmade[i];
        leftovers->ambiguous += !unmade[i];
        if (unmade[i])
            record_withdraw(queue, &places[i]);
        else if (record_item(&answers, &places[i], &answer) == QUEUE_GIVEN_UP)
            leftovers->given_up++;
    }
    write_answers(&answers);
    return count;
}

struct record_leftovers record_leftovers(const struct queue *queue)
{
    struct ledger *ledger = queue_ledger(queue);
    char host[JOB_OWNER_SIZE];
    struct record_leftovers leftovers = {0};
    size_t count;
    /* With the step's lock held, no other process of this host can be making such a call. */
    snprintf(host, sizeof host, "%s", queue->job->owner);
    char *colon = strrchr(host, ':');
    if (colon != NULL)
        colon[1] = '\0';
    do {
        struct record_leftovers before = leftovers;
        do {
            leftovers = before;
            ledger_begin(ledger);
            count = end_some_leftovers(queue, host, ledger_now(ledger), &leftovers);
            ledger_end(ledger);
        } while (ledger_again(ledger));
    } while (count == LEFTOVER_BATCH && !ledger_failed(ledger));
    return leftovers;
}
