/* SPDX-License-Identifier: MIT */
/* json_tree.h: one record as a tree of values that point into its bytes: nothing is copied, numbers
 * stay as they are written. Memory is used again from record to record.
 */
#ifndef JSON_TREE_H
#define JSON_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "json/json_scan.h"

enum { JSON_MOST_VALUES = 65536 }; /* in a record */

struct json_node {
    enum json_event type; /* SCAN_OBJECT, SCAN_ARRAY, SCAN_STRING, SCAN_NUMBER, a word */
    bool escaped, name_escaped;
    unsigned depth;
    const char *name; /* of a member, without its quotes; NULL: an item, or the record */
    size_t name_length;
    const char *text; /* of a string without its quotes; of an object or array with its brackets */
    size_t length;
    size_t next; /* the number of the node behind it and all within it */
};

struct json_tree {
    struct json_node *nodes; /* the record itself is the first */
    size_t count, capacity;
    bool no_memory, too_many;
    struct json_scan scan; /* where it failed, and what was expected */
};

void json_tree_end(struct json_tree *tree);

/* The bytes outlive the tree, which is for the next record afterwards. False: they are no JSON
 * (`scan`), or there is not enough memory, or they have too many values. */
bool json_tree_read(struct json_tree *tree, const char *bytes, size_t length);

/* The value of a member (its number), or 0: there is none. `twice`: there are two of that name. */
size_t json_tree_member(const struct json_tree *tree, size_t object, const char *name,
                        size_t length, bool *twice);

/* The number of the item at that place, or 0. */
size_t json_tree_item(const struct json_tree *tree, size_t array, size_t place);

enum json_text { JSON_TEXT_GOOD, JSON_TEXT_NUL, JSON_TEXT_SURROGATE };

/* The text behind a string's escapes, at most as long as it is written; `made` has room for that.
 * An escaped NUL and an unpaired surrogate are no text. */
enum json_text json_unescape(const char *text, size_t length, char *made, size_t *used);

#endif
