#include "listing.h"

#include <string.h>

#include "reasons.h"
#include "signup.h"

enum { MOST_COLUMNS = 4 };

struct table {
    sqlite3_vtab base;
    const struct listing *listing;
    struct door *door;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t row;
    bool at_end;
    const char *texts[MOST_COLUMNS];
};

static int table_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                         sqlite3_vtab **made, char **error)
{
    const struct listing_module *module = client;
    (void)count;
    (void)arguments;
    (void)error;
    int code = sqlite3_declare_vtab(database, module->listing->declaration);
    struct table *table = code == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    memset(table, 0, sizeof *table);
    table->listing = module->listing;
    table->door = door_hold(module->door);
    sqlite3_vtab_config(database, SQLITE_VTAB_INNOCUOUS);
    *made = &table->base;
    return SQLITE_OK;
}

/* SQLite calls this before it looks whether statements keep a connection from closing. */
static int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    door_rest(table->door);
    door_release(table->door);
    sqlite3_free(table);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedRows = 50;
    info->estimatedCost = 50;
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

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int read_row(struct cursor *cursor)
{
    cursor->at_end =
        !((struct table *)cursor->base.pVtab)->listing->row(cursor->row, cursor->texts);
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    (void)plan;
    (void)text;
    (void)count;
    (void)arguments;
    cursor->row = 0;
    return read_row(cursor);
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    cursor->row++;
    return read_row(cursor);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->at_end;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    /* Asked for anew: another cursor of the same listing may have been read in between. */
    struct cursor *cursor = (struct cursor *)base;
    read_row(cursor);
    sqlite3_result_text(context, cursor->texts[column], -1, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((struct cursor *)base)->row + 1;
    return SQLITE_OK;
}

const sqlite3_module listing_module = {
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

static bool reasons_row(size_t n, const char *texts[])
{
    static _Thread_local char name[64];
    texts[1] = reasons_nth(n, name);
    texts[0] = name;
    return texts[1] != NULL;
}

const struct listing listing_reasons = {"CREATE TABLE x(reason TEXT, sentence TEXT)", 2,
                                        reasons_row};

static bool columns_row(size_t n, const char *texts[])
{
    static _Thread_local char names[128];
    if (n >= SIGNUP_COLUMN_COUNT)
        return false;
    enum signup_column column = (enum signup_column)n;
    signup_column_aliases(column, names, sizeof names);
    texts[0] = signup_column_name(column);
    texts[1] = names;
    texts[2] = signup_column_help(column);
    texts[3] = signup_column_source(column);
    return true;
}

const struct listing listing_columns = {
    "CREATE TABLE x(name TEXT, other_names TEXT, help TEXT, source TEXT)", 4, columns_row};
