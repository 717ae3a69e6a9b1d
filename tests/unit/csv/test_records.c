/* SPDX-License-Identifier: MIT */
/* The strict CSV reader: what is a record, what is rejected, where each begins and ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "records_memory.h"

#include <fcntl.h>
#include <unistd.h>

static const struct records_limits no_limits = {
    .max_field_bytes = 0, .max_record_bytes = 0, .discreet = false};

/* Whole, byte by byte and in odd pieces, from a file and from a pipe: always the same story. */
static void check_bytes(const char *bytes, size_t length, const char *expected)
{
    static const size_t step[] = {0, 1, 2, 7};
    for (size_t i = 0; i < sizeof step / sizeof *step; i++)
        for (int seekable = 0; seekable < 2; seekable++) {
            struct memory memory = {.bytes = bytes, .length = length, .step = step[i]};
            char *story = story_of(&memory, seekable, &no_limits);
            assert_string_equal(story, expected);
            free(story);
        }
}

#define check(literal, expected) check_bytes(literal, sizeof(literal) - 1, expected)

static void hard_but_sound(void **state)
{
    (void)state;
    check("a,b,c\n1,2,3\n", "a|b|c\n2 6-12 [1][2][3]\n3 12 end\n");
    check("a,b,c\r\n1,2,3\r\n", "a|b|c\n2 7-14 [1][2][3]\n3 14 end\n");
    check("a,b\n1,2", "a|b\n2 4-7 [1][2]\n2 7 end\n");
    check("a,b\n1,\"\"", "a|b\n2 4-8 [1][]\n2 8 end\n");
    check("first,address\nJohn,\"1 Main, 2nd floor\"\n",
          "first|address\n2 14-39 [John][1 Main, 2nd floor]\n3 39 end\n");
    check("a,b\n1,\"ha \"\"ha\"\" ha\"\n", "a|b\n2 4-21 [1][ha \"ha\" ha]\n3 21 end\n");
    check("a,b\n\"\"\"\",\"\"\"\"\"\"\n", "a|b\n2 4-16 [\"][\"\"]\n3 16 end\n");
    check("key,val\n1,\"{\"\"type\"\": [102.0, 0.5]}\"\n",
          "key|val\n2 8-37 [1][{\"type\": [102.0, 0.5]}]\n3 37 end\n");
    check("a,b\n1,\"x\ny\r\nz\rw\"\n3,4\n",
          "a|b\n2 4-17 [1][x\\ny\\r\\nz\\rw]\n5 17-21 [3][4]\n6 21 end\n");
    check("a,b\n\"\n\n\",\"\r\n\"\r\nx,y\n",
          "a|b\n2 4-15 [\\n\\n][\\r\\n]\n6 15-19 [x][y]\n7 19 end\n");
    check("a,b\n1,\xCA\xA4\n", "a|b\n2 4-9 [1][\\ca\\a4]\n3 9 end\n");
    check("a,b,c\n,\"\",\n", "a|b|c\n2 6-11 -[]-\n3 11 end\n");
    check("\"a\"\n\"\"\n", "a\n2 4-7 []\n3 7 end\n");
    check("\"a,\"\"b\",\"c\nd\"\n1,2\n", "a,\"b|c\\nd\n3 14-18 [1][2]\n4 18 end\n");
}

static void nothing_is_trimmed_or_guessed(void **state)
{
    (void)state;
    check("a, b \n 007 ,\t\n", "a| b \n2 6-14 [ 007 ][\\09]\n3 14 end\n");
    check("a\n   \n", "a\n2 2-6 [   ]\n3 6 end\n");
    check("a,b\n\" x \",+1E5\n", "a|b\n2 4-15 [ x ][+1E5]\n3 15 end\n");
    check("a,b\n \"x\",2\n", "a|b\n2 4-11 quoting 1 @5 { \"x\",2\\n}\n3 11 end\n");
    check("a,b\n\"x\" ,2\n", "a|b\n2 4-11 quoting 1 @7 {\"x\" ,2\\n}\n3 11 end\n");
}

static void empty_lines_are_skipped_and_counted(void **state)
{
    (void)state;
    check("\n\r\na,b\n\n\r\n1,2\n\n\n", "a|b\n6 10-14 [1][2]\n9 16 end\n");
    check("a\n\n\"\"\n\n", "a\n3 3-6 []\n5 7 end\n");
    check("a,b\n1,2\n\r\n", "a|b\n2 4-8 [1][2]\n4 10 end\n");
}

static void byte_order_mark(void **state)
{
    (void)state;
    check("\xEF\xBB\xBF"
          "a,b\n1,2\n",
          "a|b\n2 7-11 [1][2]\n3 11 end\n");
    check("\xEF\xBB\xBF\"a,x\",b\n1,2\n", "a,x|b\n2 11-15 [1][2]\n3 15 end\n");
    check("a\n\xEF\xBB\xBFx\n", "a\n2 2-7 [\\ef\\bb\\bfx]\n3 7 end\n");
    check("\xEF\xBB\xBF\xEF\xBB\xBF"
          "a\n",
          "\\ef\\bb\\bfa\n2 8 end\n");
    check("\xEF\xBB\xBF", "unreadable: no header: the input has no line with column names\n");
    check("\xFF\xFE"
          "a\0",
          "a\n1 1 end\n");
    check("\xEF\xBB\xBF\xFE\xFF\n",
          "unreadable: the header (line 1, column 1, byte 3): byte 0xFE begins no valid UTF-8 "
          "character: expected text in UTF-8\n");
    check("\xFE\xFF\0a", "a\n1 1 end\n");
    check("a\0,\0b\0\n\0",
          "unreadable: the input seems to be in UTF-16, without a byte order mark: name its "
          "encoding, utf-16le, or convert it to UTF-8\n");
    check("\0a\0,\0b\0\n",
          "unreadable: the input seems to be in UTF-16, without a byte order mark: name its "
          "encoding, utf-16be, or convert it to UTF-8\n");
    check("PK\3\4\24\0\6\0", "unreadable: the input is a ZIP archive, as spreadsheet programs save "
                             "their own format in: save it as CSV in UTF-8\n");
}

/* A header of so many columns, c0 to cN, and so many bytes in the last name. */
static bool takes_header(size_t columns, size_t last, const char *refusal)
{
    size_t size = columns * 8 + last + 2, length = 0;
    char *bytes = malloc(size);
    assert_non_null(bytes);
    for (size_t i = 0; i + 1 < columns; i++)
        length += (size_t)snprintf(bytes + length, size - length, "c%zu,", i);
    memset(bytes + length, 'x', last);
    length += last;
    bytes[length++] = '\n';
    struct memory memory = {.bytes = bytes, .length = length};
    char *story = story_of(&memory, true, &no_limits);
    bool taken = strncmp(story, "unreadable", 10) != 0;
    if (!taken)
        assert_string_equal(story, refusal);
    free(story);
    free(bytes);
    return taken;
}

static void wide_headers(void)
{
    assert_true(takes_header(1000, 1, ""));
    assert_false(takes_header(
        1001, 1, "unreadable: the header has 1001 columns: expected 1000 at the most\n"));
    assert_true(takes_header(1, 65535, ""));
    assert_false(takes_header(
        1, 65536, "unreadable: the header has 65537 bytes: expected 65536 at the most\n"));
}

static void headers(void **state)
{
    (void)state;
    check("", "unreadable: no header: the input has no line with column names\n");
    check("\r\n\n", "unreadable: no header: the input has no line with column names\n");
    check("a,b", "a|b\n1 3 end\n");
    check("a,b\r\n", "a|b\n2 5 end\n");
    check("a,,c,\"\"\n", "a||c|\n2 8 end\n");
    check("x,b,a,b\n", "unreadable: columns 2 and 4 of the header have the same name\n");
    wide_headers();
    check("a,A,a_\n", "a|A|a_\n2 7 end\n");
    check("a,b\"\n1,2\n",
          "unreadable: the header (line 1, column 2, byte 3): a quote inside an unquoted field: "
          "expected the whole field in quotes and the quote doubled\n");
    check("a\rb\rc\r",
          "unreadable: the header (line 1, column 1, byte 1): a carriage return without a line "
          "feed outside quotes: expected lines to end with LF or CRLF\n");
    check("\na,\"b\n1,2\n", "unreadable: the header (line 2, column 2, byte 3): the quoted field "
                            "that begins here is never closed: expected its closing quote before "
                            "the end of the input\n");
    check("a,\xE9\n", "unreadable: the header (line 1, column 2, byte 2): byte 0xE9 begins no "
                      "valid UTF-8 character: expected text in UTF-8\n");
}

static void header_bytes_as_read(void **state)
{
    struct memory memory = {.bytes = "\xEF\xBB\xBF\"a\nb\",c\r\n1,2\n", .length = 17};
    const struct input_source source = memory_source(&memory, false);
    struct error error;
    size_t length = 0;
    struct records *records = records_open(&source, &no_limits, &error);
    (void)state;
    assert_non_null(records);
    assert_memory_equal(records_header_raw(records, &length), "\"a\nb\",c\r\n", 9);
    assert_int_equal(length, 9);
    assert_int_equal(records_columns(records), 2);
    records_close(records);
}

static void quoting(void **state)
{
    (void)state;
    /* a quote in an unquoted field: its line is lost, no more */
    check("a,b\n1,2\nb\"c,2\n3,4\n",
          "a|b\n2 4-8 [1][2]\n3 8-14 quoting 1 @9 {b\"c,2\\n}\n4 14-18 [3][4]\n5 18 end\n");
    check("a,b\n1,2\"\n3,4\n", "a|b\n2 4-9 quoting 2 @7 {1,2\"\\n}\n3 9-13 [3][4]\n4 13 end\n");
    /* after a closing quote */
    check("a,b\n\"a\"b,2\n3,4\n",
          "a|b\n2 4-11 quoting 1 @7 {\"a\"b,2\\n}\n3 11-15 [3][4]\n4 15 end\n");
    check("a,b\n1,\"a\"\r3,4\n", "a|b\n2 4-14 quoting 2 @9 {1,\"a\"\\r3,4\\n}\n3 14 end\n");
    /* bare carriage returns */
    check("a,b\n1\r,2\n3,4\n", "a|b\n2 4-9 quoting 1 @5 {1\\r,2\\n}\n3 9-13 [3][4]\n4 13 end\n");
    check("a,b\n1,2\r\r\n3,4\r",
          "a|b\n2 4-10 quoting 2 @7 {1,2\\r\\r\\n}\n3 10-14 quoting 2 @13 {3,4\\r}\n3 14 end\n");
    check("a,b\n\r", "a|b\n2 4-5 quoting 1 @4 {\\r}\n2 5 end\n");
}

static void unclosed_quote_costs_its_own_line(void **state)
{
    (void)state;
    check("a,b\n1,\"x\n3,4\n5,6\n",
          "a|b\n2 4-9 quoting 2 @6 {1,\"x\\n}\n3 9-13 [3][4]\n4 13-17 [5][6]\n5 17 end\n");
    /* the quote that opens a later field would close it, if text could follow it */
    check("a,b\n1,\"x\n3,4\n5,\"y\"\n7,8\n",
          "a|b\n2 4-9 quoting 2 @16 {1,\"x\\n}\n3 9-13 [3][4]\n4 13-19 [5][y]\n5 19-23 [7][8]\n"
          "6 23 end\n");
    check("a,b\n1,2\n3,\"", "a|b\n2 4-8 [1][2]\n3 8-11 quoting 2 @10 {3,\"}\n3 11 end\n");
    /* opened in the middle of a record: the lines of the sound field before it go with it */
    check("a,b\n\"x\ny\",\"z\n3,4\n",
          "a|b\n2 4-13 quoting 2 @10 {\"x\\ny\",\"z\\n}\n4 13-17 [3][4]\n5 17 end\n");
    /* a stray byte after a field of several lines: they are looked at one by one */
    check("a,b\n1,\"x\n3,4\n\"z\n5,6\n",
          "a|b\n2 4-9 quoting 2 @14 {1,\"x\\n}\n3 9-13 [3][4]\n4 13-16 quoting 1 @13 {\"z\\n}\n"
          "5 16-20 [5][6]\n6 20 end\n");
    /* every line lacks its closing quote */
    check("a,b\n\"1,2\n\"3,4\n\"5,6\n",
          "a|b\n2 4-9 quoting 1 @10 {\"1,2\\n}\n3 9-14 quoting 1 @15 {\"3,4\\n}\n"
          "4 14-19 quoting 1 @14 {\"5,6\\n}\n5 19 end\n");
}

static void field_count(void **state)
{
    (void)state;
    check("a,b\n1\n1,2,3\n,\n5,6\n",
          "a|b\n2 4-6 field_count 2 @5 {1\\n}\n3 6-12 field_count 3 @10 {1,2,3\\n}\n"
          "4 12-14 --\n5 14-18 [5][6]\n6 18 end\n");
    /* sound quoting: the whole record is lost, not its lines one by one */
    check("a,b\n\"1\n2,3\"\n4,5\n",
          "a|b\n2 4-12 field_count 2 @11 {\"1\\n2,3\"\\n}\n4 12-16 [4][5]\n5 16 end\n");
    check("a,b\n1,2,\"x,\ny\"\n", "a|b\n2 4-15 field_count 3 @8 {1,2,\"x,\\ny\"\\n}\n4 15 end\n");
    check("a\n1,\n", "a\n2 2-5 field_count 2 @4 {1,\\n}\n3 5 end\n");
}

static void header_again(void **state)
{
    (void)state;
    check(
        "a,b\n1,2\n\"a\",b\r\na,c\n",
        "a|b\n2 4-8 [1][2]\n3 8-15 header_again 1 @8 {\"a\",b\\r\\n}\n4 15-19 [a][c]\n5 19 end\n");
    /* two files with a byte order mark put together */
    check("\xEF\xBB\xBF"
          "a\n1\n\xEF\xBB\xBF"
          "a\n2\n",
          "a\n2 5-7 [1]\n3 7-12 header_again 1 @7 {\\ef\\bb\\bfa\\n}\n4 12-14 [2]\n5 14 end\n");
    check("a,b\nA,b\na\n", "a|b\n2 4-8 [A][b]\n3 8-10 field_count 2 @9 {a\\n}\n4 10 end\n");
}

/* The second column decides, the others do not. */
static bool may_lack(void *context, size_t column)
{
    (void)context;
    return column != 1;
}

/* What becomes of the row below a header: the columns that it has, `lacks` behind a `-`, or the
 * reject's kind. */
static void check_shape(const char *header, const char *row, const char *expected)
{
    char bytes[256], got[256] = "";
    struct error error;
    struct record record;
    const int length = snprintf(bytes, sizeof bytes, "%s\n%s", header, row);
    struct memory memory = {.bytes = bytes, .length = (size_t)length};
    const struct input_source source = memory_source(&memory, true);
    struct records *records = records_open(&source, &no_limits, &error);
    assert_non_null(records);
    records_allow_short(records, may_lack, NULL);
    if (records_next(records, &record) == RECORDS_REJECT) {
        snprintf(got, sizeof got, "%s", records_kind_name(record.kind));
    } else {
        for (size_t i = 0; i < records_columns(records); i++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "[%s]", record.fields[i].text);
        if (record.lacks > 0)
            snprintf(got + strlen(got), sizeof got - strlen(got), "-%zu", record.lacks);
    }
    assert_string_equal(got, expected);
    records_close(records);
}

static void rows_of_another_length(void **state)
{
    (void)state;
    check_shape("a,b,c,d", "1,2,3,4\n", "[1][2][3][4]");
    check_shape("a,b,c,d", "1,2,3\n", "[1][2][3][]-4");
    check_shape("a,b,c,d", "1,\"2\n2\"\r\n", "[1][2\n2][][]-3");
    check_shape("a,b,c,d", "1\n", "field_count"); /* the second decides */
    check_shape("a,b,c", "1,2", "field_count");   /* perhaps cut off */
    check_shape("a,b,c", "1,2,3,\n", "[1][2][3]");
    check_shape("a,b,c", "1,2,3,\"\"\n", "[1][2][3]");
    check_shape("a,b,c", "1,2,3,", "[1][2][3]");
    check_shape("a,b,c", " 1,2,3,\n", "[ 1][2][3]");
    check_shape("a,b,c", "1,Miller, Ann,\n", "field_count");
    check_shape("a,b,c", "1,2,3, \n", "field_count");
    check_shape("a,b,c", "1,2,3,,\n", "field_count");
    check_shape("a,b,c", "1,2,\"3\"\",\"\"\"\n", "[1][2][3\",\"]");
    check_shape("a,b,c", "Total: 12,7\n", "field_count");
    check_shape("a,b,c", "SUM,7\n", "field_count");
    check_shape("a,b,c", "(12 rows),7\n", "field_count");
    check_shape("a,b,c", "total@example.com,7\n", "[total@example.com][7][]-3");
}

/* As spreadsheets write what lies behind a table. */
static void rows_of_commas(void **state)
{
    static char bytes[] = "a,b\n,\n1,2\n,\r\n , ,,\n\t\n,3\n,,";
    struct memory memory = {.bytes = bytes, .length = sizeof bytes - 1};
    const struct input_source source = memory_source(&memory, true);
    const uint64_t lines[] = {3, 6, 7};
    struct error error;
    struct record record;
    (void)state;
    struct records *records = records_open(&source, &no_limits, &error);
    assert_non_null(records);
    records_skip_empty(records);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(records_next(records, &record), i == 1 ? RECORDS_REJECT : RECORDS_ROW);
        assert_int_equal(record.line, lines[i]); /* a lone tab is a field, and one too few */
    }
    assert_int_equal(records_next(records, &record), RECORDS_END);
    records_close(records);
}

static void encoding(void **state)
{
    static const struct {
        const char *bytes;
        size_t bad; /* where the first bad byte is */
    } ill[] = {{"\x80", 0},
               {"abc\xBF", 3},
               {"\xC3", 0},
               {"\xC3(", 0},
               {"\xC0\x80", 0},         /* over-long */
               {"\xC1\xBF", 0},         /* over-long */
               {"\xE0\x80\x80", 0},     /* over-long */
               {"\xE0\x9F\xBF", 0},     /* over-long */
               {"\xF0\x80\x80\x80", 0}, /* over-long */
               {"\xF0\x8F\xBF\xBF", 0}, /* over-long */
               {"\xED\xA0\x80", 0},     /* surrogate */
               {"\xED\xBF\xBF", 0},     /* surrogate */
               {"\xF4\x90\x80\x80", 0}, /* above U+10FFFF */
               {"\xF5\x80\x80\x80", 0},
               {"\xF8\x88\x80\x80\x80", 0},
               {"\xFE", 0},
               {"\xFF", 0},
               {"\xE2\x82", 0},
               {"\xE2\x82z", 0},
               {"0123456789\xE2\x82\xAC 12345678\xF0\x9F\x98", 22}};
    static const char *const well[] = {"\xC2\x80",         "\xDF\xBF",         "\xE0\xA0\x80",
                                       "\xED\x9F\xBF",     "\xEE\x80\x80",     "\xEF\xBF\xBF",
                                       "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\x01\x7F"};
    (void)state;
    for (size_t i = 0; i < sizeof ill / sizeof *ill; i++) {
        char bytes[64], expected[300];
        struct story raw = {0};
        const int length = snprintf(bytes, sizeof bytes, "a,b\n1,%s\n3,4\n", ill[i].bytes);
        const size_t end = (size_t)length - 4;
        story_add_bytes(&raw, bytes + 4, end - 4);
        snprintf(expected, sizeof expected,
                 "a|b\n2 4-%zu encoding 2 @%zu {%s}\n3 %zu-%zu [3][4]\n4 %zu end\n", end,
                 6 + ill[i].bad, raw.text, end, end + 4, end + 4);
        check_bytes(bytes, (size_t)length, expected);
        free(raw.text);
    }
    for (size_t i = 0; i < sizeof well / sizeof *well; i++) {
        char bytes[64], expected[300];
        struct story text = {0};
        const int length = snprintf(bytes, sizeof bytes, "a\n%s\n", well[i]);
        story_add_bytes(&text, well[i], strlen(well[i]));
        snprintf(expected, sizeof expected, "a\n2 2-%d [%s]\n3 %d end\n", length, text.text,
                 length);
        check_bytes(bytes, (size_t)length, expected);
        free(text.text);
    }
    /* in a sound record of several lines all of it is lost; in quotes the column is right */
    check("a,b\n\"x,\n\",\"\n\xFFy\"\n3,4\n",
          "a|b\n2 4-16 encoding 2 @12 {\"x,\\n\",\"\\n\\ffy\"\\n}\n5 16-20 [3][4]\n6 20 end\n");
}

static void nul(void **state)
{
    (void)state;
    check("a,b\n1,x\0y\n3,4\n", "a|b\n2 4-10 nul 2 @7 {1,x\\00y\\n}\n3 10-14 [3][4]\n4 14 end\n");
    check("a,b\n\"\0\",2\n", "a|b\n2 4-10 nul 1 @5 {\"\\00\",2\\n}\n3 10 end\n");
    check("a\nabcdefgh\0ijklmnop\n", "a\n2 2-20 nul 1 @10 {abcdefgh\\00ijklmnop\\n}\n3 20 end\n");
    check("a\n\0\xFF\n\xFF\0\n",
          "a\n2 2-5 nul 1 @2 {\\00\\ff\\n}\n3 5-8 encoding 1 @5 {\\ff\\00\\n}\n4 8 end\n");
    check("a\0b\n",
          "unreadable: the header (line 1, column 1, byte 1): a NUL byte: expected text\n");
}

/* What a person is told, word for word, and the column's name. */
static void messages(void **state)
{
    static const struct {
        const char *record, *name, *message;
    } said[] = {
        {"b\"c,2", "first",
         "a quote inside an unquoted field: expected the whole field in quotes and the quote "
         "doubled"},
        {"1,\"a\"b", "second",
         "byte 0x62 after the closing quote of a field: expected a comma or the end of the line (a "
         "quote inside a field is doubled)"},
        {"1,\"b", "second",
         "the quoted field that begins here is never closed: expected its closing quote before the "
         "end of the input"},
        {"1,2\r", "second",
         "a carriage return without a line feed outside quotes: expected lines to end with LF or "
         "CRLF"},
        {"1", "second", "1 field: expected 2, as in the header"},
        {"1,2,3", NULL, "3 fields: expected 2, as in the header"},
        {"\xC3,2", "first", "byte 0xC3 begins no valid UTF-8 character: expected text in UTF-8"},
        {"123456789,2", "first",
         "the field is longer than 8 bytes: expected a shorter one, or a higher max_field_bytes"},
        {"1,12345678901234567890123456789012345678901234567890", "second",
         "the record is longer than 32 bytes: expected a shorter one (is a quote not closed?), or "
         "a higher max_field_bytes"}};
    (void)state;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        char bytes[128];
        struct error error;
        const int length = snprintf(bytes, sizeof bytes, "first,second\n%s", said[i].record);
        struct memory memory = {.bytes = bytes, .length = (size_t)length};
        const struct input_source source = memory_source(&memory, true);
        const struct records_limits limits = {
            .max_field_bytes = 8, .max_record_bytes = 0, .discreet = false};
        struct record record;
        struct records *records = records_open(&source, &limits, &error);
        assert_non_null(records);
        assert_int_equal(records_next(records, &record), RECORDS_REJECT);
        assert_string_equal(record.message, said[i].message);
        if (said[i].name)
            assert_string_equal(record.column_name, said[i].name);
        else
            assert_null(record.column_name);
        assert_int_equal(records_next(records, &record), RECORDS_END);
        assert_int_equal(records_next(records, &record), RECORDS_END);
        records_close(records);
    }
}

static const char mixed[] = "\xEF\xBB\xBF"
                            "a,b\r\n1,\"x\ny\"\r\n\r\nb\"c,2\n\n3,4\n5\n\"un,closed\n6,7\n"
                            "8,\xFF\n\"p\nq\",\"\n\"\n9,\"a\"b\n10,";

/* From every place where a record ended, the rest of the story is told in the same words. */
static void going_on_at_every_record(void **state)
{
    struct memory memory = {.bytes = mixed, .length = sizeof mixed - 1};
    const struct input_source source = memory_source(&memory, true);
    char *story = story_of(&memory, true, &no_limits), *rest = strchr(story, '\n') + 1;
    struct error error;
    struct record record;
    unsigned places = 0;
    struct records *records;
    (void)state;

    memory.position = 0;
    records = records_open(&source, &no_limits, &error);
    assert_non_null(records);
    while (records_next(records, &record) != RECORDS_END) {
        rest = strchr(rest, '\n') + 1;
        for (int seekable = 0; seekable < 2; seekable++) {
            struct memory again = {.bytes = mixed, .length = sizeof mixed - 1, .step = 5};
            const struct input_source second = memory_source(&again, seekable);
            struct story retold = {0};
            struct records *resumed = records_open(&second, &no_limits, &error);
            assert_non_null(resumed);
            assert_true(records_resume(resumed, record.end, record.next_line));
            story_tell(&retold, resumed);
            assert_string_equal(retold.text, rest);
            free(retold.text);
            records_close(resumed);
        }
        places++;
    }
    assert_int_equal(places, 10);
    records_close(records);
    free(story);
}

static void check_resume(const char *bytes, uint64_t offset, uint64_t line, const char *expected)
{
    for (int seekable = 0; seekable < 2; seekable++) {
        struct memory memory = {.bytes = bytes, .length = strlen(bytes)};
        const struct input_source source = memory_source(&memory, seekable);
        struct story story = {0};
        struct record record;
        struct error error;
        struct records *records = records_open(&source, &no_limits, &error);
        assert_non_null(records);
        if (records_resume(records, offset, line)) {
            story_tell(&story, records);
            assert_string_equal(story.text, expected);
        } else {
            assert_string_equal(records_error(records)->text, expected);
            assert_int_equal(records_error(records)->code, ERROR_INVALID);
            assert_int_equal(records_next(records, &record), RECORDS_FAILED);
            assert_string_equal(records_error(records)->text, expected);
        }
        free(story.text);
        records_close(records);
    }
}

static void going_on_elsewhere(void **state)
{
    (void)state;
    check_resume("a,b\n1,2\n3,4\n", 4, 2, "2 4-8 [1][2]\n3 8-12 [3][4]\n4 12 end\n");
    check_resume("a,b\n1,2\n3,4\n", 12, 4, "4 12 end\n");
    check_resume("a,b\n1,2\n3,4\n", 3, 2, "cannot continue at byte 3: it is inside the header");
    check_resume("a,b\n1,2\n3,4\n", 6, 2,
                 "byte 6 is not the end of a record: the input is not the "
                 "one that was read before");
    check_resume("a,b\n1,2\n3,4\n", 13, 4,
                 "byte 13 is not the end of a record: the input is not "
                 "the one that was read before");
    check_resume("a,b\n1,2\n3,4\n", 999, 4,
                 "byte 999 is not the end of a record: the input is not "
                 "the one that was read before");
    /* the last record had no line end when it was read; the file has grown since */
    check_resume("a,b\n1,2", 7, 2, "2 7 end\n");
    check_resume("a,b\n1,2\n3,4\n", 7, 2, "3 8-12 [3][4]\n4 12 end\n");
    check_resume("a,b\n1,2\r\n3,4\n", 7, 2, "3 9-13 [3][4]\n4 13 end\n");
    check_resume("a,b\n1,23\n4,5\n", 7, 2,
                 "byte 7 is not the end of a record: the input is not the "
                 "one that was read before");
}

static void going_on_is_for_the_beginning(void **state)
{
    struct memory memory = {.bytes = "a\n1\n2\n", .length = 6};
    const struct input_source source = memory_source(&memory, true);
    struct record record;
    struct error error;
    struct records *records = records_open(&source, &no_limits, &error);
    (void)state;
    assert_int_equal(records_next(records, &record), RECORDS_ROW);
    assert_false(records_resume(records, 4, 3));
    assert_string_equal(records_error(records)->text,
                        "cannot continue at byte 4: reading has already begun");
    records_close(records);
}

static void failing_reads(void **state)
{
    const char bytes[] = "a,b\n1,2\n3,4\n";
    struct memory memory = {.bytes = bytes, .length = sizeof bytes - 1};
    struct record record;
    const struct input_source source = memory_source(&memory, true);
    struct error error;
    char *story;
    struct records *records;
    (void)state;

    memory.fail_from = 2; /* in the header */
    assert_null(records_open(&source, &no_limits, &error));
    assert_string_equal(error.text, "reading failed at byte 2: Input/output error");
    assert_int_equal(error.code, ERROR_IO);

    memory.fail_from = 10; /* in a record: those before it are given, it is not */
    story = story_of(&memory, true, &no_limits);
    assert_string_equal(
        story, "a|b\n2 4-8 [1][2]\nfailed reading failed at byte 10: Input/output error\n");
    free(story);

    memory.fail_from = 12; /* between the last record and the end: not taken for the end */
    memory.position = 0;
    records = records_open(&source, &no_limits, &error);
    assert_int_equal(records_next(records, &record), RECORDS_ROW);
    assert_int_equal(records_next(records, &record), RECORDS_ROW);
    assert_int_equal(records_next(records, &record), RECORDS_FAILED);
    memory.fail_from = 0; /* a failure stays one */
    assert_int_equal(records_next(records, &record), RECORDS_FAILED);
    assert_int_equal(records_error(records)->code, ERROR_IO);
    assert_string_equal(records_error(records)->text,
                        "reading failed at byte 12: Input/output error");
    records_close(records);

    memory.interrupted = true;
    memory.step = 3;
    story = story_of(&memory, true, &no_limits);
    assert_string_equal(story, "a|b\n2 4-8 [1][2]\n3 8-12 [3][4]\n4 12 end\n");
    free(story);
}

static void descriptors(void **state)
{
    char path[] = "/tmp/test_records_XXXXXX";
    struct error error;
    const int file = mkstemp(path);
    int end[2];
    struct input_descriptor holder;
    struct input_source source;
    struct records *records;
    struct record record;
    (void)state;

    /* a file from where it stands: offsets count from there */
    assert_true(file >= 0);
    unlink(path);
    assert_int_equal(write(file, "skip me\na,b\n1,2\n", 16), 16);
    assert_int_equal(lseek(file, 8, SEEK_SET), 8);
    source = input_from_descriptor(&holder, file);
    assert_non_null(source.seek);
    records = records_open(&source, &no_limits, &error);
    assert_non_null(records);
    assert_string_equal(records_header(records)[0], "a");
    assert_true(source.seek(source.context, 4));
    assert_int_equal(lseek(file, 0, SEEK_CUR), 12);
    assert_false(source.seek(source.context, UINT64_MAX));
    records_close(records);
    close(file);

    assert_int_equal(pipe(end), 0);
    source = input_from_descriptor(&holder, end[0]);
    assert_null(source.seek);
    assert_int_equal(write(end[1], "a,b\n1,2\n", 8), 8);
    close(end[1]);
    records = records_open(&source, &no_limits, &error);
    assert_non_null(records);
    assert_int_equal(records_next(records, &record), RECORDS_ROW);
    assert_string_equal(record.fields[1].text, "2");
    assert_int_equal(records_next(records, &record), RECORDS_END);
    records_close(records);
    close(end[0]);

    end[0] = open("/dev/zero", O_RDONLY | O_CLOEXEC); /* takes any seek, and does not mean it */
    assert_true(end[0] >= 0);
    source = input_from_descriptor(&holder, end[0]);
    assert_null(source.seek);
    close(end[0]);

    source = input_from_descriptor(&holder, -1);
    assert_null(records_open(&source, &no_limits, &error));
    assert_string_equal(error.text, "reading failed at byte 0: Bad file descriptor");
    assert_int_equal(error.code, ERROR_IO);
}

static void many_columns(void **state)
{
    struct story bytes = {0}, expected = {0};
    (void)state;
    for (int i = 0; i < 1000; i++) {
        story_add(&bytes, "%sc%d", i ? "," : "", i);
        story_add(&expected, "%sc%d", i ? "|" : "", i);
    }
    story_add(&bytes, "\n");
    story_add(&expected, "\n2 %zu-", bytes.length);
    for (int i = 0; i < 1000; i++)
        story_add(&bytes, "%s%d", i ? "," : "", i);
    story_add(&bytes, "\n");
    story_add(&expected, "%zu ", bytes.length);
    for (int i = 0; i < 1000; i++)
        story_add(&expected, "[%d]", i);
    story_add(&expected, "\n3 %zu end\n", bytes.length);
    check_bytes(bytes.text, bytes.length, expected.text);
    free(bytes.text);
    free(expected.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hard_but_sound),
                                       cmocka_unit_test(nothing_is_trimmed_or_guessed),
                                       cmocka_unit_test(empty_lines_are_skipped_and_counted),
                                       cmocka_unit_test(byte_order_mark),
                                       cmocka_unit_test(headers),
                                       cmocka_unit_test(header_bytes_as_read),
                                       cmocka_unit_test(quoting),
                                       cmocka_unit_test(unclosed_quote_costs_its_own_line),
                                       cmocka_unit_test(field_count),
                                       cmocka_unit_test(header_again),
                                       cmocka_unit_test(rows_of_another_length),
                                       cmocka_unit_test(rows_of_commas),
                                       cmocka_unit_test(encoding),
                                       cmocka_unit_test(nul),
                                       cmocka_unit_test(messages),
                                       cmocka_unit_test(going_on_at_every_record),
                                       cmocka_unit_test(going_on_elsewhere),
                                       cmocka_unit_test(going_on_is_for_the_beginning),
                                       cmocka_unit_test(failing_reads),
                                       cmocka_unit_test(descriptors),
                                       cmocka_unit_test(many_columns)};
    return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
