/* SPDX-License-Identifier: MIT */
/* The columns of a file, by its header: of sign-ups, and of any other table of names. */
#include "values/signup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void what_stands_between_words_does_not_matter(void **state)
{
    static const struct header_name list[] = {{"entered_at", 7}, {"code", 8}};
    const struct header_names names = {.list = list, .count = 2};
    (void)state;
    assert_int_equal(header_find(&names, "entered_at"), 7);
    assert_int_equal(header_find(&names, "EnteredAt"), 7);
    assert_int_equal(header_find(&names, "_Code_"), 8);
    assert_int_equal(header_find(&names, "\xEF\xBB\xBF"
                                         "Entered-at "),
                     7);
    assert_int_equal(header_find(&names, "entered.AT\xC2\xA0"), 7);
    assert_int_equal(header_find(&names, " "), -1);
    assert_int_equal(header_find(&names, "codes"), -1);
    assert_int_equal(header_find(&names, ""), -1);
}

static void doubles_and_prefixes_are_found(void **state)
{
    static const char *const cells[] = {
        "email",         "note",     "consent_terms", "E_Mail",           "Consent_terms",
        "consent_Terms", "consent_", "note",          "Consent - terms ", "consentual"};
    static const size_t same_as[] = {0, 0, 0, 1, 3, 3, 0, 0, 3, 0};
    struct header header;
    (void)state;
    assert_true(header_read(&header, &signup_header, cells, 10));
    assert_int_equal(header.count, 10);
    assert_int_equal(header.prefixed, 4);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(header.columns[i].same_as, same_as[i]);
    assert_int_equal(header.columns[3].column, SIGNUP_email);
    assert_string_equal(header.columns[5].suffix, "Terms");
    assert_null(header.columns[6].suffix);
    header_end(&header);
}

/* What the ledger decides is no name of what comes in, by whatever alias. */
static void columns_of_the_ledger_are_not_taken(void **state)
{
    static const char *const decided[] = {
        "id",        "customer_id", "recorded_at", "reasons", "outcome_at",      "import_id",
        "line",      "told_reason", "notes",       "hint",    "attempted_at_ms", "decided_at",
        "code_state"};
    (void)state;
    for (size_t i = 0; i < sizeof decided / sizeof *decided; i++)
        assert_int_equal(header_find(&signup_header, decided[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_between_words_does_not_matter),
        cmocka_unit_test(doubles_and_prefixes_are_found),
        cmocka_unit_test(columns_of_the_ledger_are_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
