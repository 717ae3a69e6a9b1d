/* SPDX-License-Identifier: MIT */
/* unchanged_file.h: whether a file is the one that was looked at before. */
#ifndef UNCHANGED_FILE_H
#define UNCHANGED_FILE_H

#include <stdbool.h>
#include <sys/stat.h>

/* Nothing has been written to the file since `then`, as far as its size and time of writing tell:
 * a writer can put that time back. */
bool unchanged_content(int descriptor, const struct stat *then);

/* Nor has its time of writing been put back: nobody can set the time of its last change, which says
 * so. A file whose name is gone has
 * changed, too, and is still the same. */
bool unchanged_file(int descriptor, const struct stat *then);

#endif
