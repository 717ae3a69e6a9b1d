/* SPDX-License-Identifier: MIT */
/* watched_memory.h: looks for a secret in memory that is given back. Linked with free() and
 * realloc() wrapped (Makefile). What a test itself has in the heap must not have it: it is used
 * again.
 */
#ifndef WATCHED_MEMORY_H
#define WATCHED_MEMORY_H

#include <malloc.h>
#include <stdbool.h>
#include <string.h>

static const char secret[] = "correct-horse-battery";
static bool watching;
static unsigned seen, left_behind;

static void look(void *memory)
{
    if (!watching || memory == NULL)
        return;
    seen++;
    if (memmem(memory, malloc_usable_size(memory), secret, sizeof secret - 1) != NULL)
        left_behind++;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    look(memory);
    __real_free(memory);
}

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    look(memory);
    return __real_realloc(memory, size);
}

#endif
