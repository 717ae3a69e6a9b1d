/* SPDX-License-Identifier: MIT */
/* intake_json.c: the members of a JSON record as columns. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv/wiped_memory.h"
#include "intake/intake_inside.h"
#include "values/signup.h"
#include "values/text.h"

enum { SHOWN_NAME = 60 };

enum records_result intake_reject(struct intake *intake, struct record *record,
                                  enum records_kind kind, uint64_t at)
{
    record->kind = kind;
    record->at = at;
    record->fields = NULL;
    record->message = intake->message;
    return RECORDS_REJECT;
}

enum records_result intake_out_of_memory(struct intake *intake)
{
    error_no_memory(&intake->error, "reading a record");
    return RECORDS_FAILED;
}

/* A name of the file, where it may be shown. */
static const char *shown(const struct intake *intake, const char *name)
{
    return intake->options.limits.discreet ? "a member" : text_shown(name, SHOWN_NAME, "a member");
}

/* -- names -- */

/* Adds a name, and its column unless another name means the same. Where there are as many as there
 * may be, the last one makes room. False: out of memory. */
static bool add_name(struct intake *intake, char *text, size_t length)
{
    size_t place = 0;
    if (intake->name_count == 2 * INTAKE_MOST_COLUMNS) {
        free(intake->names[--intake->name_count].text);
    }
    struct intake_name *more =
        reallocarray(intake->names, intake->name_count + 1, sizeof *intake->names);
    if (more == NULL)
        return false;
    intake->names = more;
    more += intake->name_count++;
    *more = (struct intake_name){text, length, 0};
    const size_t before = intake->header.count;
    if (!header_learn(&intake->header, intake->options.names, text, INTAKE_MOST_COLUMNS, &place))
        return false;
    more->column = place;
    if (intake->header.count == before)
        return true;
    const char **cells = reallocarray(intake->cells, intake->header.count, sizeof *cells);
    if (cells == NULL)
        return false;
    intake->cells = cells;
    cells[intake->header.count - 1] = strdup(text);
    return cells[intake->header.count - 1] != NULL;
}

/* The name of a member: most records have the same ones in the same order. NULL: out of memory. */
static const struct intake_name *find_name(struct intake *intake, const struct json_node *node)
{
    char *text = NULL;
    const char *name = node->name;
    size_t length = node->name_length;
    if (node->name_escaped) {
        text = malloc(length + 1);
        if (text == NULL)
            return NULL;
        if (json_unescape(node->name, node->name_length, text, &length) != JSON_TEXT_GOOD)
            length = 0;
        name = text;
    }
    for (size_t i = 0; i < intake->name_count; i++) {
        const size_t at = (intake->guess + i) % intake->name_count;
        if (intake->names[at].length == length &&
            memcmp(intake->names[at].text, name, length) == 0) {
            intake->guess = at + 1;
            free(text);
            return &intake->names[at];
        }
    }
    if (text == NULL) {
        text = malloc(length + 1);
        if (text == NULL)
            return NULL;
        memcpy(text, name, length);
    }
    text[length] = '\0';
    const size_t before = intake->name_count;
    if (add_name(intake, text, length)) {
        intake->guess = intake->name_count;
        return &intake->names[intake->name_count - 1];
    }
    if (intake->name_count == before)
        free(text);
    return NULL;
}

/* -- one record -- */

static bool reserve(struct intake *intake, size_t text)
{
    struct profile_sheet *sheet = &intake->sheet;
    if (sheet->capacity < text) {
        char *more = wiped_resize(sheet->text, text + text / 2);
        if (more == NULL)
            return false;
        sheet->text = more;
        sheet->capacity = text + text / 2;
    }
    sheet->used = 0;
    return true;
}

static bool reserve_fields(struct intake *intake)
{
    if (intake->field_room >= intake->header.count)
        return true;
    const size_t room = intake->header.count + 16;
    struct fields_field *more = reallocarray(intake->fields, room, sizeof *more);
    if (more == NULL)
        return false;
    for (size_t i = intake->field_room; i < room; i++)
        more[i] = (struct fields_field){.text = "", .absent = true};
    intake->fields = more;
    intake->field_room = room;
    return true;
}

/* Puts the text of a value into its field. */
static enum records_result take_value(struct intake *intake, struct record *record,
                                      const struct json_node *node, struct fields_field *field,
                                      const char *name)
{
    struct profile_sheet *sheet = &intake->sheet;
    char *text = sheet->text + sheet->used;
    const uint64_t at = record->offset + (uint64_t)(node->text - record->raw);
    size_t used = node->length;
    if (node->length > intake->options.limits.max_field_bytes) {
        snprintf(intake->message, sizeof intake->message,
                 "the value of %s is longer than %" PRIu64 " bytes: expected a shorter one, or a "
                 "higher max_field_bytes",
                 shown(intake, name), intake->options.limits.max_field_bytes);
        return intake_reject(intake, record, RECORDS_TOO_LONG, at);
    }
    if (!node->escaped) {
        memcpy(text, node->text, used);
    } else {
        const enum json_text result = json_unescape(node->text, node->length, text, &used);
        if (result != JSON_TEXT_GOOD) {
            snprintf(intake->message, sizeof intake->message,
                     result == JSON_TEXT_NUL ? "a NUL character in the value of %s: expected text"
                                             : "half a character (an unpaired surrogate) in the "
                                               "value of %s: expected text",
                     shown(intake, name));
            return intake_reject(intake, record,
                                 result == JSON_TEXT_NUL ? RECORDS_NUL : RECORDS_ENCODING, at);
        }
    }
    text[used] = '\0';
    sheet->used += used + 1;
    *field = (struct fields_field){.text = text, .length = used, .absent = false};
    return RECORDS_ROW;
}

static enum records_result take_member(struct intake *intake, struct record *record,
                                       const struct json_node *node)
{
    const struct intake_name *name = find_name(intake, node);
    if (name == NULL || !reserve_fields(intake))
        return intake_out_of_memory(intake);
    const uint64_t at = record->offset + (uint64_t)(node->name - record->raw);
    const struct header_column *column =
        name->column == 0 ? NULL : &intake->header.columns[name->column - 1];
    const bool unknown = column == NULL || (column->column < 0 && column->suffix == NULL);
    if (unknown && intake->options.strict) {
        snprintf(intake->message, sizeof intake->message,
                 "%s means nothing here, and --strict refuses it", shown(intake, name->text));
        return intake_reject(intake, record, RECORDS_MEMBER, at);
    }
    if (unknown || node->type == SCAN_NULL)
        return RECORDS_ROW;
    if (intake->header.prefixed > SIGNUP_CONSENTS_MAX) {
        snprintf(intake->message, sizeof intake->message,
                 "more than %d consents in the file: expected them in the member `consents`",
                 SIGNUP_CONSENTS_MAX);
        return intake_reject(intake, record, RECORDS_MEMBER, at);
    }
    struct fields_field *field = &intake->fields[name->column - 1];
    if (!field->absent) {
        snprintf(intake->message, sizeof intake->message,
                 "%s says once more what another member has said", shown(intake, name->text));
        return intake_reject(intake, record, RECORDS_MEMBER, at);
    }
    return take_value(intake, record, node, field, name->text);
}

enum records_result intake_take_members(struct intake *intake, struct record *record)
{
    const struct json_tree *tree = json_records_tree(intake->json);
    enum records_result result = RECORDS_ROW;
    /* A value and its NUL fit where the value and what stood behind it were. */
    if (!reserve(intake, record->raw_length + 2))
        return intake_out_of_memory(intake);
    for (size_t i = 0; i < intake->field_room; i++)
        intake->fields[i] = (struct fields_field){.text = "", .absent = true};
    intake->guess = 0;
    for (size_t i = 1; i < tree->nodes[0].next && result == RECORDS_ROW; i = tree->nodes[i].next)
        result = take_member(intake, record, &tree->nodes[i]);
    if (result != RECORDS_ROW)
        return result;
    if (!reserve_fields(intake))
        return intake_out_of_memory(intake);
    record->fields = intake->fields;
    if (intake->knows_people)
        return RECORDS_ROW;
    intake->knows_people = intake->options.is_header(&intake->header);
    if (intake->knows_people)
        return RECORDS_ROW;
    error_set(&intake->error, ERROR_INVALID,
              "%s %" PRIu64 ": none of its members says who it is about: expected %s; or a profile "
              "that says which do",
              intake_unit(intake), record->line, intake->options.expected);
    return RECORDS_FAILED;
}
