/* SPDX-License-Identifier: MIT */
/* record_answers.h: records the results of tries: the answer and its consequence for the item, or
 * withdraws the try of a call that was never made. */
#ifndef RECORD_ANSWERS_H
#define RECORD_ANSWERS_H

#include "delivery/queue.h"

struct record_counts {
    uint64_t results[TRANSFER_RESULTS]; /* of finished tries */
    uint64_t again;                     /* to be tried again */
    uint64_t given_up;                  /* undeliverable, dead */
};

struct record {
    const struct queue *queue;
    const char *name;       /* "code", "report", for notes */
    struct queue_list back; /* what has come back, and is not yet committed */
    struct record_counts counts;
    char last_failure[TRANSFER_TEXT]; /* the last answer that was not an acceptance */
};

/* What it points to must outlive it. */
void record_open(struct record *record, const struct queue *queue, const char *name);
void record_close(struct record *record);

/* Takes over an item that has come back, without its parcel. */
void record_add(struct record *record, struct queue_item *item);

/* Within a transaction: writes down what has come back. */
void record_write(struct record *record, int64_t now);

/* That transaction is committed: counts and forgets what has come back. How many calls had not been
 * made. */
uint64_t record_written(struct record *record);

/* When an item is tried again after that answer, 0: not at all. Asked of all that are written down
 * together before the first of them is. */
int64_t record_retry(const struct queue *queue, const struct queue_place *place,
                     const struct transfer_answer *answer, int64_t now);

/* Within a transaction: writes down the answer to a try, and when the item is tried again. */
enum queue_fate record_answer(const struct queue *queue, const struct queue_place *place,
                              const struct transfer_answer *answer, int64_t retry, int64_t now);

/* Within a transaction: the call was not made. The try goes, the item is due as before. */
void record_withdraw(const struct queue *queue, const struct queue_place *place);

struct record_leftovers {
    uint64_t ambiguous;
    uint64_t given_up; /* items of them: it was their last try */
    uint64_t unmade;   /* tries that never set out: taken back, and due */
};

/* Ends the tries whose process ended in between: what may have been made is ambiguous. In
 * transactions of its own. The caller holds the step's lock. */
struct record_leftovers record_leftovers(const struct queue *queue);

#endif
