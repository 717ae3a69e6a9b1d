/* whole.h: writing all of something, where write(2) may write less. */
#ifndef WHOLE_H
#define WHOLE_H

#include <stdbool.h>
#include <stddef.h>

/* Writes all bytes, going on after a signal or a short write. False with errno set. */
bool whole_write(int descriptor, const void *bytes, size_t length);

#endif
