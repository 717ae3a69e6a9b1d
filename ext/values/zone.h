/* zone.h: the time zone of the process, by which days are counted. libc takes a zone that it does
 * not know for UTC without a word. */
#ifndef ZONE_H
#define ZONE_H

#include "values/error.h"

/*
 * Whether libc knows the zone that TZ asks for: none (then /etc/localtime is the zone, or UTC where
 * there is none), a file below TZDIR (/usr/share/zoneinfo), a file by its whole path, or a rule as
 * POSIX has it (`EST5EDT,M3.2.0,M11.1.0`). False: ERROR_INVALID, and what is wrong.
 */
bool zone_is_known(struct error *error);

#endif
