/* count.h: whole numbers from 0 on, as reports print them. */
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

#include "values/rule.h"

enum { COUNT_MOST_DIGITS = 15 };

/*
 * Digits, their thousands apart by commas or by the blanks that do not break (U+00A0, U+2009,
 * U+202F) in groups of three, or not at all; `.0` and `.00` behind them say nothing. Whether 1.234
 * is a thousand or not, nobody knows: RULE_ambiguous. RULE_placeholder, RULE_scientific and
 * RULE_number: what else it may be.
 */
enum rule count_read(const char *text, int64_t *count);

#endif
