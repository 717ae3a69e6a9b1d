/* SPDX-License-Identifier: MIT */
/* What the rule `admit` is told of a sign-up (ext/admission/admit_values.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "admission/admit_values.h"
#include "ledger/settings.h"

static struct settings *settings;
static struct signup signup;
static struct admission admission;
static struct admit_values values;

static int begin(void **state)
{
    (void)state;
    settings = settings_defaults();
    settings->registration_type = SETTINGS_REQUIRE_EMAIL_ACTIVATION;
    memset(&signup, 0, sizeof signup);
    signup.text[SIGNUP_email] = "ann@example.com";
    return 0;
}

static void prepare(void)
{
    struct error error;
    assert_true(admit_prepare(&admission, settings, &signup, INT64_C(1700000000000), &error));
    assert_true(admit_values_prepare(&values, &admission));
}

static int end(void **state)
{
    (void)state;
    admit_values_wipe(&values);
    admit_wipe(&admission);
    settings_free(settings);
    return 0;
}

static void assert_text(int parameter, const char *expected)
{
    const struct admit_value *value = &values.bound[parameter];
    assert_int_equal(value->type, ADMIT_TEXT);
    assert_int_equal(value->length, strlen(expected));
    assert_memory_equal(value->text, expected, value->length);
}

static void reasons_leave_a_gap_for_what_is_taken(void **state)
{
    (void)state;
    signup.text[SIGNUP_recommendation] = "PREVENT";
    prepare();
    assert_text(ADMIT_reasons, "\"password_missing\",\"consent_required\",\"prevented\"");
    assert_text(ADMIT_reasons_before, "\"password_missing\",\"consent_required\",");
    assert_text(ADMIT_reasons_after, ",\"prevented\"");
}

static void reasons_may_all_come_before_it(void **state)
{
    (void)state;
    prepare();
    assert_text(ADMIT_reasons, "\"password_missing\",\"consent_required\"");
    assert_text(ADMIT_reasons_before, "\"password_missing\",\"consent_required\",");
    assert_text(ADMIT_reasons_after, "");
}

static void reasons_may_all_come_after_it(void **state)
{
    (void)state;
    signup.text[SIGNUP_recommendation] = "PREVENT";
    signup.text[SIGNUP_password] = "Kestrel-4471-quarry";
    signup.text[SIGNUP_consents] = "{\"terms\":\"accepted\"}";
    prepare();
    assert_text(ADMIT_reasons, "\"prevented\"");
    assert_text(ADMIT_reasons_before, "");
    assert_text(ADMIT_reasons_after, ",\"prevented\"");
}

static void without_reasons_there_are_none(void **state)
{
    (void)state;
    signup.text[SIGNUP_password] = "Kestrel-4471-quarry";
    signup.text[SIGNUP_consents] = "{\"terms\":\"accepted\"}";
    prepare();
    assert_text(ADMIT_reasons, "");
    assert_text(ADMIT_reasons_before, "");
    assert_text(ADMIT_reasons_after, "");
    assert_int_equal(values.bound[ADMIT_notes].type, ADMIT_NULL);
}

static void a_told_reason_comes_before_it(void **state)
{
    (void)state;
    signup.text[SIGNUP_outcome] = "failure";
    signup.text[SIGNUP_failure_reason] = "prevented";
    prepare();
    assert_text(ADMIT_told, "failure");
    assert_text(ADMIT_reasons, "\"prevented\"");
    assert_text(ADMIT_reasons_before, "\"prevented\",");
    assert_text(ADMIT_reasons_after, "");
    assert_int_equal(values.bound[SIGNUP_outcome].type, ADMIT_NULL);
    assert_int_equal(values.bound[SIGNUP_failure_reason].type, ADMIT_NULL);
}

static void what_a_code_is_made_of_is_wiped(void **state)
{
    (void)state;
    const unsigned char nothing[CODE_NONCE_SIZE] = {0};
    prepare();
    assert_ptr_equal(values.bound[ADMIT_email_nonce].bytes, values.email_nonce);
    assert_memory_not_equal(values.email_nonce, nothing, CODE_NONCE_SIZE);
    admit_values_wipe(&values);
    assert_memory_equal(values.email_nonce, nothing, CODE_NONCE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reasons_leave_a_gap_for_what_is_taken, begin, end),
        cmocka_unit_test_setup_teardown(reasons_may_all_come_before_it, begin, end),
        cmocka_unit_test_setup_teardown(reasons_may_all_come_after_it, begin, end),
        cmocka_unit_test_setup_teardown(without_reasons_there_are_none, begin, end),
        cmocka_unit_test_setup_teardown(a_told_reason_comes_before_it, begin, end),
        cmocka_unit_test_setup_teardown(what_a_code_is_made_of_is_wiped, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
