#include "text.h"

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

bool text_is_clean(const char *text, size_t longest)
{
    const unsigned char *at = (const unsigned char *)text;
    if (*at == '\0')
        return false;
    while (*at != '\0') {
        size_t length = text_character((const char *)at);
        bool control = *at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] < 0xa0);
        if (length == 0 || control || (size_t)((const char *)at - text) + length > longest)
            return false;
        at += length;
    }
    return true;
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

bool text_tells_no_memory(const char *error)
{
    static const char words[] = "out of memory";
    size_t length = strlen(error);
    return length >= sizeof words - 1 && strcmp(error + length - (sizeof words - 1), words) == 0;
}
