/* SPDX-License-Identifier: MIT */
/*
 * host.h: how the extension reaches SQLite: through the host's table of functions when loaded,
 * directly when it is linked into the job (SQLITE_CORE). Every source of ext/ that calls SQLite
 * includes this and nothing else of SQLite's.
 */
#ifndef HOST_H
#define HOST_H

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3

#endif
