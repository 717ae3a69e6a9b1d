/* SPDX-License-Identifier: MIT */
/*
 * table.h: what the extension's small tables have in common: a session with the ledger, arguments
 * in hidden columns, and rows that are numbered. A table begins its cursors with a struct
 * table_cursor.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/session.h"
#include "host.h"

/* The columns of the statement that was last planned with its arguments, until the table is opened:
 * see table_is_missing(). */
struct table_given {
    sqlite3_uint64 columns;
};

struct table {
    sqlite3_vtab base;
    struct table_given given;
    struct session *session;
    const void *kind; /* what differs between tables of one module; the module's own */
};

struct table_cursor {
    sqlite3_vtab_cursor base;
    size_t row, count; /* xFilter sets the count, and the row to 0 */
};

/* What a table is made from. */
struct table_design {
    const char *declaration;
    int risk;         /* SQLITE_VTAB_INNOCUOUS or SQLITE_VTAB_DIRECTONLY */
    const void *kind; /* the module's own */
};

/* For xConnect. */
int table_make(sqlite3 *database, struct session *session, const struct table_design *design,
               sqlite3_vtab **made, char **error);
/* Declares the columns; an authorizer of the host's may forbid it, which `error` then says. */
int table_declare(sqlite3 *database, const char *declaration, char **error);
int table_disconnect(sqlite3_vtab *base);

/* "NAME: what went wrong" for the statement; returns SQLite's code for it. */
int table_fail(sqlite3_vtab *table, const char *name, const struct error *error);
/* The same with the ledger's error, which is forgiven. */
int table_fail_by_ledger(sqlite3_vtab *table, const char *name, struct ledger *ledger);

/*
 * The plan for a table whose arguments are `count` hidden columns from `first` on, of these names:
 * bit k of idxNum is set where argument k is given, by `=`; xFilter gets those that are, in the
 * order of k. An argument that comes from a table further right is unusable here: that plan is
 * refused (SQLITE_CONSTRAINT), since without its arguments the table has other rows. One that is
 * looked at without being given is an error: a condition on it within OR or CASE would find
 * nothing.
 */
int table_arguments(sqlite3_vtab *table, sqlite3_index_info *info, int first, int count,
                    const char *const names[]);

/*
 * For xBestIndex where an argument that the statement looks at is given, and where it is not.
 * SQLite asks for a plan with all conditions, and then, for a condition A OR B, with either alone:
 * there the argument is missing although the statement has it, and only that plan is refused
 * (SQLITE_CONSTRAINT). Otherwise SQLITE_ERROR.
 */
void table_is_given(struct table_given *given, const sqlite3_index_info *info);
int table_is_missing(struct table_given *given, const sqlite3_index_info *info);

/* Whether a statement looks at a column. */
bool table_column_used(const sqlite3_index_info *info, int column);

/* For xOpen and xUpdate of a table that shows or changes the ledger: an error where the statement
 * names it as another schema's. `written`: for a row that is written. */
int table_is_meant(sqlite3_vtab *table, struct session *session, bool written);

/* For xOpen: a cursor of `size` bytes, zeroed. SQLite's free() ends it. */
int table_open(size_t size, sqlite3_vtab_cursor **made);
int table_close(sqlite3_vtab_cursor *base);

int table_next(sqlite3_vtab_cursor *base);
int table_eof(sqlite3_vtab_cursor *base);
int table_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid);

#endif
