/* SPDX-License-Identifier: MIT */
/* pace.h: how fast a destination may be called: a token bucket that halves when the other side
 * pushes back and recovers step by step. Pure: the clock (monotonic microseconds) is handed in.
 */
#ifndef PACE_H
#define PACE_H

#include <stdbool.h>
#include <stdint.h>

struct pace {
    double rate;        /* configured starts a second, 0: without pace */
    double limit;       /* in force now, 0: none */
    double ceiling;     /* what `limit` recovers to */
    double tokens;      /* starts that are due */
    double finished;    /* calls a second of late, for room and as the ceiling without pace */
    int64_t at;         /* tokens and limit are as of then */
    int64_t cut_at;     /* last halved */
    int64_t held_until; /* the other side asked us to wait */
    int64_t span_at;    /* counting of finished calls began */
    unsigned span_count;
};

void pace_init(struct pace *pace, double rate, int64_t now);

/* Takes a start, if one is due. */
bool pace_take(struct pace *pace, int64_t now);

/* Gives a start back that was not used. */
void pace_give_back(struct pace *pace);

/* Microseconds until a start is due, 0: now. */
int64_t pace_wait(struct pace *pace, int64_t now);

/* A call ended (for room). */
void pace_finished(struct pace *pace, int64_t now);

/* The other side pushed back on a call started at `started`: halves the rate, once for all calls
 * that were under way at the time. `wait`: microseconds it asked for, 0 or less: none. */
void pace_slow_down(struct pace *pace, int64_t started, int64_t wait, int64_t now);

/* How many calls could start within `span` microseconds, with so many slots free; at least 1. */
unsigned pace_room(struct pace *pace, unsigned slots, int64_t span, int64_t now);

#endif
