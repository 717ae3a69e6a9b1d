/* SPDX-License-Identifier: MIT */
/* delivery_times.h: how long codes took, by channel, step and day: medians and the like of many
 * times, at eight bytes each. */
#ifndef DELIVERY_TIMES_H
#define DELIVERY_TIMES_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum { DELIVERY_STEPS = 2, DELIVERY_CHANNELS = 2 };

struct delivery_time {
    uint32_t day; /* of the request, since 1970 */
    uint32_t ms;
};

/* By day and length, until delivery_summary_forget_days(). */
struct delivery_times {
    struct delivery_time *each;
    size_t count, capacity;
};

/* Step 1, asked for to handed over, by email and sms; then step 2, handed over to confirmed. */
struct delivery_summary {
    struct delivery_times times[DELIVERY_STEPS][DELIVERY_CHANNELS];
};

extern const char *const delivery_channels[DELIVERY_CHANNELS];

/* The ledger's error is set where that fails. delivery_summary_end() in either case. */
void delivery_summary_read(struct delivery_summary *summary, struct ledger *ledger);
void delivery_summary_end(struct delivery_summary *summary);

/* By length alone from now on. */
void delivery_summary_forget_days(struct delivery_summary *summary);

/* How many of the times from `first` on are of the same day. */
size_t delivery_times_of_day(const struct delivery_times *times, size_t first);

/* Seconds that `percent` of `count` times from `first` on took at the most (nearest rank). */
double delivery_times_percentile(const struct delivery_times *times, size_t first, size_t count,
                                 size_t percent);

#endif
