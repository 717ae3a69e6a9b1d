/* SPDX-License-Identifier: MIT */
#include "passwords/hash_text.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool hash_skip(const char **at, const char *wanted)
{
    size_t length = strlen(wanted);
    if (strncmp(*at, wanted, length) != 0)
        return false;
    *at += length;
    return true;
}

bool hash_number(const char **at, uint32_t *value)
{
    uint64_t number = 0;
    const char *start = *at;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (uint64_t)(**at - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *value = (uint32_t)number;
    return *at > start && (*start != '0' || *at == start + 1);
}

struct hash_part hash_part(const char **at, char end)
{
    const char *stop = strchr(*at, end);
    struct hash_part part = {*at, stop == NULL ? strlen(*at) : (size_t)(stop - *at)};
    *at += part.length + (stop != NULL);
    return part;
}

/* What encodes to something else again has bits, or characters, that no encoder writes. */
static bool decode(unsigned char *text, size_t length, struct hash_bytes *bytes)
{
    unsigned char raw[HASH_BYTES * 2], again[HASH_BYTES * 2 + 4];
    size_t padding = (4 - length % 4) % 4;
    memset(text + length, '=', padding);
    int written = EVP_DecodeBlock(raw, text, (int)(length + padding));
    bool fits = padding < 3 && written >= 0 && (size_t)written - padding <= sizeof bytes->bytes;
    bool same = false;
    if (fits) {
        bytes->length = (size_t)written - padding;
        memcpy(bytes->bytes, raw, bytes->length);
        same = (size_t)EVP_EncodeBlock(again, raw, (int)bytes->length) == length + padding &&
               memcmp(again, text, length + padding) == 0;
    }
    sodium_memzero(raw, sizeof raw);
    sodium_memzero(again, sizeof again);
    return same;
}

bool hash_base64(struct hash_part part, struct hash_bytes *bytes)
{
    unsigned char text[HASH_BYTES * 2];
    while (part.length > 0 && part.text[part.length - 1] == '=')
        part.length--;
    if (part.length > sizeof text - 4)
        return false;
    for (size_t i = 0; i < part.length; i++) {
        char c = part.text[i];
        text[i] = (unsigned char)(c == '-' || c == '.' ? '+' : c == '_' ? '/' : c);
    }
    bool read = decode(text, part.length, bytes);
    sodium_memzero(text, sizeof text);
    return read;
}

bool hash_hex(struct hash_part part, struct hash_bytes *bytes)
{
    return sodium_hex2bin(bytes->bytes, sizeof bytes->bytes, part.text, part.length, NULL,
                          &bytes->length, NULL) == 0 &&
           bytes->length * 2 == part.length;
}

bool hash_plain(struct hash_part part, struct hash_bytes *bytes)
{
    if (part.length > sizeof bytes->bytes)
        return false;
    memcpy(bytes->bytes, part.text, part.length);
    bytes->length = part.length;
    return true;
}

bool hash_append(char text[PASSWORD_STORED_SIZE], const char *format, ...)
{
    size_t length = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text + length, PASSWORD_STORED_SIZE - length, format, arguments);
    va_end(arguments);
    return written >= 0 && (size_t)written < PASSWORD_STORED_SIZE - length;
}

bool hash_append_base64(char text[PASSWORD_STORED_SIZE], const struct hash_bytes *bytes)
{
    size_t length = strlen(text), padded = (bytes->length + 2) / 3 * 4;
    if (padded >= PASSWORD_STORED_SIZE - length)
        return false;
    EVP_EncodeBlock((unsigned char *)text + length, bytes->bytes, (int)bytes->length);
    text[length + (bytes->length * 4 + 2) / 3] = '\0';
    return true;
}

bool hash_parameters(struct hash_part list, const struct hash_parameter *known, size_t count)
{
    const char *at = list.text, *end = list.text + list.length;
    unsigned seen = 0;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        size_t i = 0;
        while (equals != NULL && i < count &&
               (strlen(known[i].name) != (size_t)(equals - at) ||
                memcmp(known[i].name, at, (size_t)(equals - at)) != 0))
            i++;
        if (equals == NULL || i == count || (seen >> i & 1) != 0)
            return false;
        seen |= 1U << i;
        at = equals + 1;
        if (!hash_number(&at, known[i].value) || at > end)
            return false;
        if (at < end && (*at != ',' || ++at == end))
            return false;
    }
    return list.length > 0;
}
