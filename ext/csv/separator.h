/* SPDX-License-Identifier: MIT */
/* separator.h: what separates the fields of a CSV file: named, announced by its first line, or
 * found from the header.
 */
#ifndef SEPARATOR_H
#define SEPARATOR_H

#include <stdbool.h>

struct records;
struct records_limits;

/* Where the header is next. Takes a line `sep=;` before it. Two readings of the header that both
 * make sense are refused. False: the records' error says why. */
bool separator_find(struct records *records, const struct records_limits *limits);

/* `comma`, `semicolon`, `tab`, or the character itself; false: it can separate no fields. */
bool separator_named(const char *name, unsigned char *separator);

/* "commas", "semicolons", "tabs", or as it is in quotes. */
const char *separator_plural(unsigned char separator, char text[8]);

#endif
