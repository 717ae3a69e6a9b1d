/* SPDX-License-Identifier: MIT */
/* history_sums.h: looks at a state alone, which the sums that are kept of days answer
 * (sql/upgrades/7.sql): how many attempts are in which state. */
#ifndef HISTORY_SUMS_H
#define HISTORY_SUMS_H

#include "tables/history.h"

/* Whether a plan looks at nothing but a state, all attempts or those of one, in the order of the
 * states or in none. */
bool history_sums_serve(const struct history *history, const char *plan, sqlite3_index_info *info);

/* The statement of such a plan, given that of the rows: a number of attempts and their state, in
 * the order of states. As history_sql(). */
char *history_sums_sql(const struct history *history, const char *plan, const char *rows);

#endif
