/* SPDX-License-Identifier: MIT */
/* test_key_sort.c: rows of any length are in the order that qsort() puts them in, by their keys,
 * and none is lost. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "values/key_sort.h"

#include <stdbool.h>
#include <stdlib.h>

enum { MOST = 20000 };

struct row {
    int64_t key, number, also;
};

static struct row rows[MOST], expected[MOST];

static uint64_t chance(void)
{
    static uint64_t state = 88172645463325252;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static int by_key_and_number(const void *left, const void *right)
{
    const struct row *a = left, *b = right;
    return a->key != b->key ? (a->key > b->key) - (a->key < b->key)
                            : (a->number > b->number) - (a->number < b->number);
}

static int64_t key_of(int pattern, size_t i, size_t count)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN + 1, -1,       0,
                                       1,         INT64_MAX - 1, INT64_MAX};
    switch (pattern) {
    case 0:
        return (int64_t)chance();
    case 1: /* all the same */
        return -5;
    case 2:
        return (int64_t)i - 100;
    case 3:
        return (int64_t)(count - i);
    case 4: /* the lowest byte alone */
        return (int64_t)(chance() & 0xff);
    case 5: /* the highest alone */
        return (int64_t)(chance() & UINT64_C(0xff) << 56);
    default:
        return extremes[chance() % (sizeof extremes / sizeof *extremes)];
    }
}

static void sort_and_compare(int pattern, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t key = key_of(pattern, i, count);
        rows[i] = expected[i] = (struct row){key, (int64_t)i, key ^ (int64_t)i};
    }
    key_sort(rows, count, sizeof *rows);
    for (size_t i = 1; i < count; i++)
        assert_true(rows[i - 1].key <= rows[i].key);
    qsort(rows, count, sizeof *rows, by_key_and_number); /* those of one key stay in any order */
    qsort(expected, count, sizeof *expected, by_key_and_number);
    assert_memory_equal(rows, expected, count * sizeof *rows);
}

static void test_order(void **state)
{
    static const size_t counts[] = {0, 1, 2, 63, 64, 65, 66, 1000, 4097, MOST};
    (void)state;
    for (int pattern = 0; pattern < 7; pattern++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            sort_and_compare(pattern, counts[i]);
}

/* A key alone is a row as well. */
static void test_bare_keys(void **state)
{
    static int64_t keys[MOST];
    int64_t sum = 0;
    (void)state;
    for (size_t i = 0; i < MOST; i++)
        sum ^= keys[i] = (int64_t)chance();
    key_sort(keys, MOST, sizeof *keys);
    for (size_t i = 0; i < MOST; i++) {
        sum ^= keys[i];
        assert_true(i == 0 || keys[i - 1] <= keys[i]);
    }
    assert_int_equal(sum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_bare_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
