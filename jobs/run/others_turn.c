/* SPDX-License-Identifier: MIT */
#include "run/others_turn.h"

#include <time.h>

#include "values/moment.h"
#include "values/time_units.h"

/* SQLite looks every 100 ms whether a lock is free that it waits for (sqlite3_busy_timeout()). */
enum { MOST_MS = 110, SHARE = 30 };

void others_turn(int64_t began, int64_t had)
{
    int64_t pause = (moment_monotonic() - began) / SHARE;
    pause = (pause > MOST_MS ? MOST_MS : pause) - had;
    if (pause > 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)pause * MILLISECOND_NS}, NULL);
}
