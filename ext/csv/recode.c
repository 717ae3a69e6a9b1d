/* SPDX-License-Identifier: MIT */
#include "csv/recode.h"

#include <stdint.h>
#include <string.h>

#include "values/text.h"
#include "values/utf.h"

/* The first is the one that messages use. */
static const struct {
    const char *name;
    enum recode_encoding encoding;
} names[] = {
    {"utf-8", RECODE_UTF_8},
    {"utf8", RECODE_UTF_8},
    {"utf-16le", RECODE_UTF_16LE},
    {"utf-16be", RECODE_UTF_16BE},
    {"windows-1252", RECODE_WINDOWS_1252},
    {"cp1252", RECODE_WINDOWS_1252},
    {"latin-1", RECODE_LATIN_1},
    {"latin1", RECODE_LATIN_1},
    {"iso-8859-1", RECODE_LATIN_1},
};

/* Windows-1252 from 0x80 on; 0: no character (WHATWG makes controls of those). */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

enum { NO_CHARACTER = -1, MORE = -2 };

bool recode_named(const char *name, enum recode_encoding *encoding)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_same(name, names[i].name)) {
            *encoding = names[i].encoding;
            return true;
        }
    return false;
}

const char *recode_name(enum recode_encoding encoding)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].encoding == encoding)
            return names[i].name;
    return names[0].name;
}

enum recode_encoding recode_marked(const unsigned char *bytes, size_t length)
{
    if (length >= 2 && memcmp(bytes, "\xFF\xFE", 2) == 0)
        return RECODE_UTF_16LE;
    return length >= 2 && memcmp(bytes, "\xFE\xFF", 2) == 0 ? RECODE_UTF_16BE : RECODE_UNNAMED;
}

static unsigned unit_at(const unsigned char *bytes, bool little)
{
    return little ? bytes[0] | (unsigned)bytes[1] << 8 : (unsigned)bytes[0] << 8 | bytes[1];
}

/* The character at `bytes`, and how many of them it takes. */
static int32_t next_utf_16(const unsigned char *bytes, size_t length, bool little, bool last,
                           size_t *taken)
{
    *taken = length < 2 ? length : 2;
    if (length < 2)
        return last ? NO_CHARACTER : MORE;
    unsigned unit = unit_at(bytes, little);
    if (unit < 0xD800 || unit > 0xDFFF)
        return (int32_t)unit;
    if (unit > 0xDBFF)
        return NO_CHARACTER;
    if (length < 4)
        return last ? NO_CHARACTER : MORE;
    unsigned second = unit_at(bytes + 2, little);
    if (second < 0xDC00 || second > 0xDFFF)
        return NO_CHARACTER;
    *taken = 4;
    return (int32_t)(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00));
}

static int32_t next_of(enum recode_encoding encoding, const unsigned char *bytes, size_t length,
                       bool last, size_t *taken)
{
    if (encoding == RECODE_UTF_16LE || encoding == RECODE_UTF_16BE)
        return next_utf_16(bytes, length, encoding == RECODE_UTF_16LE, last, taken);
    *taken = 1;
    if (encoding == RECODE_WINDOWS_1252 && bytes[0] >= 0x80 && bytes[0] < 0xA0)
        return windows_1252[bytes[0] - 0x80] == 0 ? NO_CHARACTER : windows_1252[bytes[0] - 0x80];
    return bytes[0];
}

size_t recode(enum recode_encoding encoding, const unsigned char *bytes, size_t length, bool last,
              unsigned char *made, size_t size, size_t *written)
{
    size_t at = 0, taken = 0;
    int32_t used = 0;
    while (at < length && size - (size_t)used >= RECODE_LONGEST) {
        int32_t point = next_of(encoding, bytes + at, length - at, last, &taken);
        if (point == MORE)
            break;
        if (point == NO_CHARACTER)
            made[used++] = 0xFF;
        else
            utf_append8((char *)made, &used, point);
        at += taken;
    }
    *written = (size_t)used;
    return at;
}
