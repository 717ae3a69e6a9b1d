/* SPDX-License-Identifier: MIT */
#include "tables/table.h"

#include <string.h>

#include "tables/qualified_names.h"

enum { MOST_ARGUMENTS = 8 };

int table_declare(sqlite3 *database, const char *declaration, char **error)
{
    int code = sqlite3_declare_vtab(database, declaration);
    if (code != SQLITE_OK && code != SQLITE_NOMEM)
        *error = sqlite3_mprintf("reg: %s", sqlite3_errmsg(database));
    return code;
}

int table_make(sqlite3 *database, struct session *session, const struct table_design *design,
               sqlite3_vtab **made, char **error)
{
    int code = table_declare(database, design->declaration, error);
    struct table *table = code == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    memset(table, 0, sizeof *table);
    table->kind = design->kind;
    table->session = session_hold(session);
    sqlite3_vtab_config(database, design->risk);
    *made = &table->base;
    return SQLITE_OK;
}

/* SQLite calls this before it looks whether statements keep a connection from closing. */
int table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    session_rest(table->session);
    session_release(table->session);
    sqlite3_free(table);
    return SQLITE_OK;
}

int table_fail(sqlite3_vtab *table, const char *name, const struct error *error)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s: %s", name, error->text);
    return ledger_code_for(error);
}

int table_fail_by_ledger(sqlite3_vtab *table, const char *name, struct ledger *ledger)
{
    int code = ledger_code(ledger);
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s: %s", name, ledger_error(ledger));
    ledger_forgive(ledger);
    return code;
}

bool table_column_used(const sqlite3_index_info *info, int column)
{
    int bit = column < 63 ? column : 63; /* the last stands for all columns from the 64th on */
    return (info->colUsed >> bit & 1) != 0;
}

void table_is_given(struct table_given *given, const sqlite3_index_info *info)
{
    given->columns = info->colUsed;
}

/* The columns that are used tell one statement from the next; where two are alike, the message is
 * SQLite's own. */
int table_is_missing(struct table_given *given, const sqlite3_index_info *info)
{
    return given->columns == info->colUsed ? SQLITE_CONSTRAINT : SQLITE_ERROR;
}

int table_arguments(sqlite3_vtab *table, sqlite3_index_info *info, int first, int count,
                    const char *const names[])
{
    int found[MOST_ARGUMENTS], given = 0;
    for (int k = 0; k < count; k++)
        found[k] = -1;
    for (int i = 0; i < info->nConstraint; i++) {
        int argument = info->aConstraint[i].iColumn - first;
        if (argument < 0 || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT;
        found[argument] = i;
    }
    struct table_given *plan = &((struct table *)table)->given;
    for (int k = 0; k < count; k++)
        if (found[k] < 0 && table_column_used(info, first + k)) {
            if (table_is_missing(plan, info) == SQLITE_CONSTRAINT)
                return SQLITE_CONSTRAINT;
            sqlite3_free(table->zErrMsg);
            table->zErrMsg = sqlite3_mprintf(
                "%s: expected one value, as in %s = '...', for all of the condition: not within "
                "OR, CASE or another expression",
                names[k], names[k]);
            return SQLITE_ERROR;
        }
    table_is_given(plan, info);
    info->idxNum = 0;
    for (int k = 0; k < count; k++)
        if (found[k] >= 0) {
            info->idxNum |= 1 << k;
            info->aConstraintUsage[found[k]].argvIndex = ++given;
            info->aConstraintUsage[found[k]].omit = 1;
        }
    return SQLITE_OK;
}

int table_is_meant(sqlite3_vtab *table, struct session *session, bool written)
{
    char *error = NULL;
    sqlite3 *database = ledger_database(session->ledger);
    int code = written ? qualified_check_target(database, &error)
                       : qualified_check(database, &session->qualified, &error);
    if (error != NULL) {
        sqlite3_free(table->zErrMsg);
        table->zErrMsg = error;
    }
    return code;
}

int table_open(size_t size, sqlite3_vtab_cursor **made)
{
    *made = sqlite3_malloc64(size);
    if (*made == NULL)
        return SQLITE_NOMEM;
    memset(*made, 0, size);
    return SQLITE_OK;
}

int table_close(sqlite3_vtab_cursor *base)
{
    sqlite3_free(base);
    return SQLITE_OK;
}

int table_next(sqlite3_vtab_cursor *base)
{
    ((struct table_cursor *)base)->row++;
    return SQLITE_OK;
}

int table_eof(sqlite3_vtab_cursor *base)
{
    const struct table_cursor *cursor = (const struct table_cursor *)base;
    return cursor->row >= cursor->count;
}

int table_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = (sqlite3_int64)((const struct table_cursor *)base)->row + 1;
    return SQLITE_OK;
}
