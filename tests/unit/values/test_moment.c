/* SPDX-License-Identifier: MIT */
/* Moments: what is read, what is refused, and the calendar against the C library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "values/moment.h"

static void expect(const char *text, int64_t wanted)
{
    int64_t moment = -1;

    if (!moment_parse(text, &moment))
        fail_msg("\"%s\" was refused", text);
    if (moment != wanted)
        fail_msg("\"%s\" was read as %jd, not %jd", text, (intmax_t)moment, (intmax_t)wanted);
}

static void iso_is_read(void **state)
{
    (void)state;
    expect("2017-12-09T14:16:28.826Z", 1512828988826);
    expect("2017-12-09 14:16:28.826", 1512828988826);
    expect("2017-12-09T14:16:28,826Z", 1512828988826);
    expect("2017-12-09T14:16:28.8269999999999999999999Z", 1512828988826);
    expect("2017-12-09T14:16:28.8Z", 1512828988800);
    expect("2017-12-09T14:16:28Z", 1512828988000);
    expect("2017-12-09T14:16Z", 1512828960000);
    expect("2017-12-09T14:16", 1512828960000);
    expect("2017-12-09", 1512777600000);
    expect("2017-12-09T15:16:28+01:00", 1512828988000);
    expect("2017-12-09T15:16:28+0100", 1512828988000);
    expect("2017-12-09T15:16:28+01", 1512828988000);
    expect("2017-12-09T08:46:28-05:30", 1512828988000);
    expect("2017-12-10T00:16:28+10:00", 1512828988000);
    expect("2017-12-09T14:16:28-00:00", 1512828988000);
    expect("1970-01-01", 0);
    expect("1970-01-01T00:00:00.0009Z", 0);
    expect("1970-01-01T01:00+01:00", 0);
    expect("2000-02-29", 951782400000);
    expect("2024-02-29T23:59:59.999Z", 1709251199999);
    expect("9999-12-31T23:59:59.999Z", 253402300799999);
}

/* RFC 3339, 5.6 to 5.8, and what Ruby, Go, Java, PostgreSQL, Python, SQL Server and MySQL print. */
static void other_programs_are_read(void **state)
{
    (void)state;
    expect("2017-12-09t14:16:28.826z", 1512828988826);
    expect("1990-12-31T23:59:60Z", 662688000000);
    expect("1990-12-31T15:59:60-08:00", 662688000000);
    expect("1985-04-12T23:20:50.52Z", 482196050520);
    expect("2017-12-09 14:16:28 UTC", 1512828988000);
    expect("2017-12-09 14:16:28 GMT", 1512828988000);
    expect("2017-12-09 14:16:28UTC", 1512828988000);
    expect("2017-12-09 15:16:28 +0100", 1512828988000);
    expect("2017-12-09 14:16:28.826123456 +0000 UTC", 1512828988826);
    expect("2017-12-09 15:16:28 +0100 CET", 1512828988000);
    expect("2017-12-09T15:16:28.826+01:00[Europe/Paris]", 1512828988826);
    expect("2017-12-09T14:16:28.826Z[UTC]", 1512828988826);
    expect("2017-12-09T14:16:28Z[Europe/London]", 1512828988000);
    expect("2017-07-09T15:16:28+01:00[Europe/London]", 1499609788000);
    expect("2017-07-09T15:16:28+01:00[!Europe/London]", 1499609788000);
    expect("2017-07-09T15:16:28+01:00[u-ca=iso8601]", 1499609788000);
    expect("2017-07-09 15:16:28 +0100 BST", 1499609788000);
    expect("2017-12-09 15:16:28.826+01", 1512828988826);
    expect("2017-12-09 14:16:28.826123+00:00", 1512828988826);
    expect("2017-12-09 15:16:28.8261234 +01:00", 1512828988826);
    expect("2017-12-09 14:16:28 Z", 1512828988000);
}

static void rule(const char *text, enum rule wanted)
{
    int64_t moment;
    enum rule found = moment_read(text, INT64_C(1767225600000), &moment);

    if (found != wanted)
        fail_msg("\"%s\": rule %d, not %d", text, (int)found, (int)wanted);
}

static void numbers_from_outside_are_plausible(void **state)
{
    int64_t moment;

    (void)state;
    rule("946684800", RULE_as_given); /* 2000-01-01 */
    rule("946684799", RULE_unix_span);
    rule("946684800000", RULE_as_given);
    rule("1798761600", RULE_as_given); /* 2027-01-01, a year from now */
    rule("1830297600", RULE_unix_span);
    rule("0", RULE_unix_zero);
    rule("0.0", RULE_unix_zero);
    rule("1970-01-01T00:00:00Z", RULE_unix_zero);
    rule("1970-01-01 01:00:00+01:00", RULE_unix_zero);
    rule("46023", RULE_spreadsheet_serial); /* 2026-01-01 in LibreOffice and Excel */
    rule("46023.75", RULE_spreadsheet_serial);
    rule("20260131", RULE_eight_digits);
    rule("20260231", RULE_time);
    rule("03/04/2026", RULE_ambiguous);
    rule("03/04/2026 12:00", RULE_ambiguous);
    rule("3.4.2026", RULE_ambiguous);
    rule("31/12/2026", RULE_date_order);
    rule("12/31/2026", RULE_date_order);
    rule("0000-00-00 00:00:00", RULE_time);
    rule("2016-12-31T23:59:60Z", RULE_leap_second);
    rule("yesterday", RULE_time);
    rule("2024-02-29T14:16:28+01:00[America/New_York]", RULE_ambiguous);
    assert_int_equal(moment_read("20260131", 0, &moment), RULE_eight_digits);
    assert_int_equal(moment, INT64_C(1769817600000));
}

static void day(const char *text, const char *wanted, enum rule by)
{
    char found[MOMENT_DAY_SIZE];

    if (moment_read_day(text, found) != by)
        fail_msg("\"%s\": another rule than %d", text, (int)by);
    if (wanted != NULL)
        assert_string_equal(found, wanted);
}

static void days_are_read(void **state)
{
    (void)state;
    day("1990-12-31", "1990-12-31", RULE_as_given);
    day("19901231", "1990-12-31", RULE_eight_digits);
    day("1990-12-31 00:00:00", "1990-12-31", RULE_midnight);
    day("1990-12-31T00:00:00.000Z", "1990-12-31", RULE_midnight);
    day("1990-12-31T00:00", "1990-12-31", RULE_midnight);
    day("1990-12-31T00:00:00+01:00", "1990-12-31", RULE_midnight);
    day("1990-12-31 00:00:00 -0800", "1990-12-31", RULE_midnight);
    day("1990-12-31T00:00x", NULL, RULE_time);
    day("1990-12-31T00", NULL, RULE_time);
    day("1990-12-30T23:00:00Z", NULL, RULE_time); /* whose day? */
    day("1990-02-30", NULL, RULE_time);
    day("33238", NULL, RULE_spreadsheet_serial);
    day("04/05/1990", NULL, RULE_ambiguous);
    day("31.12.1990", NULL, RULE_date_order);
    day("90-12-31", NULL, RULE_date_order);
}

static void counted(const char *text, int64_t wanted, enum rule by)
{
    const int64_t now = INT64_C(1769817600000); /* 2026-01-31 */
    int64_t found = -1;

    if (moment_read_counted_day(text, now, &found) != by)
        fail_msg("\"%s\": another rule than %d", text, (int)by);
    assert_true(rule_refuses(by) || found == wanted);
}

static void days_are_counted(void **state)
{
    (void)state;
    counted("2026-01-31", 20484, RULE_as_given);
    counted("20260131", 20484, RULE_as_given);
    counted("2026-01-31T00:00:00-05:00", 20484, RULE_as_given);
    counted("1769817600", 20484, RULE_as_given);
    counted("1769817600000", 20484, RULE_as_given);
    counted("1769817601", 0, RULE_time);
    counted("1970-01-02", 1, RULE_as_given);
    counted("1970-01-01", 0, RULE_unix_zero);
    counted("0", 0, RULE_unix_zero);
    counted("864000", 0, RULE_unix_span);
    counted("46053", 0, RULE_spreadsheet_serial);
    counted("20261301", 0, RULE_time);
    counted("", 0, RULE_time);
}

static void unix_numbers_are_read(void **state)
{
    (void)state;
    expect("0", 0);
    expect("1512828988", 1512828988000);
    expect("1512828988.826", 1512828988826);
    expect("1512828988.8269", 1512828988826);
    expect("1512828988.8", 1512828988800);
    expect("1512828988826", 1512828988826);
    expect("1512828988826.9", 1512828988826);
    expect("99999999999", 99999999999000);
    expect("99999999999.999", 99999999999999);
    expect("100000000000", 100000000000);
    expect("253402300799999", 253402300799999);
}

static void the_rest_is_refused(void **state)
{
    static const char *const refused[] = {
        "",
        " ",
        "now",
        "-1",
        "+1",
        ".5",
        "5.",
        "1e11",
        "0x10",
        "1512828988 ",
        " 1512828988",
        "1512828988Z",
        "1512828988,5",
        "1512828988.5.5",
        "253402300800000",
        "999999999999999",
        "1000000000000000",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "99999999999999999999999999999999999999999",
        "1969-12-31",
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:59+01:00",
        "0001-01-01",
        "0000-01-01",
        "10000-01-01",
        "9999-12-31T23:59:59-00:01",
        "2017-13-01",
        "2017-00-01",
        "2017-01-00",
        "2017-01-32",
        "2017-04-31",
        "2017-02-29",
        "1900-02-29",
        "2100-02-29",
        "2017-2-9",
        "17-02-09",
        "2017/02/09",
        "2017-02",
        "2017-02-09T",
        "2017-02-09 ",
        "2017-02-09T14",
        "2017-02-09T1416",
        "2017-02-09T14:1",
        "2017-02-09T14:16:",
        "2017-02-09T14:16:2",
        "2017-02-09T14:16:28.",
        "2017-02-09T14:16:28.Z",
        "2017-02-09T14:16.5Z",
        "2017-02-09T24:00:00Z",
        "2017-02-09T14:60:00Z",
        "2017-02-09T23:59:60Z", /* no leap second within a month */
        "2016-12-31T22:59:60Z",
        "2016-12-31T23:59:60+01:00",
        "2016-12-31T23:59:61Z",
        "2017-02-09  14:16:28Z",
        "2017-02-09T14:16:28 CET", /* who knows which */
        "2017-02-09T14:16:28 utc",
        "2017-02-09T14:16:28  +0100",
        "2017-02-09T14:16:28+01:00 X",
        "2017-02-09T14:16:28+01:00[",
        "2017-02-09T14:16:28+01:00[America/New_York]", /* one of the two is wrong */
        "2017-07-09T14:16:28Z[Europe/London]",
        "2017-02-09 14:16:28 +0100 UTC",
        "2017-02-09T14:16:28ZZ",
        "2017-02-09T14:16:28+",
        "2017-02-09T14:16:28+1",
        "2017-02-09T14:16:28+01:",
        "2017-02-09T14:16:28+01:0",
        "2017-02-09T14:16:28+01:00Z",
        "2017-02-09T14:16:28+24:00",
        "2017-02-09T14:16:28+01:60",
        "2017-02-09Z",
        "2017-02-09+01:00",
        "09-02-2017",
        "2017-W06-4",
        "2017-040",
    };

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        int64_t moment = 42;

        if (moment_parse(refused[i], &moment))
            fail_msg("\"%s\" was read as %jd", refused[i], (intmax_t)moment);
        assert_int_equal(moment, 42);
    }
}

/* Every day of the range, by the C library's calendar. */
static void each_day_agrees_with_the_library(void **state)
{
    (void)state;
    for (int64_t day = 0; day <= 253402300799 / 86400; day++) {
        time_t seconds = (time_t)(day * 86400 + day % 86400);
        int64_t moment = (int64_t)seconds * 1000 + day % 1000;
        struct tm parts;
        char wanted[64], shown[MOMENT_SIZE], with_milliseconds[80];
        int64_t again;

        assert_non_null(gmtime_r(&seconds, &parts));
        assert_true(strftime(wanted, sizeof wanted, "%Y-%m-%dT%H:%M:%S", &parts) > 0);
        (void)snprintf(with_milliseconds, sizeof with_milliseconds, "%s.%03dZ", wanted,
                       (int)(day % 1000));
        moment_format(moment, shown);
        assert_string_equal(shown, with_milliseconds);
        assert_true(moment_parse(shown, &again));
        assert_int_equal(again, moment);
    }
}

static void what_cannot_be_parsed_is_still_shown(void **state)
{
    char shown[MOMENT_SIZE];

    (void)state;
    moment_format(-1, shown);
    assert_string_equal(shown, "1969-12-31T23:59:59.999Z");
    moment_format(-86400000, shown);
    assert_string_equal(shown, "1969-12-31T00:00:00.000Z");
    moment_format(-62135596800000, shown);
    assert_string_equal(shown, "0001-01-01T00:00:00.000Z");
    moment_format(-62167219200000, shown);
    assert_string_equal(shown, "0000-01-01T00:00:00.000Z");
    moment_format(-62167219200001, shown);
    assert_string_equal(shown, "-62167219200001");
    moment_format(253402300800000, shown);
    assert_string_equal(shown, "253402300800000");
    moment_format(INT64_MAX, shown);
    assert_string_equal(shown, "9223372036854775807");
    moment_format(INT64_MIN, shown);
    assert_string_equal(shown, "-9223372036854775808");
}

static void dates_must_exist(void **state)
{
    (void)state;
    assert_true(moment_is_date("1990-12-31"));
    assert_true(moment_is_date("2000-02-29"));
    assert_true(moment_is_date("0001-01-01"));
    assert_true(moment_is_date("9999-12-31"));
    assert_false(moment_is_date("0000-12-31"));
    assert_false(moment_is_date("1900-02-29"));
    assert_false(moment_is_date("1990-12-32"));
    assert_false(moment_is_date("31-12-1990"));
    assert_false(moment_is_date("12/31/1990"));
    assert_false(moment_is_date("19901231"));
    assert_false(moment_is_date("1990-12-31 "));
    assert_false(moment_is_date("1990-12-31T00:00"));
    assert_false(moment_is_date(""));
}

static void now_is_the_clock(void **state)
{
    struct timespec before, after;
    int64_t now;

    (void)state;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &before), 0);
    now = moment_now();
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &after), 0);
    assert_true(now >= before.tv_sec * 1000 + before.tv_nsec / 1000000);
    assert_true(now <= after.tv_sec * 1000 + after.tv_nsec / 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_is_read),
        cmocka_unit_test(other_programs_are_read),
        cmocka_unit_test(numbers_from_outside_are_plausible),
        cmocka_unit_test(days_are_read),
        cmocka_unit_test(days_are_counted),
        cmocka_unit_test(unix_numbers_are_read),
        cmocka_unit_test(the_rest_is_refused),
        cmocka_unit_test(each_day_agrees_with_the_library),
        cmocka_unit_test(what_cannot_be_parsed_is_still_shown),
        cmocka_unit_test(dates_must_exist),
        cmocka_unit_test(now_is_the_clock),
    };

    return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
