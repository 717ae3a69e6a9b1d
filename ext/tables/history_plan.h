/* history_plan.h: which constraints a look at the ledger's history can use, and the statement that
 * then gives its rows. */
#ifndef HISTORY_PLAN_H
#define HISTORY_PLAN_H

#include "tables/history.h"
#include "tables/table.h"

enum { HISTORY_PLAN_SIZE = 512, HISTORY_PLAN_COLUMNS = 96 };

/* One argument of xFilter: the column, and the letter of its operator. */
struct history_step {
    const struct history_column *column;
    char letter; /* = l m g h i A N O: see history_plan.c */
};

/* xBestIndex for a table that has `rows` rows at the most. SQLITE_ERROR: as_of is not given by `=`.
 */
int history_plan_choose(const struct history *history, double rows, struct table_given *given,
                        sqlite3_index_info *info);

struct history_step history_plan_step(const struct history *history, const char *plan,
                                      int argument);

/* Whether a plan has one row at the most: id is given. */
bool history_plan_is_single(const struct history *history, const char *plan);

/* The first of the two parameters that the statement has for an argument; :as_of is ?1. */
int history_plan_parameter(int argument);

/*
 * The statement of a plan: the id, then the columns that are used, whose numbers in its rows go to
 * `places` (those of the others mean nothing); where the payload is, attempt_id, outcome,
 * reasons and told_at begin there. The caller releases it with sqlite3_free(). NULL when out of
 * memory.
 */
char *history_plan_sql(const struct history *history, const char *plan, int order,
                       unsigned char places[HISTORY_PLAN_COLUMNS]);

#endif
