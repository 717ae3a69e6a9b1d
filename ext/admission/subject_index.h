/* SPDX-License-Identifier: MIT */
/*
 * subject_index.h: the index of subjects as an import writes it.
 *
 * Keys come in no order. In a large index nearly every one of them is on a page of its own, which
 * is read, changed, logged and copied back for 30 bytes: an import of 500,000 sign-ups into 20
 * million took five times as long as into an empty ledger. So the index of a large ledger has
 * segments (sql/upgrades/8.sql, 10.sql): an import appends its keys, in order, to the newest
 * segment. When there are too many, all of them are merged in one sweep, into segment 0, which is a
 * table of its own. Whoever asks the index asks the view `subject_index`, which shows all segments,
 * at every commit.
 */
#ifndef SUBJECT_INDEX_H
#define SUBJECT_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "admission/admit_keys.h"

struct ledger;

/* Adds rows, in the order of their keys, within the caller's transaction. `newest` is the id of one
 * of the newest attempts, which says how large the ledger is. */
void subject_index_add(struct ledger *ledger, const struct admit_key *rows, uint32_t count,
                       int64_t newest);

/* So many rows are enough to be added, where not all there is room for should be gathered: in a
 * large ledger, the memory is the filter's. */
bool subject_index_takes(uint32_t count, int64_t newest);

/* Adds one row, where a single entry belongs: to segment 0. */
void subject_index_add_one(struct ledger *ledger, const struct admit_key *row);

/* How many segments wait to be merged, and whether they are so many that an import should do it
 * (each makes every look-up a little longer). */
int64_t subject_index_segments(struct ledger *ledger);
bool subject_index_is_split(struct ledger *ledger);

/* The keys, in as many slices of about the same size. */
enum { SUBJECT_INDEX_SLICES = 64 };

/*
 * Merges a slice, from 0 on, of all segments into segment 0, within the caller's transaction: some
 * tenths of a second for the largest ledgers. The index is whole after each; the order does not
 * matter, and what was left off may be taken up at any time. The last slice lets go of the segments
 * that are empty then.
 */
void subject_index_merge(struct ledger *ledger, int slice);

#endif
