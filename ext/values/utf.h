/* SPDX-License-Identifier: MIT */
/* utf.h: steps through UTF-8 and UTF-16 that may be ill-formed. ICU's macros as functions. */
#ifndef UTF_H
#define UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/umachine.h>

enum { UTF_REPLACEMENT = 0xfffd };

/* The one decoder of UTF-8. The code point at `*at`, below `length` (-1: the text ends with NUL);
 * steps over it. Where it is ill-formed: -1, one byte stepped over. */
UChar32 utf_next8(const char *text, int32_t *at, int32_t length);

/* The code point at `*at`, below `length` (an unpaired surrogate as it is); steps over it. */
UChar32 utf_next16(const UChar *text, int32_t *at, int32_t length);

/* Writes a code point at `*used` and steps over it; there must be room (4 bytes, 2 units). */
void utf_append8(char *text, int32_t *used, UChar32 point);
void utf_append16(UChar *text, int32_t *used, UChar32 point);

/* UTF-16 of UTF-8, with one replacement character for each bad byte; `wide` must have room for
 * `length` units. Returns the units written. */
int32_t utf_widen(const char *text, int32_t length, UChar *wide);

/* UTF-8 of UTF-16, ended with NUL. False: it does not fit. */
bool utf_narrow(const UChar *wide, int32_t length, char *text, size_t size);

#endif
