/* SPDX-License-Identifier: MIT */
#include "values/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>

#include "values/utf.h"

enum text_class text_class(UChar32 point)
{
    if (point < 0)
        return TEXT_OBEYED;
    if (point < 0x7f)
        return point >= 0x20 ? TEXT_SEEN : TEXT_OBEYED;
    const uint32_t category = U_GET_GC_MASK(point);
    if ((category & (U_GC_CC_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0 ||
        (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069))
        return TEXT_OBEYED;
    return (category & U_GC_C_MASK) != 0 || point >= 0xe0000 ? TEXT_UNSEEN : TEXT_SEEN;
}

/* The characters of ASCII that are seen, eight at a time: each byte is at least 0x20, and one more
 * is still less than 0x80. */
static const char *skip_plain(const char *at, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    uint64_t word;
    for (; end - at >= (ptrdiff_t)sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        if (((word | (word - 0x20 * ones) | (word + ones)) & tops) != 0)
            break;
    }
    while (at < end && *at >= 0x20 && *at < 0x7f)
        at++;
    return at;
}

/* Up to `highest`, the classes that it may have. */
static bool is_made_of(const char *text, size_t longest, enum text_class highest)
{
    const size_t length = strlen(text);
    const char *at = text, *end = text + length;
    while ((at = skip_plain(at, end)) < end) {
        int32_t taken = 0;
        if (text_class(utf_next8(at, &taken, -1)) > highest)
            return false;
        at += taken;
    }
    return length > 0 && length <= longest;
}

bool text_is_clean(const char *text, size_t longest)
{
    return is_made_of(text, longest, TEXT_UNSEEN);
}

const char *text_shown(const char *text, size_t longest, const char *otherwise)
{
    return is_made_of(text, longest, TEXT_SEEN) ? text : otherwise;
}

size_t text_escape_next(const char *text, int32_t *at, int32_t length, char escaped[TEXT_ESCAPED])
{
    int32_t i = *at;
    const bool seen = text_class(utf_next8(text, at, length)) == TEXT_SEEN;
    size_t used = 0;
    for (; i < *at; i++)
        used += (size_t)snprintf(escaped + used, TEXT_ESCAPED - used, seen ? "%c" : "\\x%02X",
                                 (unsigned char)text[i]);
    return used;
}

char *text_escape(char *out, size_t size, const char *text)
{
    char one[TEXT_ESCAPED];
    size_t used = 0;
    while (*text != '\0') {
        int32_t taken = 0;
        const size_t length = text_escape_next(text, &taken, -1, one);
        if (used + length >= size)
            break;
        memcpy(out + used, one, length);
        used += length;
        text += taken;
    }
    if (size > 0)
        out[used] = '\0';
    return out;
}

bool text_has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

bool text_is_ascii(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

bool text_is_hex(const char *text, size_t digits)
{
    return strspn(text, "0123456789abcdefABCDEF") == digits && text[digits] == '\0';
}

bool text_same(const char *left, const char *right)
{
    return text_same_start(left, right, SIZE_MAX);
}

bool text_same_start(const char *left, const char *right, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (text_upper(left[i]) != text_upper(right[i]))
            return false;
        if (left[i] == '\0')
            return true;
    }
    return true;
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || (*at >= '\t' && *at <= '\r'))
        at++;
    return at;
}

/* Digits, which go on with those of *value; the number of them, or -1 where they are too many. */
static int take_digits(const char **at, int64_t *value)
{
    static const int64_t MOST = 99999999999999999; /* that another digit may follow */
    int digits = 0;
    for (; **at >= '0' && **at <= '9'; ++*at, digits++) {
        if (*value > MOST)
            return -1;
        *value = *value * 10 + (**at - '0');
    }
    return digits;
}

bool text_integer(const char *text, int64_t *integer)
{
    const char *at = skip_blanks(text);
    int64_t value = 0, exponent = 0;
    bool minus = *at == '-', less = false;
    at += *at == '-' || *at == '+';
    int whole = take_digits(&at, &value), fraction = 0, places = 0;
    if (*at == '.') {
        at++;
        fraction = take_digits(&at, &value);
    }
    if (whole < 0 || fraction < 0 || whole + fraction == 0)
        return false;
    if (*at == 'e' || *at == 'E') {
        at++;
        less = *at == '-';
        at += *at == '-' || *at == '+';
        places = take_digits(&at, &exponent);
        if (places < 1 || places > 2)
            return false;
    }
    if (*skip_blanks(at) != '\0')
        return false;
    int64_t shift = (less ? -exponent : exponent) - fraction;
    for (; shift < 0 && value != 0; shift++, value /= 10)
        if (value % 10 != 0)
            return false;
    for (; shift > 0 && value != 0; shift--, value *= 10)
        if (value > INT64_MAX / 10)
            return false;
    *integer = minus ? -value : value;
    return true;
}
