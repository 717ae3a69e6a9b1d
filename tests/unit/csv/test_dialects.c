/* SPDX-License-Identifier: MIT */
/* Separators and encodings of CSV files: which is found, which is refused, and that the text is
 * what iconv(1) and RFC 2781, Unicode's tables and the WHATWG's index of windows-1252 say it is. */
#include "records_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "csv/separator.h"
#include "values/text.h"

static bool has_email(const void *context, const char *const *cells, size_t count)
{
    (void)context;
    for (size_t i = 0; i < count; i++)
        if (text_same(cells[i], "email") || text_same(cells[i], "phone"))
            return true;
    return false;
}

/* However the bytes come in. */
static void check_as(const char *bytes, size_t length, struct records_limits limits,
                     const char *expected)
{
    limits.is_header = has_email;
    for (int way = 0; way < 8; way++) {
        struct memory memory = {
            .bytes = bytes, .length = length, .step = (size_t)(way < 4 ? way : 0)};
        char *story = story_of(&memory, way % 2 == 0, &limits);
        assert_string_equal(story, expected);
        free(story);
    }
}

#define CHECK(bytes, expected)                                                                     \
    check_as(bytes, sizeof(bytes) - 1, (struct records_limits){0}, expected)
#define CHECK_AS(bytes, named, expected)                                                           \
    check_as(bytes, sizeof(bytes) - 1, (struct records_limits){.encoding = (named)}, expected)

static void the_separator_is_found_from_the_header(void **state)
{
    (void)state;
    CHECK("email;name\na;b\n", "email|name\n2 11-15 [a][b]\n3 15 end\n");
    CHECK("name\temail\nx\t\"y\tz\"\n", "name|email\n2 11-19 [x][y\\09z]\n3 19 end\n");
    CHECK("email,name\na;b,c\n", "email|name\n2 11-17 [a;b][c]\n3 17 end\n");
    CHECK("\n\r\nemail;name\na;b", "email|name\n4 14-17 [a][b]\n4 17 end\n");
    /* A separator within quotes is none, and one that occurs nowhere is the comma. */
    CHECK("email;\"a,b\"\n1;2\n", "email|a,b\n2 12-16 [1][2]\n3 16 end\n");
    CHECK("email\na;b\n", "email\n2 6-10 [a;b]\n3 10 end\n");
    /* What names nothing by any of them is read by commas, as ever. */
    CHECK("x;y\n1;2\n", "x;y\n2 4-8 [1;2]\n3 8 end\n");
}

static void two_readings_are_refused_and_both_named(void **state)
{
    (void)state;
    CHECK(
        "email;x,phone\n1;2,3\n",
        "unreadable: the header (line 1) can be read in two ways: separated by commas its columns "
        "begin with `email;x`, `phone`, by semicolons with `email`, `x,phone`: say which by a "
        "first line `sep=,` or the option --separator\n");
    CHECK("email;x\tphone\n1;2\n",
          "unreadable: the header (line 1) can be read in two ways: separated by semicolons its "
          "columns begin with `email`, `?`, by tabs with `email;x`, `phone`: say which by "
          "a first line `sep=;` or the option --separator\n");
    /* Unless it is said. */
    check_as("email;x,phone\n1;2,3\n", 20, (struct records_limits){.separator = ';'},
             "email|x,phone\n2 14-20 [1][2,3]\n3 20 end\n");
    CHECK("sep=,\nemail;x,phone\n1;2,3\n", "email;x|phone\n3 20-26 [1;2][3]\n4 26 end\n");
}

static void a_first_line_announces_it(void **state)
{
    (void)state;
    CHECK("sep=;\nemail;b\n1;2\n", "email|b\n3 14-18 [1][2]\n4 18 end\n");
    CHECK("\xEF\xBB\xBFSEP=\t\r\nemail\tb\r\n1\t2\r\n", "email|b\n3 19-24 [1][2]\n4 24 end\n");
    CHECK("sep=|\nemail|b\n1|\"a\"\"b\"\n", "email|b\n3 14-23 [1][a\"b]\n4 23 end\n");
    CHECK("sep=a\nemail\n",
          "unreadable: line 1 announces a character that cannot separate fields: expected `sep=,`, "
          "`sep=;` or `sep=` and a tab\n");
    check_as("sep=;\nemail;b\n", 14, (struct records_limits){.separator = ','},
             "unreadable: line 1 says that semicolons separate its fields, and the option commas: "
             "expected one of them\n");
    /* A column of that name. */
    CHECK("sep=,email\n1,2\n", "sep=|email\n2 11-15 [1][2]\n3 15 end\n");
}

static void utf_16_by_its_mark(void **state)
{
    (void)state;
    CHECK("\xFF\xFE"
          "e\0m\0a\0i\0l\0,\0b\0\n\0\xE9\0,\0\x3C\xD8\x3B\xDF\n\0",
          "email|b\n2 8-16 [\\c3\\a9][\\f0\\9f\\8c\\bb]\n3 16 end\n");
    CHECK("\xFE\xFF"
          "\0e\0m\0a\0i\0l\0,\0b\0\n\0\xE9\0,\xD8\x3C\xDF\x3B\0\n",
          "email|b\n2 8-16 [\\c3\\a9][\\f0\\9f\\8c\\bb]\n3 16 end\n");
    /* Half a pair, and half a unit at the end: their records alone. */
    CHECK("\xFF\xFE"
          "e\0m\0a\0i\0l\0\n\0x\0\x3D\xD8\n\0y\0\n\0z\0a",
          "email\n2 6-9 encoding 1 @7 {x\\ff\\n}\n3 9-11 [y]\n4 11-13 encoding 1 @12 {z\\ff}\n"
          "4 13 end\n");
    CHECK("\xFF\xFE", "unreadable: no header: the input has no line with column names\n");
    CHECK_AS("e\0m\0a\0i\0l\0\n\0x\0\n\0", RECODE_UTF_16LE, "email\n2 6-8 [x]\n3 8 end\n");
}

static void eight_bits_only_where_they_are_named(void **state)
{
    (void)state;
    CHECK_AS("email\n\xE9\x80\x9F\xFF\n", RECODE_WINDOWS_1252,
             "email\n2 6-16 [\\c3\\a9\\e2\\82\\ac\\c5\\b8\\c3\\bf]\n3 16 end\n");
    CHECK_AS("email\nx\x81\ny\n", RECODE_WINDOWS_1252,
             "email\n2 6-9 encoding 1 @7 {x\\ff\\n}\n3 9-11 [y]\n4 11 end\n");
    CHECK_AS("email\n\xE9\xA4\xFF\n", RECODE_LATIN_1,
             "email\n2 6-13 [\\c3\\a9\\c2\\a4\\c3\\bf]\n3 13 end\n");
    /* A mark goes before what is named. */
    CHECK_AS("\xEF\xBB\xBF"
             "email\n\xC3\xA9\n",
             RECODE_LATIN_1, "email\n2 9-12 [\\c3\\a9]\n3 12 end\n");
    CHECK("email\n\xE9\n", "email\n2 6-8 encoding 1 @6 {\\e9\\n}\n3 8 end\n");
}

static void what_was_assumed_is_said(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        struct records_limits limits;
        const char *form;
    } cases[] = {
        {"email,b\n", 8, {0}, ""},
        {"\xEF\xBB\xBF"
         "email\n",
         9,
         {0},
         ""},
        {"email;b\n", 8, {0}, "separated by semicolons (found from the header)"},
        {"sep=\t\nemail\n", 12, {0}, "separated by tabs (as line 1 says)"},
        {"email|b\n", 8, {.separator = '|'}, "separated by `|` (as it was named)"},
        {"\xFF\xFE"
         "e\0m\0a\0i\0l\0;\0b\0\n\0",
         18,
         {0},
         "separated by semicolons (found from the header), in utf-16le (by its byte order mark)"},
        {"email\n", 6, {.encoding = RECODE_LATIN_1}, "in latin-1 (as it was named)"},
    };
    char form[RECORDS_FORM];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct memory memory = {.bytes = cases[i].bytes, .length = cases[i].length};
        const struct input_source source = memory_source(&memory, true);
        struct records_limits limits = cases[i].limits;
        struct error error;
        limits.is_header = has_email;
        struct records *records = records_open(&source, &limits, &error);
        assert_non_null(records);
        records_form(records, form);
        assert_string_equal(form, cases[i].form);
        records_close(records);
    }
}

static void names_of_encodings_and_separators(void **state)
{
    enum recode_encoding encoding;
    unsigned char separator;
    (void)state;
    assert_true(recode_named("CP1252", &encoding) && encoding == RECODE_WINDOWS_1252);
    assert_true(recode_named("iso-8859-1", &encoding) && encoding == RECODE_LATIN_1);
    assert_false(recode_named("utf-7", &encoding));
    assert_true(separator_named("Tab", &separator) && separator == '\t');
    assert_true(separator_named(";", &separator) && separator == ';');
    assert_true(separator_named("|", &separator) && separator == '|');
    assert_false(separator_named("", &separator) || separator_named("a", &separator) ||
                 separator_named("\"", &separator) || separator_named(";;", &separator));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_separator_is_found_from_the_header),
        cmocka_unit_test(two_readings_are_refused_and_both_named),
        cmocka_unit_test(a_first_line_announces_it),
        cmocka_unit_test(utf_16_by_its_mark),
        cmocka_unit_test(eight_bits_only_where_they_are_named),
        cmocka_unit_test(what_was_assumed_is_said),
        cmocka_unit_test(names_of_encodings_and_separators),
    };
    return cmocka_run_group_tests_name("dialects", tests, NULL, NULL);
}
