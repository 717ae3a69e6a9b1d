/* SPDX-License-Identifier: MIT */
/* ledger_time.h: the time that the ledger goes by. */
#ifndef LEDGER_TIME_H
#define LEDGER_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

enum {
    LEDGER_TIME_AGREES_MS = 300000, /* clocks of several hosts may differ by so much */
    LEDGER_TIME_GAIN = 8,           /* one part in so many is left to the clock to catch up */
    LEDGER_TIME_HOPELESS_DAYS = 31  /* further behind it could not in any useful time */
};

/*
 * The clock, except that time never goes back: where the clock is behind the newest entry of the
 * ledger, because it was wrong then or is wrong now, time goes on from that entry, so that codes
 * expire and pauses end. It is an eighth slower than the clock, until the clock has caught up; as
 * fast, where it is further behind than a month; and nearly stands, where they differ by minutes.
 * What was read as of the newest entry's moment stays as it was: the next is later. `newest` was
 * recorded when the clock showed `read_at`.
 */
int64_t ledger_time(int64_t clock, int64_t newest, int64_t read_at);

/*
 * The ledger's time, Unix milliseconds. Between ledger_begin() and ledger_end() it
 * is that of the write: read once, when the lock is held, and the same to its end. Elsewhere it is
 * the time for a look: no fact that the connection sees is newer.
 */
int64_t ledger_now(struct ledger *ledger);

/* The same for a write that records a fact of an attempt, a code or a report: nothing is recorded
 * as of an earlier moment afterwards. To be asked for before the fact is written. */
int64_t ledger_stamp(struct ledger *ledger);

/* Within a write: what the clock showed when the ledger's time was read; earlier where it was set
 * back. For when something happened, beside when it was recorded. */
int64_t ledger_clock(struct ledger *ledger);

/* Within a write: true where the clock has been set back far, for the first who asks; from now on
 * the ledger's time goes on, though nothing may be recorded for a while. */
bool ledger_notice_clock(struct ledger *ledger);

/* What a handle knows of it. */
struct ledger_clock {
    bool writing; /* between ledger_begin() and ledger_end() */
    bool stamped;
    bool known; /* newest and read_at, as of that version of the file */
    unsigned version;
    int64_t newest, read_at;
    int64_t now;   /* of the write under way; 0: not asked yet */
    int64_t clock; /* what the clock showed then */
};

struct ledger_clock *ledger_clock_of(struct ledger *ledger);
void ledger_clock_begin(struct ledger_clock *clock);
void ledger_clock_end(struct ledger_clock *clock);

#endif
