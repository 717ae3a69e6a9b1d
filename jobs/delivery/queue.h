/* SPDX-License-Identifier: MIT */
/* queue.h: the queues of codes and reports in the ledger, and what is on its way from one of them:
 * take_due.h takes it, transfer.h sends it, record_answers.h writes down what came of it.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "run/handed_tries.h"
#include "delivery/transfer.h"
#include "run/job.h"

enum queue_kind { QUEUE_CODES, QUEUE_REPORTS };

/* Columns of a list of due items; then those of codes, and of reports. */
enum { QUEUE_ID, QUEUE_SEEN, QUEUE_WANTED, QUEUE_COLUMNS };
enum {
    QUEUE_CODE_KIND = QUEUE_COLUMNS,
    QUEUE_CODE_NONCE,
    QUEUE_CODE_DIGITS,
    QUEUE_CODE_PREFIX,
    QUEUE_CODE_SANDBOX,
    QUEUE_CODE_LIFETIME,
    QUEUE_CODE_RUNS_FROM,
    QUEUE_CODE_ADDRESS,
    QUEUE_CODE_LOCALE,
    QUEUE_CODE_NAME
};
enum {
    QUEUE_REPORT_ATTEMPT = QUEUE_COLUMNS,
    QUEUE_REPORT_OUTCOME,
    QUEUE_REPORT_REASONS,
    QUEUE_REPORT_CUSTOMER,
    QUEUE_REPORT_EMAIL,
    QUEUE_REPORT_PHONE,
    QUEUE_REPORT_USERNAME
};

struct queue {
    struct job *job;
    enum queue_kind kind;
    const char *channel; /* of codes */
    const struct config_patience *patience;
    struct handed *handed; /* NULL: nothing is known or noted of what sets out */
    unsigned lane;         /* there */
};

/* An item's place in the queue; once it is taken, its try too. */
struct queue_place {
    int64_t id;
    int64_t seen; /* its next_try_at when it was found */
    int64_t try_id;
    int64_t lease_until;
    int64_t retry; /* when it is tried again, once that is decided; 0: it is not */
};

enum queue_fate {
    QUEUE_DELIVERED, /* the other side has it */
    QUEUE_AGAIN,     /* is tried again later */
    QUEUE_GIVEN_UP   /* undeliverable or dead */
};

/* An item on its way. */
struct queue_item {
    struct transfer_item transfer; /* first: the engine gives this back */
    struct queue_item *next;
    struct queue_place place;
    void *parcel; /* what is sent; NULL once it is over */
    bool wanted;
    bool taken;
    enum queue_fate fate;
};

struct queue_list {
    struct queue_item *first;
    struct queue_item **end;
};

void queue_list_clear(struct queue_list *list);
void queue_list_add(struct queue_list *list, struct queue_item *item);
/* NULL: it is empty. */
struct queue_item *queue_list_take(struct queue_list *list);

/* The list of due items, read through `ledger` (any connection to the queue's), its parameters set;
 * to be read with ledger_row(), its columns as listed above. */
struct ledger_statement *queue_due(const struct queue *queue, struct ledger *ledger, int64_t now,
                                   int64_t limit);

/* How many are due now, counted up to `most`. */
uint64_t queue_count(const struct queue *queue, uint64_t most);

struct ledger *queue_ledger(const struct queue *queue);

/* The statement of this queue's kind. */
struct ledger_statement *queue_use(const struct queue *queue, enum statement codes,
                                   enum statement reports);

#endif
