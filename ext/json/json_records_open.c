/* SPDX-License-Identifier: MIT */
/* json_records_open.c: the beginning of a JSON file, and going on with one: its shape, the array,
 * the place.
 */
#include "json/json_records_inside.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The first byte of some that is no blank; `held` where all are. */
static size_t skip_blanks(const struct input *input, size_t at)
{
    const unsigned char *bytes = input_bytes(input);
    while (at < input_held(input) && is_blank(bytes[at]))
        at++;
    return at;
}

enum { LOOKED_AT = 65536 /* blanks before anything else */ };

/* The place of the first byte from `at` on that is no blank; it is held, unless the input ends
 * before. False: reading failed. */
static bool find_mark(struct input *input, size_t *at)
{
    while ((*at = skip_blanks(input, *at)) == input_held(input) && !input->ended && *at < LOOKED_AT)
        if (!input_fill(input))
            return false;
    return true;
}

bool json_records_look(struct input *input, bool *is_json)
{
    size_t at = 0;
    *is_json = false;
    if (!find_mark(input, &at))
        return false;
    if (at == input_held(input) || !strchr("{[", input_bytes(input)[at]))
        return true;
    const bool object = input_bytes(input)[at] == '{';
    at++;
    if (!find_mark(input, &at))
        return false;
    *is_json = at == input_held(input) || strchr(object ? "\"}" : "{]", input_bytes(input)[at]);
    return true;
}

static bool fail(struct json_records *records, const char *message)
{
    return error_set(&records->error, ERROR_INVALID, "%s", message);
}

/* What the first object of a file looks like. */
struct look {
    bool whole;         /* it ends within what may be held, */
    bool alone;         /* and nothing comes behind it */
    bool broken;        /* it is no JSON, and that shows on its first line */
    bool several_lines; /* it goes on behind its first line, which ends where a document's may */
};

/* Behind an opening bracket, a comma or a colon. */
static bool may_break(const unsigned char *bytes, size_t feed)
{
    while (feed > 0 && is_blank(bytes[feed - 1]))
        feed--;
    return feed > 0 && strchr("{[,:", bytes[feed - 1]) != NULL;
}

static bool look_at_object(struct json_records *records, struct look *look)
{
    struct input *input = &records->input;
    struct json_scan scan;
    enum json_event event = SCAN_MORE;
    memset(look, 0, sizeof *look);
    json_scan_begin(&scan);
    while (event != SCAN_BAD && !json_scan_is_whole(&scan)) {
        /* No more is looked at than may be held, however much is. */
        const size_t held = input_held(input), taken = (size_t)scan.position;
        const size_t usable = held < records->window ? held : records->window;
        event = json_scan_next(&scan, input_bytes(input) + taken, usable - taken);
        if (event != SCAN_MORE)
            continue;
        if (input->ended || held >= records->window)
            break;
        if (!input_fill(input))
            return json_records_fail_by_input(records) == RECORDS_ROW;
    }
    const unsigned char *bytes = input_bytes(input),
                        *feed = memchr(bytes, '\n', (size_t)scan.position);
    look->broken = event == SCAN_BAD && !(feed && may_break(bytes, (size_t)(feed - bytes)));
    look->several_lines = !look->broken && feed && may_break(bytes, (size_t)(feed - bytes));
    look->whole = json_scan_is_whole(&scan);
    const size_t behind = skip_blanks(input, (size_t)scan.position);
    while (look->whole && !input->ended && skip_blanks(input, behind) == input_held(input) &&
           input_held(input) < records->window)
        if (!input_fill(input))
            return json_records_fail_by_input(records) == RECORDS_ROW;
    look->alone = look->whole && input->ended && input_held(input) <= records->window &&
                  skip_blanks(input, behind) == input_held(input);
    return true;
}

static bool is_candidate(const struct json_records_limits *limits, const char *name, size_t length)
{
    for (size_t i = 0; i < limits->member_count; i++)
        if (strlen(limits->members[i]) == length && memcmp(limits->members[i], name, length) == 0)
            return true;
    return false;
}

/* Whether an object that is held has a member of such a name with an array. */
static bool has_array(struct json_records *records, const struct json_records_limits *limits)
{
    struct input *input = &records->input;
    struct json_tree *tree = &records->tree;
    bool found = false;
    size_t length = input_held(input);
    if (!json_tree_read(tree, (const char *)input_bytes(input), length))
        return false;
    for (size_t i = 1; i < tree->nodes[0].next && !found; i = tree->nodes[i].next)
        found = tree->nodes[i].type == SCAN_ARRAY &&
                is_candidate(limits, tree->nodes[i].name, tree->nodes[i].name_length);
    return found && !(limits->is_record && limits->is_record(limits->context, tree));
}

/* Goes to the first item of the document's array. */
static bool enter_array(struct json_records *records, const struct json_records_limits *limits,
                        bool in_object)
{
    struct json_scan *scan = &records->scan;
    enum json_event event;
    const char *name;
    size_t length = 0;
    json_scan_begin(scan);
    scan->position = input_offset(&records->input);
    scan->lines = records->line - 1;
    while ((event = json_records_any_token(records, &name, &length)) != SCAN_MORE) {
        if (event == SCAN_BAD)
            return false;
        if (event == SCAN_ARRAY && scan->depth == 1U + in_object && (!in_object || records->member))
            break;
        if (scan->depth > 1)
            continue;
        free(records->member);
        records->member = name && is_candidate(limits, name, length) ? strndup(name, length) : NULL;
    }
    if (event == SCAN_MORE)
        return fail(records, "the document is one object, and none of its members is an array of "
                             "records by a known name: name it in a profile (records = NAME)");
    records->shape = JSON_ITEMS;
    records->depth = scan->depth;
    records->line = 1;
    records->first = scan->position;
    records->at_first = *scan;
    return true;
}

static bool find_shape(struct json_records *records, const struct json_records_limits *limits)
{
    struct input *input = &records->input;
    struct look look;
    for (;;) {
        const size_t blanks = skip_blanks(input, 0);
        const unsigned char *bytes = input_bytes(input);
        for (size_t i = 0; i < blanks; i++)
            records->line += bytes[i] == '\n';
        input_take(input, blanks);
        if (input_held(input) > 0 || input->ended)
            break;
        if (!input_fill(input))
            return json_records_fail_by_input(records) == RECORDS_ROW;
    }
    records->first = input_offset(input);
    if (input_held(input) == 0)
        return fail(records, "the input is empty");
    if (*input_bytes(input) == '[')
        return enter_array(records, limits, false);
    if (!look_at_object(records, &look))
        return false;
    if (look.several_lines || (!look.whole && !look.broken && !input->ended) ||
        (look.alone && has_array(records, limits)))
        return enter_array(records, limits, true);
    records->shape = JSON_LINES;
    return true;
}

struct json_records *json_records_open(struct input *input,
                                       const struct json_records_limits *limits,
                                       struct error *error)
{
    struct json_records *records = calloc(1, sizeof *records);
    if (!records) {
        input_end(input);
        error_no_memory(error, NULL);
        return NULL;
    }
    records->input = *input;
    records->line = 1;
    records->max_record = limits->max_record_bytes;
    records->window = (size_t)limits->max_record_bytes + 1;
    if (find_shape(records, limits))
        return records;
    *error = records->error;
    json_records_close(records);
    return NULL;
}

void json_records_close(struct json_records *records)
{
    if (!records)
        return;
    json_tree_end(&records->tree);
    input_end(&records->input);
    free(records->member);
    free(records);
}

/* Is the input at the end of a record, one byte before where it goes on? */
static bool ends_record(struct json_records *records)
{
    struct input *input = &records->input;
    if (!input_have(input, 2))
        return json_records_fail_by_input(records) == RECORDS_ROW;
    if (input_held(input) == 0)
        return false;
    const unsigned char *bytes = input_bytes(input);
    const bool ended = input_held(input) == 1;
    const bool good = records->shape == JSON_ITEMS
                          ? strchr("}]\"0123456789el", bytes[0]) != NULL
                          : bytes[0] == '\n' || ended || bytes[1] == '\n' || bytes[1] == '\r';
    input_take(input, 1);
    return good;
}

bool json_records_resume(struct json_records *records, uint64_t offset, uint64_t line)
{
    records->again = false;
    if (records->error.code != ERROR_NONE)
        return false;
    if (offset < records->first)
        return error_set(&records->error, ERROR_INVALID,
                         "cannot continue at byte %" PRIu64 ": it is before the first record",
                         offset);
    records->line = line;
    records->over = false;
    struct input *input = &records->input;
    if (offset - 1 >= input->base && offset - 1 < input_offset(input)) /* it was looked at */
        input->start = (size_t)(offset - 1 - input->base);
    else if (!input_go_to(input, offset - 1))
        return json_records_fail_by_input(records) == RECORDS_ROW;
    if (input_offset(input) != offset - 1 || !ends_record(records))
        return records->error.code == ERROR_NONE &&
               error_set(&records->error, ERROR_INVALID,
                         "byte %" PRIu64 " is not the end of a record: the input is not the one "
                         "that was read before",
                         offset);
    json_scan_after_item(&records->at_first, &records->scan, offset);
    return true;
}
