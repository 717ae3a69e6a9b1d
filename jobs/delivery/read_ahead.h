/* SPDX-License-Identifier: MIT */
/* read_ahead.h: reads the ledger on a thread and a connection of its own, while the caller's thread
 * goes on with its work. It writes nothing. */
#ifndef READ_AHEAD_H
#define READ_AHEAD_H

#include "run/job.h"

struct read_ahead;

/* NULL: not to be had; the caller reads on his own thread. */
struct read_ahead *read_ahead_open(const struct job *job);

/* Begins `read` on the other thread; until read_ahead_wait() the caller leaves alone what it uses.
 * False: no thread, `read` does not run. */
bool read_ahead_start(struct read_ahead *read_ahead,
                      void (*read)(void *context, struct session *session), void *context);

/* Waits until what was begun has ended; NULL or nothing begun: at once. What failed there is
 * forgotten: to whom it matters, it will fail on his own connection. */
void read_ahead_wait(struct read_ahead *read_ahead);

void read_ahead_close(struct read_ahead *read_ahead);

#endif
