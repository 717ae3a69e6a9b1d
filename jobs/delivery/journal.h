/* SPDX-License-Identifier: MIT */
/* journal.h: one queue's items while they are on their way: take gives them, record gets them back,
 * and both write in the same transactions, group by group. So at full speed there is one commit for
 * a group; where nothing is taken, the tick writes what came back.
 */
#ifndef JOURNAL_H
#define JOURNAL_H

#include "delivery/record_answers.h"
#include "delivery/take_due.h"

struct journal;

/* `name`: "code", "report", for notes. `limit`: takes from it what it takes from the queue; NULL:
 * no limit. Both, and queue and cargo's context, must outlive it. NULL: out of memory. */
struct journal *journal_open(const struct queue *queue, const struct take_cargo *cargo,
                             const char *name, uint64_t *limit);
void journal_close(struct journal *journal);

/* Where the engine's next item comes from. */
struct transfer_source journal_source(struct journal *journal);

/* An item that has ended in the engine. */
void journal_ended(struct journal *journal, struct transfer_item *transfer);

/* To be called every TRANSFER_TICK_MS: commits what came back. False: the ledger failed. */
bool journal_tick(struct journal *journal);

/* Takes back what was not given out and commits the rest. The error, if any, has been said; the
 * status that belongs to it. */
enum exit_code journal_settle(struct journal *journal);

/* What came of it. */
const struct record *journal_record(const struct journal *journal);

#endif
