/* SPDX-License-Identifier: MIT */
/* inbox_name.h: what the names of files in an inbox say. */
#ifndef INBOX_NAME_H
#define INBOX_NAME_H

#include <stdbool.h>

/* *.csv, *.csv.gz or *.csv.zst, and not hidden. */
bool inbox_name_is_sign_ups(const char *name);

/* One of the latter two. */
bool inbox_name_is_compressed(const char *name);

/* Such as the job gives in `done`: 2026-01-31.FILE, 2026-01-31.1.FILE, FILE.7.rejects,
 * FILE.7.rejects.1, and FILE.rejects of an earlier version. */
bool inbox_name_is_done(const char *name);

#endif
