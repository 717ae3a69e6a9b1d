/* SPDX-License-Identifier: MIT */
/* atomic_file.h: a file that a reader sees as it was or as it is, never half written. */
#ifndef ATOMIC_FILE_H
#define ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "values/error.h"

/*
 * Puts the bytes into `path` by way of PATH.PID.tmp beside it: written, synced, renamed. `mode`
 * holds whatever the umask. False: `error` says which file and why, the old file stands, and
 * nothing else is left.
 */
bool atomic_file_write(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *error);

#endif
