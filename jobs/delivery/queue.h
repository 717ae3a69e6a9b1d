/* queue.h: the queues of codes and reports in the ledger: items are taken with a lease, each try is
 * journalled with it, and what came of it is written down.
 *
 * Taking, withdrawing, dropping and finishing happen between ledger_begin() and ledger_end(). An
 * error stays in the ledger's handle.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "delivery/handed.h"
#include "run/job.h"
#include "delivery/transfer.h"

enum queue_kind { QUEUE_CODES, QUEUE_REPORTS };

enum {
    /* What is tried for so long without ever reaching anybody is given up, time aside in which
     * nobody tried for as long; what reaches somebody is given up after the configured number of
     * tries. */
    QUEUE_UNREACHED_DAYS = 30,
    /* A lease outlasts the time limits of a call by this: waiting for another writer, and clocks
     * that differ. */
    QUEUE_LEASE_SLACK_SECONDS = 300,
    /* The first columns of a list of due items. */
    QUEUE_COLUMN_ID = 0,
    QUEUE_COLUMN_SEEN,
    QUEUE_COLUMN_WANTED,
    QUEUE_COLUMNS
};

struct queue {
    struct job *job;
    enum queue_kind kind;
    const char *channel; /* of codes */
    const struct config_patience *patience;
    struct handed *handed; /* NULL: nothing is known or noted of what sets out */
    unsigned lane;         /* there */
    int64_t try_id;        /* the newest in the journal, since queue_begin() */
};

/* An item and its place in the queue; once it is taken, its try too. */
struct queue_item {
    int64_t id;
    int64_t seen; /* its next_try_at when it was found */
    int64_t try_id;
    int64_t lease_until;
};

enum queue_fate {
    QUEUE_DELIVERED, /* the other side has it */
    QUEUE_AGAIN,     /* is tried again later */
    QUEUE_GIVEN_UP   /* undeliverable or dead */
};

/* The list of due items, read through `ledger` (any connection to the queue's), its parameters set;
 * to be read with ledger_row(). */
struct ledger_statement *queue_due(const struct queue *queue, struct ledger *ledger, int64_t now,
                                   int64_t limit);

/* How many are due now, counted up to `most`. */
uint64_t queue_count(const struct queue *queue, uint64_t most);

/* Begins the transaction in which the others happen. */
void queue_begin(struct queue *queue);

/* Leases the item and journals its try. False: another has it, or it is gone. */
bool queue_take(struct queue *queue, struct queue_item *item, int64_t now);

/* Takes an item that nobody wants any more out of the queue. */
void queue_drop(struct queue *queue, const struct queue_item *item);

/* The call was not made: the try goes, the item is due as before. */
void queue_withdraw(struct queue *queue, const struct queue_item *item);

/* Writes down what came of the try, and when the item is tried again, which is the answer. */
enum queue_fate queue_finish(struct queue *queue, const struct queue_item *item,
                             const struct transfer_answer *answer, int64_t now);

struct queue_leftovers {
    uint64_t ambiguous;
    uint64_t given_up; /* items of them: it was their last try */
    uint64_t unmade;   /* tries that never set out: taken back, and due */
};

/* The item's try is about to be made. False: that cannot be noted, and it must not be; errno. */
bool queue_hand_out(const struct queue *queue, const struct queue_item *item);

/* Ends the tries whose process ended in between: what may have been made is ambiguous. In
 * transactions of its own. The caller holds the step's lock. */
struct queue_leftovers queue_finish_leftovers(struct queue *queue);

#endif
