/* SPDX-License-Identifier: MIT */
#include "json/json_records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json_records_inside.h"

const char *json_records_member(const struct json_records *records)
{
    return records->member;
}

enum json_shape json_records_shape(const struct json_records *records)
{
    return records->shape;
}

bool json_records_are_converted(const struct json_records *records)
{
    return records->input.foreign != NULL;
}

const struct json_tree *json_records_tree(const struct json_records *records)
{
    return &records->tree;
}

const struct error *json_records_error(const struct json_records *records)
{
    return &records->error;
}

void json_records_spill(struct json_records *records, records_spill_function *spill, void *context)
{
    records->spill = spill;
    records->spill_context = context;
}

void json_records_again(struct json_records *records)
{
    records->again = true;
}

void json_records_flatten(struct json_records *records, const struct record *record)
{
    if (records->shape == JSON_LINES || !record->raw)
        return;
    /* They are those of the input's buffer, and taken. */
    unsigned char *bytes =
        records->input.buffer + ((const unsigned char *)record->raw - records->input.buffer);
    for (size_t i = 0; i < record->raw_length; i++)
        if (bytes[i] == '\n' || bytes[i] == '\r')
            bytes[i] = ' ';
}

/* Drops bytes that are held, of a record that is longer than may be. */
static bool let_go(struct json_records *records, size_t length)
{
    if (records->spill && length > 0 &&
        !records->spill(records->spill_context, input_bytes(&records->input), length))
        return error_set(&records->error, ERROR_IO,
                         "keeping the bytes of the overlong record at byte %" PRIu64 " failed: %s",
                         input_offset(&records->input), strerror(errno));
    input_take(&records->input, length);
    return true;
}

static enum records_result reject(struct json_records *records, struct record *record,
                                  enum records_kind kind, uint64_t at)
{
    record->kind = kind;
    record->at = at;
    record->message = records->message;
    return RECORDS_REJECT;
}

static enum records_result reject_too_long(struct json_records *records, struct record *record)
{
    snprintf(records->message, sizeof records->message,
             "the record is longer than %" PRIu64 " bytes: expected a shorter one, or a higher "
             "max_field_bytes",
             records->max_record);
    record->raw = NULL;
    return reject(records, record, RECORDS_TOO_LONG, record->offset);
}

/* Takes a record apart whose bytes are at hand. */
static enum records_result judge(struct json_records *records, struct record *record)
{
    struct json_tree *tree = &records->tree;
    char *message = records->message;
    const size_t size = sizeof records->message, length = records->text_length;
    const size_t bad = fields_first_bad_byte((const unsigned char *)record->raw, length);
    if (bad < length) {
        const bool nul = record->raw[bad] == '\0';
        snprintf(message, size, "%s",
                 nul                      ? "a NUL byte: expected text"
                 : records->input.foreign ? "what stands here is no character of its encoding"
                                          : "what stands here is no character of UTF-8");
        return reject(records, record, nul ? RECORDS_NUL : RECORDS_ENCODING, record->offset + bad);
    }
    if (!json_tree_read(tree, record->raw, length)) {
        if (tree->no_memory) {
            error_set(&records->error, ERROR_NO_MEMORY,
                      "the record at byte %" PRIu64 ": out of "
                      "memory",
                      record->offset);
            return RECORDS_FAILED;
        }
        if (tree->too_many)
            snprintf(message, size, "more than %d values in a record", JSON_MOST_VALUES);
        else
            snprintf(message, size, "no JSON at byte %" PRIu64 " of the line: expected %s",
                     tree->scan.position + 1, tree->scan.expected);
        return reject(records, record, tree->too_many ? RECORDS_TOO_LONG : RECORDS_SYNTAX,
                      record->offset + tree->scan.position);
    }
    if (tree->nodes[0].type == SCAN_OBJECT)
        return RECORDS_ROW;
    snprintf(message, size, "expected an object with the members of a record");
    return reject(records, record, RECORDS_NOT_OBJECT, record->offset);
}

/* ---- JSON Lines ---- */

/* The line's end among the bytes that may be held, its line feed included; 0: there is none yet. */
static size_t find_line_end(const struct json_records *records, size_t from)
{
    const unsigned char *bytes = input_bytes(&records->input);
    const size_t held = input_held(&records->input);
    const size_t usable = held < records->window ? held : records->window;
    const unsigned char *feed = usable > from ? memchr(bytes + from, '\n', usable - from) : NULL;
    return feed ? (size_t)(feed - bytes) + 1 : 0;
}

/* Passes on a line that cannot be held. */
static enum records_result pass_long_line(struct json_records *records, struct record *record)
{
    struct input *input = &records->input;
    for (bool ended = false; !ended;) {
        const unsigned char *bytes = input_bytes(input);
        const unsigned char *feed = memchr(bytes, '\n', input_held(input));
        if (!let_go(records, feed ? (size_t)(feed - bytes) + 1 : input_held(input)))
            return RECORDS_FAILED;
        records->line += feed != NULL;
        ended = feed || input->ended;
        if (!ended && !input_fill(input))
            return json_records_fail_by_input(records);
    }
    record->end = input_offset(input);
    record->next_line = records->line;
    return reject_too_long(records, record);
}

static bool is_blank(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!memchr(" \t\r\n", bytes[i], 4))
            return false;
    return true;
}

static enum records_result next_line(struct json_records *records, struct record *record)
{
    struct input *input = &records->input;
    for (;;) {
        size_t end, looked = 0;
        while ((end = find_line_end(records, looked)) == 0) {
            looked = input_held(input);
            if (input->ended || looked >= records->window)
                break;
            if (!input_fill(input))
                return json_records_fail_by_input(records);
        }
        record->line = record->next_line = records->line;
        record->offset = record->end = input_offset(input);
        if (end == 0 && input_held(input) >= records->window)
            return pass_long_line(records, record);
        const bool has_end = end > 0;
        end = has_end ? end : input_held(input);
        if (end == 0)
            return RECORDS_END;
        record->raw = (const char *)input_bytes(input);
        record->raw_length = end;
        records->text_length = end - has_end;
        input_take(input, end);
        records->line += has_end;
        record->end = input_offset(input);
        record->next_line = records->line;
        if (!is_blank((const unsigned char *)record->raw, end))
            return judge(records, record);
        record->raw = NULL;
    }
}

/* ---- the items of an array ---- */

enum json_event json_records_fail_by_scan(struct json_records *records)
{
    const struct json_scan *scan = &records->scan;
    error_set(&records->error, ERROR_INVALID,
              "byte %" PRIu64 " (line %" PRIu64 "): no JSON: expected %s", scan->position + 1,
              scan->lines + 1, scan->expected);
    return SCAN_BAD;
}

enum json_event json_records_token(struct json_records *records, uint64_t keep_from, bool hold)
{
    struct input *input = &records->input;
    struct json_scan *scan = &records->scan;
    for (;;) {
        const size_t taken = (size_t)(scan->position - input_offset(input));
        enum json_event event =
            json_scan_next(scan, input_bytes(input) + taken, input_held(input) - taken);
        if (event == SCAN_MORE && input->ended)
            event = json_scan_finish(scan);
        else if (event == SCAN_MORE) {
            uint64_t keep = keep_from < scan->position ? keep_from : scan->position;
            if (hold && json_scan_in_token(scan) && scan->start < keep)
                keep = scan->start;
            if (scan->position - keep > records->window)
                return SCAN_MORE;
            input_take(input, (size_t)(keep - input_offset(input)));
            if (input_fill(input))
                continue;
            json_records_fail_by_input(records);
            return SCAN_BAD;
        }
        return event == SCAN_BAD ? json_records_fail_by_scan(records) : event;
    }
}

enum json_event json_records_any_token(struct json_records *records, const char **name,
                                       size_t *length)
{
    struct json_scan *scan = &records->scan;
    const uint64_t offset = input_offset(&records->input);
    input_take(&records->input, (size_t)(scan->position - offset));
    enum json_event event = json_records_token(records, UINT64_MAX, true);
    if (event == SCAN_MORE && !json_scan_is_whole(scan)) /* longer than may be held */
        event = json_records_token(records, UINT64_MAX, false);
    *name = NULL;
    if (event == SCAN_NAME && scan->depth == 1 && scan->start >= input_offset(&records->input)) {
        *name = (const char *)input_bytes(&records->input) +
                (scan->start - input_offset(&records->input)) + 1;
        *length = (size_t)(scan->position - scan->start) - 2;
    }
    return event;
}

/* The rest of the document. False: `error`. */
static bool finish_document(struct json_records *records)
{
    const char *name;
    size_t length;
    enum json_event event;
    records->over = true;
    while ((event = json_records_any_token(records, &name, &length)) != SCAN_MORE) {
        if (event == SCAN_BAD)
            return false;
        if (name && records->member && strlen(records->member) == length &&
            memcmp(records->member, name, length) == 0)
            return error_set(&records->error, ERROR_INVALID,
                             "byte %" PRIu64 " (line %" PRIu64 "): a second member `%s`: expected "
                             "one array of records",
                             records->scan.start + 1, records->scan.lines + 1, records->member);
    }
    return true;
}

/* Goes on to the end of the item in hand, without holding it. */
static enum records_result pass_long_item(struct json_records *records, struct record *record)
{
    struct input *input = &records->input;
    struct json_scan *scan = &records->scan;
    bool whole = false;
    while (!whole) {
        if (!let_go(records, (size_t)(scan->position - input_offset(input))))
            return RECORDS_FAILED;
        enum json_event event = json_scan_next(scan, input_bytes(input), input_held(input));
        if (event == SCAN_MORE && input->ended)
            event = json_scan_finish(scan);
        if (event == SCAN_BAD) {
            json_records_fail_by_scan(records);
            return RECORDS_FAILED;
        }
        whole = event != SCAN_MORE && event != SCAN_NAME && scan->depth == records->depth;
        if (event != SCAN_MORE)
            continue;
        if (!let_go(records, input_held(input)))
            return RECORDS_FAILED;
        if (!input_fill(input))
            return json_records_fail_by_input(records);
    }
    if (!let_go(records, (size_t)(scan->position - input_offset(input))))
        return RECORDS_FAILED;
    record->end = scan->position;
    return reject_too_long(records, record);
}

static enum records_result end_items(struct json_records *records, struct record *record)
{
    if (!records->over && !finish_document(records))
        return RECORDS_FAILED;
    record->offset = record->end = records->scan.position;
    return RECORDS_END;
}

static enum records_result next_item(struct json_records *records, struct record *record)
{
    struct input *input = &records->input;
    struct json_scan *scan = &records->scan;
    record->line = record->next_line = records->line;
    if (records->over)
        return end_items(records, record);
    input_take(input, (size_t)(scan->position - input_offset(input)));
    enum json_event event = json_records_token(records, UINT64_MAX, true);
    if (event == SCAN_CLOSE && scan->depth < records->depth)
        return end_items(records, record);
    const uint64_t start = record->offset = scan->start;
    records->line++;
    record->next_line = records->line;
    input_take(input, (size_t)(start - input_offset(input)));
    while (event != SCAN_BAD && event != SCAN_MORE && scan->depth > records->depth)
        event = json_records_token(records, start, true);
    if (event == SCAN_BAD)
        return RECORDS_FAILED;
    if (event == SCAN_MORE)
        return pass_long_item(records, record);
    record->end = scan->position;
    records->text_length = (size_t)(scan->position - start);
    if (records->text_length > records->max_record)
        return let_go(records, records->text_length) ? reject_too_long(records, record)
                                                     : RECORDS_FAILED;
    record->raw = (const char *)input_bytes(input);
    record->raw_length = records->text_length;
    return judge(records, record);
}

enum records_result json_records_next(struct json_records *records, struct record *record)
{
    if (records->again) {
        *record = records->last;
        records->again = false;
        return records->last_result;
    }
    memset(record, 0, sizeof *record);
    record->line = record->next_line = records->line;
    record->offset = record->end = input_offset(&records->input);
    if (records->error.code != ERROR_NONE)
        return RECORDS_FAILED;
    records->last_result =
        records->shape == JSON_LINES ? next_line(records, record) : next_item(records, record);
    records->last = *record;
    return records->last_result;
}

bool json_records_check(struct json_records *records)
{
    struct json_scan *scan = &records->scan;
    records->again = false;
    while (scan->depth >= records->depth) /* the array */
        if (json_records_token(records, UINT64_MAX, false) == SCAN_BAD)
            return false;
    return finish_document(records);
}
