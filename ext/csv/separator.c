/* SPDX-License-Identifier: MIT */
#include "csv/separator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv/records_inside.h"
#include "csv/wiped_memory.h"
#include "values/text.h"

enum { ANNOUNCED = 5 /* sep=; */, COLUMNS_SHOWN = 3, SHOWN = 160 };

static const unsigned char candidates[] = {',', ';', '\t'};
enum { CANDIDATES = sizeof candidates };

const char *separator_plural(unsigned char separator, char text[8])
{
    if (separator == ',')
        return "commas";
    if (separator == ';')
        return "semicolons";
    if (separator == '\t')
        return "tabs";
    snprintf(text, 8, "`%c`", separator);
    return text;
}

static bool can_separate(unsigned char byte)
{
    return byte == '\t' || (byte > ' ' && byte < 0x7F && byte != '"' && byte != '_' &&
                            byte != '@' && !(byte >= '0' && byte <= '9') &&
                            !(text_lower((char)byte) >= 'a' && text_lower((char)byte) <= 'z'));
}

bool separator_named(const char *name, unsigned char *separator)
{
    static const char *const words[] = {"comma", "semicolon", "tab"};
    for (int i = 0; i < CANDIDATES; i++)
        if (text_same(name, words[i])) {
            *separator = candidates[i];
            return true;
        }
    *separator = (unsigned char)name[0];
    return name[0] != '\0' && name[1] == '\0' && can_separate(*separator);
}

static void separate_by(struct records *records, unsigned char separator)
{
    records->separator = separator;
    fields_separate_by(&records->fields, separator);
}

/* Blank lines before the header mean nothing. */
static bool skip_blank_lines(struct records *records)
{
    struct input *input = &records->input;
    for (;;) {
        if (!input_have(input, 2))
            return records_fail_by_input(records);
        const unsigned char *bytes = input_bytes(input);
        const size_t held = input_held(input);
        if (held >= 1 && bytes[0] == '\n')
            input_take(input, 1);
        else if (held >= 2 && bytes[0] == '\r' && bytes[1] == '\n')
            input_take(input, 2);
        else
            return true;
        records->line++;
    }
}

/* A first line `sep=;`, as spreadsheets write and read it. */
static bool take_announcement(struct records *records, unsigned char named)
{
    struct input *input = &records->input;
    char text[8], other[8];
    if (!input_have(input, ANNOUNCED + 2))
        return records_fail_by_input(records);
    const unsigned char *bytes = input_bytes(input);
    const size_t held = input_held(input);
    if (held < ANNOUNCED || !text_same_start((const char *)bytes, "sep=", 4))
        return true;
    const size_t end = held > ANNOUNCED && bytes[ANNOUNCED] == '\r' ? ANNOUNCED + 1 : ANNOUNCED;
    if (held <= end || bytes[end] != '\n')
        return true; /* a column of that name */
    if (!can_separate(bytes[4]))
        return error_set(&records->error, ERROR_INVALID,
                         "line 1 announces a character that cannot separate fields: expected "
                         "`sep=,`, `sep=;` or `sep=` and a tab");
    if (named != 0 && named != bytes[4])
        return error_set(&records->error, ERROR_INVALID,
                         "line 1 says that %s separate its fields, and the option %s: expected "
                         "one of them",
                         separator_plural(bytes[4], text), separator_plural(named, other));
    separate_by(records, bytes[4]);
    records->announced_length = end + 1;
    memcpy(records->announced, bytes, records->announced_length);
    input_take(input, records->announced_length);
    records->line++;
    return true;
}

/* Whether the header makes sense, separated by that. Nothing is taken. */
static bool reads_as(struct records *records, const struct records_limits *limits,
                     unsigned char separator, char shown[SHOWN])
{
    struct framing framing;
    const char *cells[COLUMNS_SHOWN];
    separate_by(records, separator);
    shown[0] = '\0';
    if (records_frame(records, &framing) != FRAMING_WHOLE || framing.position == 0 ||
        !fields_split(&records->fields, input_bytes(&records->input),
                      (size_t)framing.position - framing.line_end) ||
        (separator != ',' && records->fields.found == 1))
        return false;
    const size_t found = records->fields.found;
    const char **names = calloc(found, sizeof *names);
    for (size_t i = 0; names && i < found; i++)
        names[i] = records->fields.field[i].text;
    const bool makes_sense = names && limits->is_header(limits->context, names, found);
    if (!names)
        records_fail_without_memory(records);
    for (size_t i = 0; makes_sense && i < COLUMNS_SHOWN; i++) {
        const size_t used = strlen(shown);
        cells[i] = i < found ? text_shown(names[i], 40, "?") : NULL;
        if (cells[i] && !limits->discreet)
            snprintf(shown + used, SHOWN - used, "%s`%s`", i ? ", " : " ", cells[i]);
    }
    free(names);
    return makes_sense;
}

static bool refuse_both(struct records *records, const unsigned char separators[2],
                        char shown[2][SHOWN])
{
    char text[8], other[8];
    return error_set(&records->error, ERROR_INVALID,
                     "the header (line %llu) can be read in two ways: separated by %s its columns "
                     "begin with%s, by %s with%s: say which by a first line `sep=%c` or the option "
                     "--separator",
                     (unsigned long long)records->line, separator_plural(separators[0], text),
                     shown[0][0] ? shown[0] : " others", separator_plural(separators[1], other),
                     shown[1][0] ? shown[1] : " others", separators[0]);
}

static bool find_in_header(struct records *records, const struct records_limits *limits)
{
    unsigned char found[CANDIDATES];
    char shown[CANDIDATES][SHOWN];
    int readings = 0;
    for (int i = 0; i < CANDIDATES; i++) {
        found[readings] = candidates[i];
        readings += reads_as(records, limits, candidates[i], shown[readings]);
        if (records_has_failed(records))
            return false;
    }
    if (readings > 1)
        return refuse_both(records, found, shown);
    separate_by(records, readings == 1 ? found[0] : ',');
    records->separator_found = readings == 1 && found[0] != ',';
    return true;
}

bool separator_find(struct records *records, const struct records_limits *limits)
{
    separate_by(records, limits->separator ? limits->separator : ',');
    if (!take_announcement(records, limits->separator) || !skip_blank_lines(records))
        return false;
    if (limits->separator || records->announced_length > 0 || !limits->is_header)
        return true;
    return find_in_header(records, limits);
}
