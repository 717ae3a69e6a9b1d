#include "tables/catalog.h"

#include <stdio.h>
#include <stdlib.h>

#include "admission/field_checks.h"
#include "admission/notes.h"
#include "ledger/reasons.h"
#include "values/signup.h"
#include "tables/table.h"

enum { MOST_COLUMNS = 5 };

static const struct catalog *listing_of(const sqlite3_vtab_cursor *cursor)
{
    return ((const struct table *)cursor->pVtab)->kind;
}

static int table_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                         sqlite3_vtab **made, char **error)
{
    const struct catalog_module *module = client;
    (void)count;
    (void)arguments;
    const struct table_design design = {module->listing->declaration, SQLITE_VTAB_INNOCUOUS,
                                        module->listing};
    return table_make(database, module->session, &design, made, error);
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
    return table_open(sizeof(struct table_cursor), made);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct table_cursor *cursor = (struct table_cursor *)base;
    const char *texts[MOST_COLUMNS];
    (void)plan;
    (void)text;
    (void)count;
    (void)arguments;
    cursor->row = cursor->count = 0;
    while (listing_of(base)->row(cursor->count, texts))
        cursor->count++;
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const char *texts[MOST_COLUMNS];
    if (!listing_of(base)->row(((struct table_cursor *)base)->row, texts) || texts[column] == NULL)
        return SQLITE_OK;
    if (column == listing_of(base)->number)
        sqlite3_result_int64(context, strtoll(texts[column], NULL, 10));
    else
        sqlite3_result_text(context, texts[column], -1, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

const sqlite3_module catalog_module = {
    .iVersion = 0,
    .xConnect = table_connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = table_close,
    .xFilter = cursor_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = cursor_column,
    .xRowid = table_rowid,
};

static bool reasons_row(size_t n, const char *texts[])
{
    static _Thread_local char name[64];
    texts[1] = reasons_nth(n, name);
    texts[0] = name;
    return texts[1] != NULL;
}

const struct catalog listing_reasons = {"CREATE TABLE x(reason TEXT, sentence TEXT)", 2, -1,
                                        reasons_row};

static bool rules_row(size_t n, const char *texts[])
{
    return notes_rule(n, &texts[0], &texts[1], &texts[2]);
}

const struct catalog listing_rules = {"CREATE TABLE x(rule TEXT, done TEXT, sentence TEXT)", 3, -1,
                                      rules_row};

static bool columns_row(size_t n, const char *texts[])
{
    static _Thread_local char names[128], longest[24];
    if (n >= SIGNUP_COLUMN_COUNT)
        return false;
    enum signup_column column = (enum signup_column)n;
    signup_column_aliases(column, names, sizeof names);
    texts[0] = signup_column_name(column);
    texts[1] = names;
    texts[2] = signup_column_help(column);
    texts[3] = signup_column_source(column);
    texts[4] = NULL;
    if (columns_longest(column) > 0) {
        snprintf(longest, sizeof longest, "%zu", columns_longest(column));
        texts[4] = longest;
    }
    return true;
}

const struct catalog listing_columns = {
    "CREATE TABLE x(name TEXT, other_names TEXT, help TEXT, source TEXT, longest INTEGER)", 5, 4,
    columns_row};
