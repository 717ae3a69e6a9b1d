/* SPDX-License-Identifier: MIT */
/*
 * wiped_memory.h: memory that a file's bytes pass through, passwords among them. What it held is
 * wiped when it grows, moves or goes, which realloc() and free() would leave behind in the heap.
 */
#ifndef WIPED_MEMORY_H
#define WIPED_MEMORY_H

#include <stddef.h>

/* As realloc(): NULL, with the old memory as it was, when there is not enough. */
void *wiped_resize(void *memory, size_t size);
/* As free(), but only for what wiped_resize() gave. */
void wiped_free(void *memory);

#endif
