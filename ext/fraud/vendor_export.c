/* SPDX-License-Identifier: MIT */
#include "fraud/vendor_export.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fraud/printed_count.h"
#include "values/document.h"
#include "values/header.h"
#include "values/time_units.h"
#include "values/mend.h"
#include "values/moment.h"
#include "values/signup.h"
#include "csv/records.h"
#include "csv/totals_line.h"
#include "values/text.h"

enum { MOST_FIELD_BYTES = 4096, SHOWN_BYTES = 60 };

/* `day` is another name for the date. */
static const struct header_name default_names[EXPORT_COLUMNS + 1] = {
    {"date", EXPORT_DATE},       {"outcome", EXPORT_OUTCOME}, {"count", EXPORT_COUNT},
    {"success", EXPORT_SUCCESS}, {"failure", EXPORT_FAILURE}, {"day", EXPORT_DATE}};
static const struct header_names default_header = {.list = default_names,
                                                   .count = EXPORT_COLUMNS + 1};

/* One reading; after the first complaint nothing goes on. */
struct reading {
    struct export *export;
    const char *path;
    const struct export_names *names;
    const char *const *header;
    size_t columns;
    ssize_t place[EXPORT_COLUMNS]; /* of each column in the file; -1: not there */
    size_t capacity;
    int64_t now;
    bool may_quote;
    struct error *error;
};

/* A text of the file for a message: in quotes where it is short and harmless. */
static const char *show(const struct reading *reading, const char *text,
                        char shown[SHOWN_BYTES + 3])
{
    if (text[0] == '\0')
        return "nothing";
    if (!reading->may_quote || text_shown(text, SHOWN_BYTES, NULL) == NULL)
        return "this";
    snprintf(shown, SHOWN_BYTES + 3, "'%.*s'", SHOWN_BYTES, text);
    return shown;
}

static const char *wanted_name(const struct reading *reading, int column)
{
    const char *given = reading->names == NULL ? "" : reading->names->text[column];
    return given[0] != '\0' ? given : default_names[column].name;
}

/* What a message calls a column of the file: by its own words only where it may quote them. */
static const char *column_name(const struct reading *reading, ssize_t place)
{
    if (reading->may_quote)
        return text_shown(reading->header[place], SHOWN_BYTES, "?");
    for (int column = 0; column < EXPORT_COLUMNS; column++)
        if (reading->place[column] == place)
            return wanted_name(reading, column);
    return NULL;
}

static bool complain(struct reading *reading, uint64_t line, ssize_t place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static bool complain(struct reading *reading, uint64_t line, ssize_t place, const char *format, ...)
{
    char what[ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    error_set(reading->error, ERROR_INVALID, "%.300s, line %" PRIu64, reading->path, line);
    const char *name = place >= 0 ? column_name(reading, place) : NULL;
    if (place >= 0)
        error_set(reading->error, ERROR_INVALID, "%s, column %zd%s%s%s", reading->error->text,
                  place + 1, name == NULL ? "" : " (", name == NULL ? "" : name,
                  name == NULL ? "" : ")");
    return error_set(reading->error, ERROR_INVALID, "%s: %s", reading->error->text, what);
}

static bool out_of_memory(struct reading *reading)
{
    return error_set(reading->error, ERROR_NO_MEMORY, "%.300s: out of memory", reading->path);
}

/* -- names -- */

bool export_names_parse(struct export_names *names, const char *json, struct error *error)
{
    static const char expected[] = "expected a JSON object of date, outcome, count, success and "
                                   "failure with the names of their columns";
    const char *key;
    json_t *value;
    bool good = true;
    memset(names, 0, sizeof *names);
    json_t *object = document_parse(json, 0, NULL, error);
    if (object == NULL && error->code == ERROR_NO_MEMORY)
        return false;
    if (!json_is_object(object))
        good = error_set(error, ERROR_INVALID, "%s", expected);
    json_object_foreach(object, key, value)
    {
        int column = header_find(&default_header, key);
        const char *text = json_string_value(value);
        bool fits = column >= 0 && text != NULL && text[0] != '\0' && strlen(text) < EXPORT_NAME;
        if (good && !fits)
            error_set(error, ERROR_INVALID, "%s: %s", text_shown(key, 40, "a member"), expected);
        else if (good)
            snprintf(names->text[column], EXPORT_NAME, "%s", text);
        good = good && fits;
    }
    json_decref(object);
    return good;
}

/* What the columns of a header are, by the names that are wanted. False: out of memory. */
static bool read_columns(const struct reading *reading, const char *const *cells, size_t count,
                         struct header *header)
{
    struct header_name names[EXPORT_COLUMNS + 1];
    for (int column = 0; column < EXPORT_COLUMNS; column++)
        names[column] = (struct header_name){wanted_name(reading, column), column};
    names[EXPORT_COLUMNS] = default_names[EXPORT_COLUMNS];
    bool day = names[EXPORT_DATE].name == default_names[EXPORT_DATE].name;
    return header_read(header, &(struct header_names){.list = names, .count = EXPORT_COLUMNS + day},
                       cells, count);
}

/* As records_open() asks: would such a header do? */
static bool is_header(const void *context, const char *const *cells, size_t count)
{
    struct header header;
    bool good = read_columns(context, cells, count, &header) && header_has(&header, EXPORT_DATE) &&
                ((header_has(&header, EXPORT_SUCCESS) && header_has(&header, EXPORT_FAILURE)) ||
                 (header_has(&header, EXPORT_OUTCOME) && header_has(&header, EXPORT_COUNT)));
    header_end(&header);
    return good;
}

static bool find_columns(struct reading *reading, const struct records *records)
{
    struct header header;
    bool good = true;
    for (int column = 0; column < EXPORT_COLUMNS; column++)
        reading->place[column] = -1;
    reading->header = records_header(records);
    reading->columns = records_columns(records);
    if (!read_columns(reading, reading->header, reading->columns, &header))
        return out_of_memory(reading);
    for (size_t i = 0; i < header.count && good; i++) {
        int column = header.columns[i].column;
        if (column < 0)
            continue;
        if (header.columns[i].same_as > 0)
            good = complain(reading, 1, (ssize_t)i, "a second column for %s: expected one",
                            default_names[column].name);
        else
            reading->place[column] = (ssize_t)i;
    }
    header_end(&header);
    return good;
}

/* A line above the header names no column: a report's title, or anything else. */
static bool check_header(struct reading *reading)
{
    bool named = false;
    size_t filled = 0;
    for (int column = 0; column < EXPORT_COLUMNS; column++)
        named = named || reading->place[column] >= 0;
    for (size_t i = 0; i < reading->columns; i++)
        filled += reading->header[i][0] != '\0';
    return named || complain(reading, 1, -1,
                             "%s; the first line must be the header, date,success,failure or "
                             "date,outcome,count, or the names that were given for them",
                             filled == 1 ? "this is a title" : "this names none of the columns");
}

static bool check_shape(struct reading *reading)
{
    static const int wide[] = {EXPORT_SUCCESS, EXPORT_FAILURE},
                     narrow[] = {EXPORT_OUTCOME, EXPORT_COUNT};
    const ssize_t *place = reading->place;
    bool is_wide = place[wide[0]] >= 0 || place[wide[1]] >= 0,
         is_narrow = place[narrow[0]] >= 0 || place[narrow[1]] >= 0;
    const int *needed = is_narrow ? narrow : wide;
    if (is_wide && is_narrow && place[wide[0]] >= 0 && place[wide[1]] >= 0 &&
        place[narrow[0]] >= 0 && place[narrow[1]] >= 0)
        return complain(
            reading, 1, -1,
            "columns of both shapes: expected either date,success,failure or date,outcome,count");
    if (is_wide && is_narrow) /* the shape that is whole counts, the rest are further columns */
        needed = place[wide[0]] >= 0 && place[wide[1]] >= 0 ? wide : narrow;
    const int columns[] = {EXPORT_DATE, needed[0], needed[1]};
    for (size_t i = 0; i < 3; i++)
        if (place[columns[i]] < 0)
            return complain(reading, 1, -1,
                            "there is no column %s: expected a header date,success,failure or "
                            "date,outcome,count, or the names that were given for them",
                            wanted_name(reading, columns[i]));
    for (size_t i = 0; i < 2; i++)
        reading->place[needed == wide ? narrow[i] : wide[i]] = -1;
    return true;
}

/* -- values -- */

/* A value as a sign-up's would be taken: without what nobody meant around it. */
struct cell {
    ssize_t place;
    char text[MOST_FIELD_BYTES + 1];
};

static void take_cell(const struct reading *reading, const struct record *record, int column,
                      struct cell *cell)
{
    cell->place = reading->place[column];
    const struct fields_field *field = &record->fields[cell->place];
    mend(field->text, field->length, false, cell->text);
}

/* What is wrong with a value, by the rule's name, which the manual explains. */
static bool refuse(struct reading *reading, const struct record *record, const struct cell *cell,
                   enum rule rule, const char *wanted)
{
    char shown[SHOWN_BYTES + 3];
    bool empty = cell->text[0] == '\0';
    return complain(reading, record->line, cell->place, "%s is not %.*s%s%s%s: expected%s",
                    show(reading, cell->text, shown), (int)strcspn(wanted, ";"), wanted,
                    empty ? "" : " (", empty ? "" : rule_name(rule), empty ? "" : ")",
                    wanted + strcspn(wanted, ";") + 1);
}

static bool is_empty(const struct reading *reading, const struct record *record)
{
    for (size_t i = 0; i < reading->columns; i++) {
        size_t from = 0, to = record->fields[i].length;
        mend_trim(record->fields[i].text, &from, &to);
        if (from < to)
            return false;
    }
    return true;
}

static const char not_of_a_day[] =
    "this is %s: remove it, because each line must be the count of one day";

/* A line that is none of a day: which kind of line it is, where that can be told. */
static bool check_line(struct reading *reading, const struct record *record,
                       const struct cell *date)
{
    const char *what = NULL;
    if (is_empty(reading, record))
        what = "an empty line";
    else if (date->text[0] == '\0')
        what = "a line without a day, as of totals";
    else if (totals_begin(date->text))
        what = "a line of totals";
    else if (header_same_name(date->text, reading->header[date->place]))
        what = "the header again";
    return what == NULL || complain(reading, record->line, date->place, not_of_a_day, what);
}

/* The same of a line with other fields than the header has; else what the reader of records says.
 */
static bool complain_reject(struct reading *reading, const struct record *record)
{
    bool column = record->column >= 1 && record->column <= reading->columns;
    size_t from = 0, to = record->raw == NULL ? 0 : record->raw_length;
    char begin[SHOWN_BYTES];
    const char *what = NULL;
    if (record->raw != NULL && record->kind == RECORDS_FIELD_COUNT) {
        mend_trim(record->raw, &from, &to);
        snprintf(begin, sizeof begin, "%.*s", (int)(to - from), record->raw + from);
        if (from == to)
            what = "an empty line";
        else if (totals_begin(begin))
            what = "a line of totals";
    }
    if (what != NULL)
        return complain(reading, record->line, -1, not_of_a_day, what);
    return complain(reading, record->line, column ? (ssize_t)record->column - 1 : -1, "%s",
                    record->message);
}

static bool read_day(struct reading *reading, const struct record *record, int64_t *day)
{
    struct cell cell;
    take_cell(reading, record, EXPORT_DATE, &cell);
    if (!check_line(reading, record, &cell))
        return false;
    enum rule rule = moment_read_counted_day(cell.text, reading->now, day);
    return !rule_refuses(rule) ||
           refuse(reading, record, &cell, rule, "a day; a date YYYY-MM-DD after 1970-01-01");
}

static bool read_count(struct reading *reading, const struct record *record, int column,
                       int64_t *count)
{
    struct cell cell;
    take_cell(reading, record, column, &cell);
    enum rule rule = count_read(cell.text, count);
    return !rule_refuses(rule) ||
           refuse(reading, record, &cell, rule,
                  "a count; a whole number, 0 or more, with or without commas between thousands");
}

static bool read_outcome(struct reading *reading, const struct record *record, bool *success)
{
    struct cell cell;
    take_cell(reading, record, EXPORT_OUTCOME, &cell);
    enum rule rule = signup_read_outcome(cell.text, success);
    return !rule_refuses(rule) ||
           refuse(reading, record, &cell, rule, "an outcome; success or failure");
}

static bool add(struct reading *reading, const struct export_row *row)
{
    struct export *export = reading->export;
    if (export->count == EXPORT_MOST_ROWS)
        return complain(reading, row->line, -1, "expected at most %d days and outcomes",
                        EXPORT_MOST_ROWS);
    if (export->count == reading->capacity) {
        size_t capacity = reading->capacity == 0 ? 64 : 2 * reading->capacity;
        struct export_row *rows = realloc(export->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return out_of_memory(reading);
        export->rows = rows;
        reading->capacity = capacity;
    }
    export->rows[export->count++] = *row;
    return true;
}

static bool read_record(struct reading *reading, const struct record *record)
{
    struct export_row row = {.line = record->line};
    if (!read_day(reading, record, &row.day))
        return false;
    if (reading->place[EXPORT_OUTCOME] >= 0)
        return read_outcome(reading, record, &row.success) &&
               read_count(reading, record, EXPORT_COUNT, &row.count) && add(reading, &row);
    struct export_row success = row, failure = row;
    success.success = true;
    return read_count(reading, record, EXPORT_SUCCESS, &success.count) &&
           read_count(reading, record, EXPORT_FAILURE, &failure.count) && add(reading, &success) &&
           add(reading, &failure);
}

/* -- the file -- */

static int by_day(const void *left, const void *right)
{
    const struct export_row *a = left, *b = right;
    if (a->day != b->day)
        return a->day < b->day ? -1 : 1;
    if (a->success != b->success)
        return a->success ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

/* The first line that repeats a day and outcome. */
static bool check_repeats(struct reading *reading)
{
    const struct export *export = reading->export;
    const struct export_row *again = NULL, *first = NULL;
    char day[16];
    struct export_row *sorted = malloc((export->count + 1) * sizeof *sorted);
    if (sorted == NULL)
        return out_of_memory(reading);
    if (export->count > 0)
        memcpy(sorted, export->rows, export->count * sizeof *sorted);
    qsort(sorted, export->count, sizeof *sorted, by_day);
    for (size_t i = 1; i < export->count; i++)
        if (sorted[i].day == sorted[i - 1].day && sorted[i].success == sorted[i - 1].success &&
            (again == NULL || sorted[i].line < again->line)) {
            again = &sorted[i];
            first = &sorted[i - 1];
        }
    bool good = again == NULL;
    if (!good) {
        bool wide = reading->place[EXPORT_OUTCOME] < 0;
        char text[32] = "this";
        export_day_text(again->day, day);
        if (reading->may_quote)
            snprintf(text, sizeof text, "%s%s", day,
                     wide             ? ""
                     : again->success ? " success"
                                      : " failure");
        complain(reading, again->line, reading->place[EXPORT_DATE],
                 "%s is already on line %" PRIu64 "; each %s may occur once", text, first->line,
                 wide ? "day" : "day and outcome");
    }
    free(sorted);
    return good;
}

/* Complains in the words of the reader of records. */
static bool pass_on(struct reading *reading, const struct error *why)
{
    return error_set(reading->error, why->code, "%.300s: %s", reading->path, why->text);
}

static bool read_records(struct reading *reading, struct records *records)
{
    struct record record;
    if (!find_columns(reading, records) || !check_header(reading) || !check_shape(reading))
        return false;
    for (;;) {
        switch (records_next(records, &record)) {
        case RECORDS_ROW:
            if (!read_record(reading, &record))
                return false;
            break;
        case RECORDS_REJECT:
            return complain_reject(reading, &record);
        case RECORDS_END:
            return check_repeats(reading);
        case RECORDS_FAILED:
            return pass_on(reading, records_error(records));
        }
    }
}

int export_open(const char *path, struct error *error)
{
    /* A pipe might make a query wait for ever. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool wrong = errno == ENOENT || errno == EACCES || errno == ENOTDIR;
    if (file < 0)
        error_set(error, wrong ? ERROR_INVALID : ERROR_IO, "%.300s: %s", path, strerror(errno));
    return file;
}

static bool file_fits(const struct export_file *file, struct stat *facts, struct error *error)
{
    if (fstat(file->descriptor, facts) != 0)
        return error_set(error, ERROR_IO, "%.300s: %s", file->path, strerror(errno));
    if (!S_ISREG(facts->st_mode))
        return error_set(error, ERROR_INVALID, "%.300s: expected a regular file", file->path);
    return facts->st_size <= EXPORT_MOST_BYTES ||
           error_set(error, ERROR_INVALID,
                     "%.300s: larger than %d MiB, too large for a dashboard export", file->path,
                     EXPORT_MOST_BYTES >> 20);
}

bool export_fits(const struct export_file *file, struct error *error)
{
    struct stat facts;
    return file_fits(file, &facts, error);
}

bool export_read_file(struct export *export, const struct export_file *file,
                      const struct export_names *names, struct error *error)
{
    struct reading reading = {.export = export,
                              .path = file->path,
                              .names = names,
                              .now = moment_now(),
                              .may_quote = file->may_quote,
                              .error = error};
    const struct records_limits limits = {.max_field_bytes = MOST_FIELD_BYTES,
                                          .discreet = !file->may_quote,
                                          .is_header = is_header,
                                          .context = &reading};
    struct input_descriptor holder;
    struct stat facts;
    struct error why;
    memset(export, 0, sizeof *export);
    if (!file_fits(file, &facts, error))
        return false;
    export->modified =
        (int64_t)facts.st_mtim.tv_sec * SECOND_MS + facts.st_mtim.tv_nsec / MILLISECOND_NS;
    struct input_source source = input_from_descriptor(&holder, file->descriptor);
    struct records *records = records_open(&source, &limits, &why);
    bool good = records != NULL ? read_records(&reading, records) : pass_on(&reading, &why);
    records_close(records);
    return good;
}

bool export_read(struct export *export, const char *path, const struct export_names *names,
                 struct error *error)
{
    memset(export, 0, sizeof *export);
    struct export_file file = {.descriptor = export_open(path, error), .path = path};
    if (file.descriptor < 0)
        return false;
    bool good = export_read_file(export, &file, names, error);
    close(file.descriptor);
    return good;
}

void export_end(struct export *export)
{
    free(export->rows);
    memset(export, 0, sizeof *export);
}

void export_day_text(int64_t day, char text[16])
{
    char moment[MOMENT_SIZE];
    moment_format(day * DAY_MS, moment);
    snprintf(text, 16, "%.10s", moment);
}
