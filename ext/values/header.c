#include "values/header.h"

#include <stdlib.h>
#include <string.h>

#include "values/text.h"

/* The one comparison of names. */
static bool same_name(const char *left, const char *right)
{
    for (;; left++, right++) {
        left += strspn(left, "_");
        right += strspn(right, "_");
        if (text_lower(*left) != text_lower(*right))
            return false;
        if (*left == '\0')
            return true;
    }
}

int header_find(const struct header_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (same_name(name, names->list[i].name))
            return names->list[i].column;
    return -1;
}

static const char *suffix(const struct header_names *names, const char *cell)
{
    size_t length = names->prefix == NULL ? 0 : strlen(names->prefix);
    return length > 0 && text_same_start(cell, names->prefix, length) && cell[length] != '\0'
               ? cell + length
               : NULL;
}

static bool means_the_same(const struct header_column *left, const struct header_column *right)
{
    return right->column >= 0 ? left->column == right->column
                              : left->suffix != NULL && right->suffix != NULL &&
                                    strcmp(left->suffix, right->suffix) == 0;
}

bool header_read(struct header *header, const struct header_names *names, const char *const *cells,
                 size_t count)
{
    *header = (struct header){.columns = calloc(count, sizeof *header->columns), .count = count};
    if (header->columns == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct header_column *column = &header->columns[i];
        column->column = header_find(names, cells[i]);
        column->suffix = column->column < 0 ? suffix(names, cells[i]) : NULL;
        header->named += column->column >= 0;
        header->prefixed += column->suffix != NULL;
        for (size_t k = 0; k < i && column->same_as == 0; k++)
            if (means_the_same(&header->columns[k], column))
                column->same_as = k + 1;
    }
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
    free(header->columns);
    *header = (struct header){0};
}
