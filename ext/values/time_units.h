/* SPDX-License-Identifier: MIT */
/* time_units.h: lengths of time, in milliseconds unless the name says seconds. */
#ifndef TIME_UNITS_H
#define TIME_UNITS_H

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
    DAY_SECONDS = DAY_MS / SECOND_MS,
    MILLISECOND_NS = 1000000
};

#endif
