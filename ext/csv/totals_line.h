/* SPDX-License-Identifier: MIT */
/* totals_line.h: detects a report's line of totals. */
#ifndef TOTALS_LINE_H
#define TOTALS_LINE_H

#include <stdbool.h>

/* Whether a line that begins so is one: `Total: 12`, `Summe`, or `(12 rows)` of psql; in the
 * languages of the vendors and their customers. */
bool totals_begin(const char *text);

#endif
