/* SPDX-License-Identifier: MIT */
/* cause_rows.c: which rows of the ledger a cause of difference lists, as SQL. What gives a row
 * its cause stands in sql/outcome_causes.sql. */
#include "host.h"
#include "fraud/reconcile.h"

static const char *outcome_of(const struct reconcile_row *row)
{
    return row->success ? "success" : "failure";
}

/* `column` within the export's days, and outcomes that it speaks of. */
static void append_all(sqlite3_str *sql, const struct reconcile *reconcile, const char *column)
{
    char first[16], last[16];
    export_day_text(reconcile->rows[0].day, first);
    export_day_text(reconcile->rows[reconcile->count - 1].day, last);
    sqlite3_str_appendf(sql, "%s BETWEEN '%s' AND '%s'", column, first, last);
    if (reconcile->left_out[0] || reconcile->left_out[1])
        sqlite3_str_appendf(sql, " AND outcome = '%s'", outcome_of(&reconcile->rows[0]));
}

static void append_named(sqlite3_str *sql, const struct reconcile *reconcile,
                         enum outcome_cause cause, const char *column)
{
    const char *before = "";
    char day[16];
    sqlite3_str_appendf(sql, "(%s, outcome) IN (VALUES ", column);
    for (size_t i = 0; i < reconcile->count; i++) {
        const struct reconcile_row *row = &reconcile->rows[i];
        if (row->causes[cause] == 0)
            continue;
        export_day_text(row->day, day);
        sqlite3_str_appendf(sql, "%s('%s', '%s')", before, day, outcome_of(row));
        before = ", ";
    }
    sqlite3_str_appendall(sql, ")");
}

/* Which days and outcomes, and what of them. */
static char *rows_of_cause(const struct reconcile *reconcile, enum outcome_cause cause)
{
    const char *column = reconcile->shifted ? "vendor_day" : "day";
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (cause == CAUSE_day_edge) {
        sqlite3_str_appendall(sql, "(");
        append_all(sql, reconcile, "day");
        sqlite3_str_appendall(sql, " OR ");
        append_all(sql, reconcile, "vendor_day");
        sqlite3_str_appendall(sql, ") AND unit AND day <> vendor_day");
    } else if (reconcile->totals[cause].places > RECONCILE_NAMED_PLACES) {
        append_all(sql, reconcile, column);
    } else {
        append_named(sql, reconcile, cause, column);
    }
    if (cause == CAUSE_ambiguous)
        sqlite3_str_appendall(sql, " AND possible > 0");
    else if ((int)cause < CAUSE_FROM_ROWS)
        sqlite3_str_appendf(sql, " AND cause = '%s'", outcome_cause_name(cause));
    return sqlite3_str_finish(sql);
}

char *reconcile_rows_sql(const struct reconcile *reconcile, enum outcome_cause cause)
{
    char *where = rows_of_cause(reconcile, cause);
    struct outcome_counts_listing listing = {.first = reconcile->rows[0].day,
                                             .last = reconcile->rows[reconcile->count - 1].day,
                                             .as_of = reconcile->as_of,
                                             .where = where,
                                             .shifted = reconcile->shifted,
                                             .minutes = reconcile->minutes};
    char *sql = where == NULL ? NULL : outcome_counts_list(&listing);
    sqlite3_free(where);
    return sql;
}
