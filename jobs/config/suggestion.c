/* SPDX-License-Identifier: MIT */
/* suggestion.c: edit distance between short words. */
#include "config/suggestion.h"

#include <stdbool.h>
#include <string.h>

enum { NEAREST_WORD = 64 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance over one row of his table; longer words are compared by their beginnings,
 * which is enough for a suggestion. */
static size_t distance(const char *from, const char *to)
{
    size_t row[NEAREST_WORD + 1];
    size_t from_length = strnlen(from, NEAREST_WORD);
    size_t to_length = strnlen(to, NEAREST_WORD);

    for (size_t j = 0; j <= to_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= from_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= to_length; j++) {
            size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = least(changed, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[to_length];
}

void suggestion_offer(struct suggestion *nearest, const char *typed, const char *known)
{
    size_t length = strlen(typed);
    bool shortened = length > 1 && strncmp(typed, known, length) == 0; /* --dry for --dry-run */
    size_t found = shortened ? 0 : distance(typed, known);
    if (nearest->word == NULL || found < nearest->distance) {
        nearest->word = known;
        nearest->distance = found;
    }
}
