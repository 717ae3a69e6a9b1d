/* SPDX-License-Identifier: MIT */
/* profile.c: what a profile makes of one record. */
#include "intake/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csv/wiped_memory.h"
#include "values/moment.h"
#include "values/signup.h"
#include "values/text.h"
#include "values/time_units.h"

enum { FIRST_TEXT = 4096, WORD = 256 };

/* What a path leads to: a piece of the record, not yet without its escapes. */
struct found {
    const char *text; /* NULL: nothing, or null */
    size_t length;
    bool escaped, is_boolean;
};

/* -- paths -- */

/* An item of an array whose member has that text. */
static size_t item_where(const struct json_tree *tree, size_t array,
                         const struct profile_step *step)
{
    bool twice = false;
    if (tree->nodes[array].type != SCAN_ARRAY)
        return 0;
    for (size_t i = array + 1; i < tree->nodes[array].next; i = tree->nodes[i].next) {
        size_t member = json_tree_member(tree, i, step->where, strlen(step->where), &twice);
        if (member != 0 && tree->nodes[member].length == strlen(step->is) &&
            memcmp(tree->nodes[member].text, step->is, strlen(step->is)) == 0)
            return i;
    }
    return 0;
}

/* False: some member on the way is there twice. */
static bool find_in_tree(const struct json_tree *tree, const struct profile_path *path,
                         struct found *found)
{
    size_t node = 0;
    bool twice = false;
    *found = (struct found){.text = NULL};
    for (size_t i = 0; i < path->count; i++) {
        const struct profile_step *step = &path->steps[i];
        node = step->name != NULL
                   ? json_tree_member(tree, node, step->name, strlen(step->name), &twice)
               : step->where != NULL ? item_where(tree, node, step)
                                     : json_tree_item(tree, node, step->place);
        if (node == 0 || twice)
            return !twice;
    }
    const struct json_node *value = &tree->nodes[node];
    if (value->type != SCAN_NULL)
        *found = (struct found){value->text, value->length, value->escaped,
                                value->type == SCAN_TRUE || value->type == SCAN_FALSE};
    return true;
}

/* A value that was made before. */
static void find_made(const struct profile_sheet *sheet, size_t target, struct found *found)
{
    const char *at = target == PROFILE_NOW ? sheet->now : sheet->text;
    if (target == PROFILE_NOW) {
        *found = (struct found){.text = at, .length = strlen(at)};
        return;
    }
    for (size_t i = 0; i + 1 < target; i++)
        at += sheet->made[i].length + 1;
    *found = (struct found){.text = at, .length = sheet->made[target - 1].length};
}

static bool find(const struct profile_record *record, const struct profile_sheet *sheet,
                 const struct profile_path *path, struct found *found)
{
    if (path->target > 0) {
        find_made(sheet, path->target, found);
        return true;
    }
    if (record->tree != NULL)
        return find_in_tree(record->tree, path, found);
    *found = (struct found){.text = NULL};
    if (path->column > 0 && path->column <= record->field_count) {
        const struct fields_field *field = &record->fields[path->column - 1];
        if (field->length > 0)
            *found = (struct found){.text = field->text, .length = field->length};
    }
    return true;
}

static void bind_path(struct profile_path *path, const char *const *cells, size_t count)
{
    path->column = 0;
    for (size_t i = 0; i < count && path->column == 0; i++)
        if (path->count == 1 && path->steps[0].name != NULL &&
            text_same(path->steps[0].name, cells[i]))
            path->column = i + 1;
}

static void bind_conditions(struct profile_conditions *conditions, const char *const *cells,
                            size_t count)
{
    for (size_t i = 0; i < conditions->count; i++)
        bind_path(&conditions->list[i].path, cells, count);
}

void profile_bind(struct profile *profile, const char *const *cells, size_t count)
{
    for (size_t i = 0; i < profile->mark_count; i++)
        bind_conditions(&profile->marks[i], cells, count);
    for (size_t i = 0; i < profile->count; i++)
        for (size_t k = 0; k < profile->targets[i].count; k++) {
            struct profile_choice *choice = &profile->targets[i].choices[k];
            bind_conditions(&choice->only_if, cells, count);
            for (size_t p = 0; p < choice->count; p++)
                if (choice->pieces[p].literal == NULL)
                    bind_path(&choice->pieces[p].path, cells, count);
        }
}

/* -- conditions -- */

/* A short text without its escapes; false: it is longer, or none. */
static bool short_text(const struct found *found, char text[WORD])
{
    size_t used = found->length;
    if (found->text == NULL || found->length >= WORD)
        return false;
    if (!found->escaped)
        memcpy(text, found->text, used);
    else if (json_unescape(found->text, found->length, text, &used) != JSON_TEXT_GOOD)
        return false;
    text[used] = '\0';
    return true;
}

static bool is_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0';
}

static bool condition_holds(const struct profile_condition *condition, const struct found *found)
{
    char text[WORD];
    bool yes = false, is_short = short_text(found, text), told = false;
    if (is_short)
        told = !rule_refuses(signup_read_flag(text, &yes));
    switch (condition->test) {
    case PROFILE_HOLDS:
        return told && yes;
    case PROFILE_HOLDS_NOT:
        return !told || !yes;
    case PROFILE_EQUALS:
        return is_short && strcmp(text, condition->word) == 0;
    case PROFILE_GIVEN:
        return found->text != NULL && found->length > 0;
    case PROFILE_BOOLEAN:
        return is_short && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0);
    default:
        return is_short && is_number(text);
    }
}

static bool conditions_hold(const struct profile_conditions *conditions,
                            const struct profile_record *record, struct profile_sheet *sheet)
{
    struct found found;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct profile_condition *condition = &conditions->list[i];
        if (!find(record, sheet, &condition->path, &found)) {
            sheet->kind = RECORDS_MEMBER;
            sheet->fault = condition->path.text;
            return false;
        }
        if (!condition_holds(condition, &found))
            return false;
    }
    return true;
}

/* As a mark, a path without a test asks whether the record has such a member at all. */
static bool mark_holds(const struct profile_condition *condition,
                       const struct profile_record *record)
{
    struct found found;
    if (record == NULL)
        return condition->path.column > 0;
    if (!find(record, NULL, &condition->path, &found))
        return false;
    return condition->test == PROFILE_HOLDS ? found.text != NULL
                                            : condition_holds(condition, &found);
}

bool profile_recognises(const struct profile *profile, const struct profile_record *record)
{
    if (record == NULL         ? profile->is_json
        : record->tree == NULL ? profile->is_json
                               : profile->is_csv)
        return false;
    for (size_t i = 0; i < profile->mark_count; i++) {
        const struct profile_conditions *mark = &profile->marks[i];
        bool all = true;
        for (size_t k = 0; k < mark->count && all; k++)
            all = mark_holds(&mark->list[k], record);
        if (all)
            return true;
    }
    return false;
}

/* -- values -- */

void profile_sheet_end(struct profile_sheet *sheet)
{
    wiped_free(sheet->text);
    memset(sheet, 0, sizeof *sheet);
}

static bool reserve(struct profile_sheet *sheet, size_t more)
{
    if (sheet->used + more <= sheet->capacity)
        return true;
    size_t capacity = 2 * (sheet->used + more);
    capacity = capacity < FIRST_TEXT ? FIRST_TEXT : capacity;
    char *text = wiped_resize(sheet->text, capacity);
    sheet->no_memory = text == NULL;
    if (text == NULL)
        return false;
    sheet->text = text;
    sheet->capacity = capacity;
    return true;
}

static bool append(struct profile_sheet *sheet, const char *text, size_t length)
{
    if (!reserve(sheet, length + 1))
        return false;
    memcpy(sheet->text + sheet->used, text, length);
    sheet->used += length;
    return true;
}

static bool append_found(struct profile_sheet *sheet, const struct profile_path *path,
                         const struct found *found)
{
    size_t used;
    if (!found->escaped)
        return append(sheet, found->text, found->length);
    if (!reserve(sheet, found->length + 1))
        return false;
    enum json_text text =
        json_unescape(found->text, found->length, sheet->text + sheet->used, &used);
    if (text != JSON_TEXT_GOOD) {
        sheet->kind = text == JSON_TEXT_NUL ? RECORDS_NUL : RECORDS_ENCODING;
        sheet->fault = path->text;
        return false;
    }
    sheet->used += used;
    return true;
}

/* A time in another format becomes one that a column takes; what is none stays as it is, and is
 * told so by its column's check. */
static void format_time(struct profile_sheet *sheet, size_t start, const char *format)
{
    char text[WORD], made[MOMENT_SIZE];
    struct tm time = {.tm_mday = 1};
    int64_t number, ms;
    size_t length = sheet->used - start;
    if (length >= WORD)
        return;
    memcpy(text, sheet->text + start, length);
    text[length] = '\0';
    if (strcmp(format, "seconds") == 0 || strcmp(format, "milliseconds") == 0) {
        if (!text_integer(text, &number) ||
            __builtin_mul_overflow(number, format[0] == 's' ? INT64_C(1000) : INT64_C(1), &ms))
            return;
    } else {
        const char *rest = strptime(text, format, &time);
        if (rest == NULL || *rest != '\0')
            return;
        const long offset = time.tm_gmtoff; /* timegm() forgets it */
        ms = ((int64_t)timegm(&time) - offset) * 1000;
    }
    moment_format(ms, made);
    sheet->used = start;
    append(sheet, made, strlen(made));
}

/* Appends a choice's value. False: it is not given, or there is a fault, or no memory. */
static bool append_choice(const struct profile_choice *choice, const struct profile_record *record,
                          struct profile_sheet *sheet)
{
    struct found found;
    const size_t start = sheet->used;
    if (!conditions_hold(&choice->only_if, record, sheet))
        return false;
    for (size_t i = 0; i < choice->count; i++) {
        const struct profile_piece *piece = &choice->pieces[i];
        bool given = true;
        if (piece->literal != NULL) {
            given = append(sheet, piece->literal, strlen(piece->literal));
        } else if (!find(record, sheet, &piece->path, &found)) {
            sheet->kind = RECORDS_MEMBER;
            sheet->fault = piece->path.text;
            given = false;
        } else {
            given =
                found.text != NULL && found.length > 0 && append_found(sheet, &piece->path, &found);
        }
        if (!given) {
            sheet->used = start;
            return false;
        }
    }
    if (choice->format != NULL)
        format_time(sheet, start, choice->format);
    return !sheet->no_memory;
}

/* A word of the other system's in place of which stands one of ours. */
static bool replace_word(const struct profile *profile, const struct profile_target *target,
                         struct profile_sheet *sheet, size_t start)
{
    const size_t length = sheet->used - start;
    for (size_t i = 0; i < profile->word_count; i++) {
        const struct profile_word *word = &profile->words[i];
        if (strcmp(word->target, target->name) == 0 &&
            (strcmp(word->from, "*") == 0 ||
             (strlen(word->from) == length &&
              memcmp(word->from, sheet->text + start, length) == 0))) {
            sheet->used = start;
            return append(sheet, word->to, strlen(word->to));
        }
    }
    return true;
}

static bool append_target(const struct profile *profile, const struct profile_target *target,
                          const struct profile_record *record, struct profile_sheet *sheet)
{
    const size_t start = sheet->used;
    bool given = false;
    for (size_t i = 0; i < target->count && !given; i++) {
        given = append_choice(&target->choices[i], record, sheet);
        if (sheet->no_memory || sheet->fault != NULL)
            return false;
    }
    return (!given || replace_word(profile, target, sheet, start)) && append(sheet, "", 1);
}

bool profile_apply(const struct profile *profile, const struct profile_record *record,
                   struct profile_sheet *sheet, struct fields_field *fields)
{
    sheet->used = 0;
    sheet->no_memory = false;
    sheet->fault = NULL;
    sheet->made = fields;
    for (size_t i = 0; i < profile->count; i++) {
        const size_t start = sheet->used;
        if (!append_target(profile, &profile->targets[i], record, sheet))
            return false;
        fields[i].length = sheet->used - start - 1;
    }
    const char *at = sheet->text; /* it has moved for the last time */
    for (size_t i = 0; i < profile->count; i++) {
        fields[i].text = at;
        fields[i].absent = fields[i].length == 0;
        at += fields[i].length + 1;
    }
    return true;
}

/* -- which members are used -- */

static bool begins_with(const struct profile_path *path, const char *name, size_t length)
{
    return path->count > 0 && path->steps[0].name != NULL &&
           strlen(path->steps[0].name) == length &&
           text_same_start(path->steps[0].name, name, length);
}

static bool conditions_use(const struct profile_conditions *conditions, const char *name,
                           size_t length)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (begins_with(&conditions->list[i].path, name, length))
            return true;
    return false;
}

static bool choice_uses(const struct profile_choice *choice, const char *name, size_t length)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->pieces[i].literal == NULL && begins_with(&choice->pieces[i].path, name, length))
            return true;
    return conditions_use(&choice->only_if, name, length);
}

bool profile_uses(const struct profile *profile, const char *name, size_t length)
{
    for (size_t i = 0; i < profile->count; i++)
        for (size_t k = 0; k < profile->targets[i].count; k++)
            if (choice_uses(&profile->targets[i].choices[k], name, length))
                return true;
    return false;
}
