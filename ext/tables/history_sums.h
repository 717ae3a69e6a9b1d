/* SPDX-License-Identifier: MIT */
/* history_sums.h: looks that ask no more than how many attempts are in which state, which the sums
 * that are kept of days answer (sql/upgrades/7.sql), or came from where, as the index of origins
 * has them (sql/upgrades/9.sql). */
#ifndef HISTORY_SUMS_H
#define HISTORY_SUMS_H

#include "tables/history_plan.h"

/* Whether a plan looks at nothing but a state, all attempts or those of one, or at an origin of
 * all, in the order of these or in none. */
bool history_sums_serve(const struct history *history, const struct history_size *size,
                        const char *plan, sqlite3_index_info *info);

/* The statement of such a plan, given that of the rows: a number of attempts and their state or
 * origin, in the order of these. As history_sql(). */
char *history_sums_sql(const struct history *history, const char *plan, const char *rows);

#endif
