/* journal.h: owns the items of one queue while they are on their way (the owner of a transfer
 * destination): takes them in groups, hands them out one by one, collects the answers and writes
 * them down in groups.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "delivery/queue.h"
#include "delivery/transfer.h"

/* What is carried, apart from how it is journalled. A parcel is what one item needs to be sent. */
struct journal_cargo {
    void *context;
    /* A parcel from a row of the queue's list, which is read through that session, it may be on
     * another thread, so that `context` is only looked at. NULL after an error in the ledger's
     * handle, or without memory. */
    void *(*load)(void *context, struct session *session, struct ledger_statement *row);
    /* The channel's request, made when the item sets out at `now`; lives as long as the parcel. */
    const void *(*request)(void *context, void *parcel, int64_t now);
    /* Wipes and frees. */
    void (*unload)(void *parcel);
};

struct journal_counts {
    uint64_t results[TRANSFER_RESULTS]; /* of finished tries; none is TRANSFER_FATAL */
    uint64_t again;                     /* to be tried again */
    uint64_t given_up;                  /* undeliverable, dead */
};

struct journal;

/* `name`: "code", "report", for notes. `limit`: takes from it what it takes from the queue; NULL:
 * no limit. Both, and queue and cargo's context, must outlive it. NULL: out of memory. */
struct journal *journal_open(struct queue *queue, const struct journal_cargo *cargo,
                             const char *name, uint64_t *limit);

struct transfer_owner journal_owner(struct journal *journal);

/* To be called in the transfer's tick: commits what came back. False: the ledger failed. */
bool journal_tick(struct journal *journal);

/* Takes back what was not handed out and commits the rest. The error, if any, has been said; the
 * status that belongs to it. */
enum status_code journal_settle(struct journal *journal);

const struct journal_counts *journal_counts(const struct journal *journal);

/* The last answer that was not an acceptance; "": none. */
const char *journal_last_failure(const struct journal *journal);

void journal_close(struct journal *journal);

#endif
