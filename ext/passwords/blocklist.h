/* SPDX-License-Identifier: MIT */
/* blocklist.h: looks a password up in a sorted file of SHA-1 hashes, on disk. */
#ifndef BLOCKLIST_H
#define BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

/*
 * Whether the SHA-1 of `password` is a line of `path`: `HASH` or `HASH:count` (Have I Been Pwned's
 * text format ordered by hash; hex of either case, LF or CRLF), found by binary search without
 * reading the file as a whole. False where the file cannot be read, is not such a file, or is seen
 * not to be in order; `*found` is then unspecified.
 */
bool blocklist_contains(const char *path, const char *password, size_t length, bool *found,
                        struct error *error);

#endif
