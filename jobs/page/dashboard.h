/* SPDX-License-Identifier: MIT */
/* dashboard.h: what became of the newest sign-ups, day by day: the numbers behind the page. */
#ifndef DASHBOARD_H
#define DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum { DASHBOARD_DAYS = 90, DASHBOARD_REASONS = 256, DASHBOARD_NAME = 64 };

struct dashboard_day {
    int64_t attempts, success, pending, failure;
};

struct dashboard_reason {
    char name[DASHBOARD_NAME];
    int64_t first;                        /* failures whose first reason it is */
    int64_t any;                          /* failures that have it among their reasons */
    int64_t first_by_day[DASHBOARD_DAYS]; /* adds up to `first` */
};

/* Days are counted from 1970, UTC. */
struct dashboard {
    int64_t first_day;
    size_t days;          /* from first_day on; 0: nobody has signed up yet */
    int64_t all_attempts; /* also before first_day */
    struct dashboard_day total;
    struct dashboard_day day[DASHBOARD_DAYS];
    struct dashboard_reason reason[DASHBOARD_REASONS]; /* the most frequent first */
    size_t reasons;
};

/* The numbers as they are at `now`; the caller frees them. NULL with the ledger's error set. */
struct dashboard *dashboard_read(struct ledger *ledger, int64_t now);

/* `2026-11-20`. */
void dashboard_date(int64_t day, char text[DASHBOARD_NAME]);

#endif
