/* SPDX-License-Identifier: MIT */
/* fuzz_records: any bytes as a CSV file.
 *
 * clang -std=c17 -g -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined
 *   tests/fuzz/fuzz_records.c ext/csv/records.c ext/csv/fields.c ext/csv/framing.c ext/csv/input.c
 *   -lcsv -licuuc -o build/fuzz_records
 * build/fuzz_records -max_len=600 -max_total_time=300
 *
 * The first two bytes choose the limits and how many bytes a read gives. Beside what the sanitisers
 * see: records follow each other without gap but empty lines, their bytes are the file's, places
 * and lines are right, texts are texts; and the story is the same however the bytes come in.
 */
#include "../unit/csv/records_memory.h"

#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

struct spilled {
    const char *bytes;
    size_t length, position;
};

static bool check_spilled(void *context, const void *bytes, size_t length)
{
    struct spilled *spilled = context;
    require(length <= spilled->length - spilled->position);
    require(memcmp(spilled->bytes + spilled->position, bytes, length) == 0);
    spilled->position += length;
    return true;
}

static void check_row(const struct record *record, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        const struct fields_field *field = &record->fields[i];
        require(strlen(field->text) == field->length);
        require(!field->absent || field->length == 0);
        require(fields_first_bad_byte((const unsigned char *)field->text, field->length) ==
                field->length);
    }
}

static uint64_t lines_between(const char *bytes, uint64_t start, uint64_t end)
{
    uint64_t lines = 0;
    for (uint64_t i = start; i < end; i++)
        lines += bytes[i] == '\n';
    return lines;
}

/* Past lines with nothing in them. */
static size_t skip_empty(const char *bytes, size_t length, size_t at)
{
    for (;;) {
        if (at < length && bytes[at] == '\n')
            at++;
        else if (at + 1 < length && bytes[at] == '\r' && bytes[at + 1] == '\n')
            at += 2;
        else
            return at;
    }
}

static size_t end_of_header(const char *bytes, size_t length, const struct records *records)
{
    const size_t mark = length >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    const size_t start = skip_empty(bytes, length, mark);
    size_t raw_length;
    const char *raw = records_header_raw(records, &raw_length);
    require(raw_length <= length - start && memcmp(raw, bytes + start, raw_length) == 0);
    return start + raw_length;
}

static void check_records(const char *bytes, size_t length, const struct records_limits *limits,
                          size_t step)
{
    struct memory memory = {.bytes = bytes, .length = length, .step = step};
    const struct input_source source = memory_source(&memory, true);
    struct spilled spilled = {.bytes = bytes, .length = length};
    struct error error;
    struct record record;
    enum records_result result;
    size_t end;
    struct records *records = records_open(&source, limits, &error);

    if (!records) {
        require(error.code == ERROR_INVALID && error.text[0] != '\0');
        return;
    }
    spilled.position = skip_empty(bytes, length, end_of_header(bytes, length, records));
    end = spilled.position;
    records_spill(records, check_spilled, &spilled);
    for (;;) {
        const size_t last = end;
        result = records_next(records, &record);
        if (result != RECORDS_ROW && result != RECORDS_REJECT)
            break;
        require(record.offset == skip_empty(bytes, length, last));
        require(record.end > record.offset && record.end <= length);
        require(record.line == 1 + lines_between(bytes, 0, record.offset));
        require(record.next_line == 1 + lines_between(bytes, 0, record.end));
        if (record.raw) {
            require(record.raw_length == record.end - record.offset);
            require(memcmp(record.raw, bytes + record.offset, record.raw_length) == 0);
        } else {
            require(result == RECORDS_REJECT && spilled.position == record.end);
        }
        if (result == RECORDS_ROW)
            check_row(&record, records_columns(records));
        else
            require(record.message && *record.message && record.column > 0 &&
                    record.at >= record.offset && record.at <= length);
        end = (size_t)record.end;
        spilled.position = skip_empty(bytes, length, end);
    }
    require(result == RECORDS_END && record.end == length);
    records_close(records);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct records_limits limits = {.discreet = false};
    struct memory memory = {0};
    size_t step;
    char *whole, *pieces;

    if (size < 2)
        return 0;
    limits.max_field_bytes = data[0] % 64 + 1U;
    limits.max_record_bytes = data[0] < 128 ? 0 : data[0] - 120U;
    step = data[1] % 16;
    memory.bytes = (const char *)data + 2;
    memory.length = size - 2;
    check_records(memory.bytes, memory.length, &limits, step);
    for (int seekable = 0; seekable < 2; seekable++) {
        memory.step = 0;
        whole = story_of(&memory, seekable, &limits);
        memory.step = step + 1;
        pieces = story_of(&memory, seekable, &limits);
        require(strcmp(whole, pieces) == 0);
        free(whole);
        free(pieces);
    }
    return 0;
}
