/* SPDX-License-Identifier: MIT */
/* take_due.h: takes items from a queue, in groups: leases them, journals a try for each, and gives
 * them one by one once that is committed.
 *
 * At full speed the next group is read, and its parcels made, while this one is on its way. What
 * was read ahead is nobody's until it is taken.
 */
#ifndef TAKE_DUE_H
#define TAKE_DUE_H

#include "delivery/queue.h"

enum {
    /* A lease outlasts the time limits of a call by this: waiting for another writer, and clocks
     * that differ. */
    TAKE_LEASE_SLACK_SECONDS = 300,
};

/* What is carried. A parcel is what one item needs to be sent. */
struct take_cargo {
    void *context;
    /* A parcel from a row of the queue's list, which is read through that session, it may be on
     * another thread, so that `context` is only looked at. NULL after an error in the ledger's
     * handle, or without memory. */
    void *(*load)(void *context, struct session *session, struct ledger_statement *row);
    /* What a parcel still needs that must be read: `foresee` says it of all parcels, then
     * `complete` reads it, likewise. False: as NULL above. Both may be NULL. */
    void (*foresee)(void *context, struct session *session, void *parcel);
    bool (*complete)(void *context, struct session *session, void *parcel);
    /* The channel's request, made when the item sets out at `now`; lives as long as the parcel. */
    const void *(*request)(void *context, void *parcel, int64_t now);
    /* Wipes and frees. */
    void (*unload)(void *parcel);
};

struct take;

/* `limit`: takes from it what it takes from the queue; NULL: no limit. It, `queue` and the cargo's
 * context must outlive it. NULL: out of memory. */
struct take *take_open(const struct queue *queue, const struct take_cargo *cargo, uint64_t *limit);
void take_close(struct take *take);

/* Finds up to `room` due items, before the ledger is locked: making parcels takes time. What
 * changes until they are taken, the taking notices. False: none is due, or the ledger failed. */
bool take_find(struct take *take, unsigned room);

/* Within a transaction: leases what was found, and journals its tries. */
void take_group(struct take *take, int64_t now);

/* That transaction is committed: what was taken waits to be given out. */
void take_keep(struct take *take);

/* It is not, or there was none: forgets what was found. */
void take_forget(struct take *take);

/* Is an item waiting to be given out? */
bool take_is_waiting(const struct take *take);

/* The next of them, with its request: it sets out now, which has been noted. NULL: that could not
 * be noted, and it must not set out; errno. Only where one is waiting. */
struct queue_item *take_next(struct take *take);

/* One that has waited for too long, or any that waits (`all`), to be taken back; NULL: none. */
struct queue_item *take_stale(struct take *take, bool all);

/* Wipes and frees an item's parcel. */
void take_unload(struct take *take, struct queue_item *item);

/* Within a transaction: leases what is wanted of a list, and journals a try for each, which begins
 * now. What is not wanted leaves the queue. Until when the leases are. */
int64_t take_places(const struct queue *queue, const struct queue_list *list, int64_t now);

/* When that is committed: sets `taken`, the try and the lease of each. What is not taken another
 * run has, or it is gone. */
void take_read(const struct queue *queue, struct queue_list *list, int64_t lease_until);

#endif
