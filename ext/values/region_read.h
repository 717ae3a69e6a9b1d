/* SPDX-License-Identifier: MIT */
/* region_read.h: countries, currencies, locales and IP addresses as other programs write them,
 * brought to the forms of region.h. */
#ifndef REGION_READ_H
#define REGION_READ_H

#include "values/region.h"
#include "values/rule.h"

enum { REGION_ADDRESS_SIZE = 46 };

/* ISO 3166-1, its exceptional reservations and former codes (ISO 3166-3) where they mean one
 * country of today, what the European Union writes (EL, UK), `US-CA` (ISO 3166-2), `en_AE`. */
enum rule region_read_country(const char *text, char alpha2[3]);

/* BCP 47, POSIX (`en_US.UTF-8`, `de_DE@euro`), or a browser's list (RFC 9110, 12.5.4). */
enum rule region_read_locale(const char *text, char locale[REGION_LOCALE_SIZE]);

/* IPv4 or IPv6, perhaps with a port, in brackets, with a zone (RFC 4007), or the first of a list
 * (X-Forwarded-For, RFC 7239). */
enum rule region_read_address(const char *text, char address[REGION_ADDRESS_SIZE]);

#endif
