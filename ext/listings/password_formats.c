/* SPDX-License-Identifier: MIT */
#include "listings/password_formats.h"

#include <sodium.h>
#include <string.h>

#include "ledger/session.h"
#include "passwords/hash.h"
#include "listings/catalog.h"
#include "tables/table.h"

enum { MOST_FORMATS = 64, ROWS_BETWEEN_LOOKS = 1000 };
enum column { FORMAT, STRENGTH, HASHES, WEAKER };

static const char name[] = "reg_password_formats";
static const char declaration[] =
    "CREATE TABLE x(format TEXT, strength TEXT, hashes INTEGER, weaker INTEGER)";

struct tally {
    const struct hash_format *format; /* NULL: nothing that can be read */
    sqlite3_int64 hashes, weaker;
};

struct cursor {
    struct table_cursor base;
    struct tally tallies[MOST_FORMATS];
};

static int formats_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                           sqlite3_vtab **made, char **error)
{
    (void)count;
    (void)arguments;
    const struct table_design design = {declaration, SQLITE_VTAB_INNOCUOUS, NULL};
    return table_make(database, ((struct catalog_module *)client)->session, &design, made, error);
}

/* One plan: all hashes are looked at, whatever is asked. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    static const double COST = 1e6;
    (void)table;
    info->estimatedRows = 10;
    info->estimatedCost = COST;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    int code = table_is_meant(table, ((struct table *)table)->session, false);
    return code == SQLITE_OK ? table_open(sizeof(struct cursor), made) : code;
}

/* The tallies of the formats stand in the order of the table of formats; what cannot be read comes
 * last. */
static void count_hash(struct cursor *cursor, const char *stored, const struct settings *settings,
                       size_t formats)
{
    struct hash hash;
    const struct password_limit *limit = &settings->password_limit;
    size_t at = formats;
    bool known = hash_read(stored, limit->firebase, &hash) == RULE_as_given;
    if (known)
        for (at = 0; hash_format_nth(at) != hash.format;)
            at++;
    cursor->tallies[at].hashes++;
    cursor->tallies[at].weaker += !known || hash_is_weaker(&hash, settings->password_cost, limit);
    sodium_memzero(&hash, sizeof hash);
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct ledger *ledger = table->session->ledger;
    size_t formats = 0, kept = 0;
    (void)plan;
    (void)text;
    (void)count;
    (void)arguments;
    memset(cursor->tallies, 0, sizeof cursor->tallies);
    cursor->base.row = cursor->base.count = 0;
    const struct settings *settings = session_settings(table->session);
    for (; formats < MOST_FORMATS - 1 && hash_format_nth(formats) != NULL; formats++)
        cursor->tallies[formats].format = hash_format_nth(formats);
    if (settings != NULL) {
        struct ledger_statement *row = ledger_use(ledger, STATEMENT_stored_hashes);
        for (size_t rows = 1; ledger_row(row); rows++) {
            count_hash(cursor, ledger_word(row, 0), settings, formats);
            if (rows % ROWS_BETWEEN_LOOKS == 0 && !ledger_goes_on(ledger))
                ledger_done(row);
        }
    }
    if (ledger_failed(ledger))
        return table_fail_by_ledger(&table->base, name, ledger);
    for (size_t i = 0; i <= formats; i++)
        if (cursor->tallies[i].hashes > 0)
            cursor->tallies[kept++] = cursor->tallies[i];
    cursor->base.count = kept;
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    const struct tally *tally = &cursor->tallies[cursor->base.row];
    if (column == FORMAT)
        sqlite3_result_text(context, tally->format == NULL ? "unknown" : tally->format->name, -1,
                            SQLITE_STATIC);
    else if (column == STRENGTH && tally->format != NULL)
        sqlite3_result_text(context, hash_strength_name(tally->format->strength), -1,
                            SQLITE_STATIC);
    else if (column == HASHES)
        sqlite3_result_int64(context, tally->hashes);
    else if (column == WEAKER)
        sqlite3_result_int64(context, tally->weaker);
    return SQLITE_OK;
}

const sqlite3_module password_formats_module = {
    .iVersion = 0,
    .xConnect = formats_connect,
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
