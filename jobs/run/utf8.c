/* utf8.c: RFC 3629's table of well-formed byte sequences. */
#include "run/utf8.h"

#include <stdbool.h>

size_t utf8_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t length = 0;

    if (byte[0] < 0x80) {
        return 1;
    } else if (byte[0] >= 0xC2 && byte[0] <= 0xDF) {
        length = 2;
    } else if ((byte[0] & 0xF0) == 0xE0) {
        length = 3;
    } else if (byte[0] >= 0xF0 && byte[0] <= 0xF4) {
        length = 4;
    } else {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((byte[i] & 0xC0) != 0x80) { /* the closing '\0' as well: never read past it */
            return 0;
        }
    }
    bool overlong = (byte[0] == 0xE0 && byte[1] < 0xA0) || (byte[0] == 0xF0 && byte[1] < 0x90);
    bool surrogate = byte[0] == 0xED && byte[1] > 0x9F;
    bool beyond = byte[0] == 0xF4 && byte[1] > 0x8F;
    return overlong || surrogate || beyond ? 0 : length;
}
