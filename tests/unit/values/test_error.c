/* SPDX-License-Identifier: MIT */
/* A code and a sentence that travel together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "values/error.h"

static void code_and_text_are_set(void **state)
{
    struct error error = {0};
    (void)state;
    assert_false(error_set(&error, ERROR_IO, "%s: read failed", "a.csv"));
    assert_int_equal(error.code, ERROR_IO);
    assert_string_equal(error.text, "a.csv: read failed");
    assert_false(error_set(&error, ERROR_INVALID, "row 7: %s", error.text));
    assert_int_equal(error.code, ERROR_INVALID);
    assert_string_equal(error.text, "row 7: a.csv: read failed");
}

static void memory_is_a_code_of_its_own(void **state)
{
    struct error error;
    (void)state;
    assert_false(error_no_memory(&error, NULL));
    assert_string_equal(error.text, "out of memory");
    assert_false(error_no_memory(&error, "the key"));
    assert_string_equal(error.text, "the key: out of memory");
    assert_int_equal(error.code, ERROR_NO_MEMORY);
}

static void the_place_goes_in_front(void **state)
{
    char longest[3 * ERROR_SIZE];
    struct error error;
    (void)state;
    error_set(&error, ERROR_INVALID, "no number");
    assert_false(error_at(&error, "line %d", 3));
    assert_string_equal(error.text, "line 3: no number");
    assert_int_equal(error.code, ERROR_INVALID);

    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    error_at(&error, "%.*s", ERROR_SIZE - 10, longest);
    assert_int_equal(strlen(error.text), ERROR_SIZE - 1);
    assert_string_equal(error.text + ERROR_SIZE - 10, ": line 3:");
    error_at(&error, "%s", longest);
    assert_int_equal(strlen(error.text), ERROR_SIZE - 1);
    assert_int_equal(error.code, ERROR_INVALID);
}

static void what_does_not_fit_is_cut(void **state)
{
    char longest[3 * ERROR_SIZE];
    struct error error;
    (void)state;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    error_set(&error, ERROR_INVALID, "%s", longest);
    assert_int_equal(strlen(error.text), ERROR_SIZE - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(code_and_text_are_set),
        cmocka_unit_test(memory_is_a_code_of_its_own),
        cmocka_unit_test(the_place_goes_in_front),
        cmocka_unit_test(what_does_not_fit_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
