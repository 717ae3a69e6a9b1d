/* SPDX-License-Identifier: MIT */
/* json_scan.h: JSON (RFC 8259), token by token, over bytes that come in pieces: the one grammar, by
 * which records are cut out of a document and each is then taken apart. It keeps no bytes, and its
 * memory is the same for any document.
 */
#ifndef JSON_SCAN_H
#define JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH = 64 }; /* objects and arrays within each other */

enum json_event {              /* SCAN_: jansson has the other names */
                  SCAN_MORE,   /* no token ends among these bytes: feed on, or finish */
                  SCAN_OBJECT, /* begins */
                  SCAN_ARRAY,
                  SCAN_CLOSE, /* of either */
                  SCAN_NAME,  /* of a member */
                  SCAN_STRING,
                  SCAN_NUMBER,
                  SCAN_TRUE,
                  SCAN_FALSE,
                  SCAN_NULL,
                  SCAN_BAD /* at `position`; `expected` says what. Nothing can be fed any more */
};

struct json_scan {
    int state;
    int part;          /* of a number, word or escape */
    bool name;         /* the string in hand is a member's name */
    bool escaped;      /* the string just told of has escapes */
    unsigned depth;    /* open objects and arrays */
    uint64_t position; /* bytes taken */
    uint64_t start;    /* of the token just told of: a string's is its quote */
    uint64_t lines;    /* line feeds among the bytes taken */
    const char *expected;
    bool is_array[JSON_DEPTH + 1];
};

void json_scan_begin(struct json_scan *scan);

/* Takes bytes up to the end of the next token, or all of them: `position` tells how many. */
enum json_event json_scan_next(struct json_scan *scan, const unsigned char *bytes, size_t length);

/* The input ends here. A number may end with it; SCAN_MORE: it ended before, and all is well. */
enum json_event json_scan_finish(struct json_scan *scan);

/* As `at_first`, which was in an array before its first item, would be behind one that ends before
 * that place. */
void json_scan_after_item(const struct json_scan *at_first, struct json_scan *scan,
                          uint64_t position);

/* A string, number or word has begun, at `start`. */
bool json_scan_in_token(const struct json_scan *scan);

/* A whole value has been taken; nothing but blanks may follow. */
bool json_scan_is_whole(const struct json_scan *scan);

#endif
