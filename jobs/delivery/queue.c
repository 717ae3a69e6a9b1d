/* queue.c: see queue.h. */
#include "delivery/queue.h"

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
