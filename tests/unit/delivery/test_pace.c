/* SPDX-License-Identifier: MIT */
/* The pace and the circuit breaker under a clock of our own. */
#include "delivery/breaker.h"
#include "delivery/pace.h"
#include "delivery/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>

enum { SECOND = 1000000 };

/* Starts as many calls as are due whenever the clock stands; the clock goes on by uneven steps. */
static unsigned starts_in(struct pace *pace, int64_t *now, int64_t end, int64_t step,
                          unsigned *most_at_once)
{
    unsigned count = 0;
    for (unsigned turn = 0; *now < end; turn++) {
        unsigned at_once = 0;
        while (pace_take(pace, *now))
            at_once++;
        if (at_once > *most_at_once)
            *most_at_once = at_once;
        count += at_once;
        *now += step + (turn % 3) * 700;
    }
    return count;
}

static void test_rate_is_kept(void **state)
{
    static const double rates[] = {0.5, 3, 5, 9, 10, 15, 20, 50, 300, 5000};
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct pace pace;
        int64_t now = 77;
        unsigned most = 0;
        int64_t span = rates[i] < 5 ? 200LL * SECOND : 60LL * SECOND;
        pace_init(&pace, rates[i], now);
        unsigned count = starts_in(&pace, &now, now + span, 7300, &most);
        double expected = rates[i] * (double)span / SECOND;
        assert_true(count >= expected * 0.98 && count <= expected * 1.02);
        assert_true(most <= (rates[i] < 20 ? 1 : rates[i] / 10));
    }
}

static void test_no_catching_up_after_a_long_delay(void **state)
{
    (void)state;
    struct pace pace;
    unsigned most = 0;
    pace_init(&pace, 100, 0);
    int64_t now = 60LL * SECOND;
    starts_in(&pace, &now, now + 1, 1, &most);
    assert_int_equal(most, 10);
}

static void test_without_pace(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    for (int i = 0; i < 100000; i++)
        assert_true(pace_take(&pace, 0));
    assert_int_equal(pace_wait(&pace, 0), 0);
}

static void test_wait_is_exact(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 4, 0);
    assert_true(pace_take(&pace, 0));
    assert_int_equal(pace_wait(&pace, 0), SECOND / 4);
    assert_false(pace_take(&pace, SECOND / 4 - 1));
    assert_true(pace_take(&pace, SECOND / 4));
    pace_give_back(&pace);
    assert_true(pace_take(&pace, SECOND / 4));
}

static void test_push_back_halves_once_and_recovers(void **state)
{
    (void)state;
    struct pace pace;
    unsigned most = 0;
    int64_t now = 10 * SECOND;
    pace_init(&pace, 100, now);
    pace_slow_down(&pace, now - 10, -1000, now);
    pace_slow_down(&pace, now - 5, -1000, now + 1); /* was under way at the time of the first */
    assert_true(pace.limit > 49.9 && pace.limit < 50.1);
    pace_slow_down(&pace, now + 2, -1000, now + 3);
    assert_true(pace.limit > 24.9 && pace.limit < 25.1);
    for (int64_t i = 10; i < 200; i++)
        pace_slow_down(&pace, now + i, -1000, now + i);
    assert_true(pace.limit > 1.5); /* the floor */
    unsigned first = starts_in(&pace, &now, now + SECOND, 2000, &most);
    assert_true(first < 10);
    starts_in(&pace, &now, now + 40LL * SECOND, 2000, &most);
    assert_true(pace.limit > 99.9 && pace.limit < 100.1);
}

static void test_push_back_without_pace(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    for (int i = 1; i <= 1000; i++)
        pace_finished(&pace, i * (SECOND / 1000));
    pace_slow_down(&pace, SECOND - 1, -1, SECOND);
    assert_true(pace.limit > 400 && pace.limit < 600);
    assert_true(pace_wait(&pace, SECOND) > 0);
    pace_wait(&pace, 30LL * SECOND);
    assert_true(pace.limit <= 0); /* without pace again */
}

static void test_hold(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 1000, 0);
    pace_slow_down(&pace, 0, 5LL * SECOND, SECOND);
    assert_int_equal(pace_wait(&pace, 2 * SECOND), 4 * SECOND);
    assert_false(pace_take(&pace, 6 * SECOND - 1));
    assert_true(pace_take(&pace, 6 * SECOND));
}

static void test_room(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 20, 0);
    assert_int_equal(pace_room(&pace, 10, SECOND / 4, 0), 6);
    assert_int_equal(pace_room(&pace, 2, SECOND / 4, 0), 2);
    pace_init(&pace, 0, 0);
    assert_int_equal(pace_room(&pace, 64, SECOND / 4, 0), 64);
    for (int i = 1; i <= 20000; i++)
        pace_finished(&pace, i * (SECOND / 20000));
    unsigned room = pace_room(&pace, 64, SECOND / 4, SECOND);
    assert_true(room > 4500 && room < 5600);
    pace_init(&pace, 0.1, 0);
    pace_take(&pace, 0);
    assert_int_equal(pace_room(&pace, 1, SECOND / 4, 0), 1);
}

static void test_jitter(void **state)
{
    (void)state;
    int64_t least = INT64_MAX;
    int64_t most = 0;
    for (int i = 0; i < 2000; i++) {
        int64_t pause = retry_jitter(1000);
        assert_in_range(pause, 500, 1500);
        least = pause < least ? pause : least;
        most = pause > most ? pause : most;
    }
    assert_true(least < 600 && most > 1400);
}

static void test_breaker_opens_and_closes(void **state)
{
    (void)state;
    struct breaker breaker;
    breaker_init(&breaker, 8, 60LL * SECOND, SECOND);
    for (int i = 0; i < BREAKER_FAILURES - 1; i++)
        breaker_result(&breaker, true, false, 0);
    breaker_result(&breaker, false, false, 0); /* not in a row */
    for (int i = 0; i < BREAKER_FAILURES - 1; i++)
        breaker_result(&breaker, true, false, 0);
    assert_int_equal(breaker_wait(&breaker, 0), 0);
    assert_false(breaker_start(&breaker));
    breaker_result(&breaker, true, false, 0);
    int64_t wait = breaker_wait(&breaker, 0);
    assert_in_range(wait, SECOND / 2, SECOND * 3 / 2);
    assert_int_equal(breaker_wait(&breaker, wait), 0);
    assert_true(breaker_start(&breaker));
    assert_int_equal(breaker_wait(&breaker, wait), -1); /* one at a time */
    breaker_result(&breaker, true, false, wait);        /* an older call: no probe */
    assert_int_equal(breaker_wait(&breaker, wait), -1);
    breaker_result(&breaker, true, true, wait);
    assert_in_range(breaker_wait(&breaker, wait), SECOND, SECOND * 3);
    assert_false(breaker_over(&breaker, wait));
    assert_true(breaker_start(&breaker));
    breaker_result(&breaker, false, true, wait);
    assert_int_equal(breaker_wait(&breaker, wait), 0);
    assert_false(breaker_start(&breaker));
}

static void test_breaker_patience(void **state)
{
    (void)state;
    struct breaker breaker;
    int64_t now = 0;
    unsigned probes = 0;
    breaker_init(&breaker, 8, 1000LL * SECOND, SECOND);
    for (int i = 0; i < BREAKER_FAILURES; i++)
        breaker_result(&breaker, true, false, now);
    for (; !breaker_over(&breaker, now); probes++) {
        now += breaker_wait(&breaker, now);
        breaker_start(&breaker);
        breaker_result(&breaker, true, true, now);
    }
    assert_int_equal(probes, 8);
    breaker_init(&breaker, 8, 60LL * SECOND, SECOND);
    for (int i = 0; i < BREAKER_FAILURES; i++)
        breaker_result(&breaker, true, false, now);
    assert_false(breaker_over(&breaker, now + 60LL * SECOND - 1));
    assert_true(breaker_over(&breaker, now + 60LL * SECOND));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rate_is_kept),
        cmocka_unit_test(test_no_catching_up_after_a_long_delay),
        cmocka_unit_test(test_without_pace),
        cmocka_unit_test(test_wait_is_exact),
        cmocka_unit_test(test_push_back_halves_once_and_recovers),
        cmocka_unit_test(test_push_back_without_pace),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_breaker_opens_and_closes),
        cmocka_unit_test(test_breaker_patience),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
