/* reconcile_text.c: a reconciliation in words, JSON and SQL. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "fraud/reconcile.h"

const char *reconcile_verdict_name(enum reconcile_verdict verdict)
{
    static const char *const names[] = {"match", "explained", "unexplained"};
    return names[verdict];
}

void reconcile_offset_text(const struct reconcile *reconcile, char text[16])
{
    int minutes = abs(reconcile->minutes);
    if (reconcile->shifted)
        snprintf(text, 16, "%c%02d:%02d", reconcile->minutes < 0 ? '-' : '+', minutes / 60 % 100,
                 minutes % 60);
    else
        text[0] = '\0';
}

char *reconcile_causes(const struct reconcile_row *row)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    const char *before = "{";
    for (int i = 0; i < TOLD_CAUSE_COUNT; i++)
        if (row->causes[i] != 0) {
            sqlite3_str_appendf(json, "%s\"%s\":%lld", before,
                                outcome_cause_name((enum outcome_cause)i),
                                (long long)row->causes[i]);
            before = ",";
        }
    sqlite3_str_appendall(json, before[0] == '{' ? "{}" : "}");
    return sqlite3_str_finish(json);
}

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
static char *condition(const struct reconcile *reconcile, enum outcome_cause cause)
{
    const char *column = reconcile->shifted ? "vendor_day" : "day";
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (cause == TOLD_day_edge) {
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
    if (cause == TOLD_ambiguous)
        sqlite3_str_appendall(sql, " AND possible > 0");
    else if ((int)cause < TOLD_FROM_ROWS)
        sqlite3_str_appendf(sql, " AND cause = '%s'", outcome_cause_name(cause));
    return sqlite3_str_finish(sql);
}

char *reconcile_list(const struct reconcile *reconcile, enum outcome_cause cause)
{
    char *where = condition(reconcile, cause);
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
