/* SPDX-License-Identifier: MIT */
/*
 * index_merge.h: merges what imports have appended to the index of subjects
 * (ext/admission/subject_index.h), a slice of its keys and a transaction at a time. The index is
 * whole after each: whoever is stopped leaves the rest to the next.
 */
#ifndef INDEX_MERGE_H
#define INDEX_MERGE_H

#include <stdbool.h>

struct ledger;

/* Goes on until all is merged or stop_asked(). False: so stopped, or the ledger has failed. */
bool index_merge(struct ledger *ledger);

#endif
