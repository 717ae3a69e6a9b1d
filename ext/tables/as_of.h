/* SPDX-License-Identifier: MIT */
/* as_of.h: the moment that a table's argument names. */
#ifndef AS_OF_H
#define AS_OF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "values/error.h"

/* ISO 8601 text or Unix milliseconds, whole ones also as a real number, as JavaScript binds them;
 * not after `now`. */
bool as_of_read(sqlite3_value *value, int64_t now, int64_t *as_of, struct error *error);

#endif
