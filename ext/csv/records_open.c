/* SPDX-License-Identifier: MIT */
/* records_open.c: the beginning of a CSV file, and going on with one: byte order mark, header,
 * place.
 */
#include "csv/records_inside.h"
#include "csv/separator.h"
#include "csv/wiped_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Columns are compared with each other, and with all that have a meaning. */
    MOST_COLUMNS = 1000,
    LONGEST_HEADER = 65536
};

static const uint64_t DEFAULT_FIELD_BYTES = UINT64_C(1) << 20;
static const uint64_t LARGEST_LIMIT = UINT64_C(1) << 40;

struct column {
    const char *name;
    size_t number;
};

static int compare_columns(const void *left, const void *right)
{
    const struct column *a = left, *b = right;
    const int order = strcmp(a->name, b->name);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

/* Column names differ. One may be missing: a spreadsheet's empty column, a frame's row numbers. */
static bool check_names(struct records *records)
{
    struct column *column = calloc(records->fields.found, sizeof *column);
    bool good = true;

    if (!column)
        return records_fail_without_memory(records);
    for (size_t i = 0; i < records->fields.found; i++)
        column[i] = (struct column){records->fields.field[i].text, i + 1};
    qsort(column, records->fields.found, sizeof *column, compare_columns);
    for (size_t i = 1; good && i < records->fields.found; i++)
        if (column[i].name[0] != '\0' && strcmp(column[i - 1].name, column[i].name) == 0)
            good = error_set(&records->error, ERROR_INVALID,
                             "columns %zu and %zu of the header have the same name",
                             column[i - 1].number, column[i].number);
    free(column);
    return good;
}

static bool check_size(struct records *records, const struct record *record)
{
    if (records->fields.found > MOST_COLUMNS)
        return error_set(&records->error, ERROR_INVALID,
                         "the header has %zu columns: expected %d at the most",
                         records->fields.found, MOST_COLUMNS);
    return record->raw_length <= LONGEST_HEADER ||
           error_set(&records->error, ERROR_INVALID,
                     "the header has %zu bytes: expected %d at the most", record->raw_length,
                     LONGEST_HEADER);
}

/* Keeps the record just read as the header. */
static bool keep_header(struct records *records, const struct record *record)
{
    /* What is converted is kept in UTF-8, and says so whatever encoding is named the next time. */
    const size_t mark = records->input.foreign ? 3 : 0, before = mark + records->announced_length;
    records->names = calloc(records->fields.found, sizeof *records->names);
    records->header_raw = wiped_resize(NULL, before + record->raw_length);
    if (!records->names || !records->header_raw)
        return records_fail_without_memory(records);
    for (size_t i = 0; i < records->fields.found; i++)
        records->names[i] = records->fields.field[i].text;
    memcpy(records->header_raw, "\xEF\xBB\xBF", mark);
    memcpy(records->header_raw + mark, records->announced, records->announced_length);
    memcpy(records->header_raw + before, record->raw, record->raw_length);
    records->header_raw_length = before + record->raw_length;
    records->header_text = fields_keep_header(&records->fields); /* the names point into it */
    records->header_end = record->end;
    records->header_line = record->line;
    records->columns = records->fields.found;
    return true;
}

/* By every other byte of its first two letters. */
static bool is_utf_16(const unsigned char *bytes, size_t held)
{
    return held >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[0] == 0) == (bytes[2] == 0) &&
           (bytes[1] == 0) == (bytes[3] == 0);
}

/* What is no text, and can be told so. */
static bool is_text(struct records *records)
{
    struct input *input = &records->input;
    if (!input_have(input, 4))
        return records_fail_by_input(records);
    const unsigned char *bytes = input_bytes(input);
    if (!input->foreign && is_utf_16(bytes, input_held(input)))
        return error_set(&records->error, ERROR_INVALID,
                         "the input seems to be in UTF-16, without a byte order mark: name its "
                         "encoding, %s, or convert it to UTF-8",
                         recode_name(bytes[0] == 0 ? RECODE_UTF_16BE : RECODE_UTF_16LE));
    if (input_held(input) >= 4 && memcmp(bytes, "PK\3\4", 4) == 0)
        return error_set(&records->error, ERROR_INVALID,
                         "the input is a ZIP archive, as spreadsheet programs save their own "
                         "format in: save it as CSV in UTF-8");
    return true;
}

static bool is_row(const struct records *records, const struct records_limits *limits)
{
    const size_t count = records->fields.found;
    if (!limits->is_row || count > MOST_COLUMNS)
        return false;
    const char **cells = calloc(count, sizeof *cells);
    for (size_t i = 0; cells && i < count; i++)
        cells[i] = records->fields.field[i].text;
    const bool row = cells && limits->is_row(limits->context, cells, count);
    free(cells);
    return row;
}

/* The first row is read again, as one. It is still held. */
static bool give_back(struct records *records, const struct record *record)
{
    records->headerless = true;
    records->header_end = record->offset;
    records->line = record->line;
    records->input.start -= (size_t)(record->end - record->offset);
    records->header_raw_length = 0;
    return true;
}

static bool read_header(struct records *records, const struct records_limits *limits)
{
    struct record record;
    if (!is_text(records) || !separator_find(records, limits))
        return false;
    switch (records_next(records, &record)) {
    case RECORDS_ROW:
        if (is_row(records, limits))
            return keep_header(records, &record) && give_back(records, &record);
        return check_size(records, &record) && check_names(records) &&
               keep_header(records, &record);
    case RECORDS_REJECT:
        return error_set(&records->error, ERROR_INVALID,
                         "the header (line %" PRIu64 ", column %zu, byte %" PRIu64 "): %.160s",
                         record.line, record.column, record.at, record.message);
    case RECORDS_END:
        return error_set(&records->error, ERROR_INVALID,
                         "no header: the input has no line with column names");
    default:
        return false;
    }
}

static uint64_t field_limit(const struct records_limits *limits)
{
    const uint64_t field = limits->max_field_bytes ? limits->max_field_bytes : DEFAULT_FIELD_BYTES;
    return field < LARGEST_LIMIT ? field : LARGEST_LIMIT;
}

static uint64_t record_limit(const struct records_limits *limits)
{
    const uint64_t record =
        limits->max_record_bytes ? limits->max_record_bytes : 4 * field_limit(limits);
    return record < 4 * LARGEST_LIMIT ? record : 4 * LARGEST_LIMIT;
}

size_t records_window(const struct records_limits *limits)
{
    return (size_t)record_limit(limits) + RECORDS_LINE_END;
}

struct records *records_open_input(struct input *input, bool marked,
                                   const struct records_limits *limits, struct error *error)
{
    struct records *records = calloc(1, sizeof *records);

    if (!records) {
        input_end(input);
        error_no_memory(error, NULL);
        return NULL;
    }
    records->input = *input;
    records->marked = marked;
    records->line = 1;
    records->discreet = limits->discreet;
    records->max_field = field_limit(limits);
    records->max_record = record_limit(limits);
    records->window = records_window(limits);
    fields_begin(&records->fields, records->max_field);
    if (read_header(records, limits))
        return records;
    *error = records->error;
    records_close(records);
    return NULL;
}

struct records *records_open(const struct input_source *source, const struct records_limits *limits,
                             struct error *error)
{
    struct input input;
    bool marked;
    input_begin(&input, source, records_window(limits));
    if (input_recognise(&input, limits->encoding, &marked))
        return records_open_input(&input, marked, limits, error);
    *error = input.error;
    input_end(&input);
    return NULL;
}

void records_form(const struct records *records, char form[RECORDS_FORM])
{
    char text[8];
    const bool separated = records->separator != ',' || records->announced_length > 0;
    int length = 0;
    form[0] = '\0';
    if (separated)
        length = snprintf(form, RECORDS_FORM, "separated by %s (%s)",
                          separator_plural(records->separator, text),
                          records->announced_length > 0 ? "as line 1 says"
                          : records->separator_found    ? "found from the header"
                                                        : "as it was named");
    if (records->input.foreign)
        snprintf(form + length, (size_t)(RECORDS_FORM - length), "%sin %s (%s)",
                 separated ? ", " : "", recode_name(records->input.encoding),
                 records->marked ? "by its byte order mark" : "as it was named");
}

bool records_have_no_header(const struct records *records)
{
    return records->headerless;
}

unsigned char records_separator(const struct records *records)
{
    return records->separator;
}

bool records_are_converted(const struct records *records)
{
    return records->input.foreign != NULL;
}

void records_close(struct records *records)
{
    if (!records)
        return;
    fields_end(&records->fields);
    input_end(&records->input);
    free(records->names);
    wiped_free(records->header_text);
    wiped_free(records->header_raw); /* without a header it is somebody's row */
    free(records);
}

size_t records_columns(const struct records *records)
{
    return records->columns;
}

const char *const *records_header(const struct records *records)
{
    return records->names;
}

const char *records_header_raw(const struct records *records, size_t *length)
{
    *length = records->header_raw_length;
    return records->header_raw;
}

uint64_t records_header_line(const struct records *records)
{
    return records->header_line;
}

void records_spill(struct records *records, records_spill_function *function, void *context)
{
    records->spill = function;
    records->spill_context = context;
}

void records_skip_empty(struct records *records)
{
    records->skips_empty = true;
}

void records_allow_short(struct records *records, records_may_lack_function *may_lack,
                         void *context)
{
    records->may_lack = may_lack;
    records->may_lack_context = context;
}

/* Is the input, one byte before `offset`, at the end of a record? Takes that byte. */
static bool take_record_end(struct records *records)
{
    struct input *input = &records->input;
    const unsigned char *bytes;
    size_t held;
    if (!input_have(input, 4))
        return records_fail_by_input(records);
    bytes = input_bytes(input);
    held = input_held(input);
    if (held == 0)
        return false;
    input_take(input, 1);
    /* A file that ended without a line end may have grown since: then its line must end here. */
    return bytes[0] == '\n' || held == 1 || bytes[1] == '\n' ||
           (held >= 3 && bytes[1] == '\r' && bytes[2] == '\n');
}

const struct error *records_error(const struct records *records)
{
    return &records->error;
}

bool records_resume(struct records *records, uint64_t offset, uint64_t line)
{
    if (records_has_failed(records))
        return false;
    if (offset < records->header_end || input_offset(&records->input) > records->header_end)
        return error_set(
            &records->error, ERROR_INVALID, "cannot continue at byte %" PRIu64 ": %s", offset,
            offset < records->header_end ? "it is inside the header" : "reading has already begun");
    records->line = line;
    if (offset == records->header_end)
        return true;
    if (!input_go_to(&records->input, offset - 1))
        return records_fail_by_input(records);
    if (!take_record_end(records) && !records_has_failed(records))
        error_set(&records->error, ERROR_INVALID,
                  "byte %" PRIu64 " is not the end of a record: the input is not the one that was "
                  "read before",
                  offset);
    return !records_has_failed(records);
}
