/* SPDX-License-Identifier: MIT */
/* as_of.h: the moments that a table's arguments name. */
#ifndef AS_OF_H
#define AS_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "values/error.h"

/* ISO 8601 text or Unix milliseconds, whole ones also as a real number, as JavaScript binds them.
 * Errors begin with the argument's name. */
bool as_of_read_moment(sqlite3_value *value, const char *name, int64_t *moment,
                       struct error *error);

/* The argument as_of, which is not after `now`. */
bool as_of_read(sqlite3_value *value, int64_t now, int64_t *as_of, struct error *error);

#endif
