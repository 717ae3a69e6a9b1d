/* SPDX-License-Identifier: MIT */
/*
 * shared_origins.h: reg_shared_origins(since, until [, least]): which IP addresses, devices and
 * mail domains people share.
 *
 * The attempts of the span are read once, and sorted in memory by what they came from: about a
 * hundred bytes for each, where a GROUP BY of SQL sorts their texts three times and counts DISTINCT
 * addresses in a B-tree.
 */
#ifndef SHARED_ORIGINS_H
#define SHARED_ORIGINS_H

#include "host.h"

/* A row for each that at least `least` (default 5, 1 to 10^9) different e-mail addresses came with
 * in attempts at `since` <= attempted_at < `until` (moments; NULL: no limit): kind ("address",
 * "device", "domain"), value, attempts, emails, success (how many of the attempts are successes
 * now), and the first and last time, as text and in ms. An attempt without an address, device or
 * e-mail has no part in that kind. */
extern const sqlite3_module shared_origins_module;

#endif
