/* SPDX-License-Identifier: MIT */
/* What may be shown, what a value may hold, and how the rest is escaped. */
#include "values/text.h"
#include "values/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void escape_is(const char *text, const char *expected)
{
    char escaped[256];
    assert_string_equal(text_escape(escaped, sizeof escaped, text), expected);
}

static void nothing_from_outside_drives_a_terminal(void **state)
{
    (void)state;
    escape_is("plain, \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", "plain, \xC3\xA9\xE2\x82\xAC"
                                                             "\xF0\x9F\x98\x80");
    escape_is("\x1b[2J\a\r\n\t\x7f", "\\x1B[2J\\x07\\x0D\\x0A\\x09\\x7F");
    escape_is("\xC2\x9B[2J", "\\xC2\\x9B[2J"); /* CSI as one character */
    escape_is("a\xE2\x80\xAE"
              "b",
              "a\\xE2\\x80\\xAE"
              "b"); /* turns the line */
    escape_is("a\xE2\x80\xA8"
              "b",
              "a\\xE2\\x80\\xA8"
              "b");                                                 /* line separator */
    escape_is("\xFF\xC3(", "\\xFF\\xC3(");                          /* no UTF-8 */
    escape_is("\xC0\x9B\xED\xA0\x80", "\\xC0\\x9B\\xED\\xA0\\x80"); /* overlong, surrogate */
    escape_is("\xC1\xA1", "\\xC1\\xA1");                            /* an overlong a */
    escape_is("\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80");
    escape_is("\xE2\x82", "\\xE2\\x82"); /* cut off at the end */
}

static void an_escape_is_never_cut_in_two(void **state)
{
    (void)state;
    char escaped[7];
    assert_string_equal(text_escape(escaped, sizeof escaped, "abc\x1b"), "abc");
    assert_string_equal(text_escape(escaped, sizeof escaped, "ab\x1b"), "ab\\x1B");
    assert_string_equal(text_escape(escaped, sizeof escaped, "abcd\xE2\x82\xAC"), "abcd");
    assert_string_equal(text_escape(escaped, 1, "abc"), "");
}

/* The lists of escaped characters once differed on these. */
static void what_is_unseen_is_escaped_and_may_be_in_a_value(void **state)
{
    static const UChar32 unseen[] = {0xad,   0x61c,  0x180e,  0x200b,  0x200d, 0x200e, 0x2060,
                                     0x206f, 0xfeff, 0xe0041, 0xe0101, 0xfff0, 0xe000, 0x378};
    (void)state;
    for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
        char text[8] = "";
        int32_t length = 0;
        utf_append8(text, &length, unseen[i]);
        assert_int_equal(text_class(unseen[i]), TEXT_UNSEEN);
        assert_true(text_is_clean(text, 4));
        assert_string_equal(text_shown(text, 4, "?"), "?");
    }
    escape_is("pay\xC2\xADpal", "pay\\xC2\\xADpal");
    escape_is("\xE1\xA0\x8E", "\\xE1\\xA0\\x8E");
}

static void what_is_obeyed_is_in_no_value(void **state)
{
    static const char *const obeyed[] = {
        "\n",           "\x7f",         "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xAA", "\xE2\x80\xAE",
        "\xE2\x81\xA6", "\xE2\x81\xA9", "\xFF",     "\xE2\x82",     "\xED\xA0\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof obeyed / sizeof *obeyed; i++)
        assert_false(text_is_clean(obeyed[i], 8));
    assert_int_equal(text_class(-1), TEXT_OBEYED);
    assert_false(text_is_clean("", 8));
    assert_false(text_is_clean("four", 3));
}

static void a_text_is_repeated_whole_or_not_at_all(void **state)
{
    const char *text = "Z\xC3\xBCrich";
    (void)state;
    assert_ptr_equal(text_shown(text, 7, "..."), text);
    assert_string_equal(text_shown(text, 6, "..."), "...");
    assert_string_equal(text_shown("", 6, "..."), "...");
}

static void controls_are_found_in_any_bytes(void **state)
{
    (void)state;
    assert_false(text_has_control(""));
    assert_false(text_has_control("p\xE4ss w\xC2\x85rd"));
    assert_true(text_has_control("a\nb"));
    assert_true(text_has_control("\x7f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_from_outside_drives_a_terminal),
        cmocka_unit_test(an_escape_is_never_cut_in_two),
        cmocka_unit_test(what_is_unseen_is_escaped_and_may_be_in_a_value),
        cmocka_unit_test(what_is_obeyed_is_in_no_value),
        cmocka_unit_test(a_text_is_repeated_whole_or_not_at_all),
        cmocka_unit_test(controls_are_found_in_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
