/* SPDX-License-Identifier: MIT */
/* connection.h: how a database is opened: the one place of flags and pragmas. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "values/error.h"

struct sqlite3;

enum connection_use {
    CONNECTION_WRITER,     /* a ledger that is there */
    CONNECTION_CREATOR,    /* the same, made where it is not */
    CONNECTION_READER,     /* another thread that reads a ledger which a writer holds open */
    CONNECTION_CHECKPOINT, /* another thread that moves the log of such a ledger into it */
    CONNECTION_DRAFT,      /* a file that nobody else knows yet, and its owner syncs */
    CONNECTION_PRIVATE     /* an empty database in memory; no path */
};

/* Opens `path`, to be used by one thread at a time. sqlite3_close() frees it. NULL: error filled,
 * with SQLite's words and the system's. */
struct sqlite3 *connection_open(const char *path, enum connection_use use, unsigned busy_timeout_ms,
                                struct error *error);

#endif
