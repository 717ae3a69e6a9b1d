/* SPDX-License-Identifier: MIT */
/*
 * key_sort.h: sorts rows by the 64-bit integer that they begin with, in SQLite's order.
 *
 * In place, as qsort() is not: it copies what it sorts. By one byte of the key after the other,
 * which part a hash's values evenly, until a part is small (American flag sort, McIlroy, Bostic and
 * McIlroy 1993). Here, and not in a file of its own, so that the compiler knows how long a row is.
 */
#ifndef KEY_SORT_H
#define KEY_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KEY_SORT_MOST = 32 /* bytes of a row */, KEY_SORT_FEW = 64 /* rows */ };

static inline int64_t key_sort_key(const unsigned char *row)
{
    int64_t key;
    memcpy(&key, row, sizeof key);
    return key;
}

/* Byte 0 is the highest; the sign counts as SQLite's order has it. */
static inline unsigned key_sort_byte(const unsigned char *row, int byte)
{
    return (unsigned)(((uint64_t)key_sort_key(row) ^ UINT64_C(1) << 63) >> (56 - 8 * byte)) & 0xff;
}

static inline void key_sort_few(unsigned char *rows, size_t count, size_t size)
{
    unsigned char row[KEY_SORT_MOST];
    for (size_t i = 1; i < count; i++) {
        size_t to = i;
        memcpy(row, rows + i * size, size);
        for (; to > 0 && key_sort_key(rows + (to - 1) * size) > key_sort_key(row); to--)
            memcpy(rows + to * size, rows + (to - 1) * size, size);
        memcpy(rows + to * size, row, size);
    }
}

/* Rows whose keys are alike before that byte. */
static void key_sort_part(unsigned char *rows, size_t count, size_t size, int byte)
{
    size_t begins[257] = {0}, next[256];
    unsigned char row[KEY_SORT_MOST];
    int64_t one = key_sort_key(rows), differences = 0;
    for (size_t i = 0; i < count; i++) {
        differences |= one ^ key_sort_key(rows + i * size);
        begins[key_sort_byte(rows + i * size, byte) + 1]++;
    }
    if (differences == 0)
        return; /* the rows of one key, which may be many, would be looked at for each byte */
    for (unsigned part = 0; part < 256; part++) {
        next[part] = begins[part];
        begins[part + 1] += begins[part];
    }
    for (unsigned part = 0; part < 256; part++) {
        unsigned char *first = rows + begins[part] * size;
        size_t parted = begins[part + 1] - begins[part];
        while (next[part] < begins[part + 1]) {
            unsigned char *here = rows + next[part] * size;
            unsigned home = key_sort_byte(here, byte);
            unsigned char *there = rows + next[home]++ * size;
            if (there == here)
                continue;
            memcpy(row, here, size);
            memcpy(here, there, size);
            memcpy(there, row, size);
        }
        if (parted <= KEY_SORT_FEW)
            key_sort_few(first, parted, size);
        else if (byte < 7)
            key_sort_part(first, parted, size, byte + 1);
    }
}

static inline bool key_sort_is_done(const unsigned char *rows, size_t count, size_t size)
{
    for (size_t i = 1; i < count; i++)
        if (key_sort_key(rows + i * size) < key_sort_key(rows + (i - 1) * size))
            return false;
    return true;
}

/* `size` bytes each, KEY_SORT_MOST at most. Rows of one key stay together in any order. */
static inline void key_sort(void *rows, size_t count, size_t size)
{
    if (count <= KEY_SORT_FEW)
        key_sort_few(rows, count, size);
    else if (!key_sort_is_done(rows, count, size))
        key_sort_part(rows, count, size, 0);
}

#endif
