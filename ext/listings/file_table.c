/* SPDX-License-Identifier: MIT */
#include "listings/file_table.h"

#include <string.h>

#include "tables/table.h"

struct cursor {
    struct table_cursor base;
    sqlite3_value
        *arguments[FILE_TABLE_ARGUMENTS]; /* as they were given: what their columns read */
    void *rows;
};

static const struct file_table *kind_of(const sqlite3_vtab *base)
{
    return ((const struct table *)base)->kind;
}

static int table_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                         sqlite3_vtab **made, char **error)
{
    const struct file_table_module *module = client;
    (void)count;
    (void)arguments;
    /* DIRECTONLY: a schema may not choose what is read. */
    const struct table_design design = {module->table->declaration, SQLITE_VTAB_DIRECTONLY,
                                        module->table};
    return table_make(database, module->session, &design, made, error);
}

static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    static const double ROWS = 1000, COST_OF_READING = 10000;
    info->estimatedRows = (sqlite3_int64)ROWS;
    info->estimatedCost = COST_OF_READING;
    return table_arguments(base, info, kind_of(base)->columns, kind_of(base)->arguments,
                           kind_of(base)->names);
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    int code = table_is_meant(table, ((struct table *)table)->session, false);
    ((struct table *)table)->given.columns = 0;
    return code == SQLITE_OK ? table_open(sizeof(struct cursor), made) : code;
}

static void forget_rows(struct cursor *cursor)
{
    if (cursor->rows != NULL)
        kind_of(cursor->base.base.pVtab)->unload(cursor->rows);
    for (int i = 0; i < FILE_TABLE_ARGUMENTS; i++) {
        sqlite3_value_free(cursor->arguments[i]);
        cursor->arguments[i] = NULL;
    }
    cursor->rows = NULL;
    cursor->base.row = cursor->base.count = 0;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    forget_rows((struct cursor *)base);
    return table_close(base);
}

/* With `error`, or else with the ledger's. */
static int fail(struct table *table, const struct error *error)
{
    struct ledger *ledger = table->session->ledger;
    const char *name = kind_of(&table->base)->name;
    if (error->code == ERROR_NONE)
        return table_fail_by_ledger(&table->base, name, ledger);
    ledger_forgive(ledger);
    return table_fail(&table->base, name, error);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct error error = {.code = ERROR_NONE};
    (void)text;
    forget_rows(cursor);
    for (int k = 0, taken = 0; k < FILE_TABLE_ARGUMENTS && taken < count; k++)
        if ((plan >> k & 1) != 0) {
            cursor->arguments[k] = sqlite3_value_dup(arguments[taken++]);
            if (cursor->arguments[k] == NULL ||
                (sqlite3_value_type(cursor->arguments[k]) != SQLITE_NULL &&
                 sqlite3_value_text(cursor->arguments[k]) == NULL))
                return SQLITE_NOMEM;
        }
    const sqlite3_value *file = cursor->arguments[0];
    const char *name = file == NULL ? NULL : (const char *)sqlite3_value_text(cursor->arguments[0]);
    if (name == NULL || sqlite3_value_type(cursor->arguments[0]) != SQLITE_TEXT ||
        strlen(name) != (size_t)sqlite3_value_bytes(cursor->arguments[0])) {
        error_set(&error, ERROR_INVALID, "expected the name of a file as its first argument");
    } else if (kind_of(base->pVtab)
                   ->load(table->session, cursor->arguments, &cursor->rows, &error)) {
        cursor->base.count = kind_of(base->pVtab)->count(cursor->rows);
        return SQLITE_OK;
    }
    return fail(table, &error);
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct file_table *kind = kind_of(base->pVtab);
    if (column < kind->columns)
        kind->column(cursor->rows, cursor->base.row, column, context);
    else if (cursor->arguments[column - kind->columns] != NULL)
        sqlite3_result_value(context, cursor->arguments[column - kind->columns]);
    return SQLITE_OK;
}

const sqlite3_module file_table_module = {
    .iVersion = 0,
    .xConnect = table_connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = cursor_column,
    .xRowid = table_rowid,
};
