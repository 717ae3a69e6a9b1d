/* SPDX-License-Identifier: MIT */
/* What comes from outside: shortened, escaped. */
#include "delivery/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void escapes_to(const char *bytes, const char *const *hide, const char *expected)
{
    char text[TRANSFER_TEXT];
    response_escape(text, sizeof text, bytes, strlen(bytes), hide);
    assert_string_equal(text, expected);
}

static void test_escape(void **state)
{
    (void)state;
    static const char *const hide[] = {"123456", "jane@example.com", NULL};
    char text[TRANSFER_TEXT];
    static const char nul[] = "a fairly long text with a NUL\0in it";
    escapes_to("plain", NULL, "plain");
    escapes_to("", NULL, "");
    escapes_to(" two\r\n\tlines \n", NULL, "two lines");
    response_escape(text, sizeof text, nul, sizeof nul - 1, NULL);
    assert_string_equal(text, "a fairly long text with a NUL\\x00in it");
    escapes_to("clear \x1b[2J screen", NULL, "clear \\x1B[2J screen");
    escapes_to("C1 csi \xc2\x9b 8-bit", NULL, "C1 csi \\xC2\\x9B 8-bit");
    escapes_to("bad utf8 \xff\xc3 end", NULL, "bad utf8 \\xFF\\xC3 end");
    escapes_to("right-to-left \xe2\x80\xae mark", NULL, "right-to-left \\xE2\\x80\\xAE mark");
    escapes_to("unseen \xf3\xa0\x87\xaf mark", NULL, "unseen \\xF3\\xA0\\x87\\xAF mark");
    response_escape(text, sizeof text, "cut in two: \xc3\xbc", 13, NULL);
    assert_string_equal(text, "cut in two: \\xC3");
    escapes_to("Grüße 日本", NULL, "Grüße 日本");
    escapes_to("code 123456 for Jane@Example.com!", hide, "code [hidden] for [hidden]!");
    escapes_to("hash ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f.", NULL,
               "hash [hidden].");
    escapes_to("short hex deadbeef stays", NULL, "short hex deadbeef stays");
}

static void test_escape_is_bounded(void **state)
{
    (void)state;
    char text[32];
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    response_escape(text, sizeof text, bytes, sizeof bytes, NULL);
    assert_int_equal(strlen(text), 31);
    assert_string_equal(text + 28, "...");
    for (size_t i = 0; i + 1 < sizeof bytes; i += 2) /* never half a character */
        memcpy(bytes + i, "ü", 2);
    for (size_t size = 8; size < sizeof text; size++) {
        response_escape(text, size, bytes, sizeof bytes, NULL);
        assert_true(strlen(text) < size);
        assert_string_equal(text + strlen(text) - 3, "...");
        assert_int_equal((strlen(text) - 3) % 2, 0);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 7);
    response_escape(text, sizeof text, bytes, sizeof bytes, NULL);
    assert_string_equal(text, "(4096 bytes of binary data)");
}

static void test_upload_and_hide(void **state)
{
    (void)state;
    char body[] = "0123456789";
    char buffer[4];
    struct transfer_call call = {.body = body, .body_length = 10};
    assert_int_equal(response_upload(buffer, 1, 4, &call), 4);
    assert_int_equal(response_upload(buffer, 2, 2, &call), 4);
    assert_false(call.upload_ended);
    assert_int_equal(response_upload(buffer, 1, 4, &call), 2);
    assert_memory_equal(buffer, "89", 2);
    assert_true(call.upload_ended);
    assert_int_equal(response_upload(buffer, 1, 4, &call), 0);
    response_hide(&call, NULL);
    response_hide(&call, "ab");
    assert_null(call.hide[0]);
    for (int i = 0; i < 20; i++)
        response_hide(&call, "secret");
    assert_non_null(call.hide[TRANSFER_HIDE - 1]);
    assert_null(call.hide[TRANSFER_HIDE]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_escape_is_bounded),
        cmocka_unit_test(test_upload_and_hide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
