/* SPDX-License-Identifier: MIT */
/* handed_tries.h: which tries a step has handed to the network so far, recorded in its lock file.
 *
 * Tries are journalled in groups, so that a killed run leaves some that were never made along with
 * those that were. Each group is sent in the order of its ids, so the newest id sent tells them
 * apart. It is recorded before the call is made, where the process's death cannot take it
 * back; the machine's can, so that it counts in the same boot alone.
 */
#ifndef HANDED_TRIES_H
#define HANDED_TRIES_H

#include <stdbool.h>
#include <stdint.h>

#include "run/job.h"

enum { HANDED_LANES = 2, HANDED_BOOT = 37 };

struct handed {
    struct lock *lock;
    char boot[HANDED_BOOT];      /* names this boot of the machine; "": not known */
    char before[JOB_OWNER_SIZE]; /* the killed run that left the next ones; "": none */
    int64_t newest[HANDED_LANES];
    long at[HANDED_LANES]; /* where in the note the numbers stand */
};

/* Reads what a killed run has left behind the lock that is taken now. */
void handed_read(struct handed *handed, struct lock *lock);

/* Whether the try was never handed to the wire; false where that is not known. */
bool handed_never(const struct handed *handed, unsigned lane, const char *owner, int64_t try_id);

/* What was left is dealt with. */
void handed_forget(struct handed *handed);

/* From now on `owner` hands out, and has handed out nothing. False: it cannot be noted; errno. */
bool handed_begin(struct handed *handed, const char *owner);

/* The try sets out. */
bool handed_note(struct handed *handed, unsigned lane, int64_t try_id);

#endif
