/* SPDX-License-Identifier: MIT */
/* history_sql.h: the statement that gives the rows of a plan. */
#ifndef HISTORY_SQL_H
#define HISTORY_SQL_H

#include "tables/history_plan.h"

/*
 * The statement of a plan: the id, then the columns that are used, whose numbers in its rows go to
 * `places` (those of the others mean nothing); of ORDER_SUMS, the number of rows is in the id's
 * place; where the payload is, attempt_id, outcome, reasons and told_at begin there; where
 * failure_reason is, its reasons stand. The caller releases it with sqlite3_free(). NULL when out
 * of memory.
 */
char *history_sql(const struct history *history, const char *plan, int order,
                  unsigned char places[HISTORY_PLAN_COLUMNS]);

/* A statement that counts the rows of an outcome, ?2, among the first in an order; as
 * history_sql(). */
char *history_sql_probe(const struct history *history, int order, int rows);

#endif
