/* SPDX-License-Identifier: MIT */
/* cell.h: reg_cell: a text that a spreadsheet shows and does not run. */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>

#include "functions/sql_call.h"

/* What is put before such a text: a spreadsheet takes the rest for text, and a person sees why. */
enum { CELL_MARK = '\'' };

/*
 * Whether a spreadsheet would take a text for a formula: it begins with = + - @, a tab, a line feed
 * or a carriage return, or a full-width form of the first four, which some programs take for the
 * same (OWASP, CSV injection).
 */
bool cell_is_formula(const char *text);

/* reg_cell(value) */
sql_call_body functions_cell;

#endif
