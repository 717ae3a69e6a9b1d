/* SPDX-License-Identifier: MIT */
/* The records of JSON files: lines and items, however the bytes come in, what is rejected, what
 * fails, and going on after any record. Whether bytes are JSON is what jansson says. */
#include "json_story.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const members[] = {"users", "people"};
static const struct json_records_limits usual = {
    .max_record_bytes = 1000, .members = members, .member_count = 2};

static void check_with(const char *bytes, size_t length, const struct json_records_limits *limits,
                       const char *expected)
{
    for (int way = 0; way < 10; way++) {
        const struct memory memory = {
            .bytes = bytes, .length = length, .step = (size_t)(way < 6 ? way : 0)};
        char *story = json_story(&memory, way % 2 == 0, limits, 0, 0);
        assert_string_equal(story, expected);
        free(story);
    }
}

#define CHECK(bytes, expected) check_with(bytes, sizeof(bytes) - 1, &usual, expected)

static void lines(void **state)
{
    (void)state;
    CHECK("{\"a\":1}\n{\"b\":\"x\"}\n", "lines\n1 0-8 a=1\n2 8-18 b=x\n3 18 end\n");
    CHECK("\xEF\xBB\xBF\n \n{\"a\":1}\r\n\n{\"a\":2}",
          "lines\n3 6-15 a=1\n5 16-23 a=2\n5 23 end\n");
    CHECK(
        "{\"a\":[1,{\"b\":2}],\"c\":null,\"d\":true,\"e\":-1.5e+300,\"f\":123456789012345678901}\n",
        "lines\n1 0-76 a=[1,{\"b\":2}] c=null d=true e=-1.5e+300 f=123456789012345678901\n2 76 "
        "end\n");
    /* A line that is no JSON is rejected alone: cut off, with something behind, no object. */
    CHECK("{\"a\":1\n{\"a\":2}\n", "lines\n1 0-7 syntax @6\n2 7-15 a=2\n3 15 end\n");
    CHECK("{\"a\":1}\n{\"a\":2}x\n[1]\n\"x\"\n{\"a\":3}\n",
          "lines\n1 0-8 a=1\n2 8-17 syntax @15\n3 17-21 not_an_object @17\n4 21-25 not_an_object "
          "@21\n5 25-33 a=3\n6 33 end\n");
    CHECK("{\"a\":1}\n{\"a\":\"x", "lines\n1 0-8 a=1\n2 8-15 syntax @15\n2 15 end\n");
    CHECK("{\"a\":1}\n{\"a\":\"\xFF\"}\n{\"a\":\"\0\"}\n",
          "lines\n1 0-8 a=1\n2 8-18 encoding @14\n3 18-28 nul @24\n4 28 end\n");
    CHECK("{}", "lines\n1 0-2\n1 2 end\n");
}

static void items(void **state)
{
    (void)state;
    CHECK("[{\"a\":1},{\"a\":2}]", "items\n1 1-8 a=1\n2 9-16 a=2\n3 17 end\n");
    CHECK(" [ ]\n", "items\n1 5 end\n");
    CHECK("[\n  {\n    \"a\": 1\n  },\n  {\"a\": [\n1]}\n]\n",
          "items\n1 4-20 a=1\n2 24-35 a=[\\0a1]\n3 38 end\n");
    CHECK("[{\"a\":1},[],\"x\",1,{\"a\":\"\xFF\"}]",
          "items\n1 1-8 a=1\n2 9-11 not_an_object @9\n3 12-15 not_an_object @12\n"
          "4 16-17 not_an_object @16\n5 18-27 encoding @24\n6 28 end\n");
    CHECK("[1,{\"a\":1}]", "no JSON\n");
    /* In an object: among other members, one of which has such a name and is no array. */
    CHECK("{\"x\":{\"users\":[1]},\"people\":1,\"users\":[{\"a\":1},{\"a\":2}],\"y\":[{}]}",
          "items\n1 39-46 a=1\n2 47-54 a=2\n3 65 end\n");
    CHECK("{\n\"users\": [\n{\"a\":1}]}", "items\n1 13-20 a=1\n2 22 end\n");
    CHECK(
        "{\"users\":[{\"a\":1}],\"users\":[]}",
        "items\n1 10-17 a=1\nfailed: byte 20 (line 1): a second member `users`: expected one array "
        "of records\n");
    CHECK("{\n\"persons\":[{\"a\":1}]}",
          "unreadable: the document is one object, and none of its members is an array of records "
          "by a known name: name it in a profile (records = NAME)\n");
    /* One line with such a member, and more lines: those are records. */
    CHECK("{\"users\":[1]}\n{\"a\":1}\n", "lines\n1 0-14 users=[1]\n2 14-22 a=1\n3 22 end\n");
}

static void a_document_that_is_no_json(void **state)
{
    (void)state;
    CHECK("[{\"a\":1},{\"a\":2}",
          "items\n1 1-8 a=1\n2 9-16 a=2\nfailed: byte 17 (line 1): no JSON: expected `]`: the "
          "document ends early\n");
    CHECK("[{\"a\":1},\n{\"a\" 2}]",
          "items\n1 1-8 a=1\nfailed: byte 16 (line 2): no JSON: expected a "
          "colon behind the name of a member\n");
    CHECK("[{\"a\":1}] x", "items\n1 1-8 a=1\nfailed: byte 11 (line 1): no JSON: expected nothing "
                           "more\n");
    CHECK("[{\"a\":1}]\n[{\"a\":2}]\n", "items\n1 1-8 a=1\nfailed: byte 11 (line 2): no JSON: "
                                        "expected nothing more\n");
    CHECK("email,name\n", "no JSON\n");
    CHECK("[email],name\n", "no JSON\n");
    CHECK("{email}\n", "no JSON\n");
    CHECK("  ", "no JSON\n");
}

static void too_long(void **state)
{
    const struct json_records_limits limits = {.max_record_bytes = 12};
    (void)state;
    check_with("{\"a\":\"12345\"}\n{\"a\":\"123\"}\n{\"a\":\"123456789\"}\n", 44, &limits,
               "lines\n1 0-14 too_long @0 (14)\n2 14-26 a=123\n3 26-44 too_long @26 (18)\n4 44 "
               "end\n");
    check_with("[{\"a\":\"1234567890\"}, \"123456789012345\" ,{\"a\":\"123\"},  1]", 56, &limits,
               "items\n1 1-19 too_long @1 (18)\n2 21-38 too_long @21 (17)\n3 40-51 a=123\n4 54-55 "
               "not_an_object @54\n5 56 end\n");
}

static void goes_on_after_any_record(void **state)
{
    static const char *const files[] = {
        "{\"a\":1}\n\n{\"a\":2\n{\"a\":3}\n{\"a\":4}",
        "[{\"a\":1} ,\n {\"a\":2},7,{\"a\":4}\n]\n",
        "{\"users\" : [{\"a\":1},{\"a\":[]},{\"a\":4} ] , \"x\":1}",
    };
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        for (int way = 0; way < 6; way++) {
            const struct memory memory = {
                .bytes = files[f], .length = strlen(files[f]), .step = (size_t)(way / 2)};
            char *whole = json_story(&memory, way % 2 == 0, &usual, 0, 0);
            char *at = strchr(whole, '\n') + 1;
            const size_t head = (size_t)(at - whole);
            for (;;) {
                unsigned line, offset, end, next;
                char *feed = strchr(at, '\n');
                if (sscanf(at, "%u %u-%u", &line, &offset, &end) != 3)
                    break;
                sscanf(feed + 1, "%u", &next);
                /* Blank lines count, where there are lines. */
                char *rest =
                    json_story(&memory, way % 2 == 0, &usual, end,
                               f == 0 && line == 1 ? 2 : line + (f > 0 || end < memory.length));
                assert_memory_equal(rest, whole, head);
                assert_string_equal(rest + head, feed + 1);
                free(rest);
                at = feed + 1;
            }
            free(whole);
        }
    const struct memory memory = {.bytes = files[0], .length = strlen(files[0])};
    char *story = json_story(&memory, true, &usual, 3, 1);
    assert_non_null(strstr(story, "cannot go on: byte 3 is not the end of a record"));
    free(story);
}

/* -- the grammar, against jansson -- */

static bool jansson_takes(const char *bytes, size_t length)
{
    json_t *value = json_loadb(bytes, length, JSON_DECODE_ANY, NULL);
    json_decref(value);
    return value != NULL;
}

static void check_grammar(const char *bytes, size_t length)
{
    struct json_tree tree = {0};
    const bool taken = json_tree_read(&tree, bytes, length);
    if (taken != jansson_takes(bytes, length))
        fail_msg("%.*s: %s", (int)length, bytes, taken ? "taken" : "refused");
    json_tree_end(&tree);
}

static void whatever_jansson_takes(void **state)
{
    static const char *const texts[] = {
        "0",
        "-0",
        "1",
        "01",
        "-",
        "1.",
        "1.5",
        ".5",
        "1e5",
        "1e+5",
        "1E-5",
        "1e",
        "1e+",
        "+1",
        "true",
        "tru",
        "truex",
        "false",
        "null",
        "nul",
        "\"\"",
        "\"a",
        "\"\\n\\u00e9\\/\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "[]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[[[]]]",
        "{}",
        "{\"a\":1,}",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"b\":[{}]}",
        "{'a':1}",
        "  {} ",
        "{} {}",
        "[1]]",
        "\"\t\"",
        "[\"\\ud83c\\udf3b\"]",
        "",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_grammar(texts[i], strlen(texts[i]));
    /* Small changes of something larger: a fixed seed. */
    static const char model[] =
        "{\"a\":[1,-2.5e3,\"x\\n\\u0041\",{\"b\":null,\"c\":[true,false]}],\"d\":{},\"e\":\"\"}";
    uint64_t seed = 42;
    for (int i = 0; i < 20000; i++) {
        char bytes[sizeof model];
        memcpy(bytes, model, sizeof model);
        for (int k = 0; k < 1 + i % 3; k++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[(seed >> 33) % (sizeof model - 1)] =
                "{}[]:,\"\\0123456789.eE+-truefalsn uab"[(seed >> 50) % 35];
        }
        /* What only one of the two minds: names that are there twice, integers beyond 64 bits. */
        check_grammar(bytes, sizeof model - 1);
    }
}

static void as_deep_as_there_is_room_for(void **state)
{
    char deep[2 * (JSON_DEPTH + 1) + 1];
    struct json_tree tree = {0};
    (void)state;
    for (int depth = JSON_DEPTH; depth <= JSON_DEPTH + 1; depth++) {
        memset(deep, '[', (size_t)depth);
        memset(deep + depth, ']', (size_t)depth);
        assert_int_equal(json_tree_read(&tree, deep, 2 * (size_t)depth), depth <= JSON_DEPTH);
    }
    char *wide = malloc(2 * JSON_MOST_VALUES + 2);
    assert_non_null(wide);
    memset(wide, ',', 2 * JSON_MOST_VALUES + 2);
    for (size_t i = 0; i < JSON_MOST_VALUES; i++)
        wide[1 + 2 * i] = '1';
    wide[0] = '[';
    wide[2 * JSON_MOST_VALUES] = ']';
    assert_false(json_tree_read(&tree, wide, 2 * JSON_MOST_VALUES + 1));
    assert_true(tree.too_many);
    wide[2 * JSON_MOST_VALUES - 2] = ']';
    assert_true(json_tree_read(&tree, wide, 2 * JSON_MOST_VALUES - 1));
    json_tree_end(&tree);
    free(wide);
}

static void escapes_become_text(void **state)
{
    static const struct {
        const char *written, *text;
        enum json_text result;
    } cases[] = {
        {"a\\\"b\\\\\\/\\b\\f\\n\\r\\t", "a\"b\\/\b\f\n\r\t", JSON_TEXT_GOOD},
        {"\\u00e9\\u20AC", "\xC3\xA9\xE2\x82\xAC", JSON_TEXT_GOOD},
        {"\\ud83c\\udf3b!", "\xF0\x9F\x8C\xBB!", JSON_TEXT_GOOD},
        {"\\ud83c!", "", JSON_TEXT_SURROGATE},
        {"\\udf3b\\ud83c", "", JSON_TEXT_SURROGATE},
        {"a\\u0000b", "", JSON_TEXT_NUL},
    };
    char made[64];
    size_t used;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(json_unescape(cases[i].written, strlen(cases[i].written), made, &used),
                         cases[i].result);
        if (cases[i].result == JSON_TEXT_GOOD) {
            assert_int_equal(used, strlen(cases[i].text));
            assert_memory_equal(made, cases[i].text, used);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(items),
        cmocka_unit_test(a_document_that_is_no_json),
        cmocka_unit_test(too_long),
        cmocka_unit_test(goes_on_after_any_record),
        cmocka_unit_test(whatever_jansson_takes),
        cmocka_unit_test(as_deep_as_there_is_room_for),
        cmocka_unit_test(escapes_become_text),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
