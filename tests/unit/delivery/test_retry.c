/* SPDX-License-Identifier: MIT */
/* Whether a failed try is followed by another, and when. */
#include "delivery/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sodium.h>

static const struct config_patience patience = {
    .tries = 3, .pause_seconds = 10, .longest_pause_seconds = 100};

static int64_t after(enum transfer_result result, int64_t retry_after_ms, int64_t spent,
                     int64_t tried_for_ms)
{
    const struct transfer_answer answer = {.result = result, .retry_after_ms = retry_after_ms};
    const struct retry_history history = {.tries = 1, .spent = spent, .tried_for_ms = tried_for_ms};
    return retry_at(&patience, &history, &answer, 1000000);
}

static void the_pause_doubles_up_to_the_longest(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_in_range(retry_pause_ms(&patience, 1), 5000, 15000);
        assert_in_range(retry_pause_ms(&patience, 3), 20000, 60000);
        assert_in_range(retry_pause_ms(&patience, 1000), 50000, 100000);
    }
}

static void only_what_failed_is_tried_again(void **state)
{
    (void)state;
    assert_int_equal(after(TRANSFER_ACCEPTED, -1, 1, 0), 0);
    assert_int_equal(after(TRANSFER_DEFERRED, -1, 1, 0), 0);
    assert_int_equal(after(TRANSFER_REFUSED, 5000, 1, 0), 0);
    assert_in_range(after(TRANSFER_NOT_ACCEPTED, -1, 1, 0), 1005000, 1015000);
    assert_in_range(after(TRANSFER_AMBIGUOUS, -1, 1, 0), 1005000, 1015000);
}

static void a_wait_that_was_asked_for_goes_before_the_pause(void **state)
{
    (void)state;
    assert_int_equal(after(TRANSFER_NOT_ACCEPTED, 900000, 1, 0), 1900000);
}

static void tries_and_time_have_an_end(void **state)
{
    (void)state;
    assert_true(after(TRANSFER_NOT_ACCEPTED, -1, 2, 0) != 0);
    assert_int_equal(after(TRANSFER_NOT_ACCEPTED, -1, 3, 0), 0);
    assert_true(after(TRANSFER_NOT_ACCEPTED, -1, 0, retry_unreached_ms() - 1) != 0);
    assert_int_equal(after(TRANSFER_NOT_ACCEPTED, 5000, 0, retry_unreached_ms()), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pause_doubles_up_to_the_longest),
        cmocka_unit_test(only_what_failed_is_tried_again),
        cmocka_unit_test(a_wait_that_was_asked_for_goes_before_the_pause),
        cmocka_unit_test(tries_and_time_have_an_end),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
