/* SPDX-License-Identifier: MIT */
/*
 * origin_index.h: the index of where attempts came from (sql/upgrades/9.sql), built behind the
 * writes. The origins of what others have written since the last time are sorted and appended to a
 * run, some ten thousand attempts and a transaction at a time; once the runs are a good part of
 * all, they are merged into the one in whose order all are counted, a slice of values at a time.
 * The index is whole after each: whoever is stopped leaves the rest to the next, and answers are
 * the same.
 */
#ifndef ORIGIN_INDEX_H
#define ORIGIN_INDEX_H

#include <stdbool.h>

struct ledger;

/* Goes on until all is in order or stop_asked(). False: so stopped, or the ledger has failed. */
bool origin_index_build(struct ledger *ledger);

#endif
