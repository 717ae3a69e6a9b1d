/* SPDX-License-Identifier: MIT */
/* phone.h: phone numbers, as libphonenumber reads them, asked from C. */
#ifndef PHONE_H
#define PHONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/rule.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * E.164 of a number: possible by its country's lengths, and with `valid` in a range that the
 * library knows. `country` (ISO 3166 alpha-2, may be NULL) is where a number without + is dialled.
 * One that begins with its country's code and lacks the + has two readings, and so has one that
 * begins with 00 where 00 is but the beginning of what is dialled to get abroad: the one that is
 * valid is taken, RULE_ambiguous where both are as good. Also ambiguous is one that lacks its
 * country's trunk prefix and would be another country's number in use if a + stood before it. Also
 * refused where `size` is too small.
 */
enum rule phone_e164(const char *text, const char *country, bool valid, char *e164, size_t size);

/* The lengths that a national number (behind this country code) can have: bit n for n digits. */
uint32_t phone_lengths(int country_code);

#ifdef __cplusplus
}
#endif

#endif
