#include "values/text.h"

#include <stdint.h>
#include <string.h>

/* Unicode 15, table 3-7. */
size_t text_character(const char *characters)
{
    const unsigned char *text = (const unsigned char *)characters;
    unsigned char first = text[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                    : (first & 0xf0) == 0xe0         ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    if (length == 0)
        return 0;
    unsigned char lowest = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char highest = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < lowest || text[1] > highest)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80) /* the closing NUL ends a cut character here */
            return 0;
    return length;
}

/* Whether a character beyond ASCII (valid, of at least two bytes) is one that a terminal or a page
 * obeys: C1, U+2028 and U+2029, U+202A to U+202E, U+2066 to U+2069. */
static bool is_obeyed(const unsigned char *at)
{
    if (at[0] == 0xc2)
        return at[1] < 0xa0;
    if (at[0] != 0xe2)
        return false;
    return (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
           (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9);
}

bool text_is_clean(const char *text, size_t longest)
{
    const unsigned char *at = (const unsigned char *)text;
    for (;;) {
        while (*at >= 0x20 && *at < 0x7f)
            at++;
        if (*at < 0x80) /* the end, or a control character */
            break;
        size_t length = text_character((const char *)at);
        if (length == 0 || is_obeyed(at))
            return false;
        at += length;
    }
    size_t length = (size_t)((const char *)at - text);
    return *at == '\0' && length > 0 && length <= longest;
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

char text_upper(char letter)
{
    return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
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

bool text_tells_no_memory(const char *error)
{
    static const char words[] = "out of memory";
    size_t length = strlen(error);
    return length >= sizeof words - 1 && strcmp(error + length - (sizeof words - 1), words) == 0;
}
