/* SPDX-License-Identifier: MIT */
/* The fields of a record: what a writer quoted by RFC 4180 comes out as it was, and as libcsv has
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "csv/fields.h"
#include "csv/wiped_memory.h"

enum { MOST_FIELDS = 90, MOST_TEXT = 40, MOST_RECORD = MOST_FIELDS * (2 * MOST_TEXT + 3) };

struct written {
    char text[MOST_FIELDS][MOST_TEXT + 1];
    bool absent[MOST_FIELDS];
    size_t count;
};

static unsigned below(unsigned limit)
{
    return (unsigned)rand() % limit;
}

static void write_text(char *text, char separator)
{
    static const char *const parts[] = {"", "a", " ", "\"", "\n", "\r", "\xC3\xA9", "Miller", "\t"};
    text[0] = '\0';
    for (unsigned left = below(5); left > 0; left--) {
        unsigned part = below(10);
        strcat(text, part == 9 ? (char[]){separator, '\0'} : parts[part]);
    }
}

/* As RFC 4180 says, quoted where it has to be and at times where it need not. */
static void append_field(char *record, const char *text, bool quoted)
{
    if (!quoted) {
        strcat(record, text);
        return;
    }
    strcat(record, "\"");
    for (; *text != '\0'; text++)
        strcat(record, *text == '"' ? "\"\"" : (char[]){*text, '\0'});
    strcat(record, "\"");
}

static void write_record(struct written *written, char separator, char record[MOST_RECORD])
{
    const char special[] = {separator, '"', '\n', '\r', '\0'};
    record[0] = '\0';
    written->count = below(10) == 0 ? MOST_FIELDS : 2 + below(6);
    for (size_t i = 0; i < written->count; i++) {
        char *text = written->text[i];
        write_text(text, separator);
        bool quoted = strpbrk(text, special) != NULL || below(3) == 0;
        written->absent[i] = !quoted && text[0] == '\0';
        if (i > 0)
            strcat(record, (char[]){separator, '\0'});
        append_field(record, text, quoted);
    }
}

static void take_field(void *bytes, size_t length, void *context)
{
    struct written *fields = context;
    fields->absent[fields->count] = bytes == NULL;
    if (length > 0)
        memcpy(fields->text[fields->count], bytes, length);
    fields->text[fields->count++][length] = '\0';
}

static int never_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

static void split_by_libcsv(const char *record, char separator, struct written *fields)
{
    struct csv_parser parser;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_EMPTY_IS_NULL);
    csv_set_delim(&parser, (unsigned char)separator);
    csv_set_space_func(&parser, never_space);
    fields->count = 0;
    assert_int_equal(csv_parse(&parser, record, strlen(record), take_field, NULL, fields),
                     strlen(record));
    assert_int_equal(csv_fini(&parser, take_field, NULL, fields), 0);
    csv_free(&parser);
}

static void assert_fields(const struct fields *fields, const struct written *expected,
                          const char *record)
{
    if (fields->found != expected->count)
        fail_msg("%zu fields instead of %zu: {%s}", fields->found, expected->count, record);
    for (size_t i = 0; i < expected->count; i++)
        if (strcmp(fields->field[i].text, expected->text[i]) != 0 ||
            fields->field[i].length != strlen(expected->text[i]) ||
            fields->field[i].absent != expected->absent[i])
            fail_msg("field %zu is {%s} instead of {%s}: {%s}", i, fields->field[i].text,
                     expected->text[i], record);
}

static void come_out_as_they_were(void **state)
{
    const char separators[] = {',', ';', '\t', '|'};
    static char record[MOST_RECORD];
    static struct written written, split;
    const char *seed = getenv("SEED"), *cases = getenv("CASES");
    (void)state;
    srand(seed == NULL ? 1 : (unsigned)atoi(seed));
    for (size_t s = 0; s < sizeof separators; s++) {
        struct fields fields;
        fields_begin(&fields, 1000);
        fields_separate_by(&fields, (unsigned char)separators[s]);
        for (int i = cases == NULL ? 5000 : atoi(cases); i > 0; i--) {
            write_record(&written, separators[s], record);
            assert_true(fields_split(&fields, (const unsigned char *)record, strlen(record)));
            assert_fields(&fields, &written, record);
            split_by_libcsv(record, separators[s], &split);
            assert_fields(&fields, &split, record);
        }
        fields_end(&fields);
    }
}

/* What framing.c does not let through: a quote where none belongs is refused, not split somehow. */
static void ill_quoted(void **state)
{
    static const char *const records[] = {"a\"b,c", "\"a\"b,c", "a,\"b\" ", "a\"", " \"a\""};
    struct fields fields;
    (void)state;
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        fields_begin(&fields, 1000);
        if (fields_split(&fields, (const unsigned char *)records[i], strlen(records[i])))
            fail_msg("taken: {%s}", records[i]);
        fields_end(&fields);
    }
}

/* The first that is too long is named, and all are counted where only some are wanted. */
static void overlong_and_counted(void **state)
{
    static const char record[] = "12345,\"123456\",,\"12\"\"3456\",1,\"\"";
    struct fields fields;
    (void)state;
    fields_begin(&fields, 5);
    assert_true(fields_split(&fields, (const unsigned char *)record, strlen(record)));
    assert_int_equal(fields.found, 6);
    assert_int_equal(fields.overlong, 1);
    assert_int_equal(fields.last_length, 0);
    wiped_free(fields_keep_header(&fields));
    assert_true(fields_split(&fields, (const unsigned char *)"a,b,c,d,e,f,g,hi", 16));
    assert_int_equal(fields.found, 8);
    assert_int_equal(fields.last_length, 2);
    assert_int_equal(fields.overlong, SIZE_MAX);
    assert_true(fields_split(&fields, (const unsigned char *)"", 0)); /* an empty line */
    assert_int_equal(fields.found, 0);
    fields_end(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_out_as_they_were),
        cmocka_unit_test(ill_quoted),
        cmocka_unit_test(overlong_and_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
