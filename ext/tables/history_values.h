/* SPDX-License-Identifier: MIT */
/* history_values.h: the values of a plan's arguments: what they allow, and how the plan's statement
 * gets them. */
#ifndef HISTORY_VALUES_H
#define HISTORY_VALUES_H

#include "tables/history_plan.h"

/* Gives each = of a plan the letter that its value allows (enum history_letter). */
void history_values_settle(const struct history *history, char *plan, int count,
                           sqlite3_value **arguments);

/* Binds the values to a statement of history_sql(). A code of SQLite's. */
int history_values_bind(struct session *session, const struct history *history,
                        sqlite3_stmt *statement, const char *plan, int count,
                        sqlite3_value **arguments);

#endif
