/* records_open.c: the beginning of a CSV file, and going on with one: byte order mark, header,
 * place.
 */
#include "csv/records_inside.h"
#include "csv/wiped_memory.h"

#include <inttypes.h>
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
    records->names = calloc(records->fields.found, sizeof *records->names);
    records->header_raw = wiped_resize(NULL, record->raw_length);
    if (!records->names || !records->header_raw)
        return records_fail_without_memory(records);
    for (size_t i = 0; i < records->fields.found; i++)
        records->names[i] = records->fields.field[i].text;
    memcpy(records->header_raw, record->raw, record->raw_length);
    records->header_raw_length = record->raw_length;
    records->header_text = fields_keep_header(&records->fields); /* the names point into it */
    records->header_end = record->end;
    records->header_line = record->line;
    records->columns = records->fields.found;
    return true;
}

/* By its mark; or, where it has none, by every other byte of its first two letters. */
static bool is_utf_16(const unsigned char *bytes, size_t held)
{
    if (held >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0))
        return true;
    return held >= 4 && (bytes[0] == 0) != (bytes[1] == 0) && (bytes[0] == 0) == (bytes[2] == 0) &&
           (bytes[1] == 0) == (bytes[3] == 0);
}

static bool skip_byte_order_mark(struct records *records)
{
    struct input *input = &records->input;
    if (!input_have(input, 4))
        return records_fail_by_input(records);
    if (input_held(input) >= 3 && memcmp(input_bytes(input), "\xEF\xBB\xBF", 3) == 0) {
        input_take(input, 3);
        return true;
    }
    if (is_utf_16(input_bytes(input), input_held(input)))
        return error_set(&records->error, ERROR_INVALID,
                         "the input is in UTF-16: convert it to UTF-8");
    if (input_held(input) >= 4 && memcmp(input_bytes(input), "PK\3\4", 4) == 0)
        return error_set(&records->error, ERROR_INVALID,
                         "the input is a ZIP archive, as spreadsheet programs save their own "
                         "format in: save it as CSV in UTF-8");
    return true;
}

static bool read_header(struct records *records)
{
    struct record record;
    if (!skip_byte_order_mark(records))
        return false;
    switch (records_next(records, &record)) {
    case RECORDS_ROW:
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

struct records *records_open(const struct input_source *source, const struct records_limits *limits,
                             struct error *error)
{
    struct records *records = calloc(1, sizeof *records);
    const uint64_t field = limits->max_field_bytes ? limits->max_field_bytes : DEFAULT_FIELD_BYTES;

    if (!records) {
        error_no_memory(error, NULL);
        return NULL;
    }
    records->line = 1;
    records->discreet = limits->discreet;
    records->max_field = field < LARGEST_LIMIT ? field : LARGEST_LIMIT;
    records->max_record =
        limits->max_record_bytes ? limits->max_record_bytes : 4 * records->max_field;
    if (records->max_record > 4 * LARGEST_LIMIT)
        records->max_record = 4 * LARGEST_LIMIT;
    records->window = (size_t)records->max_record + RECORDS_LINE_END;
    input_begin(&records->input, source, records->window);
    fields_begin(&records->fields, records->max_field);
    if (read_header(records))
        return records;
    *error = records->error;
    records_close(records);
    return NULL;
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
