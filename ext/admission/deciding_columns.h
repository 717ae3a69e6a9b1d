/* SPDX-License-Identifier: MIT */
/* deciding_columns.h: which columns fail the attempt if their value is wrong: identity, outcome,
 * time, and what the settings ask for. */
#ifndef DECIDING_COLUMNS_H
#define DECIDING_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/signup.h"

struct settings;

/* Sets of columns, as bits. The first: a value that is wrong there fails the attempt; in any other
 * column it is left out. The second: without a value the attempt fails. */
uint64_t deciding_columns(const struct settings *settings);
uint64_t deciding_required(const struct settings *settings);

/* Whether a row of a file may end before this column of it, as if it were empty there. */
bool deciding_may_lack(const struct settings *settings, const struct header_column *column);

/* Notes at a sign-up that its row ends before the column of the file with that number, from 1; 0:
 * it is whole. A column without a meaning is not missed. */
void deciding_note_lack(struct signup *signup, const struct header *header, size_t column);

#endif
