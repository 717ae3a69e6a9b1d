/* SPDX-License-Identifier: MIT */
/* failing_memory.h: our own allocations, for programs that are linked with --wrap for each of these
 * names (see the Makefile) and say with is_refused(), before they include this, which one fails.
 * What a library allocates for itself is not among them. */
#ifndef FAILING_MEMORY_H
#define FAILING_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *before, size_t size);
void *__real_reallocarray(void *before, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__real_sodium_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *before, size_t size);
void *__wrap_reallocarray(void *before, size_t count, size_t size);
char *__wrap_strdup(const char *text);
void *__wrap_sodium_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *before, size_t size)
{
    return is_refused() ? NULL : __real_realloc(before, size);
}

void *__wrap_reallocarray(void *before, size_t count, size_t size)
{
    return is_refused() ? NULL : __real_reallocarray(before, count, size);
}

char *__wrap_strdup(const char *text)
{
    return is_refused() ? NULL : __real_strdup(text);
}

void *__wrap_sodium_malloc(size_t size)
{
    return is_refused() ? NULL : __real_sodium_malloc(size);
}

/* For json_set_alloc_funcs(). Where the buffer for a word of a text is doubled jansson does not
 * survive to be refused: ext/values/document.c makes sure of that memory beforehand. */
static inline void *jansson_allocate(size_t size)
{
    bool is_doubled = size >= 32 && (size & (size - 1)) == 0;
    return is_doubled ? __real_malloc(size) : __wrap_malloc(size);
}

#endif
