/* SPDX-License-Identifier: MIT */
/* reg_dashboard(file [, columns]): a vendor's dashboard export, a row a day and outcome. */
#include <stdlib.h>

#include "fraud/vendor_export.h"
#include "listings/file_table.h"

enum { DAY, OUTCOME, COUNT, COLUMNS };

static bool load(struct session *session, sqlite3_value *const arguments[FILE_TABLE_ARGUMENTS],
                 void **rows, struct error *error)
{
    struct export_names names;
    (void)session;
    const char *json = arguments[1] == NULL ? NULL : (const char *)sqlite3_value_text(arguments[1]);
    if (json != NULL && !export_names_parse(&names, json, error))
        return false;
    struct export *export = calloc(1, sizeof *export);
    *rows = export;
    if (export == NULL)
        return error_no_memory(error, NULL);
    return export_read(export, (const char *)sqlite3_value_text(arguments[0]),
                       json == NULL ? NULL : &names, error);
}

static size_t count(const void *rows)
{
    return ((const struct export *)rows)->count;
}

static void column(const void *rows, size_t number, int which, sqlite3_context *context)
{
    char day[16];
    const struct export_row *row = &((const struct export *)rows)->rows[number];
    if (which == DAY) {
        export_day_text(row->day, day);
        sqlite3_result_text(context, day, -1, SQLITE_TRANSIENT);
    } else if (which == OUTCOME) {
        sqlite3_result_text(context, row->success ? "success" : "failure", -1, SQLITE_STATIC);
    } else {
        sqlite3_result_int64(context, row->count);
    }
}

static void unload(void *rows)
{
    export_end(rows);
    free(rows);
}

const struct file_table file_table_dashboard = {
    .name = "reg_dashboard",
    .declaration = "CREATE TABLE x(day TEXT, outcome TEXT, count INTEGER, file TEXT HIDDEN, "
                   "columns TEXT HIDDEN)",
    .columns = COLUMNS,
    .arguments = 2,
    .names = {"file", "columns"},
    .load = load,
    .count = count,
    .column = column,
    .unload = unload,
};
