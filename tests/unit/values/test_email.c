/* SPDX-License-Identifier: MIT */
/* The address that mail is sent to, and the sender's mailbox. What is compared: test_subject.c. */
#include "values/email.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void becomes(const char *text, const char *expected)
{
    char address[EMAIL_SIZE], folded[EMAIL_SIZE];
    assert_true(email_address(text, address));
    assert_string_equal(address, expected);
    assert_string_equal(email_domain(address), strchr(expected, '@') + 1);
    assert_true(email_fold(text, folded));
}

static void mail_goes_to_the_local_part_as_given(void **state)
{
    (void)state;
    becomes("jane@example.com", "jane@example.com");
    becomes("Jane.O'Neil+tag@Example.COM", "Jane.O'Neil+tag@example.com");
    becomes("jane@b\u00fccher.example", "jane@xn--bcher-kva.example");
    becomes("J\u00f6rg@b\u00fccher.example", "J\u00f6rg@xn--bcher-kva.example");
}

/* The mail channel once took what a sign-up refuses, and the configuration took more. */
static void nothing_is_sent_to_what_a_sign_up_refuses(void **state)
{
    static const char *const refused[] = {"a..b@example.com",
                                          ".a@example.com",
                                          "a.@example.com",
                                          "a\xff@example.com",
                                          "a\xe2\x80\xae@example.com",
                                          "a\xc2\xad@example.com",
                                          "a\xcd\xbe@example.com",
                                          "a@localhost",
                                          "a@127.0.0.1",
                                          "a@example.127",
                                          "a@[127.0.0.1]",
                                          "a@b@example.com",
                                          ""};
    char address[EMAIL_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(email_address(refused[i], address));
        assert_false(email_fold(refused[i], address));
    }
}

static void mailbox_is(const char *text, const char *name, const char *address)
{
    struct email_mailbox mailbox;
    assert_true(email_mailbox(text, &mailbox));
    assert_int_equal(mailbox.name_length, strlen(name));
    assert_memory_equal(mailbox.name, name, strlen(name));
    assert_string_equal(mailbox.address, address);
}

static void a_sender_is_an_address_or_a_name_and_an_address(void **state)
{
    static const char *const refused[] = {"",
                                          "<>",
                                          "<a@example.com",
                                          "a@example.com>",
                                          "Shop <a@b@example.com>",
                                          "Shop <a@example.com> x",
                                          "Shop <<a@example.com>>",
                                          "a@example.com, b@example.com",
                                          "Shop <a@b, c@d>",
                                          "Shop <a..b@example.com>",
                                          "Shop <a@exa_mple.com>",
                                          "Shop <a@127.0.0.1>",
                                          "Shop <a@9>"};
    struct email_mailbox mailbox;
    (void)state;
    mailbox_is("no-reply@B\u00fccher.example", "", "no-reply@xn--bcher-kva.example");
    mailbox_is("<a@example.com>", "", "a@example.com");
    mailbox_is("Shop; Ltd <a@example.com>", "Shop; Ltd", "a@example.com");
    mailbox_is("\"Shop, Ltd\" <a@example.com>", "Shop, Ltd", "a@example.com");
    mailbox_is("registration@localhost", "", "registration@localhost");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(email_mailbox(refused[i], &mailbox));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mail_goes_to_the_local_part_as_given),
        cmocka_unit_test(nothing_is_sent_to_what_a_sign_up_refuses),
        cmocka_unit_test(a_sender_is_an_address_or_a_name_and_an_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
