/* SPDX-License-Identifier: MIT */
/* printed_count.h: reads non-negative counts as reports print them (1,234). */
#ifndef PRINTED_COUNT_H
#define PRINTED_COUNT_H

#include <stdint.h>

#include "values/rule.h"

enum { COUNT_MOST_DIGITS = 15 };

/*
 * Digits, their thousands apart by commas or by non-breaking spaces (U+00A0, U+2009,
 * U+202F) in groups of three, or not at all; `.0` and `.00` behind them say nothing. Whether 1.234
 * is a thousand or not, nobody knows: RULE_ambiguous. RULE_placeholder, RULE_scientific and
 * RULE_number: what else it may be.
 */
enum rule count_read(const char *text, int64_t *count);

#endif
