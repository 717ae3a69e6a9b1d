/* SPDX-License-Identifier: MIT */
/* What is known of the index of subjects without asking it (ext/admission/admit_keys.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admission/admit_keys.h"

enum { MANY = 100000 };

/* Numbers as spread as a hash's; from a counter, so that each is another one. */
static int64_t key_of(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ number >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (int64_t)(number ^ number >> 32);
}

static int64_t attempt_of(int64_t key)
{
    return (key & INT64_MAX) | 1;
}

static void gather(struct admit_keys *keys, int64_t key)
{
    admit_keys_gather(
        keys, (struct admit_key){.key = key, .holder = key ^ 1, .attempt = attempt_of(key)});
}

static bool is_whole(struct admit_key row)
{
    return row.holder == (row.key ^ 1) && row.attempt == attempt_of(row.key);
}

static void a_filter_forgets_nothing(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    int strangers = 0;
    assert_true(admit_keys_expect(keys, MANY * 2));
    for (uint64_t i = 0; i < MANY; i++) {
        admit_keys_learn(keys, key_of(i));
        gather(keys, key_of(MANY + i));
    }
    for (uint64_t i = 0; i < MANY * 2; i++)
        assert_true(admit_keys_may_know(keys, key_of(i)));
    for (uint64_t i = MANY * 2; i < MANY * 3; i++)
        strangers += admit_keys_may_know(keys, key_of(i));
    assert_in_range(strangers, 0, MANY / 20);
    admit_keys_close(keys);
}

static void without_a_filter_every_key_may_be_known(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    admit_keys_learn(keys, key_of(1));
    assert_true(admit_keys_may_know(keys, key_of(2)));
    assert_true(admit_keys_expect(keys, 10));
    assert_false(admit_keys_may_know(keys, key_of(2)));
    admit_keys_close(keys);
}

/* However many are expected, the filter has 48 MiB, 402 million bits; with one bit for each, ten
 * million keys take 1 - exp(-10 / 402), 2.5 %, of the others for known ones (Bloom's formula). */
static void a_filter_of_any_size_tells_some_apart(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    const uint64_t many = 10000000;
    int strangers = 0;
    assert_true(admit_keys_expect(keys, UINT64_C(1) << 40));
    for (uint64_t i = 0; i < many; i++)
        admit_keys_learn(keys, key_of(i));
    for (uint64_t i = 0; i < MANY; i++)
        assert_true(admit_keys_may_know(keys, key_of(i)));
    for (uint64_t i = many; i < many + MANY; i++)
        strangers += admit_keys_may_know(keys, key_of(i));
    assert_in_range(strangers, MANY * 22 / 1000, MANY * 28 / 1000);
    admit_keys_close(keys);
}

static void what_is_gathered_is_handed_over_in_order(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    struct admit_key taken;
    uint32_t count;
    for (int turn = 0; turn < 3; turn++) {
        for (uint64_t i = 0; i < MANY; i++) {
            assert_false(admit_keys_take(keys, key_of(i), &taken));
            gather(keys, key_of(i));
        }
        const struct admit_key *rows = admit_keys_hand_over(keys, &count);
        assert_int_equal(count, MANY);
        for (uint32_t i = 0; i < count; i++)
            assert_true((i == 0 || rows[i - 1].key < rows[i].key) && is_whole(rows[i]));
        for (uint64_t i = 0; i < MANY; i++)
            assert_false(admit_keys_take(keys, key_of(i), &taken));
    }
    admit_keys_hand_over(keys, &count);
    assert_int_equal(count, 0);
    admit_keys_close(keys);
}

static void what_is_taken_is_not_handed_over(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    struct admit_key taken;
    uint32_t count, expected = 0;
    for (uint64_t i = 0; i < MANY; i++)
        gather(keys, key_of(i));
    for (uint64_t i = 0; i < MANY; i += 2) {
        assert_true(admit_keys_take(keys, key_of(i), &taken));
        assert_true(taken.key == key_of(i) && is_whole(taken));
        assert_false(admit_keys_take(keys, key_of(i), &taken));
    }
    /* The next sign-up with that key: once more, it alone. */
    for (uint64_t i = 0; i < MANY; i += 4)
        admit_keys_gather(keys, (struct admit_key){.key = key_of(i), .holder = -1, .attempt = 7});
    const struct admit_key *rows = admit_keys_hand_over(keys, &count);
    assert_int_equal(count, MANY / 2 + MANY / 4);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(i == 0 || rows[i - 1].key < rows[i].key);
        expected += rows[i].attempt == 7 && rows[i].holder == -1;
        assert_true(rows[i].attempt == 7 || is_whole(rows[i]));
    }
    assert_int_equal(expected, MANY / 4);
    admit_keys_close(keys);
}

/* Keys that differ in their low bits alone are looked for from one place on. */
static void neighbours_are_told_apart(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    struct admit_key taken;
    uint32_t count;
    const int64_t edges[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    for (int turn = 0; turn < 2; turn++) {
        for (int64_t key = 1000; key < 3000; key += 2)
            gather(keys, key);
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
            gather(keys, edges[i]);
        for (int64_t key = 1000; key < 2000; key++) {
            assert_int_equal(admit_keys_take(keys, key, &taken), key % 2 == 0);
            assert_true(key % 2 != 0 || taken.key == key);
        }
        const struct admit_key *rows = admit_keys_hand_over(keys, &count);
        assert_int_equal(count, 505);
        assert_true(rows[0].key == INT64_MIN && rows[1].key == -1 && rows[2].key == 0 &&
                    rows[3].key == 1 && rows[4].key == 2000 && rows[504].key == INT64_MAX);
    }
    admit_keys_close(keys);
}

static void it_says_when_it_is_full(void **state)
{
    (void)state;
    struct admit_keys *keys = admit_keys_open();
    uint32_t count, gathered = 0;
    while (admit_keys_have_room(keys))
        for (int i = 0; i < 5; i++) /* a sign-up has five at the most */
            gather(keys, key_of(gathered++));
    assert_in_range(gathered, 500000, 1000000);
    admit_keys_hand_over(keys, &count);
    assert_int_equal(count, gathered);
    assert_true(admit_keys_have_room(keys));
    admit_keys_close(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_forgets_nothing),
        cmocka_unit_test(without_a_filter_every_key_may_be_known),
        cmocka_unit_test(a_filter_of_any_size_tells_some_apart),
        cmocka_unit_test(what_is_gathered_is_handed_over_in_order),
        cmocka_unit_test(what_is_taken_is_not_handed_over),
        cmocka_unit_test(neighbours_are_told_apart),
        cmocka_unit_test(it_says_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
