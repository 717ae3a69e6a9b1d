/* SPDX-License-Identifier: MIT */
/* The strict CSV reader's limits: what is too long, and that memory and time stay bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "records_memory.h"

#include <sys/resource.h>

/* However the bytes come in, the same story. */
static void check_bytes(const char *bytes, size_t length, bool seekable, uint64_t max_field,
                        uint64_t max_record, const char *expected)
{
    const struct records_limits limits = {
        .max_field_bytes = max_field, .max_record_bytes = max_record, .discreet = false};
    for (size_t step = 0; step < 4; step++) {
        struct memory memory = {.bytes = bytes, .length = length, .step = step};
        char *story = story_of(&memory, seekable, &limits);
        assert_string_equal(story, expected);
        free(story);
    }
}

#define check_file(literal, max_field, max_record, expected)                                       \
    check_bytes(literal, sizeof(literal) - 1, true, max_field, max_record, expected)
#define check_pipe(literal, max_field, max_record, expected)                                       \
    check_bytes(literal, sizeof(literal) - 1, false, max_field, max_record, expected)
#define check_both(literal, max_field, max_record, expected)                                       \
    do {                                                                                           \
        check_file(literal, max_field, max_record, expected);                                      \
        check_pipe(literal, max_field, max_record, expected);                                      \
    } while (0)

static void field_limit(void **state)
{
    (void)state;
    check_both("a,b\n1234,1\n12345,1\n1,2\n", 4, 100,
               "a|b\n2 4-11 [1234][1]\n3 11-19 too_long 1 @11 {12345,1\\n}\n4 19-23 [1][2]\n"
               "5 23 end\n");
    /* neither the quotes around a field nor the doubling count */
    check_both(
        "a,b\n\"\"\"2\"\"4\",1\n\"\"\"2\"\"45\",1\n", 4, 100,
        "a|b\n2 4-15 [\"2\"4][1]\n3 15-27 too_long 1 @15 {\"\"\"2\"\"45\",1\\n}\n4 27 end\n");
    /* bytes, not characters; the second of two is named only when the first is fine */
    check_both("a,b\n1,\xC3\xA9\xC3\xA9+\n12345,12345\n", 4, 100,
               "a|b\n2 4-12 too_long 2 @6 {1,\\c3\\a9\\c3\\a9+\\n}\n"
               "3 12-24 too_long 1 @12 {12345,12345\\n}\n4 24 end\n");
    check_both("abcde,b\n", 4, 100,
               "unreadable: the header (line 1, column 1, byte 0): the field is longer than 4 "
               "bytes: expected a shorter one, or a higher max_field_bytes\n");
}

static void record_limit(void **state)
{
    (void)state;
    /* the line end does not count, whichever it is */
    check_both("a,b\n1234,67890\n12345,78901\n1,2\n", 20, 10,
               "a|b\n2 4-15 [1234][67890]\n3 15-27 too_long 2 @21 {12345,78901\\n}\n"
               "4 27-31 [1][2]\n5 31 end\n");
    check_both("a,b\n1234,67890\r\n12345,78901\r\n1,2\r\n", 20, 10,
               "a|b\n2 4-16 [1234][67890]\n3 16-29 too_long 2 @22 {~12345,78901\\r\\n}\n"
               "4 29-34 [1][2]\n5 34 end\n");
    check_both("a,b\n1234,67890", 20, 10, "a|b\n2 4-14 [1234][67890]\n2 14 end\n");
    check_both("a,b\n1234,678901", 20, 10, "a|b\n2 4-15 too_long 2 @9 {1234,678901}\n2 15 end\n");
    check_both("a,b\n1234,678901234567890\n1,2\n", 20, 10,
               "a|b\n2 4-25 too_long 2 @9 {~1234,678901234567890\\n}\n3 25-29 [1][2]\n4 29 end\n");
    check_both("a,b\n1,2,3,4,5,6,7,8,9\n1,2\n", 20, 10,
               "a|b\n2 4-22 too_long 7 @16 {~1,2,3,4,5,6,7,8,9\\n}\n3 22-26 [1][2]\n4 26 end\n");
    check_both("a,b,c,d,e,f,g\n", 20, 10,
               "unreadable: the header (line 1, column 7, byte 12): the record is longer than 10 "
               "bytes: expected a shorter one (is a quote not closed?), or a higher "
               "max_field_bytes\n");
}

static void quoted_over_the_limit(void **state)
{
    (void)state;
    /* sound, on one line: one reject */
    check_both(
        "a,b\n1,\"34567890123456\",x\n1,2\n", 20, 10,
        "a|b\n2 4-25 too_long 2 @6 {~1,\"34567890123456\",x\\n}\n3 25-29 [1][2]\n4 29 end\n");
    /* sound, on several: a file is read to the field's end, so that its lines are never records...
     */
    check_file(
        "a,b\n1,\"3\n5,6\n7,8\n9,0\"\n1,2\n", 20, 10,
        "a|b\n2 4-22 too_long 2 @6 {~1,\"3\\n5,6\\n7,8\\n9,0\"\\n}\n6 22-26 [1][2]\n7 26 end\n");
    /* ... a pipe cannot be, so the limit ends it */
    check_pipe("a,b\n1,\"3\n5,6\n7,8\n9,0\"\n1,2\n", 20, 10,
               "a|b\n2 4-9 too_long 2 @6 {1,\"3\\n}\n3 9-13 [5][6]\n4 13-17 [7][8]\n"
               "5 17-22 quoting 2 @20 {9,0\"\\n}\n6 22-26 [1][2]\n7 26 end\n");
    /* never closed: its own line, wherever the input ends */
    check_file("a,b\n1,\"3\n5,6\n7,8\n9,0\n1,2\n", 20, 10,
               "a|b\n2 4-9 quoting 2 @6 {1,\"3\\n}\n3 9-13 [5][6]\n4 13-17 [7][8]\n"
               "5 17-21 [9][0]\n6 21-25 [1][2]\n7 25 end\n");
    check_pipe("a,b\n1,\"3\n5,6\n7,8\n9,0\n1,2\n", 20, 10,
               "a|b\n2 4-9 too_long 2 @6 {1,\"3\\n}\n3 9-13 [5][6]\n4 13-17 [7][8]\n"
               "5 17-21 [9][0]\n6 21-25 [1][2]\n7 25 end\n");
    /* closed by a later record's quote, far behind the limit */
    check_file("a,b\n1,\"3\n5,6\n7,8\n9,\"0\"\n1,2\n", 20, 10,
               "a|b\n2 4-9 quoting 2 @20 {1,\"3\\n}\n3 9-13 [5][6]\n4 13-17 [7][8]\n"
               "5 17-23 [9][0]\n6 23-27 [1][2]\n7 27 end\n");
    /* the offending line itself is over the limit: to its end, in pieces */
    check_file("a,b\n1,\"345678901234567890\n1,2\n", 20, 10,
               "a|b\n2 4-26 quoting 2 @6 {~1,\"345678901234567890\\n}\n3 26-30 [1][2]\n4 30 end\n");
    check_pipe(
        "a,b\n1,\"345678901234567890\n1,2\n", 20, 10,
        "a|b\n2 4-26 too_long 2 @6 {~1,\"345678901234567890\\n}\n3 26-30 [1][2]\n4 30 end\n");
    check_file(
        "a,b\n1,345678901234567890\"\n1,2\n", 20, 10,
        "a|b\n2 4-26 quoting 2 @24 {~1,345678901234567890\"\\n}\n3 26-30 [1][2]\n4 30 end\n");
    /* a sound long field, then a lost quote in the same record */
    check_file("a,b\n\"2\n4\n6\n8\n0\n2\n4\",\"x\n1,2\n", 20, 10,
               "a|b\n2 4-23 quoting 2 @20 {~\"2\\n4\\n6\\n8\\n0\\n2\\n4\",\"x\\n}\n9 23-27 [1][2]\n"
               "10 27 end\n");
    /* the input ends with the long field */
    check_file("a,b\n1,\"3\n5,6\n7,8\n9,0\"", 20, 10,
               "a|b\n2 4-21 too_long 2 @6 {~1,\"3\\n5,6\\n7,8\\n9,0\"}\n5 21 end\n");
}

static void failures_in_a_long_record(void **state)
{
    static const char bytes[] = "a,b\n1,\"3\n5,6\n7,8\n9,0\"\n1,2\n";
    const struct records_limits limits = {
        .max_field_bytes = 20, .max_record_bytes = 10, .discreet = false};
    struct memory memory = {.bytes = bytes, .length = sizeof bytes - 1, .step = 3};
    char *story;
    (void)state;
    memory.fail_from = 19;
    story = story_of(&memory, true, &limits);
    assert_string_equal(story, "a|b\nfailed reading failed at byte 19: Input/output error\n");
    free(story);
    memory.fail_from = 0;
    memory.seek_fails = true;
    story = story_of(&memory, true, &limits);
    assert_string_equal(story,
                        "a|b\nfailed cannot seek back in the input at byte 24: Illegal seek\n");
    free(story);
}

/* Fails the first time. */
static bool no_space(void *context, const void *bytes, size_t length)
{
    unsigned *calls = context;
    (void)bytes;
    (void)length;
    errno = ENOSPC;
    return (*calls)++ > 0;
}

static void failing_spill(void **state)
{
    static const char bytes[] = "a,b\n1,34567890123456\n1,2\n";
    const struct records_limits limits = {
        .max_field_bytes = 20, .max_record_bytes = 10, .discreet = false};
    struct memory memory = {.bytes = bytes, .length = sizeof bytes - 1};
    const struct input_source source = memory_source(&memory, true);
    struct record record;
    unsigned calls = 0;
    struct error error;
    struct records *records = records_open(&source, &limits, &error);
    (void)state;
    assert_non_null(records);
    records_spill(records, no_space, &calls);
    assert_int_equal(records_next(records, &record), RECORDS_FAILED);
    assert_string_equal(records_error(records)->text,
                        "keeping the bytes of the overlong record at byte 4 failed: "
                        "No space left on device");
    assert_int_equal(records_next(records, &record), RECORDS_FAILED); /* and not the next row */
    records_close(records);
}

/* Bytes made up as they are read: a head, a filler repeated, a tail. */
struct giant {
    const char *head, *filler, *tail;
    uint64_t filler_length; /* in all */
    uint64_t position, total_read;
    uint64_t max_field; /* 0: 64 KiB */
};

/* The bytes of `giant` from `at` on that lie in one piece. */
static const char *giant_piece(const struct giant *giant, uint64_t at, size_t *length)
{
    static char fillers[64 * 1024];
    static const char *filler;
    static size_t fillers_length;
    const size_t head = strlen(giant->head);

    if (at < head) {
        *length = head - (size_t)at;
        return giant->head + at;
    }
    at -= head;
    if (at >= giant->filler_length) {
        *length = strlen(giant->tail) - (size_t)(at - giant->filler_length);
        return giant->tail + (at - giant->filler_length);
    }
    if (filler != giant->filler) {
        const size_t one = strlen(giant->filler);
        filler = giant->filler;
        fillers_length = sizeof fillers / one * one;
        for (size_t i = 0; i < fillers_length; i++)
            fillers[i] = filler[i % one];
    }
    *length = fillers_length - (size_t)(at % fillers_length);
    if (*length > giant->filler_length - at)
        *length = (size_t)(giant->filler_length - at);
    return fillers + at % fillers_length;
}

static ssize_t giant_read(void *context, void *bytes, size_t size)
{
    struct giant *giant = context;
    size_t length;
    const char *piece = giant_piece(giant, giant->position, &length);
    if (length > size)
        length = size;
    memcpy(bytes, piece, length);
    giant->position += length;
    giant->total_read += length;
    return (ssize_t)length;
}

static bool giant_seek(void *context, uint64_t offset)
{
    struct giant *giant = context;
    giant->position = offset;
    return true;
}

static bool count_spilled(void *context, const void *bytes, size_t length)
{
    uint64_t *total = context;
    (void)bytes;
    *total += length;
    return true;
}

static long peak_kibibytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

struct outcome {
    uint64_t rows, rejects, spilled, end;
    enum records_kind first_kind;
    uint64_t first_end, first_line;
};

static struct outcome read_giant(struct giant *giant, bool seekable)
{
    const struct input_source source = {giant_read, seekable ? giant_seek : NULL, giant};
    const struct records_limits limits = {.max_field_bytes =
                                              giant->max_field ? giant->max_field : 64 * 1024,
                                          .max_record_bytes = 0,
                                          .discreet = false};
    struct outcome outcome = {0};
    enum records_result result;
    struct record record;
    struct error error;
    struct records *records;

    giant->position = giant->total_read = 0;
    records = records_open(&source, &limits, &error);
    assert_non_null(records);
    records_spill(records, count_spilled, &outcome.spilled);
    while ((result = records_next(records, &record)) == RECORDS_ROW || result == RECORDS_REJECT) {
        outcome.rows += result == RECORDS_ROW;
        if (result == RECORDS_REJECT && outcome.rejects++ == 0) {
            outcome.first_kind = record.kind;
            outcome.first_end = record.end;
            outcome.first_line = record.line;
        }
    }
    assert_int_equal(result, RECORDS_END);
    outcome.end = record.end;
    records_close(records);
    return outcome;
}

#ifdef __SANITIZE_ADDRESS__ /* keeps for a while what was freed: each buffer that grew */
enum { MEMORY_ALLOWED_KIB = 8 * 1024 };
#else
enum { MEMORY_ALLOWED_KIB = 4 * 1024 };
#endif
enum { HUNDRED_MB = 100 * 1000 * 1000 };

static void giant_fields_in_flat_memory(void **state)
{
    /* 100 MB in one field: in quotes on one line, in quotes on many, without quotes */
    struct giant giants[] = {{"a,b\n1,\"", "x", "\"\n3,4\n", HUNDRED_MB, 0, 0, 0},
                             {"a,b\n1,\"", "5,6\n", "\"\n3,4\n", HUNDRED_MB, 0, 0, 0},
                             {"a,b\n1,", "x", "\n3,4\n", HUNDRED_MB, 0, 0, 0}};
    const long before = peak_kibibytes();
    (void)state;
    for (size_t i = 0; i < sizeof giants / sizeof *giants; i++) {
        struct giant *giant = &giants[i];
        const uint64_t length = strlen(giant->head) + HUNDRED_MB + strlen(giant->tail);
        const struct outcome outcome = read_giant(giant, true);
        assert_int_equal(outcome.rows, 1);
        assert_int_equal(outcome.rejects, 1);
        assert_int_equal(outcome.first_kind, RECORDS_TOO_LONG);
        assert_int_equal(outcome.first_line, 2);
        assert_int_equal(outcome.first_end, length - 4);
        assert_int_equal(outcome.spilled, length - 8); /* all but header and last row */
        assert_int_equal(outcome.end, length);
    }
    for (size_t i = 0; i < sizeof giants / sizeof *giants; i += 2) { /* one line, from a pipe */
        const struct outcome outcome = read_giant(&giants[i], false);
        assert_int_equal(outcome.rows, 1);
        assert_int_equal(outcome.rejects, 1);
        assert_int_equal(outcome.first_kind, RECORDS_TOO_LONG);
    }
    assert_in_range(peak_kibibytes() - before, 0, MEMORY_ALLOWED_KIB);
}

static void lost_quote_in_a_giant_file(void **state)
{
    struct giant giant = {"a,b\n1,\"x\n", "5,6\n", "", HUNDRED_MB / 4, 0, 0, 0};
    const long before = peak_kibibytes();
    struct outcome outcome = read_giant(&giant, true);
    (void)state;
    assert_int_equal(outcome.rows, HUNDRED_MB / 16);
    assert_int_equal(outcome.rejects, 1);
    assert_int_equal(outcome.first_kind, RECORDS_QUOTING);
    assert_int_equal(outcome.first_end, 9);
    assert_in_range(giant.total_read, 0, 2 * HUNDRED_MB / 4 + 1024 * 1024);
    outcome = read_giant(&giant, false);
    assert_int_equal(outcome.rows, HUNDRED_MB / 16);
    assert_int_equal(outcome.rejects, 1);
    assert_int_equal(outcome.first_kind, RECORDS_TOO_LONG);
    assert_int_equal(outcome.first_end, 9);
    assert_in_range(peak_kibibytes() - before, 0, MEMORY_ALLOWED_KIB);
}

/* The worst that quotes can do: each looks ahead past the limit, and none ahead of another. */
static void hostile_quotes_in_bounded_time(void **state)
{
    static const char *const line[] = {"\"x\n",     "1,\"\n", "\"\"\"\n",  "\"\",\"\n",
                                       "\"\"x\"\n", "a\"\n",  "\"\n\"\"\n"};
    (void)state;
    for (size_t i = 0; i < sizeof line / sizeof *line; i++)
        for (int seekable = 0; seekable < 2; seekable++) {
            struct giant giant = {"a,b\n", line[i], "", 3 * 1000 * 1000, 0, 0, 0};
            const struct outcome outcome = read_giant(&giant, seekable);
            assert_int_equal(outcome.end, 4 + giant.filler_length);
            assert_in_range(giant.total_read, 0, 3 * (4 + giant.filler_length) + 1024 * 1024);
        }
}

/* Each record is followed past a small limit and gone back to: yet little is read again. */
static void small_limits_in_bounded_time(void **state)
{
    struct giant giant = {
        "a,b\n", "1,\"34567890\n3456789\"\n2,345678901234567890123\n", "", 4500 * 1000, 0, 0, 2};
    const struct outcome outcome = read_giant(&giant, true);
    (void)state;
    assert_int_equal(outcome.rejects, 2 * giant.filler_length / strlen(giant.filler));
    assert_in_range(giant.total_read, 0, 3 * giant.filler_length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(field_limit),
                                       cmocka_unit_test(record_limit),
                                       cmocka_unit_test(quoted_over_the_limit),
                                       cmocka_unit_test(failures_in_a_long_record),
                                       cmocka_unit_test(failing_spill),
                                       cmocka_unit_test(giant_fields_in_flat_memory),
                                       cmocka_unit_test(lost_quote_in_a_giant_file),
                                       cmocka_unit_test(hostile_quotes_in_bounded_time),
                                       cmocka_unit_test(small_limits_in_bounded_time)};
    return cmocka_run_group_tests_name("records limits", tests, NULL, NULL);
}
