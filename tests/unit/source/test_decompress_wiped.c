/* SPDX-License-Identifier: MIT */
/* Of a compressed file's rows nothing is left in memory once it is closed: neither in the
 * libraries' windows nor in the blocks they were read into. The whole memory of the process is
 * searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <malloc.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "source/decompress.h"
#include "../folder.h"

enum { PIECE = 1 << 20, LARGEST_REGION = 1 << 30 /* a sanitizer's shadow is larger */ };

static const char secret[] = "correct-horse-battery";

/* How many pieces of a writable part of the memory hold the secret. Read by the kernel, as a
 * sanitizer would object to looking at what was freed. */
static unsigned found_between(int memory, uintptr_t at, uintptr_t end)
{
    static char piece[PIECE];
    unsigned count = 0;
    for (; at < end; at += PIECE - sizeof secret) {
        size_t size = end - at < PIECE ? end - at : PIECE;
        ssize_t got = pread(memory, piece, size, (off_t)at);
        count += got > 0 && memmem(piece, (size_t)got, secret, sizeof secret - 1) != NULL;
        sodium_memzero(piece, sizeof piece); /* it lies in the memory that is searched */
    }
    return count;
}

static unsigned found_in_memory(void)
{
    char line[512], rights[8];
    uintptr_t begin, end;
    unsigned count = 0;
    int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_true(memory >= 0);
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx %7s", &begin, &end, rights) == 3 && rights[1] == 'w' &&
            end - begin < LARGEST_REGION)
            count += found_between(memory, begin, end);
    fclose(maps);
    close(memory);
    return count;
}

/* Packed by another program, so that no packer's memory is in ours. */
static void nothing_is_left_of(const char *packer, const char *name, enum decompress_kind kind)
{
    static char bytes[5000];
    char command[2 * FOLDER_PATH], path[FOLDER_PATH];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(command, sizeof command,
             "seq 20000 | sed 's/.*/p&@example.com,correct''-horse''-battery/' | %s >%s", packer,
             path);
    assert_int_equal(system(command), 0);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(found_in_memory(), 0);
    struct decompress *packed = decompress_open(file, kind, UINT64_MAX);
    assert_non_null(packed);
    const struct input_source source = decompress_source(packed);
    for (size_t read = 0; read < 300000;) {
        ssize_t got = source.read(source.context, bytes, sizeof bytes);
        assert_true(got > 0);
        read += (size_t)got;
    }
    sodium_memzero(bytes, sizeof bytes);
    assert_true(found_in_memory() > 0); /* the library's window, or this test sees nothing */
    decompress_close(packed);
    close(file);
    assert_int_equal(found_in_memory(), 0);
}

static void nothing_is_left_of_gzip(void **state)
{
    (void)state;
    nothing_is_left_of("gzip", "a.csv.gz", PACKED_GZIP);
}

static void nothing_is_left_of_zstd(void **state)
{
    (void)state;
    nothing_is_left_of("zstd -q", "a.csv.zst", PACKED_ZSTD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left_of_gzip),
                                       cmocka_unit_test(nothing_is_left_of_zstd)};
    /* What is freed stays in the process, where it can be found. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return cmocka_run_group_tests_name("decompress: wiped", tests, folder_make, folder_remove);
}
