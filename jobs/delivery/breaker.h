/* SPDX-License-Identifier: MIT */
/* breaker.h: circuit breaker: probes a destination that is down, one probe at a time with growing
 * pauses, until it answers or the limit is reached. Pure: the clock (monotonic microseconds) is
 * handed in.
 */
#ifndef BREAKER_H
#define BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { BREAKER_FAILURES = 5 }; /* in a row, that open it */

struct breaker {
    unsigned most_probes;
    int64_t patience;
    int64_t first_pause;
    unsigned failures; /* in a row */
    bool open;
    bool probing; /* the one probe is under way */
    unsigned probes;
    int64_t opened_at;
    int64_t probe_at; /* not before */
    int64_t probe_pause;
};

void breaker_init(struct breaker *breaker, unsigned most_probes, int64_t patience,
                  int64_t first_pause);

/* Microseconds until a call may start; 0: now; -1: not before the probe's result. */
int64_t breaker_wait(const struct breaker *breaker, int64_t now);

/* A call starts; true: it is the probe. */
bool breaker_start(struct breaker *breaker);

/* The probe was not sent after all. */
void breaker_withdraw(struct breaker *breaker);

/* A call's result. The first success closes. */
void breaker_result(struct breaker *breaker, bool failure, bool probe, int64_t now);

/* Open, no probe under way, and the patience is over. */
bool breaker_over(const struct breaker *breaker, int64_t now);

#endif
