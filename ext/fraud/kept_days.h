/* SPDX-License-Identifier: MIT */
/*
 * kept_days.h: sums of days on which nothing waits, kept in the ledger so that questions about
 * months need not read each attempt again (sql/upgrades/6.sql says why they can be trusted). They
 * are used by the views, the queries and the reconciliation where they hold; where there are none,
 * the same comes from the facts, only slower.
 */
#ifndef KEPT_DAYS_H
#define KEPT_DAYS_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

struct kept_days_done {
    uint64_t summed; /* days */
    bool all;        /* none was left to the next time */
};

/*
 * Lets go of the sums of days that something was recorded of since they were taken, then sums days
 * that are over, a day at a time: read without keeping anybody from writing, and written in a short
 * transaction; and counts the calls of days that are over. Two at a time do no harm. Ends early,
 * true, when `stops` says so. False: the ledger's error is set; what was summed before stays.
 */
bool kept_days_refresh(struct ledger *ledger, bool (*stops)(void), struct kept_days_done *done);

#endif
