/* SPDX-License-Identifier: MIT */
#include "indexes/index_merge.h"

#include "admission/subject_index.h"
#include "ledger/ledger.h"
#include "run/others_turn.h"
#include "run/stop.h"
#include "values/moment.h"

bool index_merge(struct ledger *ledger)
{
    int slice = 0;
    if (subject_index_segments(ledger) == 0)
        return !ledger_failed(ledger);
    for (; slice < SUBJECT_INDEX_SLICES && !stop_asked() && !ledger_failed(ledger); slice++) {
        ledger_begin(ledger);
        int64_t began = moment_monotonic();
        subject_index_merge(ledger, slice);
        ledger_end(ledger);
        others_turn(began, 0);
    }
    return slice == SUBJECT_INDEX_SLICES && !ledger_failed(ledger);
}
