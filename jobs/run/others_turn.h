/* SPDX-License-Identifier: MIT */
/* others_turn.h: lets others write to the ledger between transactions that follow each other. */
#ifndef OTHERS_TURN_H
#define OTHERS_TURN_H

#include <stdint.h>

/* From now on others_turn() sees whether another process has that file open as a ledger in WAL
 * mode; in other modes who waits has no lock. The descriptor stays open to the end of the process,
 * since closing it would end the locks that SQLite has on the file. */
void others_turn_watch(const char *ledger);

/* Pauses after a transaction that held the ledger since `began` (moment_monotonic()), if another
 * process has it open or that cannot be known: without it nobody else would ever find the ledger
 * free. A thirtieth of the time that it was held is theirs, of which they have `had` so many
 * milliseconds already. */
void others_turn(int64_t began, int64_t had);

#endif
