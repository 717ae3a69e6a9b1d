#include "file_table.h"
#include "text.h"

#include <string.h>

struct table {
    sqlite3_vtab base;
    const struct file_table *kind;
    struct door *door;
};

struct cursor {
    sqlite3_vtab_cursor base;
    sqlite3_value
        *arguments[FILE_TABLE_ARGUMENTS]; /* as they were given: what their columns read */
    void *rows;
    size_t row, count;
};

static int table_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                         sqlite3_vtab **made, char **error)
{
    const struct file_table_module *module = client;
    (void)count;
    (void)arguments;
    (void)error;
    int code = sqlite3_declare_vtab(database, module->table->declaration);
    struct table *table = code == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    memset(table, 0, sizeof *table);
    table->kind = module->table;
    table->door = door_hold(module->door);
    sqlite3_vtab_config(database,
                        SQLITE_VTAB_DIRECTONLY); /* a schema may not choose what is read */
    *made = &table->base;
    return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    door_rest(table->door);
    door_release(table->door);
    sqlite3_free(table);
    return SQLITE_OK;
}

/*
 * The plan: bit k of idxNum is set where argument k is given, by `=`; xFilter gets those that are,
 * in the order of k. An argument that comes from a table further right is unusable here: that plan
 * is refused, since without its arguments the table has other rows. The order of rows is nobody's.
 */
static int best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    static const double ROWS = 1000, COST_OF_READING = 10000;
    const struct file_table *kind = ((struct table *)base)->kind;
    int found[FILE_TABLE_ARGUMENTS] = {-1, -1, -1};
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - kind->columns;
        if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        found[argument] = i;
    }
    info->idxNum = 0;
    int given = 0;
    for (int k = 0; k < kind->arguments; k++)
        if (found[k] >= 0) {
            info->idxNum |= 1 << k;
            info->aConstraintUsage[found[k]].argvIndex = ++given;
            info->aConstraintUsage[found[k]].omit = 1;
        }
    info->estimatedRows = (sqlite3_int64)ROWS;
    info->estimatedCost = COST_OF_READING;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *made = &cursor->base;
    return SQLITE_OK;
}

static void forget_rows(struct cursor *cursor)
{
    const struct file_table *kind = ((struct table *)cursor->base.pVtab)->kind;
    if (cursor->rows != NULL)
        kind->unload(cursor->rows);
    for (int i = 0; i < FILE_TABLE_ARGUMENTS; i++) {
        sqlite3_value_free(cursor->arguments[i]);
        cursor->arguments[i] = NULL;
    }
    cursor->rows = NULL;
    cursor->row = cursor->count = 0;
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    forget_rows((struct cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int fail(struct table *table, const char *error)
{
    struct ledger *ledger = table->door->ledger;
    int code = SQLITE_ERROR;
    bool failed = error[0] == '\0' && ledger_failed(ledger);
    if (failed)
        code = ledger_code(ledger);
    if (!failed && text_tells_no_memory(error))
        code = SQLITE_NOMEM;
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg =
        sqlite3_mprintf("%s: %s", table->kind->name, failed ? ledger_error(ledger) : error);
    ledger_forgive(ledger);
    return code;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    char error[FILE_TABLE_ERROR] = "";
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
        strlen(name) != (size_t)sqlite3_value_bytes(cursor->arguments[0]))
        return fail(table, "the name of a file is expected as its first argument");
    if (!table->kind->load(table->door, cursor->arguments, &cursor->rows, error))
        return fail(table, error);
    cursor->count = table->kind->count(cursor->rows);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->row++;
    return SQLITE_OK;
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (const struct cursor *)base;
    return cursor->row >= cursor->count;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct file_table *kind = ((struct table *)base->pVtab)->kind;
    if (column < kind->columns)
        kind->column(cursor->rows, cursor->row, column, context);
    else if (cursor->arguments[column - kind->columns] != NULL)
        sqlite3_result_value(context, cursor->arguments[column - kind->columns]);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->row + 1;
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
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};
