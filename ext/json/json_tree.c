/* SPDX-License-Identifier: MIT */
#include "json/json_tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "csv/wiped_memory.h"
#include "values/utf.h"

enum { FIRST_NODES = 64, LONGEST_NAME = 256 };

void json_tree_end(struct json_tree *tree)
{
    free(tree->nodes);
    memset(tree, 0, sizeof *tree);
}

static struct json_node *add(struct json_tree *tree)
{
    tree->too_many = tree->count == JSON_MOST_VALUES;
    if (tree->too_many)
        return NULL;
    if (tree->count == tree->capacity) {
        const size_t capacity = tree->capacity ? 2 * tree->capacity : FIRST_NODES;
        struct json_node *more = reallocarray(tree->nodes, capacity, sizeof *more);
        tree->no_memory = !more;
        if (!more)
            return NULL;
        tree->nodes = more;
        tree->capacity = capacity;
    }
    struct json_node *node = &tree->nodes[tree->count++];
    memset(node, 0, sizeof *node);
    node->next = tree->count;
    return node;
}

/* A member's name, until its value comes. */
struct name {
    const char *text;
    size_t length;
    bool escaped;
};

/* A token. `open`: the objects and arrays that are open, the record first. */
static bool take(struct json_tree *tree, enum json_event event, const char *bytes,
                 struct name *name, size_t open[JSON_DEPTH + 1])
{
    const struct json_scan *scan = &tree->scan;
    const char *start = bytes + scan->start, *end = bytes + scan->position;
    const bool quoted = event == SCAN_STRING || event == SCAN_NAME;
    if (event == SCAN_NAME) {
        *name = (struct name){start + 1, (size_t)(end - start) - 2, scan->escaped};
        return true;
    }
    if (event == SCAN_CLOSE) {
        struct json_node *closed = &tree->nodes[open[scan->depth + 1]];
        closed->length = (size_t)(end - closed->text);
        closed->next = tree->count;
        return true;
    }
    struct json_node *node = add(tree);
    if (!node)
        return false;
    node->type = event;
    node->depth = scan->depth;
    node->name = name->text;
    node->name_length = name->length;
    node->name_escaped = name->escaped;
    node->text = quoted ? start + 1 : start;
    node->length = (size_t)(end - start) - (quoted ? 2 : 0);
    node->escaped = quoted && scan->escaped;
    *name = (struct name){NULL, 0, false};
    if (event == SCAN_OBJECT || event == SCAN_ARRAY)
        open[scan->depth] = tree->count - 1;
    return true;
}

bool json_tree_read(struct json_tree *tree, const char *bytes, size_t length)
{
    size_t open[JSON_DEPTH + 1];
    struct name name = {NULL, 0, false};
    enum json_event event;
    tree->count = 0;
    tree->no_memory = tree->too_many = false;
    json_scan_begin(&tree->scan);
    do {
        const size_t taken = (size_t)tree->scan.position;
        event = json_scan_next(&tree->scan, (const unsigned char *)bytes + taken, length - taken);
        if (event == SCAN_MORE)
            event = json_scan_finish(&tree->scan);
        if (event != SCAN_MORE && event != SCAN_BAD && !take(tree, event, bytes, &name, open))
            return false;
    } while (event != SCAN_MORE && event != SCAN_BAD);
    return event == SCAN_MORE;
}

static bool has_name(const struct json_node *node, const char *name, size_t length)
{
    char plain[LONGEST_NAME];
    size_t used;
    if (!node->name_escaped)
        return node->name_length == length && memcmp(node->name, name, length) == 0;
    return node->name_length < sizeof plain &&
           json_unescape(node->name, node->name_length, plain, &used) == JSON_TEXT_GOOD &&
           used == length && memcmp(plain, name, length) == 0;
}

size_t json_tree_member(const struct json_tree *tree, size_t object, const char *name,
                        size_t length, bool *twice)
{
    size_t found = 0;
    if (tree->nodes[object].type != SCAN_OBJECT)
        return 0;
    for (size_t i = object + 1; i < tree->nodes[object].next; i = tree->nodes[i].next)
        if (has_name(&tree->nodes[i], name, length)) {
            *twice = *twice || found != 0;
            found = found ? found : i;
        }
    return found;
}

size_t json_tree_item(const struct json_tree *tree, size_t array, size_t place)
{
    if (tree->nodes[array].type != SCAN_ARRAY)
        return 0;
    for (size_t i = array + 1; i < tree->nodes[array].next; i = tree->nodes[i].next)
        if (place-- == 0)
            return i;
    return 0;
}

static unsigned read_hex(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        const char c = at[i];
        value = value << 4 | (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* The character at `\uXXXX`, perhaps two of them; 0 or a surrogate is none. */
static int32_t read_unicode(const char **at, const char *end)
{
    unsigned unit = read_hex(*at);
    *at += 4;
    if (unit >= 0xD800 && unit <= 0xDBFF && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        const unsigned second = read_hex(*at + 2);
        if (second >= 0xDC00 && second <= 0xDFFF) {
            *at += 6;
            return (int32_t)(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00));
        }
    }
    return (int32_t)unit;
}

enum json_text json_unescape(const char *text, size_t length, char *made, size_t *used)
{
    static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    const char *at = text, *end = text + length;
    *used = 0;
    while (at < end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        const size_t plain = (size_t)((backslash ? backslash : end) - at);
        memmove(made + *used, at, plain);
        *used += plain;
        at += plain;
        if (at == end)
            break;
        const char letter = at[1];
        at += 2;
        if (letter != 'u') {
            made[(*used)++] = meant[strchr(escapes, letter) - escapes];
            continue;
        }
        const int32_t point = read_unicode(&at, end);
        if (point == 0 || (point >= 0xD800 && point <= 0xDFFF))
            return point == 0 ? JSON_TEXT_NUL : JSON_TEXT_SURROGATE;
        int32_t length_now = 0;
        utf_append8(made + *used, &length_now, point);
        *used += (size_t)length_now;
    }
    return JSON_TEXT_GOOD;
}
