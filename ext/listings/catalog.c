/* SPDX-License-Identifier: MIT */
#include "listings/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/field_checks.h"
#include "admission/notes.h"
#include "ledger/reasons.h"
#include "passwords/hash.h"
#include "values/signup.h"
#include "tables/table.h"

enum { MOST_COLUMNS = 6, BY_NAME = 1 };

/* All rows, read once for a cursor: where a catalog is joined, it is looked at for each row. */
struct cursor {
    struct table_cursor base;
    char **texts; /* MOST_COLUMNS for each row */
    size_t rows;
    size_t *by_name; /* the rows in the order of their first column */
    bool sorted;     /* rows are given by_name, from base.row to base.count */
};

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

/* idxNum: BY_NAME where the first column is given by `=`, as the only argument of xFilter. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    static const double ROWS = 100, COST_BY_NAME = 2;
    (void)table;
    info->estimatedRows = (sqlite3_int64)ROWS;
    info->estimatedCost = ROWS;
    for (int i = 0; i < info->nConstraint && info->idxNum == 0; i++)
        if (info->aConstraint[i].usable && info->aConstraint[i].iColumn == 0 &&
            info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ &&
            strcmp(sqlite3_vtab_collation(info, i), "BINARY") == 0) {
            info->aConstraintUsage[i].argvIndex = 1;
            info->idxNum = BY_NAME;
            info->estimatedRows = 1;
            info->estimatedCost = COST_BY_NAME;
        }
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    return table_open(sizeof(struct cursor), made);
}

static int cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    for (size_t i = 0; i < cursor->rows * MOST_COLUMNS; i++)
        sqlite3_free(cursor->texts[i]);
    sqlite3_free(cursor->texts);
    sqlite3_free(cursor->by_name);
    return table_close(base);
}

static const char *name_of(const struct cursor *cursor, size_t row)
{
    const char *name = cursor->texts[row * MOST_COLUMNS];
    return name == NULL ? "" : name;
}

/* In the order of the names; rows of one name, such as a function of several forms, stay in theirs.
 */
static void insert_by_name(struct cursor *cursor, size_t row)
{
    size_t at = row;
    for (; at > 0 && strcmp(name_of(cursor, cursor->by_name[at - 1]), name_of(cursor, row)) > 0;
         at--)
        cursor->by_name[at] = cursor->by_name[at - 1];
    cursor->by_name[at] = row;
}

static int load(struct cursor *cursor)
{
    const struct catalog *listing = listing_of(&cursor->base.base);
    const char *texts[MOST_COLUMNS];
    size_t rows = 0;
    while (listing->row(rows, texts))
        rows++;
    cursor->texts = sqlite3_malloc64(sizeof *cursor->texts * rows * MOST_COLUMNS + 1);
    cursor->by_name = sqlite3_malloc64(sizeof *cursor->by_name * rows + 1);
    if (cursor->texts == NULL || cursor->by_name == NULL)
        return SQLITE_NOMEM;
    memset(cursor->texts, 0, sizeof *cursor->texts * rows * MOST_COLUMNS);
    for (; cursor->rows < rows && listing->row(cursor->rows, texts); cursor->rows++) {
        char **row = cursor->texts + cursor->rows * MOST_COLUMNS;
        for (int i = 0; i < listing->columns; i++)
            if (texts[i] != NULL && (row[i] = sqlite3_mprintf("%s", texts[i])) == NULL) {
                cursor->rows++; /* what there is of it is freed with the others */
                return SQLITE_NOMEM;
            }
        insert_by_name(cursor, cursor->rows);
    }
    return SQLITE_OK;
}

/* How many of the names stand before this one, or, with `through`, before or at it. */
static size_t count_before(const struct cursor *cursor, const char *name, bool through)
{
    size_t low = 0, high = cursor->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name_of(cursor, cursor->by_name[middle]), name);
        if (order < 0 || (through && order == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    (void)text;
    (void)count;
    int code = cursor->texts == NULL ? load(cursor) : SQLITE_OK;
    if (code != SQLITE_OK)
        return code;
    /* Of other types SQLite knows what equals a name. */
    cursor->sorted = plan == BY_NAME && sqlite3_value_type(arguments[0]) == SQLITE_TEXT;
    cursor->base.row = 0;
    cursor->base.count = cursor->rows;
    if (!cursor->sorted)
        return SQLITE_OK;
    const char *name = (const char *)sqlite3_value_text(arguments[0]);
    if (name == NULL)
        return SQLITE_NOMEM;
    cursor->base.row = count_before(cursor, name, false);
    cursor->base.count = count_before(cursor, name, true);
    return SQLITE_OK;
}

static size_t row_of(const struct cursor *cursor)
{
    return cursor->sorted ? cursor->by_name[cursor->base.row] : cursor->base.row;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const char *text = cursor->texts[row_of(cursor) * MOST_COLUMNS + (size_t)column];
    if (text == NULL)
        return SQLITE_OK;
    if (column == listing_of(base)->number)
        sqlite3_result_int64(context, strtoll(text, NULL, 10));
    else
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
    return SQLITE_OK;
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)row_of((const struct cursor *)base) + 1;
    return SQLITE_OK;
}

const sqlite3_module catalog_module = {
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
    .xRowid = cursor_rowid,
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

static bool hash_formats_row(size_t n, const char *texts[])
{
    const struct hash_format *format = hash_format_nth(n);
    if (format == NULL)
        return false;
    texts[0] = format->name;
    texts[1] = format->prefixes[0] == '\0' ? NULL : format->prefixes;
    texts[2] = format->library;
    texts[3] = format->read == NULL ? "as what is in it" : hash_strength_name(format->strength);
    texts[4] = format->cost;
    texts[5] = format->source;
    return true;
}

const struct catalog listing_hash_formats = {
    "CREATE TABLE x(format TEXT, prefixes TEXT, library TEXT, strength TEXT, cost TEXT, source "
    "TEXT)",
    6, -1, hash_formats_row};

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
