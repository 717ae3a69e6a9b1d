/* SPDX-License-Identifier: MIT */
#include "intake/profile_expression.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_STEPS = 32 };

struct cursor {
    const char *at;
    struct error *error;
};

static bool fail(struct cursor *cursor, const char *expected)
{
    return error_set(cursor->error, ERROR_INVALID, "expected %s at `%.40s`", expected, cursor->at);
}

static bool out_of_memory(struct cursor *cursor)
{
    return error_no_memory(cursor->error, NULL);
}

static void skip_blanks(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " \t");
}

static bool take(struct cursor *cursor, char mark)
{
    skip_blanks(cursor);
    if (*cursor->at != mark)
        return false;
    cursor->at++;
    return true;
}

/* A word of the language that stands alone. */
static bool take_word(struct cursor *cursor, const char *word)
{
    size_t length = strlen(word);
    skip_blanks(cursor);
    if (strncmp(cursor->at, word, length) != 0 || strchr(" \t", cursor->at[length]) == NULL)
        return false;
    cursor->at += length;
    return true;
}

static bool keep(struct cursor *cursor, char **kept, const char *text, size_t length)
{
    *kept = strndup(text, length);
    return *kept != NULL || out_of_memory(cursor);
}

/* A text in double quotes, which have no escapes. */
static bool read_quoted(struct cursor *cursor, char **text)
{
    if (!take(cursor, '"'))
        return fail(cursor, "a text in double quotes");
    size_t length = strcspn(cursor->at, "\"");
    if (cursor->at[length] == '\0')
        return fail(cursor, "the closing quote");
    if (!keep(cursor, text, cursor->at, length))
        return false;
    cursor->at += length + 1;
    return true;
}

/* -- paths -- */

static struct profile_step *add_step(struct cursor *cursor, struct profile_path *path)
{
    if (path->count == MOST_STEPS) {
        fail(cursor, "a shorter path");
        return NULL;
    }
    if (path->steps == NULL)
        path->steps = calloc(MOST_STEPS, sizeof *path->steps);
    if (path->steps == NULL) {
        out_of_memory(cursor);
        return NULL;
    }
    return &path->steps[path->count++];
}

/* [0] or [member=text] */
static bool read_item(struct cursor *cursor, struct profile_path *path)
{
    struct profile_step *step = add_step(cursor, path);
    size_t digits = strspn(cursor->at, "0123456789");
    if (step == NULL)
        return false;
    if (digits > 0 && digits < 10 && cursor->at[digits] == ']') {
        step->place = strtoul(cursor->at, NULL, 10);
        cursor->at += digits + 1;
        return true;
    }
    size_t name = strcspn(cursor->at, "=]");
    if (name == 0 || cursor->at[name] != '=')
        return fail(cursor, "the place of an item, or [member=text]");
    if (!keep(cursor, &step->where, cursor->at, name))
        return false;
    cursor->at += name + 1;
    size_t text = strcspn(cursor->at, "]");
    if (cursor->at[text] != ']')
        return fail(cursor, "`]`");
    if (!keep(cursor, &step->is, cursor->at, text))
        return false;
    cursor->at += text + 1;
    return true;
}

static bool read_member(struct cursor *cursor, struct profile_path *path)
{
    struct profile_step *step = add_step(cursor, path);
    if (step == NULL)
        return false;
    if (*cursor->at == '\'') {
        size_t length = strcspn(cursor->at + 1, "'");
        if (cursor->at[1 + length] != '\'' || length == 0)
            return fail(cursor, "a name in single quotes");
        if (!keep(cursor, &step->name, cursor->at + 1, length))
            return false;
        cursor->at += length + 2;
        return true;
    }
    size_t length = strcspn(cursor->at, " \t.[]|&!=\"'{}");
    if (length == 0)
        return fail(cursor, "the name of a member or column");
    if (!keep(cursor, &step->name, cursor->at, length))
        return false;
    cursor->at += length;
    return true;
}

static bool read_path(struct cursor *cursor, struct profile_path *path)
{
    skip_blanks(cursor);
    const char *start = cursor->at;
    cursor->at += *start == '@';
    if (!read_member(cursor, path))
        return false;
    for (;;) {
        if (*cursor->at == '[') {
            cursor->at++;
            if (!read_item(cursor, path))
                return false;
        } else if (*cursor->at == '.') {
            cursor->at++;
            if (!read_member(cursor, path))
                return false;
        } else {
            return keep(cursor, &path->text, start, (size_t)(cursor->at - start));
        }
    }
}

static void free_path(struct profile_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        free(path->steps[i].name);
        free(path->steps[i].where);
        free(path->steps[i].is);
    }
    free(path->steps);
    free(path->text);
}

/* -- conditions -- */

static bool read_condition(struct cursor *cursor, struct profile_condition *condition)
{
    condition->test = take(cursor, '!') ? PROFILE_HOLDS_NOT : PROFILE_HOLDS;
    if (!read_path(cursor, &condition->path))
        return false;
    if (condition->test == PROFILE_HOLDS_NOT)
        return true;
    if (take(cursor, '=')) {
        condition->test = PROFILE_EQUALS;
        return read_quoted(cursor, &condition->word);
    }
    if (!take_word(cursor, "is"))
        return true;
    if (take_word(cursor, "given"))
        condition->test = PROFILE_GIVEN;
    else if (take_word(cursor, "boolean"))
        condition->test = PROFILE_BOOLEAN;
    else if (take_word(cursor, "number"))
        condition->test = PROFILE_NUMBER;
    return condition->test != PROFILE_HOLDS || fail(cursor, "given, boolean or number");
}

static bool read_conditions(struct cursor *cursor, struct profile_conditions *conditions)
{
    do {
        struct profile_condition *more =
            reallocarray(conditions->list, conditions->count + 1, sizeof *more);
        if (more == NULL)
            return out_of_memory(cursor);
        conditions->list = more;
        more += conditions->count++;
        memset(more, 0, sizeof *more);
        if (!read_condition(cursor, more))
            return false;
    } while (take(cursor, '&'));
    return true;
}

static bool ends(struct cursor *cursor)
{
    skip_blanks(cursor);
    return *cursor->at == '\0' || fail(cursor, "the end");
}

bool profile_conditions_read(const char *text, struct profile_conditions *conditions,
                             struct error *error)
{
    struct cursor cursor = {text, error};
    return read_conditions(&cursor, conditions) && ends(&cursor);
}

void profile_conditions_free(struct profile_conditions *conditions)
{
    for (size_t i = 0; i < conditions->count; i++) {
        free_path(&conditions->list[i].path);
        free(conditions->list[i].word);
    }
    free(conditions->list);
}

/* -- choices -- */

static struct profile_piece *add_piece(struct cursor *cursor, struct profile_choice *choice)
{
    struct profile_piece *more = reallocarray(choice->pieces, choice->count + 1, sizeof *more);
    if (more == NULL) {
        out_of_memory(cursor);
        return NULL;
    }
    choice->pieces = more;
    more += choice->count++;
    memset(more, 0, sizeof *more);
    return more;
}

/* "TEXT {PATH} TEXT" */
static bool read_template(struct cursor *cursor, struct profile_choice *choice)
{
    cursor->at++;
    while (*cursor->at != '"') {
        size_t length = strcspn(cursor->at, "{\"");
        struct profile_piece *piece = add_piece(cursor, choice);
        if (piece == NULL)
            return false;
        if (length > 0) {
            if (!keep(cursor, &piece->literal, cursor->at, length))
                return false;
            cursor->at += length;
        } else if (*cursor->at == '{') {
            cursor->at++;
            if (!read_path(cursor, &piece->path))
                return false;
            if (!take(cursor, '}'))
                return fail(cursor, "`}`");
        } else {
            return fail(cursor, "the closing quote");
        }
    }
    cursor->at++;
    return choice->count > 0 || fail(cursor, "a text between the quotes");
}

static bool read_format(struct cursor *cursor, struct profile_choice *choice)
{
    static const char *const words[] = {"milliseconds", "seconds"};
    skip_blanks(cursor);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (take_word(cursor, words[i]))
            return keep(cursor, &choice->format, words[i], strlen(words[i]));
    if (!read_quoted(cursor, &choice->format))
        return false;
    for (const char *at = choice->format; (at = strchr(at, '%')) != NULL; at += 2)
        if (at[1] == '\0' || strchr("YymdeHMSzTFDR%", at[1]) == NULL)
            return fail(cursor, "a format of %Y %m %d %H %M %S and the like before this, not one "
                                "that depends on a language,");
    return true;
}

static bool read_choice(struct cursor *cursor, struct profile_choice *choice)
{
    skip_blanks(cursor);
    if (*cursor->at == '"') {
        if (!read_template(cursor, choice))
            return false;
    } else {
        struct profile_piece *piece = add_piece(cursor, choice);
        if (piece == NULL || !read_path(cursor, &piece->path))
            return false;
    }
    if (take_word(cursor, "as") && !read_format(cursor, choice))
        return false;
    return !take_word(cursor, "if") || read_conditions(cursor, &choice->only_if);
}

bool profile_choices_read(const char *text, struct profile_choice **choices, size_t *count,
                          struct error *error)
{
    struct cursor cursor = {text, error};
    do {
        struct profile_choice *more = reallocarray(*choices, *count + 1, sizeof *more);
        if (more == NULL)
            return out_of_memory(&cursor);
        *choices = more;
        more += (*count)++;
        memset(more, 0, sizeof *more);
        if (!read_choice(&cursor, more))
            return false;
    } while (take(&cursor, '|'));
    return ends(&cursor);
}

void profile_choices_free(struct profile_choice *choices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < choices[i].count; k++) {
            free(choices[i].pieces[k].literal);
            free_path(&choices[i].pieces[k].path);
        }
        free(choices[i].pieces);
        free(choices[i].format);
        profile_conditions_free(&choices[i].only_if);
    }
    free(choices);
}
