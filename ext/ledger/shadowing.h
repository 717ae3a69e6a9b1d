/* SPDX-License-Identifier: MIT */
/*
 * shadowing.h: inspects a connection's schemas: is there a ledger, and does anything hide one of
 * our tables?
 *
 * SQLite looks a table up in temp, in main, then in whatever is attached, and only then among the
 * extension's own. So a table that somebody makes under such a name takes what is meant for ours,
 * passwords included, and a temporary one takes what is meant for the ledger's tables.
 */
#ifndef SHADOWING_H
#define SHADOWING_H

#include <stdbool.h>
#include <stdint.h>

#include "host.h"

enum { SHADOWING_TEXT = 512 };

struct shadowing_facts {
    bool empty;                  /* main holds nothing */
    bool ledger;                 /* main holds the table that every ledger has */
    bool snapshot;               /* and the one that marks a copy as a snapshot */
    bool share;                  /* or a share */
    char hidden[SHADOWING_TEXT]; /* what hides a table of the extension's, and the statement that
                                 removes it; "": nothing */
    char shadow[SHADOWING_TEXT]; /* likewise a temporary table that stands before one of a ledger's
                                  */
    char taken[SHADOWING_TEXT];  /* a table of main's that has the name of one of a ledger's */
};

/* Reads them; one of SQLite's codes, with its message in the connection. */
int shadowing_read(sqlite3 *database, struct shadowing_facts *facts);

/* Prepared anew by SQLite when main's schema has changed, or that of temp; reads nothing. */
#define SCHEMA_GUARD "SELECT 1 FROM main.sqlite_schema LIMIT 0"

/* The list of attached databases as a number, 0 where there are none. Where it cannot be told, it
 * is another number each time. */
uint64_t shadowing_attached(sqlite3 *database);

/* Whether a table hides one of the extension's, for the attached databases, whose changes no
 * statement of ours notices. */
bool shadowing_hides(sqlite3 *database);

/* Whether that is the name of a table of the extension's. */
bool shadowing_is_ours(const char *name);

#endif
