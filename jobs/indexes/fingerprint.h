/* SPDX-License-Identifier: MIT */
/*
 * fingerprint.h: whether an index has the rows of its table and no others, by two sums instead of a
 * look for each: a keyed hash of every row, added up, is the same in any order (Bellare and
 * Micciancio 1997, with SipHash under a key of the process). Rows that differ have the same sum
 * once in 2^64 times.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <sqlite3.h>
#include <stdbool.h>

/* Offers the aggregate function reg_fingerprint(VALUE, VALUE, VALUE) on a connection: of rows of
 * three integers or texts an integer, of no rows 0. False: it cannot be had. */
bool fingerprint_offer(sqlite3 *database);

#endif
