/* SPDX-License-Identifier: MIT */
/* others_turn.h: lets others write to the ledger between transactions that follow each other. */
#ifndef OTHERS_TURN_H
#define OTHERS_TURN_H

#include <stdint.h>

/* Pauses after a transaction that held the ledger since `began` (moment_monotonic()): without it
 * nobody else would ever find the ledger free. A thirtieth of the time that it was held is theirs,
 * of which they have `had` so many milliseconds already. */
void others_turn(int64_t began, int64_t had);

#endif
