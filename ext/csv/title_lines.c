/* SPDX-License-Identifier: MIT */
#include "csv/title_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv/fields.h"

enum { LINES_LOOKED_AT = 20, LONGEST_TITLE = 2 /* cells: a text, and perhaps a date */ };

/* How many cells of a record hold something. */
static size_t count_full(const char *const *cells, size_t count)
{
    size_t full = 0;
    for (size_t i = 0; i < count; i++)
        full += cells[i][0] != '\0';
    return full;
}

/* The cells of any record that is well quoted, be it as long as the header or not; NULL: it is not,
 * or there is no memory. To be freed; the texts are those of `fields`. */
static const char **split(struct fields *fields, const struct record *record)
{
    size_t length = record->raw_length;
    while (length > 0 && (record->raw[length - 1] == '\n' || record->raw[length - 1] == '\r'))
        length--;
    if (!fields_split(fields, (const unsigned char *)record->raw, length))
        return NULL;
    const char **cells = calloc(fields->found + 1, sizeof *cells);
    for (size_t i = 0; cells != NULL && i < fields->found; i++)
        cells[i] = fields->field[i].text;
    return cells;
}

static bool makes_header(const char *const *cells, size_t count, const struct header_names *names,
                         bool (*is_header)(const struct header *header))
{
    struct header header;
    bool good = header_read(&header, names, cells, count) && is_header(&header);
    header_end(&header);
    return good;
}

bool title_found(struct records *records, const struct header_names *names,
                 bool (*is_header)(const struct header *header), char text[TITLE_TEXT])
{
    const size_t named = count_full(records_header(records), records_columns(records));
    bool lonely = named == 1;
    size_t widest = 0;
    uint64_t line = 0;
    struct record record;
    /* A value may be the name of a column, as `mobile` is: only what is short is a title. */
    for (int i = 0; i < LINES_LOOKED_AT && line == 0 && named <= LONGEST_TITLE; i++) {
        enum records_result result = records_next(records, &record);
        bool sound = result == RECORDS_ROW ||
                     (result == RECORDS_REJECT && record.kind == RECORDS_FIELD_COUNT);
        if (result == RECORDS_END || result == RECORDS_FAILED)
            break;
        if (!sound || record.raw == NULL)
            continue;
        struct fields fields;
        fields_begin(&fields, UINT64_MAX);
        fields_separate_by(&fields, records_separator(records));
        const char **cells = split(&fields, &record);
        size_t full = cells == NULL ? 0 : count_full(cells, fields.found);
        widest = full > widest ? full : widest;
        if (cells != NULL && full > named && makes_header(cells, fields.found, names, is_header))
            line = record.line;
        free(cells);
        fields_end(&fields);
    }
    if (line > 0)
        snprintf(text, TITLE_TEXT,
                 "line %" PRIu64 " is not a header: it looks like a title; the names of the "
                 "columns seem to be in line %" PRIu64 ": remove what is above them",
                 records_header_line(records), line);
    else if (lonely && widest > 1)
        snprintf(text, TITLE_TEXT,
                 "line %" PRIu64 " is not a header: it looks like a title; the first line is to "
                 "name the columns",
                 records_header_line(records));
    return line > 0 || (lonely && widest > 1);
}
