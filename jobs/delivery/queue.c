/* SPDX-License-Identifier: MIT */
/* queue.c: see queue.h. */
#include "delivery/queue.h"

static const char *const code_columns[] = {
    [QUEUE_ID] = "id",
    [QUEUE_SEEN] = "next_try_at",
    [QUEUE_WANTED] = "wanted",
    [QUEUE_CODE_KIND] = "kind",
    [QUEUE_CODE_NONCE] = "nonce",
    [QUEUE_CODE_DIGITS] = "digits",
    [QUEUE_CODE_PREFIX] = "prefix",
    [QUEUE_CODE_SANDBOX] = "sandbox",
    [QUEUE_CODE_LIFETIME] = "lifetime_ms",
    [QUEUE_CODE_RUNS_FROM] = "runs_from",
    [QUEUE_CODE_ADDRESS] = "address",
    [QUEUE_CODE_LOCALE] = "locale",
    [QUEUE_CODE_NAME] = "name",
    NULL,
};
static const char *const report_columns[] = {
    [QUEUE_ID] = "id",
    [QUEUE_SEEN] = "next_try_at",
    [QUEUE_WANTED] = "wanted",
    [QUEUE_REPORT_ATTEMPT] = "attempt_id",
    [QUEUE_REPORT_OUTCOME] = "outcome",
    [QUEUE_REPORT_REASONS] = "reasons",
    [QUEUE_REPORT_CUSTOMER] = "customer_id",
    [QUEUE_REPORT_EMAIL] = "email",
    [QUEUE_REPORT_PHONE] = "phone",
    [QUEUE_REPORT_USERNAME] = "username",
    NULL,
};

void queue_list_clear(struct queue_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

void queue_list_add(struct queue_list *list, struct queue_item *item)
{
    item->next = NULL;
    *list->end = item;
    list->end = &item->next;
}

struct queue_item *queue_list_take(struct queue_list *list)
{
    struct queue_item *item = list->first;
    if (item == NULL)
        return NULL;
    list->first = item->next;
    if (list->first == NULL)
        list->end = &list->first;
    return item;
}

struct ledger *queue_ledger(const struct queue *queue)
{
    return queue->job->session->ledger;
}

struct ledger_statement *queue_use(const struct queue *queue, enum statement codes,
                                   enum statement reports)
{
    return ledger_use(queue_ledger(queue), queue->kind == QUEUE_CODES ? codes : reports);
}

struct ledger_statement *queue_due(const struct queue *queue, struct ledger *ledger, int64_t now,
                                   int64_t limit)
{
    bool codes = queue->kind == QUEUE_CODES;
    struct ledger_statement *due =
        ledger_select(ledger, codes ? STATEMENT_due_codes : STATEMENT_due_reports,
                      codes ? code_columns : report_columns);
    ledger_set_integer(due, ":now", now);
    ledger_set_integer(due, ":limit", limit);
    if (codes)
        ledger_set_text(due, ":channel", queue->channel);
    return due;
}

uint64_t queue_count(const struct queue *queue, uint64_t most)
{
    int64_t now = ledger_now(queue_ledger(queue));
    struct ledger_statement *count =
        queue_use(queue, STATEMENT_count_codes, STATEMENT_count_reports);
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
