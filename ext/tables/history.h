/* SPDX-License-Identifier: MIT */
/*
 * history.h: a read-only virtual table over a named statement that gives the ledger as of a moment
 * (sql/attempts.sql). What differs between reg_attempts, reg_codes and reg_reports is data: a
 * struct history.
 */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>

#include "ledger/session.h"
#include "host.h"

enum history_kind {
    HISTORY_VALUE,   /* the statement's column of that name */
    HISTORY_TIME,    /* ISO 8601 text of the statement's column NAME_ms */
    HISTORY_AS_OF,   /* hidden: the moment */
    HISTORY_INPUT,   /* hidden: only comes in; reads NULL */
    HISTORY_PAYLOAD, /* what the fraud API is sent for attempt_id, masked */
    HISTORY_FIRST    /* the first of the JSON array in `reasons` */
};

/* How an equality (or range) on a column narrows the search; everything is checked again by SQLite.
 */
enum history_search {
    SEARCH_NONE,
    SEARCH_INTEGER, /* COLUMN <op> ? with the column's own value: =, <, <=, >, >=, IN, ORDER BY */
    SEARCH_TIME,    /* on the text of a time: bounds for COLUMN_ms */
    SEARCH_EMAIL,   /* attempt ids by the index of subjects */
    SEARCH_PHONE,
    SEARCH_USERNAME,
    SEARCH_OUTCOME,      /* by the outcome at admission, from which a later one can have come */
    SEARCH_TEXT,         /* COLUMN = ?: of the rows that it leaves out nothing else is computed */
    SEARCH_ORIGIN,       /* by the index of origins: see history_origin_kind() */
    SEARCH_CUSTOMER,     /* the attempt that made a customer, and those that were put to one */
    SEARCH_STATE,        /* as SEARCH_TEXT, of one out of few words */
    SEARCH_CODE_STATE,   /* by the ends of codes, where it is an end */
    SEARCH_ACKNOWLEDGED, /* IS NULL alone: no report was acknowledged */
    SEARCH_REPORT_STATE, /* by the dead reports, or the queue of now */
    SEARCH_OWN_REPORT_STATE /* the same for the table of reports itself */
};

struct history_column {
    const char *name;
    const char *type; /* declared type: TEXT, INTEGER, REAL or "" */
    enum history_kind kind;
    enum history_search search;
};

struct history {
    enum statement statement;
    enum statement rows;   /* how many there are at the most */
    enum statement number; /* how many there are */
    bool summed;           /* sums of days say how many are in which state */
    const struct history_column *columns;
    int count;
};

struct history_table;

/* Fill these into a module. The client data of the module is a struct history_module. */
struct history_module {
    const struct history *history;
    struct session *session;
};

int history_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                    sqlite3_vtab **table, char **error);
int history_disconnect(sqlite3_vtab *table);
int history_best_index(sqlite3_vtab *table, sqlite3_index_info *info);
int history_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor);
int history_close(sqlite3_vtab_cursor *cursor);
int history_filter(sqlite3_vtab_cursor *cursor, int plan, const char *text, int count,
                   sqlite3_value **arguments);
int history_next(sqlite3_vtab_cursor *cursor);
int history_eof(sqlite3_vtab_cursor *cursor);
int history_column(sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column);
int history_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid);

/* The session of a table, for a module that also writes. */
struct session *history_door(sqlite3_vtab *table);

extern const struct history history_attempts, history_codes, history_reports;

#endif
