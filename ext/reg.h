/* SPDX-License-Identifier: MIT */
/* reg.h: the extension's entry points. */
#ifndef REG_H
#define REG_H

#include "host.h"

#define ENTRY_POINT __attribute__((visibility("default")))

/* `.load build/reg`: everything. */
ENTRY_POINT int sqlite3_reg_init(sqlite3 *database, char **error, const sqlite3_api_routines *api);

/* `.load build/reg sqlite3_regread_init`: for servers where strangers ask. What reads the ledger,
 * and nothing that writes, reads a file, tells a secret setting or takes as long as whoever asks
 * likes. */
ENTRY_POINT int sqlite3_regread_init(sqlite3 *database, char **error,
                                     const sqlite3_api_routines *api);

#ifndef SQLITE_CORE
/* The name that SQLite looks for first: a library that was renamed loads, too. */
ENTRY_POINT int sqlite3_extension_init(sqlite3 *database, char **error,
                                       const sqlite3_api_routines *api);
#endif

#endif
