/* reg_dashboard(file [, columns]): a vendor's dashboard export, a row a day and outcome. */
#include <stdlib.h>

#include "dashboard.h"
#include "file_table.h"

enum { DAY, OUTCOME, COUNT, COLUMNS };

static bool load(struct door *door, sqlite3_value *const arguments[FILE_TABLE_ARGUMENTS],
                 void **rows, char error[FILE_TABLE_ERROR])
{
    struct dashboard_names names;
    bool unreadable;
    (void)door;
    const char *json = arguments[1] == NULL ? NULL : (const char *)sqlite3_value_text(arguments[1]);
    if (json != NULL && !dashboard_names_parse(&names, json, error, FILE_TABLE_ERROR))
        return false;
    struct dashboard *dashboard = calloc(1, sizeof *dashboard);
    *rows = dashboard;
    if (dashboard == NULL) {
        sqlite3_snprintf(FILE_TABLE_ERROR, error, "out of memory");
        return false;
    }
    return dashboard_read(dashboard, (const char *)sqlite3_value_text(arguments[0]),
                          json == NULL ? NULL : &names, &unreadable, error);
}

static size_t count(const void *rows)
{
    return ((const struct dashboard *)rows)->count;
}

static void column(const void *rows, size_t number, int which, sqlite3_context *context)
{
    char day[16];
    const struct dashboard_row *row = &((const struct dashboard *)rows)->rows[number];
    if (which == DAY) {
        dashboard_day_text(row->day, day);
        sqlite3_result_text(context, day, -1, SQLITE_TRANSIENT);
    } else if (which == OUTCOME) {
        sqlite3_result_text(context, row->success ? "success" : "failure", -1, SQLITE_STATIC);
    } else {
        sqlite3_result_int64(context, row->count);
    }
}

static void unload(void *rows)
{
    dashboard_end(rows);
    free(rows);
}

const struct file_table file_table_dashboard = {
    .name = "reg_dashboard",
    .declaration = "CREATE TABLE x(day TEXT, outcome TEXT, count INTEGER, file TEXT HIDDEN, "
                   "columns TEXT HIDDEN)",
    .columns = COLUMNS,
    .arguments = 2,
    .load = load,
    .count = count,
    .column = column,
    .unload = unload,
};
