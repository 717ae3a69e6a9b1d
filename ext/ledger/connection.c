/* SPDX-License-Identifier: MIT */
#include "ledger/connection.h"

#include <string.h>

#include "host.h"
#include "ledger/ledger.h"

/* synchronous = NORMAL might lose the last commits when the machine crashes, which the journal
 * would then not know: FULL keeps law 4. temp_store = MEMORY keeps secrets out of temporary files.
 */
#define WRITER                                                                                     \
    "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON; "            \
    "PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -40960"

static const struct {
    int flags;
    const char *pragmas;
} uses[] = {
    [CONNECTION_WRITER] = {SQLITE_OPEN_READWRITE, WRITER},
    [CONNECTION_CREATOR] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, WRITER},
    [CONNECTION_READER] = {SQLITE_OPEN_READONLY,
                           "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; "
                           "PRAGMA trusted_schema = OFF; PRAGMA cache_size = -4096"},
    /* Its pages are read but once, and go by way of a buffer of their own. */
    [CONNECTION_CHECKPOINT] = {SQLITE_OPEN_READWRITE,
                               "PRAGMA synchronous = FULL; PRAGMA cache_size = 16"},
    /* Without a journal beside it, which a killed process would leave. */
    [CONNECTION_DRAFT] = {SQLITE_OPEN_READWRITE,
                          "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; "
                          "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF"},
    [CONNECTION_PRIVATE] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY"},
};

static void describe(sqlite3 *database, struct error *error)
{
    char text[LEDGER_ERROR_SIZE];
    int code = sqlite3_errcode(database) & 0xff, reason = sqlite3_system_errno(database);
    bool named = (code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && reason != 0;

    ledger_say_engine(database, text, sizeof text);
    error_set(error, code == SQLITE_NOMEM ? ERROR_NO_MEMORY : ERROR_IO, "%s%s%s", text,
              named ? ": " : "", named ? strerror(reason) : "");
}

sqlite3 *connection_open(const char *path, enum connection_use use, unsigned busy_timeout_ms,
                         struct error *error)
{
    const int flags = uses[use].flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    sqlite3 *database = NULL;

    if (sqlite3_open_v2(use == CONNECTION_PRIVATE ? ":memory:" : path, &database, flags, NULL) ==
            SQLITE_OK &&
        sqlite3_busy_timeout(database, (int)busy_timeout_ms) == SQLITE_OK &&
        sqlite3_exec(database, uses[use].pragmas, NULL, NULL, NULL) == SQLITE_OK)
        return database;
    if (database == NULL)
        error_no_memory(error, NULL);
    else
        describe(database, error);
    sqlite3_close(database);
    return NULL;
}
