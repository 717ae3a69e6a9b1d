/* SPDX-License-Identifier: MIT */
#include "run/others_turn.h"

#include <fcntl.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "values/moment.h"
#include "values/time_units.h"

/* SQLite looks every 100 ms whether a lock is free that it waits for (sqlite3_busy_timeout()). */
enum { MOST_MS = 110, SHARE = 30 };

/* Where a connection has a lock from its first statement until it is closed, if the ledger is in
 * WAL mode: see "The Lock-Byte Page" in SQLite's "Database File Format", and os_unix.c. */
enum { SHARED_FIRST = 0x40000002, SHARED_SIZE = 510 };

static int watched = -1;

void others_turn_watch(const char *ledger)
{
    watched = open(ledger, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* This process's own locks are not in its way. */
static bool others_are_there(void)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SHARED_FIRST, .l_len = SHARED_SIZE};
    return watched < 0 || fcntl(watched, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

void others_turn(int64_t began, int64_t had)
{
    int64_t pause = (moment_monotonic() - began) / SHARE;
    pause = (pause > MOST_MS ? MOST_MS : pause) - had;
    if (pause > 0 && others_are_there())
        nanosleep(&(struct timespec){.tv_nsec = (long)pause * MILLISECOND_NS}, NULL);
}
