/* SPDX-License-Identifier: MIT */
/* zone.h: time zones: that of the process, by which days are counted, and any other by its name.
 * libc takes a zone that it does not know for UTC without a word. */
#ifndef ZONE_H
#define ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/error.h"

/*
 * Whether libc knows the zone that TZ asks for: none (then /etc/localtime is the zone, or UTC where
 * there is none), a file below TZDIR (/usr/share/zoneinfo), a file by its whole path, or a rule as
 * POSIX has it (`EST5EDT,M3.2.0,M11.1.0`). False: ERROR_INVALID, and what is wrong.
 */
bool zone_is_known(struct error *error);

/* By how many milliseconds local time is ahead of UTC at a moment (Unix milliseconds) in a zone of
 * the IANA's, by its name of `length` bytes. False where ICU knows none of that name, or has no
 * memory. */
bool zone_offset(const char *name, size_t length, int64_t moment, int64_t *offset);

#endif
