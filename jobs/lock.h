/* lock.h: one run of a step at a time, by flock() on an open descriptor: a crash cannot leave it.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stddef.h>

enum lock_result {
    LOCK_TAKEN,
    LOCK_HELD,  /* another run has it; the message says which, as far as it told */
    LOCK_FAILED /* the message says what failed on which file, and why */
};

struct lock {
    int descriptor; /* -1: not held */
};

/*
 * Takes the lock of `step` ("send") on `ledger`, without waiting: the file LEDGER.STEP.lock, which
 * stays behind empty. `lock` is filled whatever comes; `message` is written unless LOCK_TAKEN.
 */
enum lock_result lock_take(struct lock *lock, const char *ledger, const char *step, char *message,
                           size_t message_size);

/* Gives it back. Harmless where it is not held, or twice. */
void lock_release(struct lock *lock);

#endif
