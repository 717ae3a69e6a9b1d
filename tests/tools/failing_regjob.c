/* SPDX-License-Identifier: MIT */
/* regjob whose memory runs out: for tests. By environment variables:
 *
 *   FAIL_ALLOCATION=n   the n-th allocation of SQLite, of jansson and of our own fails
 *   FAIL_FOR_GOOD=1     and every one after it
 *   COUNT_FILE=path     how many there were is written there at the end
 */
#include <jansson.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_long calls;
static long fails_at; /* 0: none */
static bool for_good;

static bool is_refused(void)
{
    long call = atomic_fetch_add(&calls, 1) + 1;
    return fails_at > 0 && (for_good ? call >= fails_at : call == fails_at);
}

#include "failing_memory.h"

static sqlite3_mem_methods usual;

static void *engine_allocate(int size)
{
    return is_refused() ? NULL : usual.xMalloc(size);
}

static void *engine_resize(void *before, int size)
{
    return is_refused() ? NULL : usual.xRealloc(before, size);
}

__attribute__((constructor)) static void take_over_memory(void)
{
    const char *at = getenv("FAIL_ALLOCATION");
    fails_at = at == NULL ? 0 : strtol(at, NULL, 10);
    for_good = getenv("FAIL_FOR_GOOD") != NULL;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual);
    sqlite3_mem_methods methods = usual;
    methods.xMalloc = engine_allocate;
    methods.xRealloc = engine_resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    json_set_alloc_funcs(jansson_allocate, free);
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("COUNT_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    fprintf(file, "%ld\n", atomic_load(&calls));
    fclose(file);
}

#include "../../jobs/main.c"
