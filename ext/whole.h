/* whole.h: writing all of something, where write(2) may write less, and its name too. */
#ifndef WHOLE_H
#define WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all bytes, going on after a signal or a short write. False with errno set. */
bool whole_write(int descriptor, const void *bytes, size_t length);

/* Puts the name of a new file on the disk, which is in its folder. False with errno set. */
bool whole_sync_name(const char *path);

#endif
