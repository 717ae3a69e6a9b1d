/* SPDX-License-Identifier: MIT */
/* write_all.h: writing all of something, where write(2) may write less, and its name too. */
#ifndef WRITE_ALL_H
#define WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all bytes, going on after a signal or a short write. False with errno set. */
bool write_all(int descriptor, const void *bytes, size_t length);

/* Puts the name of a new file on the disk, which is in its folder. False with errno set. */
bool sync_name(const char *path);

#endif
