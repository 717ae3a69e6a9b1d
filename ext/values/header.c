/* SPDX-License-Identifier: MIT */
#include "values/header.h"

#include <stdlib.h>
#include <string.h>

#include "values/text.h"

/* Steps over what stands between the words of a name and around it: blanks (a spreadsheet's
 * no-break space, too), `_`, `-`, the `.` that R writes for a blank, and byte order marks. */
static const char *skip_between(const char *at)
{
    static const char *const between[] = {" ", "\t", "_", "-", ".", "\xC2\xA0", "\xEF\xBB\xBF"};
    const char letter = text_lower(*at);
    if ((letter >= 'a' && letter <= 'z') || letter == '\0') /* as most are: a row may ask, too */
        return at;
    for (size_t i = 0; i < sizeof between / sizeof *between; i++)
        if (strncmp(at, between[i], strlen(between[i])) == 0) {
            at += strlen(between[i]);
            i = SIZE_MAX; /* and again from the first */
        }
    return at;
}

/* The one comparison of names. Where `left` begins with `right`: the rest of it, else NULL. */
static const char *after_name(const char *left, const char *right)
{
    for (;;) {
        left = skip_between(left);
        right = skip_between(right);
        if (*right == '\0')
            return left;
        if (text_lower(*left++) != text_lower(*right++))
            return NULL;
    }
}

bool header_same_name(const char *left, const char *right)
{
    const char *rest = after_name(left, right);
    return rest != NULL && *rest == '\0';
}

int header_find(const struct header_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (header_same_name(name, names->list[i].name))
            return names->list[i].column;
    const int other = names->others == NULL ? -1 : header_find(names->others, name);
    return other < 0 ? -1 : names->meaning(other);
}

/* What follows the prefix, or NULL; false: out of memory. */
static bool read_suffix(const struct header_names *names, const char *cell, char **suffix)
{
    const char *rest = names->prefix == NULL ? NULL : after_name(cell, names->prefix);
    *suffix = NULL;
    bool apart = rest != NULL && rest > cell && strchr(" \t_-.\xA0\xBF", rest[-1]) != NULL;
    if (!apart || *rest == '\0')
        return true;
    size_t length = strlen(rest);
    while (length > 0 && (rest[length - 1] == ' ' || rest[length - 1] == '\t'))
        length--;
    *suffix = strndup(rest, length);
    return *suffix != NULL;
}

static bool means_the_same(const struct header_column *left, const struct header_column *right)
{
    return right->column >= 0 ? left->column == right->column
                              : left->suffix != NULL && right->suffix != NULL &&
                                    header_same_name(left->suffix, right->suffix);
}

bool header_read(struct header *header, const struct header_names *names, const char *const *cells,
                 size_t count)
{
    *header = (struct header){.columns = calloc(count, sizeof *header->columns)};
    if (header->columns == NULL)
        return false;
    header->count = count;
    for (size_t i = 0; i < count; i++) {
        struct header_column *column = &header->columns[i];
        column->column = header_find(names, cells[i]);
        if (column->column < 0 && !read_suffix(names, cells[i], &column->suffix))
            return false;
        header->prefixed += column->suffix != NULL;
        for (size_t k = 0; k < i && column->same_as == 0; k++)
            if (means_the_same(&header->columns[k], column))
                column->same_as = k + 1;
    }
    return true;
}

bool header_learn(struct header *header, const struct header_names *names, const char *cell,
                  size_t most, size_t *place)
{
    struct header_column column = {.column = header_find(names, cell)};
    if (column.column < 0 && !read_suffix(names, cell, &column.suffix))
        return false;
    *place = 0;
    for (size_t i = 0; i < header->count && *place == 0; i++)
        if (means_the_same(&header->columns[i], &column))
            *place = i + 1;
    if (*place > 0 || header->count >= most) {
        free(column.suffix);
        return true;
    }
    struct header_column *more = reallocarray(header->columns, header->count + 1, sizeof *more);
    if (more == NULL) {
        free(column.suffix);
        return false;
    }
    header->columns = more;
    more[header->count++] = column;
    header->prefixed += column.suffix != NULL;
    *place = header->count;
    return true;
}

bool header_has(const struct header *header, int column)
{
    for (size_t i = 0; i < header->count; i++)
        if (header->columns[i].column == column)
            return true;
    return false;
}

void header_end(struct header *header)
{
    for (size_t i = 0; i < header->count; i++)
        free(header->columns[i].suffix);
    free(header->columns);
    *header = (struct header){0};
}
