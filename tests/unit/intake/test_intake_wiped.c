/* SPDX-License-Identifier: MIT */
/* No form of file leaves a cell behind in memory that it gives back: a password may be one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../csv/records_memory.h"
#include "../csv/watched_memory.h"

#include "intake/intake.h"
#include "values/signup.h"

static void read_as(const char *bytes, size_t length, const char *profile, unsigned expected)
{
    const struct intake_options options = {.limits = {.max_field_bytes = 1 << 20},
                                           .names = &signup_header,
                                           .is_header = signup_header_names_people,
                                           .expected = signup_people_columns,
                                           .profile = profile};
    struct memory memory = {.bytes = bytes, .length = length, .step = 1000};
    const struct input_source source = memory_source(&memory, false);
    struct record record;
    struct error error;
    unsigned rows = 0;
    watching = true;
    struct intake *intake = intake_open(&source, &options, &error);
    assert_non_null(intake);
    while (intake_next(intake, &record) == RECORDS_ROW)
        rows++;
    intake_close(intake);
    watching = false;
    assert_int_equal(rows, expected);
}

static void read_other_forms(void)
{
    /* Not in the heap, which is used again. */
    static char text[400000], wide[2 * sizeof text];
    size_t length = (size_t)snprintf(text, sizeof text, "[");
    for (int i = 0; i < 50; i++)
        length += (size_t)snprintf(
            text + length, sizeof text - length,
            "%s{\"email\":\"ann@example.com\",\"password\":\"%s\",\"user_id\":\"\\u00e9%s\","
            "\"email_verified\":true,\"password_hash\":\"\\n%s%0*d\"}",
            i ? "," : "", secret, secret, secret, 100 * i + 1, i);
    length += (size_t)snprintf(text + length, sizeof text - length, "]");
    read_as(text, length, "none", 50);
    read_as(text, length, "auth0", 50);
    read_as(text, length, NULL, 50);
    memcpy(wide, "\xFF\xFE", 2);
    for (size_t i = 0; i < length; i++) {
        wide[2 + 2 * i] = text[i];
        wide[3 + 2 * i] = '\0';
    }
    read_as(wide, 2 + 2 * length, "none", 50);
}

static void nothing_is_left(void **state)
{
    (void)state;
    read_other_forms();
    assert_true(seen > 10);
    assert_int_equal(left_behind, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left)};
    return cmocka_run_group_tests_name("intake: wiped", tests, NULL, NULL);
}
