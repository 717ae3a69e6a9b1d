/* SPDX-License-Identifier: MIT */
/* mend.h: finds and removes what surrounds an outside value by accident: white space, a
 * spreadsheet's apostrophe, direction controls. */
#ifndef MEND_H
#define MEND_H

#include <stdbool.h>
#include <stddef.h>

#include "values/rule.h"

/* Whether mend() may have something to do: cheap, since it is asked of every value. `name` is of a
 * person or place. */
bool mend_is_needed(const char *text, size_t length, bool name);

/* Where the text, which ends at *to, begins and ends without the white space at its ends; false
 * where there is none. At most INT32_MAX / 2 bytes. */
bool mend_trim(const char *text, size_t *from, size_t *to);

/*
 * Writes the text without white space at its ends (Unicode's, and U+FEFF), without the apostrophe
 * that a spreadsheet puts before + = - @; a name also without direction controls, and with one
 * blank for line ends and tabs. Never longer than it was; `mended` has room for `length` + 1.
 * Returns the rule that applied last.
 */
enum rule mend(const char *text, size_t length, bool name, char *mended);

/* What programs write for nothing: `NULL`, `N/A` (either case), `\N`, `-`, and a
 * spreadsheet's errors. As a name, Null is
 * somebody's. */
bool mend_is_placeholder(const char *text, size_t length, bool name);

/* A long number as a spreadsheet shows it, digits lost: 1.23457E+17. */
bool mend_is_scientific(const char *text);

/* A character that cannot be seen (Unicode: default ignorable, control, unassigned). */
bool mend_has_invisible(const char *text);

#endif
