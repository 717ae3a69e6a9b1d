/* SPDX-License-Identifier: MIT */
#include "tables/history_sums.h"

#include <string.h>

/* The state or origin that a plan looks at; NULL: it looks at something else, too, or at nothing.
 */
static const struct history_column *only_column(const struct history *history, const char *plan)
{
    const struct history_column *only = NULL;
    for (int i = 0; i < history->count; i++) {
        const struct history_column *column = &history->columns[i];
        if (!history_plan_uses(plan, i) || column->kind == HISTORY_AS_OF)
            continue;
        if (only != NULL ||
            (column->search != SEARCH_CODE_STATE && column->search != SEARCH_REPORT_STATE &&
             column->search != SEARCH_ORIGIN))
            return NULL;
        only = column;
    }
    return only;
}

/* The argument that says which state, -1: all. A state is compared once only: see
 * history_sums_serve(). */
static int argument_of_state(const struct history *history, const char *plan)
{
    for (int i = 0; i < history_plan_arguments(plan); i++)
        if (history_plan_step(history, plan, i).letter != 'A')
            return i;
    return -1;
}

/* Whether what SQLite would have in an order is so already. It sorts few rows by itself sooner
 * than all states are counted, where it does not group them. */
static bool is_order_of(const struct history *history, const struct history_column *column,
                        sqlite3_index_info *info)
{
    return info->nOrderBy == 0 ||
           (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == column - history->columns &&
            !info->aOrderBy[0].desc && sqlite3_vtab_distinct(info) != 0);
}

static bool has_sums(const struct history_column *column, const struct history_size *size,
                     int arguments, sqlite3_index_info *info)
{
    /* Those that are not merged are sorted. The index knows no other moment than now, and leads to
     * the attempts of a single origin by itself; where SQLite does not group them, the first rows
     * may be all that it wants. */
    enum { FEW = 4, GROUPED = 1 };
    return column->search == SEARCH_ORIGIN
               ? arguments == 0 && size->unmerged < size->rows / FEW && info->nOrderBy == 1 &&
                     sqlite3_vtab_distinct(info) == GROUPED
               : size->summed;
}

bool history_sums_serve(const struct history *history, const struct history_size *size,
                        const char *plan, sqlite3_index_info *info)
{
    const struct history_column *only = only_column(history, plan);
    int conditions = 0, arguments = history_plan_arguments(plan);
    if (only == NULL || history_plan_has_limit(info) || /* rows serve the first few sooner */
        !has_sums(only, size, arguments, info) || !is_order_of(history, only, info))
        return false;
    for (int i = 0; i < arguments; i++) {
        char letter = history_plan_step(history, plan, i).letter;
        if (letter != 'A' && letter != '=')
            return false;
        conditions += letter == '=';
    }
    return conditions <= 1;
}

/* What is merged, in its order, and all others; an attempt without that origin is what they leave
 * of all. Mail domains are put together: of the others most have but one attempt. */
static char *sums_of_origins(int kind, bool few)
{
    return sqlite3_mprintf(
        "WITH first AS (SELECT :as_of), other (number) AS (SELECT (SELECT count(*) FROM attempt) - "
        "(SELECT count(*) FROM origin_index WHERE kind = %d)) SELECT number, NULL FROM other WHERE "
        "number > 0 AND ?1 IS NOT NULL UNION ALL SELECT %s, value FROM kept_origin WHERE run = 0 "
        "AND kind = %d%s UNION ALL SELECT 1, value FROM kept_origin WHERE run IN (SELECT run FROM "
        "origin_run WHERE run > 0) AND kind = %d UNION ALL SELECT 1, value FROM newer_origin WHERE "
        "kind = %d ORDER BY 2",
        kind, few ? "count(*)" : "1", kind, few ? " GROUP BY value" : "", kind, kind);
}

/*
 * The days whose sums hold at the moment; of the other days, the attempts one by one. Attempts
 * without a code or report have no state, and are what the sums of a day's states leave of it.
 */
char *history_sums_sql(const struct history *history, const char *plan, const char *rows)
{
    const struct history_column *state = only_column(history, plan);
    if (state->search == SEARCH_ORIGIN)
        return sums_of_origins(history_origin_kind(state),
                               strcmp(state->name, "email_domain") == 0);
    const char *what = state->search == SEARCH_CODE_STATE ? "code" : "report";
    int argument = argument_of_state(history, plan);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(
        sql,
        "WITH first AS (SELECT :as_of), summed AS MATERIALIZED (SELECT day, received FROM "
        "resting_day WHERE newest <= :as_of AND codes_over <= :as_of), other AS MATERIALIZED "
        "(SELECT day FROM attempt_day WHERE day NOT IN (SELECT day FROM summed)), counted (state, "
        "number) AS (SELECT history.%s, 1 FROM other CROSS JOIN (%s\n) AS history WHERE "
        "attempted_at_ms >= other.day * 86400000 AND attempted_at_ms < (other.day + 1) * 86400000 "
        "UNION ALL SELECT s.state, s.attempts FROM summed CROSS JOIN kept_state s ON s.day = "
        "summed.day AND s.what = '%s' UNION ALL SELECT NULL, received - coalesce((SELECT "
        "sum(s.attempts) FROM kept_state s WHERE s.day = summed.day AND s.what = '%s'), 0) FROM "
        "summed) SELECT sum(number), state FROM counted",
        state->name, rows, what, what);
    if (argument >= 0)
        sqlite3_str_appendf(sql, " WHERE state = ?%d", history_plan_parameter(argument));
    sqlite3_str_appendall(sql, " GROUP BY state HAVING sum(number) > 0 ORDER BY state");
    return sqlite3_str_finish(sql);
}
