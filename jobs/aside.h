/* aside.h: reads the ledger on a thread and a connection of its own, while the caller's thread goes
 * on with its work. It writes nothing. */
#ifndef ASIDE_H
#define ASIDE_H

#include "job.h"

struct aside;

/* NULL: not to be had; the caller reads on his own thread. */
struct aside *aside_open(const struct job *job);

/* Begins `read` on the other thread; until aside_wait() the caller leaves alone what it uses.
 * False: no thread, `read` does not run. */
bool aside_start(struct aside *aside, void (*read)(void *context, struct door *door),
                 void *context);

/* Waits until what was begun has ended; NULL or nothing begun: at once. What failed there is
 * forgotten: to whom it matters, it will fail on his own connection. */
void aside_wait(struct aside *aside);

void aside_close(struct aside *aside);

#endif
