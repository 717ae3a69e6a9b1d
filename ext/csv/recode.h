/* SPDX-License-Identifier: MIT */
/* recode.h: text in another encoding than UTF-8, converted as it is read. */
#ifndef RECODE_H
#define RECODE_H

#include <stdbool.h>
#include <stddef.h>

enum recode_encoding {
    RECODE_UNNAMED, /* by the byte order mark; without one UTF-8 */
    RECODE_UTF_8,
    RECODE_UTF_16LE,
    RECODE_UTF_16BE,
    RECODE_WINDOWS_1252,
    RECODE_LATIN_1
};

/* `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, `latin-1`, some also by their usual
 * other names; false: none of them. */
bool recode_named(const char *name, enum recode_encoding *encoding);

/* Its name in messages. */
const char *recode_name(enum recode_encoding encoding);

/* What a byte order mark of UTF-16 says; RECODE_UNNAMED: there is none. */
enum recode_encoding recode_marked(const unsigned char *bytes, size_t length);

/* A character of the source has two bytes at the least and four at the most there, and becomes
 * three at the most, or four of four. */
enum { RECODE_LONGEST = 4 };

/*
 * Converts as many whole characters as fit, and returns how many bytes of the source it took;
 * `written` tells how many it made. What is no character (an unpaired surrogate, half a unit at the
 * end, a byte without a meaning) becomes one byte 0xFF, which no text in UTF-8 has, so that its
 * record is rejected. `last`: nothing follows these bytes.
 */
size_t recode(enum recode_encoding encoding, const unsigned char *bytes, size_t length, bool last,
              unsigned char *made, size_t size, size_t *written);

#endif
