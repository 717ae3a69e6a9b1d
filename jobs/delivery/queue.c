#include "delivery/queue.h"

#include <stdio.h>
#include <string.h>

enum { LEFTOVER_BATCH = 1000, DAY_MS = 86400000 };

static struct ledger *ledger_of(const struct queue *queue)
{
    return queue->job->session->ledger;
}

/* The statement of this queue's kind. */
static struct ledger_statement *use(const struct queue *queue, enum statement codes,
                                    enum statement reports)
{
    return ledger_use(ledger_of(queue), queue->kind == QUEUE_CODES ? codes : reports);
}

struct ledger_statement *queue_due(const struct queue *queue, struct ledger *ledger, int64_t now,
                                   int64_t limit)
{
    struct ledger_statement *due = ledger_use(
        ledger, queue->kind == QUEUE_CODES ? STATEMENT_due_codes : STATEMENT_due_reports);
    ledger_set_integer(due, ":now", now);
    ledger_set_integer(due, ":limit", limit);
    if (queue->kind == QUEUE_CODES)
        ledger_set_text(due, ":channel", queue->channel);
    return due;
}

uint64_t queue_count(const struct queue *queue, uint64_t most)
{
    int64_t now = ledger_now(ledger_of(queue));
    struct ledger_statement *count = use(queue, STATEMENT_count_codes, STATEMENT_count_reports);
    uint64_t number = 0;
    ledger_set_integer(count, ":until", now);
    ledger_set_integer(count, ":most", most < INT64_MAX ? (int64_t)most : INT64_MAX);
    if (queue->kind == QUEUE_CODES)
        ledger_set_text(count, ":channel", queue->channel);
    if (ledger_row(count)) {
        number = (uint64_t)ledger_integer(count, 0);
        ledger_done(count);
    }
    return number;
}

void queue_begin(struct queue *queue)
{
    ledger_begin(ledger_of(queue));
    queue->try_id = ledger_number(ledger_of(queue), STATEMENT_newest_try, 0);
}

static int64_t lease_ms(const struct queue *queue)
{
    return ((int64_t)queue->patience->connect_seconds + queue->patience->transfer_seconds +
            QUEUE_LEASE_SLACK_SECONDS) *
           1000;
}

bool queue_take(struct queue *queue, struct queue_item *item, int64_t now)
{
    item->lease_until = now + lease_ms(queue);
    struct ledger_statement *take = use(queue, STATEMENT_take_code, STATEMENT_take_report);
    ledger_set_integer(take, ":id", item->id);
    ledger_set_integer(take, ":seen", item->seen);
    ledger_set_integer(take, ":lease_until", item->lease_until);
    if (ledger_run(take) == 0)
        return false;
    item->try_id = ++queue->try_id;
    struct ledger_statement *begin = ledger_use(ledger_of(queue), STATEMENT_begin_try);
    ledger_set_integer(begin, ":id", item->try_id);
    ledger_set_integer(begin, queue->kind == QUEUE_CODES ? ":code_id" : ":report_id", item->id);
    if (queue->job->run_id != 0)
        ledger_set_integer(begin, ":run_id", queue->job->run_id);
    ledger_set_text(begin, ":owner", queue->job->owner);
    ledger_set_integer(begin, ":started_at", now);
    ledger_set_integer(begin, ":lease_until", item->lease_until);
    ledger_run(begin);
    if (queue->kind == QUEUE_CODES) {
        struct ledger_statement *give = ledger_use(ledger_of(queue), STATEMENT_give_code);
        ledger_set_integer(give, ":code_id", item->id);
        ledger_run(give);
    }
    return !ledger_failed(ledger_of(queue));
}

void queue_drop(struct queue *queue, const struct queue_item *item)
{
    struct ledger_statement *drop = ledger_use(ledger_of(queue), STATEMENT_drop_code);
    ledger_set_integer(drop, ":id", item->id);
    ledger_set_integer(drop, ":seen", item->seen);
    ledger_run(drop);
}

void queue_withdraw(struct queue *queue, const struct queue_item *item)
{
    struct ledger_statement *withdraw = ledger_use(ledger_of(queue), STATEMENT_withdraw_try);
    ledger_set_integer(withdraw, ":id", item->try_id);
    ledger_run(withdraw);
    /* Taking, the other way round. */
    struct ledger_statement *give_back = use(queue, STATEMENT_take_code, STATEMENT_take_report);
    ledger_set_integer(give_back, ":id", item->id);
    ledger_set_integer(give_back, ":seen", item->lease_until);
    ledger_set_integer(give_back, ":lease_until", item->seen);
    ledger_run(give_back);
}

/* When to try again, 0: no more. */
static int64_t next_try(const struct queue *queue, const struct queue_item *item,
                        const struct transfer_answer *answer, int64_t now)
{
    int64_t most = QUEUE_UNREACHED_DAYS * (int64_t)DAY_MS, tries = 1, spent = 1, tried_for = 0;
    struct ledger_statement *history =
        use(queue, STATEMENT_tries_of_code, STATEMENT_tries_of_report);
    ledger_set_integer(history, ":id", item->id);
    ledger_set_integer(history, ":most", most);
    if (ledger_row(history)) {
        tries = ledger_integer(history, 0);
        spent = ledger_integer(history, 1);
        tried_for = ledger_integer(history, 2);
        ledger_done(history);
    }
    if (answer->unreached)
        spent--;
    if (spent >= queue->patience->tries || tried_for >= most)
        return 0;
    if (answer->retry_after_ms >= 0)
        return now + answer->retry_after_ms;
    return now + transfer_pause_ms(queue->patience, tries > 0 ? (unsigned)tries : 1);
}

/* What the statements that end a try have in common. */
static void set_end(struct ledger_statement *end, const struct queue_item *item,
                    const struct transfer_answer *answer, int64_t retry_at, int64_t now)
{
    ledger_set_integer(end, ":try_id", item->try_id);
    ledger_set_integer(end, ":recorded_at", now);
    ledger_set_text(end, ":result", transfer_result_name(answer->result));
    if (answer->status != 0)
        ledger_set_integer(end, ":status", answer->status);
    if (answer->text[0] != '\0')
        ledger_set_text(end, ":answer", answer->text);
    if (retry_at != 0)
        ledger_set_integer(end, ":retry_at", retry_at);
}

static void finish_code(struct queue *queue, const struct queue_item *item,
                        const struct transfer_answer *answer, int64_t retry_at, int64_t now)
{
    struct ledger_statement *end = ledger_use(ledger_of(queue), STATEMENT_finish_code);
    set_end(end, item, answer, retry_at, now);
    ledger_run(end);
}

static void finish_report(struct queue *queue, const struct queue_item *item,
                          const struct transfer_answer *answer, int64_t retry_at, int64_t now)
{
    struct ledger *ledger = ledger_of(queue);
    const char *result = transfer_result_name(answer->result);
    bool has_it = answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED;
    if (has_it || retry_at == 0) {
        struct ledger_statement *event = ledger_use(ledger, STATEMENT_finish_report_event);
        ledger_set_integer(event, ":try_id", item->try_id);
        ledger_set_integer(event, ":report_id", item->id);
        ledger_set_integer(event, ":lease_until", item->lease_until);
        ledger_set_integer(event, ":recorded_at", now);
        ledger_set_text(event, ":result", result);
        if (answer->timestamp >= 0)
            ledger_set_integer(event, ":vendor_timestamp", answer->timestamp);
        ledger_run(event);
    }
    struct ledger_statement *line = ledger_use(ledger, STATEMENT_finish_report_queue);
    ledger_set_integer(line, ":report_id", item->id);
    ledger_set_integer(line, ":lease_until", item->lease_until);
    ledger_set_text(line, ":result", result);
    if (retry_at != 0)
        ledger_set_integer(line, ":retry_at", retry_at);
    ledger_run(line);
    if (has_it) {
        struct ledger_statement *seal = ledger_use(ledger, STATEMENT_finish_report_fingerprint);
        ledger_set_integer(seal, ":report_id", item->id);
        ledger_run(seal);
    }
    struct ledger_statement *end = ledger_use(ledger, STATEMENT_finish_report_try);
    set_end(end, item, answer, retry_at, now);
    ledger_run(end);
}

enum queue_fate queue_finish(struct queue *queue, const struct queue_item *item,
                             const struct transfer_answer *answer, int64_t now)
{
    bool again = answer->result == TRANSFER_NOT_ACCEPTED || answer->result == TRANSFER_AMBIGUOUS;
    int64_t retry_at = again ? next_try(queue, item, answer, now) : 0;
    if (queue->kind == QUEUE_CODES)
        finish_code(queue, item, answer, retry_at, now);
    else
        finish_report(queue, item, answer, retry_at, now);
    if (answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED)
        return QUEUE_DELIVERED;
    return retry_at != 0 ? QUEUE_AGAIN : QUEUE_GIVEN_UP;
}

bool queue_hand_out(const struct queue *queue, const struct queue_item *item)
{
    return queue->handed == NULL || handed_note(queue->handed, queue->lane, item->try_id);
}

/* Ends up to LEFTOVER_BATCH of them. */
static size_t finish_some_leftovers(struct queue *queue, const char *host, int64_t now,
                                    struct queue_leftovers *leftovers)
{
    static const struct transfer_answer answer = {
        .result = TRANSFER_AMBIGUOUS,
        .retry_after_ms = -1,
        .timestamp = -1,
        .text = "no answer was recorded: the program ended in between",
    };
    struct queue_item items[LEFTOVER_BATCH];
    bool unmade[LEFTOVER_BATCH];
    size_t count = 0;
    struct ledger_statement *leftover = ledger_use(ledger_of(queue), STATEMENT_leftover_tries);
    if (queue->kind == QUEUE_CODES)
        ledger_set_text(leftover, ":channel", queue->channel);
    ledger_set_integer(leftover, ":now", now);
    ledger_set_text(leftover, ":host", host);
    ledger_set_integer(leftover, ":limit", LEFTOVER_BATCH);
    while (ledger_row(leftover) && count < LEFTOVER_BATCH) {
        items[count] = (struct queue_item){.try_id = ledger_integer(leftover, 0),
                                           .id = ledger_integer(leftover, 1),
                                           .lease_until = ledger_integer(leftover, 2),
                                           .seen = ledger_integer(leftover, 3)};
        unmade[count] =
            queue->handed != NULL &&
            handed_never(queue->handed, queue->lane, ledger_text(leftover, 4), items[count].try_id);
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        leftovers->unmade += unmade[i];
        leftovers->ambiguous += !unmade[i];
        if (unmade[i])
            queue_withdraw(queue, &items[i]);
        else if (queue_finish(queue, &items[i], &answer, now) == QUEUE_GIVEN_UP)
            leftovers->given_up++;
    }
    return count;
}

struct queue_leftovers queue_finish_leftovers(struct queue *queue)
{
    char host[JOB_OWNER_SIZE];
    struct queue_leftovers leftovers = {0};
    size_t count;
    /* With the step's lock held, no other process of this host can be making such a call. */
    snprintf(host, sizeof host, "%s", queue->job->owner);
    char *colon = strrchr(host, ':');
    if (colon != NULL)
        colon[1] = '\0';
    do {
        queue_begin(queue);
        count = finish_some_leftovers(queue, host, ledger_stamp(ledger_of(queue)), &leftovers);
        ledger_end(ledger_of(queue));
    } while (count == LEFTOVER_BATCH && !ledger_failed(ledger_of(queue)));
    return leftovers;
}
