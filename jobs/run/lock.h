/* SPDX-License-Identifier: MIT */
/* lock.h: one run of a step at a time, by flock() on an open descriptor: a crash cannot leave it.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>
#include <stddef.h>

enum { LOCK_NOTE = 256 };

enum lock_result {
    LOCK_TAKEN,
    LOCK_HELD,  /* another run has it; the message says which, as far as it told */
    LOCK_FAILED /* the message says what failed on which file, and why */
};

struct lock {
    int descriptor;        /* -1: not held */
    char note[LOCK_NOTE];  /* what a holder that was killed had noted; "": nothing */
    struct ledger *ledger; /* on a cluster: where the lease is; it goes with the lock */
    char lease[32];        /* "": none */
};

/*
 * Takes the lock of `step` ("send") on `ledger`, without waiting: the file LEDGER.STEP.lock, which
 * stays behind, and empty unless its holder is killed. `lock` is filled whatever comes; `message`
 * is written unless LOCK_TAKEN.
 */
enum lock_result lock_take(struct lock *lock, const char *ledger, const char *step, char *message,
                           size_t message_size);

/* Puts `text` at that place of the holder's note, which survives the process, though not the
 * machine. False: errno. */
bool lock_note(struct lock *lock, const char *text, size_t at);

/* What the last holder had noted is of no more use. Until then a release leaves it there. */
void lock_forget(struct lock *lock);

/* Gives it back. Harmless where it is not held, or twice. */
void lock_release(struct lock *lock);

#endif
