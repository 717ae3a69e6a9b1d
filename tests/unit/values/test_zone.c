/* SPDX-License-Identifier: MIT */
/* The time zones that libc knows, and those that it would take for UTC. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values/zone.h"

static char folder[] = "/tmp/reg-zone.XXXXXX";

static void write_file(const char *name, const char *bytes)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, strlen(bytes)), strlen(bytes));
    close(file);
}

/* Below TZDIR there are Test/Zone and two files that are none. */
static int set_up(void **state)
{
    char path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Test", folder);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file("Test/Zone", "TZif2");
    write_file("Test/Text", "no zone at all");
    write_file("Test/Cut", "TZ");
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    return 0;
}

static int tear_down(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

static bool is_known(const char *zone)
{
    struct error error;
    assert_int_equal(setenv("TZ", zone, 1), 0);
    bool known = zone_is_known(&error);
    if (!known) {
        assert_int_equal(error.code, ERROR_INVALID);
        assert_non_null(strstr(error.text, "time zone TZ="));
    }
    return known;
}

static void names_are_looked_up(void **state)
{
    char path[64];
    (void)state;
    assert_true(is_known("Test/Zone"));
    assert_true(is_known(":Test/Zone"));
    snprintf(path, sizeof path, "%s/Test/Zone", folder);
    assert_true(is_known(path));
    assert_false(is_known("Test/Zon"));
    assert_false(is_known("Test/Text"));
    assert_false(is_known("Test/Cut"));
    assert_false(is_known("Test"));
    assert_false(is_known("/nowhere/Zone"));
    assert_false(is_known("Europe/Berln"));
    assert_false(is_known("Berlin"));
    assert_false(is_known("CET"));
    assert_false(is_known("local\ntime"));
}

static void utc_needs_no_file(void **state)
{
    (void)state;
    assert_true(is_known(""));
    assert_true(is_known(":"));
    assert_true(is_known("UTC"));
    assert_true(is_known("Etc/UTC"));
    assert_true(is_known("GMT"));
    assert_false(is_known("utc"));
}

static void rules_are_read_strictly(void **state)
{
    static const char *const good[] = {"EST5EDT,M3.2.0,M11.1.0",
                                       "<+03>-3",
                                       "<-0330>+3:30",
                                       "CET-1CEST,M3.5.0,M10.5.0/3",
                                       "UTC0",
                                       "EST5EDT",
                                       "EST5EDT4,J60/2,300/-1",
                                       "IST-1GMT0,M10.5.0,M3.5.0/1",
                                       "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45:00",
                                       "XXX24:59:59",
                                       "AAA0BBB,0,J365/167"};
    static const char *const bad[] = {"EST",
                                      "EST5EDT,",
                                      "EST5EDT,M3.2.0",
                                      "EST5EDT,M13.2.0,M11.1.0",
                                      "EST5EDT,M3.6.0,M11.1.0",
                                      "EST5EDT,M3.2.7,M11.1.0",
                                      "EST5EDT,M3.2.0,M11.1.0,",
                                      "EST5EDT,J0,J1",
                                      "EST5EDT,J366,J1",
                                      "EST5EDT,366,1",
                                      "EST25",
                                      "EST5:60",
                                      "ES5",
                                      "<+3>-3",
                                      "<+03-3",
                                      "<+03>",
                                      "EST5 ",
                                      " EST5",
                                      "EST5EDT,M3.2.0/168,M11.1.0",
                                      "EST++5",
                                      "EST5EDTX,1",
                                      "99999999999999999999",
                                      "EST5:",
                                      "EST99999999999999999999",
                                      "Europe/Berlin2"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!is_known(good[i]))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (is_known(bad[i]))
            fail_msg("taken: %s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_looked_up),
        cmocka_unit_test(utc_needs_no_file),
        cmocka_unit_test(rules_are_read_strictly),
    };
    return cmocka_run_group_tests_name("zone", tests, set_up, tear_down);
}
