/* SPDX-License-Identifier: MIT */
/* bytes.h: text and bytes that grow. The stand-in is a test program: where memory ends, so does it.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>

/* All zero is empty. `data` is NULL or ends with a NUL that `size` does not count. */
struct bytes {
    char *data;
    size_t size;
    size_t room;
};

/* realloc() that ends the program instead of returning NULL. */
void *bytes_memory(void *old, size_t size);

void bytes_add(struct bytes *bytes, const void *data, size_t size);
void bytes_print(struct bytes *bytes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void bytes_end(struct bytes *bytes);

#endif
