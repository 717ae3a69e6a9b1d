/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "fraud/json_text.h"

static void assert_document(struct json_text *json, const char *expected)
{
    char *text = json_text_end(json);
    assert_non_null(text);
    assert_string_equal(text, expected);
    free(text);
}

static void members(void **state)
{
    struct json_text json;
    (void)state;
    json_text_begin(&json);
    json_text_integer(&json, "least", INT64_MIN);
    json_text_string(&json, "text", "a/b");
    json_text_string(&json, "none", NULL);
    json_text_open(&json, "inner");
    json_text_boolean(&json, "yes", true);
    json_text_boolean(&json, "no", false);
    json_text_close(&json);
    json_text_real(&json, "whole", 10);
    json_text_real(&json, "degrees", -0.1275);
    json_text_real(&json, "small", 0.00001);
    assert_document(
        &json, "{\"least\":-9223372036854775808,\"text\":\"a/b\",\"inner\":{\"yes\":true,\"no\":"
               "false},\"whole\":10.0,\"degrees\":-0.1275,\"small\":1.0e-05}");
}

static void empty_objects_leave_no_trace(void **state)
{
    struct json_text json;
    (void)state;
    json_text_begin(&json);
    assert_document(&json, "{}");
    json_text_begin(&json);
    json_text_open(&json, "first");
    json_text_open(&json, "deeper");
    json_text_close(&json);
    json_text_close(&json);
    json_text_integer(&json, "one", 1);
    json_text_open(&json, "between");
    json_text_close(&json);
    json_text_integer(&json, "two", 2);
    json_text_open(&json, "outer");
    json_text_open(&json, "inner");
    json_text_integer(&json, "three", 3);
    json_text_close(&json);
    json_text_open(&json, "nothing");
    json_text_string(&json, "none", NULL);
    json_text_close(&json);
    json_text_close(&json);
    assert_document(&json, "{\"one\":1,\"two\":2,\"outer\":{\"inner\":{\"three\":3}}}");
}

/* Read back by a parser that knows nothing of the writer. */
static void every_character_survives(void **state)
{
    char text[256 * 3] = "";
    char *at = text;
    struct json_text json;
    (void)state;
    for (char byte = 1; byte > 0 && byte < 0x7f; byte++)
        *at++ = byte;
    memcpy(at, "\x7f\xc2\x80\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
           sizeof "\x7f\xc2\x80\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    json_text_begin(&json);
    json_text_string(&json, "text", text);
    char *document = json_text_end(&json);
    json_t *parsed = json_loads(document, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(parsed);
    assert_string_equal(json_string_value(json_object_get(parsed, "text")), text);
    json_decref(parsed);
    free(document);
}

static void bad_texts_are_left_out(void **state)
{
    static const char *const bad[] = {"a\xff", "\xc0\x80", "a\xe2\x82", "\xed\xa0\x80",
                                      "\xf5\x80\x80\x80"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct json_text json;
        json_text_begin(&json);
        json_text_string(&json, "bad", bad[i]);
        json_text_string(&json, "good", "g");
        json_text_open(&json, "object");
        json_text_string(&json, "bad", bad[i]);
        json_text_close(&json);
        assert_document(&json, "{\"good\":\"g\"}");
    }
}

static void long_documents_grow(void **state)
{
    enum { MEMBERS = 5000 };
    struct json_text json;
    (void)state;
    json_text_begin(&json);
    json_text_open(&json, "many");
    for (int i = 0; i < MEMBERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "m%d", i);
        json_text_string(&json, name, "x\ty");
    }
    json_text_close(&json);
    char *document = json_text_end(&json);
    json_t *parsed = json_loads(document, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(json_object_size(json_object_get(parsed, "many")), MEMBERS);
    json_decref(parsed);
    free(document);
}

static void too_deep(void **state)
{
    struct json_text json;
    (void)state;
    json_text_begin(&json);
    for (int i = 0; i < JSON_TEXT_DEPTH; i++)
        json_text_open(&json, "o");
    for (int i = 0; i < JSON_TEXT_DEPTH; i++)
        json_text_close(&json);
    assert_null(json_text_end(&json));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members),
        cmocka_unit_test(empty_objects_leave_no_trace),
        cmocka_unit_test(every_character_survives),
        cmocka_unit_test(bad_texts_are_left_out),
        cmocka_unit_test(long_documents_grow),
        cmocka_unit_test(too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
