/* SPDX-License-Identifier: MIT */
/* success_body.c: see success_body.h. */
#include "channels/success_body.h"

#include <jansson.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct success_body {
    bool by_pointer;
    regex_t pattern;
    char *pointer; /* without its value */
    char *value;   /* within `pointer` */
};

/* The first = that is not within a name: names hold no =, for want of an escape. */
static bool split(struct success_body *wanted, const char *text, struct error *error)
{
    wanted->pointer = strdup(text);
    wanted->value = wanted->pointer ? strchr(wanted->pointer, '=') : NULL;
    if (!wanted->pointer)
        return error_no_memory(error, NULL);
    if (!wanted->value)
        return error_set(error, ERROR_INVALID, "expected = and a value after a JSON pointer");
    *wanted->value++ = 0;
    return true;
}

struct success_body *success_body_open(const char *text, struct error *error)
{
    struct success_body *wanted = calloc(1, sizeof *wanted);
    if (!wanted) {
        error_no_memory(error, NULL);
        return NULL;
    }
    wanted->by_pointer = text[0] == '/';
    if (wanted->by_pointer) {
        if (split(wanted, text, error))
            return wanted;
        free(wanted->pointer);
        free(wanted);
        return NULL;
    }
    int code = regcomp(&wanted->pattern, text, REG_EXTENDED | REG_NOSUB);
    if (code == 0)
        return wanted;
    error->code = ERROR_INVALID;
    regerror(code, &wanted->pattern, error->text, sizeof error->text);
    free(wanted);
    return NULL;
}

void success_body_close(struct success_body *wanted)
{
    if (!wanted)
        return;
    if (!wanted->by_pointer)
        regfree(&wanted->pattern);
    free(wanted->pointer);
    free(wanted);
}

/* A name of the pointer that ends at `end`, with ~1 for / and ~0 for ~, malloc'ed. */
static char *unescape(const char *from, const char *end)
{
    char *name = malloc((size_t)(end - from) + 1);
    char *to = name;
    if (!name)
        return NULL;
    while (from < end) {
        bool escaped = *from == '~' && from + 1 < end && (from[1] == '0' || from[1] == '1');
        *to++ = !escaped ? *from : from[1] == '0' ? '~' : '/';
        from += escaped ? 2 : 1;
    }
    *to = 0;
    return name;
}

static const json_t *step(const json_t *at, const char *name)
{
    if (json_is_object(at))
        return json_object_get(at, name);
    size_t digits = strspn(name, "0123456789");
    if (json_is_array(at) && digits > 0 && name[digits] == 0)
        return json_array_get(at, strtoul(name, NULL, 10));
    return NULL;
}

static const json_t *find(const json_t *at, const char *pointer)
{
    while (at && *pointer == '/') {
        const char *end = pointer + 1 + strcspn(pointer + 1, "/");
        char *name = unescape(pointer + 1, end);
        at = name ? step(at, name) : NULL;
        free(name);
        pointer = end;
    }
    return at;
}

/* A text by its characters, anything else as JSON writes it. */
static bool says(const json_t *found, const char *value)
{
    if (json_is_string(found))
        return strcmp(json_string_value(found), value) == 0;
    char *text = found ? json_dumps(found, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    bool same = text && strcmp(text, value) == 0;
    free(text);
    return same;
}

bool success_body_holds(const struct success_body *wanted, const char *body, size_t length)
{
    if (!wanted->by_pointer)
        return regexec(&wanted->pattern, body, 0, NULL, 0) == 0;
    json_t *parsed = json_loadb(body, length, JSON_DECODE_ANY, NULL);
    bool good = says(find(parsed, wanted->pointer), wanted->value);
    json_decref(parsed);
    return good;
}
