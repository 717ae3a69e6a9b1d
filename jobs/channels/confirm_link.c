/* SPDX-License-Identifier: MIT */
#include "channels/confirm_link.h"

#include <stdio.h>
#include <string.h>

static const char mark[] = "{token}";

/* Appends; false where it does not fit. */
static bool append(char link[LINK_SIZE], size_t *used, const char *text, size_t length)
{
    if (*used + length >= LINK_SIZE)
        return false;
    memcpy(link + *used, text, length);
    *used += length;
    link[*used] = '\0';
    return true;
}

static bool replace_marks(const char *base, const char *token, char link[LINK_SIZE])
{
    size_t used = 0;
    const char *found;
    while ((found = strstr(base, mark)) != NULL) {
        if (!append(link, &used, base, (size_t)(found - base)) ||
            !append(link, &used, token, strlen(token)))
            return false;
        base = found + sizeof mark - 1;
    }
    return append(link, &used, base, strlen(base));
}

bool confirm_link_build(const char *base, const char *token, char link[LINK_SIZE])
{
    size_t used = 0;
    link[0] = '\0';
    if (strstr(base, mark) != NULL)
        return replace_marks(base, token, link);
    size_t before = strcspn(base, "#"); /* what comes after a # is never sent to a server */
    const char *question = memchr(base, '?', before);
    const char *name = question == NULL ? "?token=" : "&token=";
    if (question != NULL && (question + 1 == base + before || base[before - 1] == '&'))
        name = "token=";
    return append(link, &used, base, before) && append(link, &used, name, strlen(name)) &&
           append(link, &used, token, strlen(token)) &&
           append(link, &used, base + before, strlen(base + before));
}
