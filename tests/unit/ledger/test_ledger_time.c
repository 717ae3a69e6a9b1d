/* SPDX-License-Identifier: MIT */
/* The time that the ledger goes by, beside a clock that jumps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger/ledger_time.h"

enum { MINUTE = 60000, HOUR = 60 * MINUTE };
static const int64_t day = 24 * (int64_t)HOUR, noon = INT64_C(1767268800000);

static void the_clock_where_it_is_not_behind(void **state)
{
    (void)state;
    assert_int_equal(ledger_time(noon, 0, 0), noon);
    assert_int_equal(ledger_time(noon, noon, noon), noon);
    assert_int_equal(ledger_time(noon + 365 * day, noon, noon), noon + 365 * day);
    assert_int_equal(ledger_time(noon, noon - 1, noon - HOUR), noon);
}

static void nearly_stands_within_minutes(void **state)
{
    (void)state;
    assert_int_equal(ledger_time(noon - 1, noon, noon), noon + 1);
    assert_int_equal(ledger_time(noon - 5 * MINUTE, noon, noon - 9 * MINUTE), noon + 1);
}

static void goes_on_an_eighth_slower(void **state)
{
    (void)state;
    assert_int_equal(ledger_time(noon - HOUR, noon, noon), noon + 1);        /* just set back */
    assert_int_equal(ledger_time(noon - HOUR, noon, noon - HOUR), noon + 1); /* the same instant */
    assert_int_equal(ledger_time(noon - HOUR + 8000, noon, noon - HOUR), noon + 7000);
    assert_int_equal(ledger_time(noon - 31 * day, noon, noon - 31 * day - 8 * HOUR),
                     noon + 7 * HOUR);
}

static void goes_on_as_fast_where_it_is_hopeless(void **state)
{
    (void)state;
    assert_int_equal(ledger_time(noon - 365 * day, noon, noon - 365 * day - 8 * HOUR),
                     noon + 8 * HOUR);
}

/* Hour by hour, from a clock that was set back by six: never back, never far ahead, and in step
 * again after two days. */
static void catches_up(void **state)
{
    (void)state;
    int64_t newest = noon, read_at = noon;
    for (int64_t clock = noon - 6 * HOUR; clock < noon + 3 * day; clock += HOUR) {
        int64_t now = ledger_time(clock, newest, read_at);
        assert_true(now > newest);
        assert_true(now - clock <= 6 * HOUR + 1);
        if (clock >= noon - 6 * HOUR + 2 * day)
            assert_int_equal(now, clock);
        newest = now;
        read_at = clock;
    }
}

static void bounds_what_an_edited_ledger_says(void **state)
{
    (void)state;
    assert_true(ledger_time(noon, INT64_MAX, INT64_MIN) > noon);
    assert_true(ledger_time(noon, INT64_MAX, INT64_MAX) > noon);
    assert_int_equal(ledger_time(noon, INT64_MIN, INT64_MAX), noon);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clock_where_it_is_not_behind),
        cmocka_unit_test(nearly_stands_within_minutes),
        cmocka_unit_test(goes_on_an_eighth_slower),
        cmocka_unit_test(goes_on_as_fast_where_it_is_hopeless),
        cmocka_unit_test(catches_up),
        cmocka_unit_test(bounds_what_an_edited_ledger_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
