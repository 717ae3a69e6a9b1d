/* SPDX-License-Identifier: MIT */
/*
 * qualified_names.h: rejects statements that name one of our tables with a schema other than main.
 *
 * SQLite does not look at that schema: `n.reg_attempts` is main's all the same, and no call of a
 * virtual table tells which schema was named. So the texts of the running statements are inspected,
 * and those of the views that they can use.
 */
#ifndef QUALIFIED_NAMES_H
#define QUALIFIED_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

/*
 * For a table that is opened: SQLITE_ERROR, with a message in *error that is to be released with
 * sqlite3_free(), where a statement under way names one of our tables in another schema than main.
 * `seen`, of the connection, spares a second look at the same texts; 0 at first.
 */
int qualified_check(sqlite3 *database, uint64_t *seen, char **error);

/* The same for a row that is written: only by what stands behind INTO. */
int qualified_check_target(sqlite3 *database, char **error);

#endif
