/* SPDX-License-Identifier: MIT */
/* delay.h: answers that wait, without holding up any other.
 *
 * One thread looks after all suspended connections: it lets each go on when its time has come, when
 * the client has gone (libmicrohttpd does not look at suspended connections), or at the end.
 */
#ifndef DELAY_H
#define DELAY_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DELAY_FOR_EVER = -1 };

/* Part of a request; left alone by its owner while it waits. */
struct delay {
    struct delay *next;
    struct MHD_Connection *connection;
    int descriptor;
    int64_t due_ms; /* of the monotonic clock */
};

bool delay_start(char *error, size_t error_size);

/* Suspends the connection; its handler is called again afterwards. False: not suspended, because
 * the end has begun. */
bool delay_connection(struct delay *delay, struct MHD_Connection *connection, int64_t milliseconds);

/* Lets every connection go on, for good: to be called before the daemon is stopped. */
void delay_end(void);

#endif
