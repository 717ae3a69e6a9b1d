/* SPDX-License-Identifier: MIT */
/*
 * file_table.h: virtual tables over a file: what they have in common. Their hidden columns are
 * arguments, the first of which is the file. All of a file is read and checked before the first row
 * is given, so that nobody counts half of it.
 */
#ifndef FILE_TABLE_H
#define FILE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/session.h"
#include "host.h"
#include "values/error.h"

enum { FILE_TABLE_ARGUMENTS = 3 };

struct file_table {
    const char *name;
    const char *declaration; /* the columns, then the arguments as HIDDEN ones */
    int columns;             /* without the arguments */
    int arguments;
    const char *names[FILE_TABLE_ARGUMENTS]; /* of the arguments */
    /* Reads all rows; a NULL argument was not given, the first is a text. False: `error`, or the
     * ledger's error, is set. *rows goes to unload() in either case, unless it is NULL. */
    bool (*load)(struct session *session, sqlite3_value *const arguments[FILE_TABLE_ARGUMENTS],
                 void **rows, struct error *error);
    size_t (*count)(const void *rows);
    void (*column)(const void *rows, size_t row, int column, sqlite3_context *context);
    void (*unload)(void *rows);
};

/* The client data of the module. */
struct file_table_module {
    const struct file_table *table;
    struct session *session;
};

extern const sqlite3_module file_table_module;

/* The tables. */
extern const struct file_table file_table_dashboard, file_table_reconcile, file_table_signups;

#endif
