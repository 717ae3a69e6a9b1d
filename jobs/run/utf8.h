/* utf8.h: where a well-formed UTF-8 character ends. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Bytes of the character that begins at `text`, which ends with '\0': 1 to 4; 0 where the bytes
 * there are no UTF-8 (RFC 3629: nothing overlong, no surrogates, nothing beyond U+10FFFF). */
size_t utf8_length(const char *text);

#endif
