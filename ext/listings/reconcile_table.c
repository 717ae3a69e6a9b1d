/* SPDX-License-Identifier: MIT */
/* reg_reconcile(file [, as_of [, columns]]): a vendor's dashboard export against the ledger. */
#include <stdlib.h>

#include "tables/as_of.h"
#include "listings/file_table.h"
#include "values/moment.h"
#include "fraud/reconcile.h"

enum {
    DAY,
    OUTCOME,
    VENDOR,
    LEDGER,
    CERTAIN,
    POSSIBLE,
    DIFFERENCE,
    CAUSES,
    VERDICT,
    TIME_ZONE,
    COLUMNS
};

static bool load(struct session *session, sqlite3_value *const arguments[FILE_TABLE_ARGUMENTS],
                 void **rows, struct error *error)
{
    struct export_names names;
    struct export export = {0};
    int64_t now = ledger_ready(session->ledger) ? ledger_now(session->ledger) : 0, as_of = now;
    const char *json = arguments[2] == NULL ? NULL : (const char *)sqlite3_value_text(arguments[2]);
    if (ledger_failed(session->ledger) ||
        (arguments[1] != NULL && !as_of_read(arguments[1], now, &as_of, error)) ||
        (json != NULL && !export_names_parse(&names, json, error)))
        return false;
    struct reconcile *reconcile = calloc(1, sizeof *reconcile);
    *rows = reconcile;
    if (reconcile == NULL)
        return error_no_memory(error, NULL);
    bool done = export_read(&export, (const char *)sqlite3_value_text(arguments[0]),
                            json == NULL ? NULL : &names, error) &&
                reconcile_run(reconcile, session, &export, as_of);
    export_end(&export);
    return done;
}

static size_t count(const void *rows)
{
    return ((const struct reconcile *)rows)->count;
}

static void show_texts(const struct reconcile *reconcile, const struct reconcile_row *row,
                       int which, sqlite3_context *context)
{
    char text[16];
    if (which == DAY) {
        export_day_text(row->day, text);
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    } else if (which == OUTCOME) {
        sqlite3_result_text(context, row->success ? "success" : "failure", -1, SQLITE_STATIC);
    } else if (which == CAUSES) {
        char *json = reconcile_causes(row);
        if (json == NULL)
            sqlite3_result_error_nomem(context);
        else
            sqlite3_result_text(context, json, -1, sqlite3_free);
        sqlite3_result_subtype(context, 'J'); /* JSON within SQLite's JSON functions */
    } else if (which == VERDICT) {
        sqlite3_result_text(context, reconcile_verdict_name(row->verdict), -1, SQLITE_STATIC);
    } else if (reconcile->shifted) {
        reconcile_offset_text(reconcile, text);
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    }
}

static void column(const void *rows, size_t number, int which, sqlite3_context *context)
{
    const struct reconcile *reconcile = rows;
    const struct reconcile_row *row = &reconcile->rows[number];
    const int64_t counts[] = {[VENDOR] = row->vendor,
                              [LEDGER] = row->ledger,
                              [CERTAIN] = row->certain,
                              [POSSIBLE] = row->possible,
                              [DIFFERENCE] = row->vendor - row->ledger};
    if (which >= VENDOR && which <= DIFFERENCE)
        sqlite3_result_int64(context, counts[which]);
    else
        show_texts(reconcile, row, which, context);
}

static void unload(void *rows)
{
    reconcile_end(rows);
    free(rows);
}

const struct file_table file_table_reconcile = {
    .name = "reg_reconcile",
    .declaration =
        "CREATE TABLE x(day TEXT, outcome TEXT, vendor INTEGER, ledger INTEGER, certain INTEGER, "
        "possible INTEGER, difference INTEGER, causes TEXT, verdict TEXT, time_zone TEXT, "
        "file TEXT HIDDEN, as_of HIDDEN, columns TEXT HIDDEN)",
    .columns = COLUMNS,
    .arguments = 3,
    .names = {"file", "as_of", "columns"},
    .load = load,
    .count = count,
    .column = column,
    .unload = unload,
};
