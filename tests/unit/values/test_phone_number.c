/* SPDX-License-Identifier: MIT */
/* Phone numbers: one form for one person's number, and the short way against libphonenumber. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/phone.h"
#include "values/subject.h"

static void number(const char *text, const char *country, const char *wanted, enum rule by)
{
    char e164[64] = "";
    enum rule rule = phone_number(text, country, false, e164, sizeof e164);

    if (rule != by)
        fail_msg("\"%s\": rule %d, not %d", text, (int)rule, (int)by);
    if (wanted != NULL)
        assert_string_equal(e164, wanted);
}

/* +49 30 23125 000 is in the Federal Network Agency's range for fiction, +44 20 7946 0xxx in
 * Ofcom's, 604 555 01xx in the NANP's. */
static void one_number_has_one_form(void **state)
{
    (void)state;
    number("+493023125000", NULL, "+493023125000", RULE_as_given);
    number("+49 30 23125-000", NULL, "+493023125000", RULE_as_given);
    number("0049 30 23125000", NULL, "+493023125000", RULE_as_given);
    number("030 23125 000", "DE", "+493023125000", RULE_as_given);
    number("(+49) 30 23125000", NULL, "+493023125000", RULE_as_given);
    number("+49 (0)30 23125000", NULL, "+493023125000", RULE_trunk_prefix);
    number("+4903023125000", NULL, "+493023125000", RULE_trunk_prefix);
    number("+4402079460123", NULL, "+442079460123", RULE_trunk_prefix);
    number("+5215512345678", NULL, "+525512345678", RULE_trunk_prefix); /* until 2019 */
    number("+390612345678", NULL, "+390612345678", RULE_as_given);      /* Italy's zero stays */
    number("16045550123", "CA", "+16045550123", RULE_as_given);
    number("(0049) 30 23125000", NULL, "+493023125000", RULE_as_given);
    number("(0049) 30 23125000", "US", "+493023125000", RULE_as_given);
    number("0049 30 23125000", "DE", "+493023125000", RULE_as_given);
    number("0011 49 30 23125000", "AU", "+493023125000", RULE_as_given);
    number("0011 65 8123 4567", "AU", "+6581234567", RULE_as_given); /* not Jamaica's +1 658 */
    number("0049 30 23125000", "AU", "+493023125000", RULE_as_given);
    number("442079460123", "GB", "+442079460123", RULE_as_given);
    /* America writes no trunk prefix, and +64 6555 0123 would be New Zealand's. */
    number("6465550123", "US", "+16465550123", RULE_as_given);
    number("(646) 555-0123", "US", "+16465550123", RULE_as_given);
    number("3023125000", "DE", "+493023125000", RULE_as_given);    /* its zero is lost */
    number("493023125000.0", "DE", "+493023125000", RULE_decimal); /* taken for one to count with */
    number("+493023125000.0", NULL, "+493023125000", RULE_decimal);
    number("030.231.250.0", "DE", "+49302312500", RULE_as_given);
    number("020 7946 0123", "GB", "+442079460123", RULE_as_given);
    /* As contact cards have it: U+202A, U+00A0, U+2011, U+202C. */
    number("\xe2\x80\xaa+49\xc2\xa0"
           "30\xe2\x80\x91"
           "23125000\xe2\x80\xac",
           NULL, "+493023125000", RULE_phone_spelling);
    number("\xef\xbc\x8b\xef\xbc\x94\xef\xbc\x99 30 23125000", NULL, "+493023125000",
           RULE_phone_spelling); /* full width */
}

static void what_is_none_is_refused_by_name(void **state)
{
    (void)state;
    number("030 23125000", NULL, NULL, RULE_phone_country);
    number("+999123456789", NULL, NULL, RULE_phone_country);
    number("+1604555012", NULL, NULL, RULE_phone_length);
    number("+160455501234", NULL, NULL, RULE_phone_length);
    number("030 23125000 ext. 9", "DE", NULL, RULE_phone);
    number("call me", "DE", NULL, RULE_phone);
    number("4.93E+11", "DE", NULL, RULE_phone);
    assert_int_equal(phone_number("+16041234567", NULL, true, (char[64]){""}, 64),
                     RULE_phone_range);
    /* Without a zero before it Germany's, with a + Britain's or France's. */
    number("447911123456", "DE", NULL, RULE_ambiguous);
    number("33612345678", "DE", NULL, RULE_ambiguous);
    /* In Hong Kong 001 leads abroad, and 00 is what others write: Jamaica's or Singapore's. */
    number("001 658 212 2345", "HK", NULL, RULE_ambiguous);
    /* Germany's numbers may begin with 49 and have thirteen digits, and the + may be lost. */
    number("49454757329", "DE", NULL, RULE_ambiguous);
}

/* What is answered without the library is what the library says. */
static void the_short_way_is_the_librarys(void **state)
{
    int plain = 0;

    (void)state;
    srand(5);
    for (int round = 0; round < 20000; round++) {
        static const int codes[] = {1,   7,   20,  27,  30,  31,  32,  33,  34,  39,  40,  41,  43,
                                    44,  45,  46,  47,  48,  49,  51,  60,  61,  62,  63,  64,  65,
                                    66,  81,  82,  84,  90,  91,  92,  94,  98,  351, 352, 353, 354,
                                    358, 359, 370, 371, 372, 380, 385, 386, 420, 421, 52,  54,  55};
        char text[32], ours[64] = "", librarys[64] = "";
        int length = snprintf(text, sizeof text, "+%d",
                              codes[(size_t)rand() % (sizeof codes / sizeof *codes)]),
            end = length + 5 + rand() % 8;
        enum rule by_us, by_library;

        while (length < end && length < 16)
            text[length++] = (char)('0' + rand() % 10);
        text[length] = '\0';
        by_us = phone_number(text, NULL, false, ours, sizeof ours);
        by_library = phone_e164(text, NULL, false, librarys, sizeof librarys);
        if (!rule_refuses(by_library) && !phone_number_is_e164(librarys))
            continue;
        if (rule_refuses(by_us) != rule_refuses(by_library) ||
            (!rule_refuses(by_us) && strcmp(ours, librarys) != 0))
            fail_msg("\"%s\": %s (%d) by us, %s (%d) by the library", text, ours, (int)by_us,
                     librarys, (int)by_library);
        plain += !rule_refuses(by_us);
    }
    assert_true(plain > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_number_has_one_form),
        cmocka_unit_test(what_is_none_is_refused_by_name),
        cmocka_unit_test(the_short_way_is_the_librarys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
