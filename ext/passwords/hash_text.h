/* SPDX-License-Identifier: MIT */
/* hash_text.h: how the parts of a hash are written: numbers, base64, hex, `name=value` lists. */
#ifndef HASH_TEXT_H
#define HASH_TEXT_H

#include "passwords/hash.h"

/* Steps over a text that is there. */
bool hash_skip(const char **at, const char *wanted);

/* A decimal number without sign or leading zeros, of at most 32 bits. */
bool hash_number(const char **at, uint32_t *value);

/* The next part, up to `end` or the end of the text; steps over `end`. */
struct hash_part {
    const char *text;
    size_t length;
};
struct hash_part hash_part(const char **at, char end);

/* Base64: standard or URL-safe, or passlib's with `.` for `+`; padded or not. False: none, or of
 * more bytes than there is room for. */
bool hash_base64(struct hash_part part, struct hash_bytes *bytes);
bool hash_hex(struct hash_part part, struct hash_bytes *bytes);
/* The bytes of the text itself. */
bool hash_plain(struct hash_part part, struct hash_bytes *bytes);

/* Appends to a text of PASSWORD_STORED_SIZE; false: there is no room. */
bool hash_append(char text[PASSWORD_STORED_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool hash_append_base64(char text[PASSWORD_STORED_SIZE], const struct hash_bytes *bytes);

/* A list such as `m=65536,t=3,p=4`, in any order. Each name once; others, and a value that is no
 * number, make it false. Names that are not there leave their value alone. */
struct hash_parameter {
    const char *name;
    uint32_t *value;
};
bool hash_parameters(struct hash_part list, const struct hash_parameter *known, size_t count);

#endif
