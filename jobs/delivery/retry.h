/* SPDX-License-Identifier: MIT */
/* retry.h: whether an item whose try failed is tried again, and when: decided here alone. Pure. */
#ifndef RETRY_H
#define RETRY_H

#include "delivery/transfer.h"
#include "values/time_units.h"

/* An item's tries since it was queued. */
struct retry_history {
    int64_t tries; /* the one that has just ended among them, as everywhere here */
    int64_t spent; /* those that reached somebody */
    int64_t tried_for_ms;
};

/* What is tried for so long without ever reaching anybody is given up, time aside in which nobody
 * tried for as long; what reaches somebody is given up after the configured number of tries. */
static inline int64_t retry_unreached_ms(void)
{
    return 30 * (int64_t)DAY_MS;
}

/* When the item is tried again after this answer, in Unix milliseconds; 0: no more. What the other
 * side asked for with Retry-After goes before the pause. */
int64_t retry_at(const struct config_patience *patience, const struct retry_history *history,
                 const struct transfer_answer *answer, int64_t now);

/* The pause after the `tries`-th try (from 1): doubles from pause_seconds to longest_pause_seconds,
 * with jitter (half to one and a half times, never over the longest). */
int64_t retry_pause_ms(const struct config_patience *patience, int64_t tries);

/* Half to one and a half times `pause`, at random: what failed together is not retried together. */
int64_t retry_jitter(int64_t pause);

#endif
