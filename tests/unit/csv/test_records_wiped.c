/* SPDX-License-Identifier: MIT */
/* The strict CSV reader leaves no cell behind in memory that it gives back: a password may be one.
 * Linked with free() and realloc() wrapped (Makefile). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "records_memory.h"
#include "watched_memory.h"

/* Rows with the secret, the last one so long that every buffer of the reader has to grow for it;
 * and a row that is refused. */
static void read_all(bool seekable)
{
    enum { LONG = 900000 };
    const struct records_limits limits = {
        .max_field_bytes = 1 << 20, .max_record_bytes = 1 << 21, .discreet = false};
    struct story file = {0};
    struct record record;
    struct error error;
    story_add(&file, "email,password\nann@example.com,%s\nbob@example.com,\"%s", secret, secret);
    for (int i = 0; i < LONG / (int)sizeof secret; i++)
        story_add(&file, "-%s", secret);
    story_add(&file, "\"\ncyd@example.com,%s,one too many\ndan@example.com,%s\n", secret, secret);
    struct memory memory = {.bytes = file.text, .length = file.length, .step = 4096};
    const struct input_source source = memory_source(&memory, seekable);
    watching = true;
    struct records *records = records_open(&source, &limits, &error);
    assert_non_null(records);
    unsigned rows = 0, rejects = 0;
    enum records_result result;
    while ((result = records_next(records, &record)) == RECORDS_ROW || result == RECORDS_REJECT)
        result == RECORDS_ROW ? rows++ : rejects++;
    records_close(records);
    watching = false;
    assert_int_equal(result, RECORDS_END);
    assert_int_equal(rows, 3);
    assert_int_equal(rejects, 1);
    free(file.text);
}

/* A file without a header: what is taken for one is somebody's row. */
static void read_without_header(void)
{
    const struct records_limits limits = {
        .max_field_bytes = 1 << 20, .max_record_bytes = 1 << 21, .discreet = false};
    struct story file = {0};
    struct error error;
    story_add(&file, "ann@example.com,%s\n", secret);
    struct memory memory = {.bytes = file.text, .length = file.length};
    const struct input_source source = memory_source(&memory, true);
    watching = true;
    struct records *records = records_open(&source, &limits, &error);
    assert_non_null(records);
    records_close(records);
    watching = false;
    free(file.text);
}

static void nothing_is_left(void **state)
{
    (void)state;
    read_all(true);
    read_all(false);
    read_without_header();
    assert_true(seen > 10);
    assert_int_equal(left_behind, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_left)};
    return cmocka_run_group_tests_name("records: wiped", tests, NULL, NULL);
}
