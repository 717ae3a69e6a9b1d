/* record_answers.c: see record_answers.h. */
#include "delivery/record_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/retry.h"
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

/* The item's tries, of which the last got this answer. */
static struct retry_history history_of(const struct queue *queue, const struct queue_place *place,
                                       const struct transfer_answer *answer)
{
    struct retry_history history = {.tries = 1, .spent = 1};
    enum { TRIES, SPENT, TRIED_FOR };
    static const char *const columns[] = {"tries", "spent", "tried_for_ms", NULL};
    struct ledger_statement *tries = ledger_select(
        queue_ledger(queue),
        queue->kind == QUEUE_CODES ? STATEMENT_tries_of_code : STATEMENT_tries_of_report, columns);
    ledger_set_integer(tries, ":id", place->id);
    ledger_set_integer(tries, ":most", retry_unreached_ms());
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

/* What the statements that end a try have in common. */
static void set_end(struct ledger_statement *end, const struct queue_place *place,
                    const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    ledger_set_integer(end, ":try_id", place->try_id);
    ledger_set_integer(end, ":recorded_at", now);
    ledger_set_text(end, ":result", transfer_result_name(answer->result));
    if (answer->status != 0)
        ledger_set_integer(end, ":status", answer->status);
    if (answer->text[0] != '\0')
        ledger_set_text(end, ":answer", answer->text);
    if (retry != 0)
        ledger_set_integer(end, ":retry_at", retry);
}

static void finish_code(const struct queue *queue, const struct queue_place *place,
                        const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    struct ledger_statement *end = ledger_use(queue_ledger(queue), STATEMENT_finish_code);
    set_end(end, place, answer, retry, now);
    ledger_run(end);
}

static void finish_report(const struct queue *queue, const struct queue_place *place,
                          const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    struct ledger *ledger = queue_ledger(queue);
    const char *result = transfer_result_name(answer->result);
    bool has_it = answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED;
    if (has_it || retry == 0) {
        struct ledger_statement *event = ledger_use(ledger, STATEMENT_finish_report_event);
        ledger_set_integer(event, ":try_id", place->try_id);
        ledger_set_integer(event, ":report_id", place->id);
        ledger_set_integer(event, ":lease_until", place->lease_until);
        ledger_set_integer(event, ":recorded_at", now);
        ledger_set_text(event, ":result", result);
        if (answer->timestamp >= 0)
            ledger_set_integer(event, ":vendor_timestamp", answer->timestamp);
        ledger_run(event);
    }
    struct ledger_statement *line = ledger_use(ledger, STATEMENT_finish_report_queue);
    ledger_set_integer(line, ":report_id", place->id);
    ledger_set_integer(line, ":lease_until", place->lease_until);
    ledger_set_text(line, ":result", result);
    if (retry != 0)
        ledger_set_integer(line, ":retry_at", retry);
    ledger_run(line);
    if (has_it) {
        struct ledger_statement *seal = ledger_use(ledger, STATEMENT_finish_report_fingerprint);
        ledger_set_integer(seal, ":report_id", place->id);
        ledger_run(seal);
    }
    struct ledger_statement *end = ledger_use(ledger, STATEMENT_finish_report_try);
    set_end(end, place, answer, retry, now);
    ledger_run(end);
}

int64_t record_retry(const struct queue *queue, const struct queue_place *place,
                     const struct transfer_answer *answer, int64_t now)
{
    if (answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED ||
        answer->result == TRANSFER_REFUSED)
        return 0;
    const struct retry_history history = history_of(queue, place, answer);
    return retry_at(queue->patience, &history, answer, now);
}

enum queue_fate record_answer(const struct queue *queue, const struct queue_place *place,
                              const struct transfer_answer *answer, int64_t retry, int64_t now)
{
    bool has_it = answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED;
    if (queue->kind == QUEUE_CODES)
        finish_code(queue, place, answer, retry, now);
    else
        finish_report(queue, place, answer, retry, now);
    if (has_it)
        return QUEUE_DELIVERED;
    return retry != 0 ? QUEUE_AGAIN : QUEUE_GIVEN_UP;
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
    for (struct queue_item *item = record->back.first; item != NULL; item = item->next)
        item->place.retry = item->transfer.answered ? record_retry(record->queue, &item->place,
                                                                   &item->transfer.answer, now)
                                                    : 0;
    for (struct queue_item *item = record->back.first; item != NULL; item = item->next) {
        if (item->transfer.answered)
            item->fate = record_answer(record->queue, &item->place, &item->transfer.answer,
                                       item->place.retry, now);
        else
            record_withdraw(record->queue, &item->place);
    }
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
    for (size_t i = 0; i < count; i++)
        places[i].retry = unmade[i] ? 0 : record_retry(queue, &places[i], &answer, now);
    for (size_t i = 0; i < count; i++) {
        leftovers->unmade += unmade[i];
        leftovers->ambiguous += !unmade[i];
        if (unmade[i])
            record_withdraw(queue, &places[i]);
        else if (record_answer(queue, &places[i], &answer, places[i].retry, now) == QUEUE_GIVEN_UP)
            leftovers->given_up++;
    }
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
