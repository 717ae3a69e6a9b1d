/* SPDX-License-Identifier: MIT */
#include "values/mend.h"

#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>

#include "values/text.h"
#include "values/utf.h"

enum { BYTE_ORDER_MARK = 0xfeff, LAST_ASCII = 0x7f };

static bool is_blank(UChar32 c)
{
    return u_isUWhiteSpace(c) || c == BYTE_ORDER_MARK;
}

/* U+202A to U+202E, U+2066 to U+2069: embeddings, overrides and isolates. */
static bool is_direction(UChar32 c)
{
    return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool is_line_break(UChar32 c)
{
    return c == '\n' || c == '\r' || c == '\t';
}

static bool has_apostrophe(const char *text, size_t length)
{
    return length > 1 && text[0] == '\'' && strchr("+=-@", text[1]) != NULL;
}

static bool is_plain(unsigned char byte)
{
    return byte > ' ' && byte <= LAST_ASCII;
}

/* Nothing can have to be taken off at either end. */
static bool has_plain_ends(const char *text, size_t length)
{
    return length > 0 && is_plain((unsigned char)text[0]) &&
           is_plain((unsigned char)text[length - 1]);
}

bool mend_is_needed(const char *text, size_t length, bool name)
{
    if (!has_plain_ends(text, length) || has_apostrophe(text, length))
        return true;
    for (size_t i = 0; name && i < length; i++)
        if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] == 0xe2) /* of directions */
            return true;
    return false;
}

bool mend_trim(const char *text, size_t *from, size_t *to)
{
    int32_t length = (int32_t)*to, at = 0, begin = length, end = 0;
    if (has_plain_ends(text, *to)) {
        *from = 0;
        return false;
    }
    while (at < length) {
        int32_t start = at;
        if (is_blank(utf_next8(text, &at, length)))
            continue;
        begin = begin < start ? begin : start;
        end = at;
    }
    bool trimmed = begin > 0 || end < length;
    *from = begin < end ? (size_t)begin : 0;
    *to = begin < end ? (size_t)end : 0;
    return trimmed;
}

/* A name without what its lines and its direction were set with. */
static size_t write_name(const char *text, size_t length, char *mended, enum rule *rule)
{
    size_t used = 0;
    bool after_blank = false;
    for (int32_t at = 0; at < (int32_t)length;) {
        int32_t start = at;
        UChar32 c = utf_next8(text, &at, (int32_t)length);
        if (is_direction(c)) {
            *rule = RULE_direction;
        } else if (is_line_break(c)) {
            *rule = RULE_line_break;
            if (!after_blank)
                mended[used++] = ' ';
            after_blank = true;
        } else {
            memcpy(mended + used, text + start, (size_t)(at - start));
            used += (size_t)(at - start);
            after_blank = c == ' ';
        }
    }
    return used;
}

enum rule mend(const char *text, size_t length, bool name, char *mended)
{
    enum rule rule = RULE_as_given;
    size_t from = 0, to = length, used;
    if (length > INT32_MAX / 2) { /* no column has room for it */
        memcpy(mended, text, length + 1);
        return rule;
    }
    if (mend_trim(text, &from, &to))
        rule = RULE_blanks;
    if (has_apostrophe(text + from, to - from)) {
        rule = RULE_apostrophe;
        from++;
    }
    if (name) {
        used = write_name(text + from, to - from, mended, &rule);
        from = 0; /* what stood before or behind a direction control may be blank */
        if (mend_trim(mended, &from, &used)) {
            used -= from;
            memmove(mended, mended + from, used);
        }
    } else {
        used = to - from;
        memcpy(mended, text + from, used);
    }
    mended[used] = '\0';
    return rule;
}

/* What stands in a cell whose formula has no result: Excel's and LibreOffice's words, and those of
 * their German editions. They are nobody's name, and two people must not have one in common. */
static bool is_formula_error(const char *text)
{
    static const char *const errors[] = {"#N/A",    "#NAME?",  "#REF!",   "#VALUE!", "#DIV/0!",
                                         "#NUM!",   "#NULL!",  "#SPILL!", "#CALC!",  "#FIELD!",
                                         "#NV",     "#BEZUG!", "#WERT!",  "#ZAHL!",  "Err:502",
                                         "Err:504", "Err:508", "Err:509", "Err:511", "Err:522"};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (text_same(text, errors[i]))
            return true;
    return false;
}

bool mend_is_placeholder(const char *text, size_t length, bool name)
{
    if ((text[0] == '#' || text[0] == 'E') && is_formula_error(text))
        return true;
    switch (length) {
    case 1:
        return text[0] == '-';
    case 2:
        return text[0] == '\\' && text[1] == 'N';
    case 3:
        return text_same(text, "N/A");
    case 4:
        return !name && text_same(text, "NULL");
    default:
        return false;
    }
}

bool mend_is_scientific(const char *text)
{
    static const char digits[] = "0123456789";
    const char *at = text + (*text == '-' || *text == '+');
    size_t count = strspn(at, digits);
    if (count == 0)
        return false;
    at += count;
    if (*at == '.' || *at == ',')
        at += 1 + strspn(at + 1, digits);
    if ((*at != 'E' && *at != 'e') || at[1] != '+')
        return false;
    count = strspn(at + 2, digits);
    return count >= 2 && at[2 + count] == '\0';
}

bool mend_has_invisible(const char *text)
{
    int32_t at = 0, length = (int32_t)strnlen(text, INT32_MAX / 2);
    if (text_is_ascii(text, (size_t)length))
        return false;
    while (at < length) {
        UChar32 c = utf_next8(text, &at, length);
        if (c < 0 || (U_GET_GC_MASK(c) & U_GC_C_MASK) != 0 ||
            u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
            return true;
    }
    return false;
}
