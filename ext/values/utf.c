/* SPDX-License-Identifier: MIT */
#include "values/utf.h"

#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

/* The macros convert between signed and unsigned as they please. */
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"

UChar32 utf_next8(const char *text, int32_t *at, int32_t length)
{
    const uint8_t *bytes = (const uint8_t *)text;
    int32_t start = *at, after = start;
    UChar32 point;

    U8_NEXT(bytes, after, length, point);
    *at = point < 0 ? start + 1 : after;
    return point < 0 ? -1 : point;
}

UChar32 utf_next16(const UChar *text, int32_t *at, int32_t length)
{
    int32_t after = *at;
    UChar32 point;

    U16_NEXT(text, after, length, point);
    *at = after;
    return point;
}

void utf_append8(char *text, int32_t *used, UChar32 point)
{
    uint8_t *bytes = (uint8_t *)text;
    int32_t at = *used;

    U8_APPEND_UNSAFE(bytes, at, point);
    *used = at;
}

void utf_append16(UChar *text, int32_t *used, UChar32 point)
{
    int32_t at = *used;

    U16_APPEND_UNSAFE(text, at, point);
    *used = at;
}

int32_t utf_widen(const char *text, int32_t length, UChar *wide)
{
    int32_t at = 0, used = 0;

    while (at < length) {
        UChar32 point = utf_next8(text, &at, length);

        utf_append16(wide, &used, point < 0 ? UTF_REPLACEMENT : point);
    }
    return used;
}

bool utf_narrow(const UChar *wide, int32_t length, char *text, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;

    u_strToUTF8(text, (int32_t)size, NULL, wide, length, &status);
    return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}
