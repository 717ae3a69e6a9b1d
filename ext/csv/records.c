/* SPDX-License-Identifier: MIT */
/* records.c: the records of a CSV file. See records.h for the rules.
 *
 * input.c holds the bytes, framing.c finds where the record in hand ends, fields.c splits that
 * record alone. Only a record longer than max_record_bytes is followed without being held.
 */
#include "csv/records.h"
#include "csv/fields.h"
#include "csv/framing.h"
#include "csv/input.h"
#include "csv/records_inside.h"
#include "csv/totals_line.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/text.h"

static const char BYTE_ORDER_MARK[] = "\xEF\xBB\xBF";

/* A verdict on the record in hand that is not a row. Positions count from the record's start. */
struct fault {
    enum records_kind kind;
    uint64_t at;
    uint64_t column; /* from 1 */
    uint64_t upto;   /* the reject ends with the first line feed at or after this */
};

/* ---- messages ---- */

static void __attribute__((format(printf, 2, 3)))
say(struct records *records, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(records->message, sizeof records->message, format, arguments);
    va_end(arguments);
}

bool records_fail_without_memory(struct records *records)
{
    return error_set(&records->error, ERROR_NO_MEMORY,
                     "the record at line %" PRIu64 " (lower max_field_bytes): out of memory",
                     records->line);
}

const char *records_kind_name(enum records_kind kind)
{
    static const char *const name[] = {"quoting", "field_count",   "encoding",
                                       "nul",     "too_long",      "header_again",
                                       "syntax",  "not_an_object", "member"};
    return name[kind];
}

static uint64_t count_lines(const unsigned char *bytes, size_t length)
{
    const unsigned char *end = bytes + length, *at = bytes;
    uint64_t lines = 0;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        lines++;
        at++;
    }
    return lines;
}

/* Gives out `length` bytes that are at hand as the record's. They stay where they are until the
 * next fill. */
static void give(struct records *records, struct record *record, size_t length, uint64_t lines)
{
    record->raw = (const char *)input_bytes(&records->input);
    record->raw_length = length;
    input_take(&records->input, length);
    records->line += lines;
}

/* ---- the end of the record in hand ---- */

/* How many of the held bytes a record may have: the same however the bytes come in. */
static size_t usable_now(const struct records *records)
{
    const size_t held = input_held(&records->input);
    return held < records->window ? held : records->window;
}

enum framing_verdict records_frame(struct records *records, struct framing *framing)
{
    framing_begin(framing, records->separator);
    for (;;) {
        const size_t taken = (size_t)framing->position;
        const size_t usable = usable_now(records);
        enum framing_verdict verdict = FRAMING_MORE;
        if (usable > taken)
            verdict = framing_feed(framing, input_bytes(&records->input) + taken, usable - taken);
        if (verdict != FRAMING_MORE || usable == records->window)
            return verdict;
        if (records->input.ended)
            return framing_finish(framing);
        if (!input_fill(&records->input)) {
            records_fail_by_input(records);
            return FRAMING_MORE;
        }
    }
}

/* Follows the record to its end without holding it, and comes back to its start. FRAMING_MORE:
 * failed. */
static enum framing_verdict frame_on(struct records *records, struct framing *framing)
{
    struct input *input = &records->input;
    const uint64_t offset = input_offset(input);
    enum framing_verdict verdict = FRAMING_MORE;

    input_take(input, records->window);
    while (verdict == FRAMING_MORE) {
        verdict = framing_feed(framing, input_bytes(input), input_held(input));
        input_take(input, input_held(input));
        if (verdict == FRAMING_MORE && input->ended)
            verdict = framing_finish(framing);
        if (verdict == FRAMING_MORE && !input_fill(input)) {
            records_fail_by_input(records);
            return FRAMING_MORE;
        }
    }
    if (!input_seek(input, offset)) {
        records_fail_by_input(records);
        return FRAMING_MORE;
    }
    return verdict;
}

/* Hands bytes over, and drops them. */
static bool spill(struct records *records, size_t length)
{
    const unsigned char *bytes = input_bytes(&records->input);
    if (records->spill && length > 0 && !records->spill(records->spill_context, bytes, length))
        return error_set(&records->error, ERROR_IO,
                         "keeping the bytes of the overlong record at byte %" PRIu64 " failed: %s",
                         input_offset(&records->input), strerror(errno));
    records->line += count_lines(bytes, length);
    input_take(&records->input, length);
    return true;
}

/* Passes on the record up to the first line feed at or after `upto`, piece by piece. */
static bool spill_through(struct records *records, uint64_t upto)
{
    uint64_t position = 0;
    for (;;) {
        const unsigned char *bytes = input_bytes(&records->input);
        size_t length = input_held(&records->input);
        const unsigned char *feed = NULL;
        if (position + length > upto) {
            const size_t skipped = position < upto ? (size_t)(upto - position) : 0;
            feed = memchr(bytes + skipped, '\n', length - skipped);
            if (feed)
                length = (size_t)(feed - bytes) + 1;
        }
        if (!spill(records, length))
            return false;
        position += length;
        if (feed || records->input.ended)
            return true;
        if (!input_fill(&records->input))
            return records_fail_by_input(records);
    }
}

/* Takes the bytes of a reject: held where they fit, else spilled. False: failed. */
static bool take_rejected(struct records *records, struct record *record, uint64_t upto)
{
    for (;;) {
        const size_t usable = usable_now(records);
        const unsigned char *bytes = input_bytes(&records->input);
        if (upto < usable) {
            const unsigned char *feed = memchr(bytes + upto, '\n', usable - (size_t)upto);
            if (feed) {
                const size_t length = (size_t)(feed - bytes) + 1;
                give(records, record, length, count_lines(bytes, length));
                return true;
            }
        }
        if (upto < usable)
            upto = usable; /* known to be free of line feeds */
        if (usable == records->window)
            return spill_through(records, upto);
        if (records->input.ended) {
            give(records, record, usable, count_lines(bytes, usable));
            return true;
        }
        if (!input_fill(&records->input))
            return records_fail_by_input(records);
    }
}

/* ---- one record ---- */

/* "byte 0xE9", or "a byte" where nothing of the input is to be said. */
static const char *shown(const struct records *records, unsigned char byte, char text[16])
{
    if (records->discreet)
        return "a byte";
    snprintf(text, 16, "byte 0x%02X", byte);
    return text;
}

static void say_quoting(struct records *records, enum framing_verdict verdict, unsigned char byte)
{
    char text[16];
    switch (verdict) {
    case FRAMING_STRAY_QUOTE:
        say(records, "a quote inside an unquoted field: expected the whole field in quotes and the "
                     "quote doubled");
        break;
    case FRAMING_STRAY_RETURN:
        say(records, "a carriage return without a line feed outside quotes: expected lines to end "
                     "with LF or CRLF");
        break;
    case FRAMING_AFTER_QUOTE:
        say(records,
            "%s after the closing quote of a field: expected %s or the end "
            "of the line (a quote inside a field is doubled)",
            shown(records, byte, text),
            records->separator == ','    ? "a comma"
            : records->separator == ';'  ? "a semicolon"
            : records->separator == '\t' ? "a tab"
                                         : "the separator");
        break;
    default:
        say(records, "the quoted field that begins here is never closed: expected its closing "
                     "quote before the end of the input");
    }
}

static void say_encoding(struct records *records, unsigned char byte)
{
    char text[16];
    if (records->input.foreign)
        say(records, "what stands here is no character of %s: is the file in another encoding?",
            recode_name(records->input.encoding));
    else
        say(records, "%s begins no valid UTF-8 character: expected text in UTF-8",
            shown(records, byte, text));
}

static void say_record_too_long(struct records *records)
{
    say(records,
        "the record is longer than %" PRIu64 " bytes: expected a shorter one (is a quote "
        "not closed?), or a higher max_field_bytes",
        records->max_record);
}

/* Judges a record that is longer than may be held. False: failed. */
static bool judge_unheld(struct records *records, const struct framing *at_limit,
                         struct fault *fault)
{
    struct framing framing = *at_limit;
    enum framing_verdict verdict;

    *fault = (struct fault){RECORDS_TOO_LONG, at_limit->field_start, at_limit->field + 1,
                            at_limit->field_start};
    say_record_too_long(records);
    if (!records->input.source.seek)
        return true;
    verdict = frame_on(records, &framing);
    if (verdict == FRAMING_MORE)
        return false;
    if (verdict == FRAMING_WHOLE) {
        /* Its own line feed ends it, or else the input does. */
        fault->upto = framing.position - (framing.line_end ? 1 : 0);
        return true;
    }
    *fault = (struct fault){RECORDS_QUOTING, framing.bad, framing.field + 1, framing.field_start};
    say_quoting(records, verdict, framing.bad_byte);
    return true;
}

static void fail_to_split(struct records *records)
{
    if (records->fields.no_memory) {
        records_fail_without_memory(records);
        return;
    }
    error_set(&records->error, ERROR_IO,
              "line %" PRIu64 ": libcsv does not take a well-quoted record: report this",
              records->line);
}

/* `Miller, Ann` without its quotes is two fields, and what stands behind it belongs to other
 * columns than it seems. */
static bool has_blank_behind_comma(const struct fields *fields, size_t columns)
{
    for (size_t i = 1; i < columns; i++)
        if (fields->field[i].text[0] == ' ')
            return true;
    return false;
}

/* Whether a row with another number of fields than the header is taken all the same: it lacks its
 * last ones, which decide nothing, or has one more, which is empty. The last line of an input that
 * ends within it may have been cut off, and lacks nothing. */
static bool takes_length(struct records *records, const struct framing *framing)
{
    struct fields *fields = &records->fields;
    if (!records->may_lack)
        return false;
    if (fields->found > records->columns)
        return fields->found == records->columns + 1 && fields->last_length == 0 &&
               !has_blank_behind_comma(fields, records->columns);
    if (framing->line_end == 0 || totals_begin(fields->field[0].text))
        return false;
    for (size_t i = fields->found; i < records->columns; i++) {
        if (!records->may_lack(records->may_lack_context, i))
            return false;
        fields->field[i] = (struct fields_field){.text = "", .length = 0, .absent = true};
    }
    return true;
}

/* Whether a record is the header once more, perhaps behind the byte order mark of a second file. */
static bool is_header_again(const struct records *records)
{
    const struct fields *fields = &records->fields;
    if (fields->found != records->columns)
        return false;
    for (size_t i = 0; i < records->columns; i++) {
        const char *text = fields->field[i].text;
        if (i == 0 && strncmp(text, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
            text += strlen(BYTE_ORDER_MARK);
        if (strcmp(text, records->names[i]) != 0)
            return false;
    }
    return true;
}

/* Splits and judges a whole, held record. False: there is a fault, or it failed. */
static bool judge_text(struct records *records, const struct framing *framing, struct fault *fault)
{
    struct fields *fields = &records->fields;
    const unsigned char *bytes = input_bytes(&records->input);
    const size_t length = (size_t)framing->position - framing->line_end;
    const size_t bad = fields_first_bad_byte(bytes, length);

    *fault = (struct fault){RECORDS_TOO_LONG, framing->field_start, framing->field + 1,
                            framing->position - (framing->line_end ? 1 : 0)};
    if (length > records->max_record) {
        say_record_too_long(records);
        return false;
    }
    if (bad < length) {
        fault->kind = bytes[bad] ? RECORDS_ENCODING : RECORDS_NUL;
        fault->at = bad;
        fault->column = framing_field_at(bytes, bad, records->separator) + 1;
        if (bytes[bad])
            say_encoding(records, bytes[bad]);
        else
            say(records, "a NUL byte: expected text");
        return false;
    }
    if (!fields_split(fields, bytes, length)) {
        fail_to_split(records);
        return false;
    }
    if (fields->overlong != SIZE_MAX) {
        fault->at = framing_field_start(bytes, length, fields->overlong, records->separator);
        fault->column = fields->overlong + 1;
        say(records,
            "the field is longer than %" PRIu64 " bytes: expected a shorter one, or a "
            "higher max_field_bytes",
            records->max_field);
        return false;
    }
    if (records->columns && !records->headerless && is_header_again(records)) {
        fault->kind = RECORDS_HEADER_AGAIN;
        fault->at = 0;
        fault->column = 1;
        say(records, "the header again: only the first line is one");
        return false;
    }
    if (records->columns && fields->found != records->columns && !takes_length(records, framing)) {
        const bool more = fields->found > records->columns;
        fault->kind = RECORDS_FIELD_COUNT;
        fault->at = more ? framing_field_start(bytes, length, records->columns, records->separator)
                         : length;
        fault->column = (more ? records->columns : fields->found) + 1;
        say(records, "%zu field%s: expected %zu, as in the %s%s", fields->found,
            fields->found == 1 ? "" : "s", records->columns,
            records->headerless ? "first row" : "header",
            totals_begin(fields->field[0].text) ? "; it looks like a line of totals: remove it"
                                                : "");
        return false;
    }
    return true;
}

static enum records_result reject(struct records *records, struct record *record,
                                  const struct fault *fault)
{
    if (!take_rejected(records, record, fault->upto))
        return RECORDS_FAILED;
    record->kind = fault->kind;
    record->at = record->offset + fault->at;
    record->column = (size_t)fault->column;
    if (records->columns && !records->headerless && fault->column <= records->columns)
        record->column_name = records->names[fault->column - 1];
    record->message = records->message;
    record->end = input_offset(&records->input);
    record->next_line = records->line;
    return RECORDS_REJECT;
}

/* A line with nothing in it; or with nothing but the commas of empty fields, as spreadsheets write
 * the rows behind a table, where those are to be skipped. */
static bool is_empty(const struct records *records, const struct framing *framing)
{
    const char *bytes = (const char *)input_bytes(&records->input);
    size_t length = (size_t)framing->position - framing->line_end, at = 0;
    if (length == 0)
        return framing->line_end > 0;
    while (records->skips_empty && at < length &&
           (bytes[at] == (char)records->separator || bytes[at] == ' ' || bytes[at] == '\t'))
        at++;
    return at == length && memchr(bytes, records->separator, length) != NULL;
}

enum records_result records_next(struct records *records, struct record *record)
{
    struct framing framing;
    struct fault fault;
    enum framing_verdict verdict;

    memset(record, 0, sizeof *record);
    record->line = record->next_line = records->line;
    record->offset = record->end = input_offset(&records->input);
    if (records_has_failed(records))
        return RECORDS_FAILED;
    verdict = records_frame(records, &framing);
    while (verdict == FRAMING_WHOLE && is_empty(records, &framing)) {
        input_take(&records->input, (size_t)framing.position);
        records->line += framing.line_end > 0;
        verdict = records_frame(records, &framing);
    }
    if (records_has_failed(records))
        return RECORDS_FAILED;
    record->line = record->next_line = records->line;
    record->offset = record->end = input_offset(&records->input);
    if (verdict == FRAMING_WHOLE && framing.position == 0)
        return RECORDS_END;

    if (verdict == FRAMING_MORE) {
        if (!judge_unheld(records, &framing, &fault))
            return RECORDS_FAILED;
        return reject(records, record, &fault);
    }
    if (verdict != FRAMING_WHOLE) {
        fault =
            (struct fault){RECORDS_QUOTING, framing.bad, framing.field + 1, framing.field_start};
        say_quoting(records, verdict, framing.bad_byte);
        return reject(records, record, &fault);
    }
    if (!judge_text(records, &framing, &fault))
        return records_has_failed(records) ? RECORDS_FAILED : reject(records, record, &fault);
    give(records, record, (size_t)framing.position,
         framing.quoted ? count_lines(input_bytes(&records->input), (size_t)framing.position)
                        : framing.line_end > 0);
    record->fields = records->fields.field;
    if (records->fields.found < records->columns)
        record->lacks = records->fields.found + 1;
    record->end = input_offset(&records->input);
    record->next_line = records->line;
    return RECORDS_ROW;
}
