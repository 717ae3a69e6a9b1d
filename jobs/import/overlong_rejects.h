/* SPDX-License-Identifier: MIT */
/* overlong_rejects.h: the bytes of rejects that are too long to be held in memory and come from
 * where they cannot be read again: kept in a file without a name until they are written to
 * FILE.rejects. */
#ifndef OVERLONG_REJECTS_H
#define OVERLONG_REJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "csv/records.h"

struct overlong_rejects {
    char path[4096]; /* of the folder; "." where that is given as a descriptor: */
    int folder;
    int descriptor;        /* -1: nothing kept yet */
    uint64_t length, last; /* all that is kept; where the newest reject begins */
    uint64_t seen;         /* the length when that was last asked for */
    uint64_t most;         /* what comes after so many bytes is let go of: no reject keeps it */
};

struct rejects;

/* Bytes are kept in the folder of `rejects`, and no more of them than those keep. */
void overlong_rejects_begin(struct overlong_rejects *spill, const struct rejects *rejects);
void overlong_rejects_end(struct overlong_rejects *spill);

/* For records_spill(), with the spill as its context. */
records_spill_function spill_keep;

/* Where the reject that was kept last begins. Asked once for each reject. */
uint64_t overlong_rejects_last(struct overlong_rejects *spill);

#endif
