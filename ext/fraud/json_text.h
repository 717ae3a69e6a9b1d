/* SPDX-License-Identifier: MIT */
/* json_text.h: a JSON document written from its beginning to its end, without a tree of it: for the
 * one document that is made by the hundred thousand. Only objects are open, one in another; an
 * object that nothing was written into leaves no trace.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_TEXT_DEPTH = 8 };

struct json_text {
    char *text;
    size_t length, size;
    bool failed; /* out of memory, or opened too deep: then nothing more is written */
    unsigned depth;
    struct {
        size_t before; /* the length without the object */
        bool any;      /* it has a member */
    } open[JSON_TEXT_DEPTH];
};

/* Begins the document's own object. */
void json_text_begin(struct json_text *json);

void json_text_open(struct json_text *json, const char *member);
void json_text_close(struct json_text *json);

/* Names of members are ours: nothing in them needs an escape. */
/* A text that is NULL or no valid UTF-8 leaves its member out. */
void json_text_string(struct json_text *json, const char *member, const char *text);
void json_text_integer(struct json_text *json, const char *member, int64_t value);
void json_text_real(struct json_text *json, const char *member, double value);
void json_text_boolean(struct json_text *json, const char *member, bool value);

/* Ends the document and hands it over, malloc'ed; NULL where it failed. */
char *json_text_end(struct json_text *json);

/* Wipes and frees what was not handed over. */
void json_text_drop(struct json_text *json);

#endif
