/* SPDX-License-Identifier: MIT */
#include "codes/code.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>

#include "host.h"
#include "ledger/key.h"
#include "ledger/ledger.h"
#include "values/utf.h"

enum { MOST_DIGITS = 8 };
enum { TOKEN_BYTES = CODE_NONCE_SIZE + KEY_MAC_SIZE, TOKEN_LENGTH = TOKEN_BYTES * 4 / 3 };
_Static_assert((int)TOKEN_LENGTH < (int)CODE_SIZE && TOKEN_BYTES % 3 == 0,
               "a token is written without padding");

static const char sandbox_code[] = "12345"; /* fixed by the partner API's sandbox */

void code_read_seed(struct ledger_statement *row, const struct code_columns *columns,
                    struct code_seed *seed, char prefix[CODE_PREFIX_SIZE])
{
    const char *kept = ledger_text(row, columns->prefix);
    size_t length = kept == NULL ? 0 : strlen(kept);
    memset(seed, 0, sizeof *seed);
    seed->kind = strcmp(ledger_word(row, columns->kind), "pin") == 0 ? CODE_PIN : CODE_TOKEN;
    seed->sandbox = ledger_integer(row, columns->sandbox) != 0;
    seed->digits = (int)ledger_within(row, columns->digits, 0, MOST_DIGITS);
    ledger_bytes(row, columns->nonce, seed->nonce, sizeof seed->nonce);
    if (length >= CODE_PREFIX_SIZE) {
        ledger_refuse(row, columns->prefix, "is too long");
        length = 0;
    }
    if (length > 0)
        memcpy(prefix, kept, length);
    prefix[length] = '\0';
    seed->prefix = length > 0 ? prefix : NULL;
}

void code_truncate(const unsigned char *mac, size_t mac_length, int digits, char text[CODE_SIZE])
{
    size_t offset = mac[mac_length - 1] & 0x0f;
    uint32_t number = ((uint32_t)(mac[offset] & 0x7f) << 24) | ((uint32_t)mac[offset + 1] << 16) |
                      ((uint32_t)mac[offset + 2] << 8) | mac[offset + 3];
    uint32_t modulus = 1;
    for (int i = 0; i < digits && i < MOST_DIGITS; i++)
        modulus *= 10;
    snprintf(text, CODE_SIZE, "%0*u", digits, number % modulus);
}

static void seed_mac(const struct key *key, const unsigned char *ledger_uuid,
                     const struct code_seed *seed, unsigned char mac[KEY_MAC_SIZE])
{
    unsigned char message[16 + CODE_NONCE_SIZE + 1];
    memcpy(message, ledger_uuid, 16);
    memcpy(message + 16, seed->nonce, CODE_NONCE_SIZE);
    message[16 + CODE_NONCE_SIZE] = seed->kind == CODE_PIN ? 'p' : 't';
    key_code_mac(key, message, sizeof message, mac);
}

void code_derive(const struct key *key, const unsigned char *ledger_uuid,
                 const struct code_seed *seed, char code[CODE_SIZE])
{
    unsigned char mac[KEY_MAC_SIZE], token[TOKEN_BYTES];
    char digits[CODE_SIZE];
    if (seed->sandbox) {
        snprintf(code, CODE_SIZE, "%s", sandbox_code);
        return;
    }
    seed_mac(key, ledger_uuid, seed, mac);
    if (seed->kind == CODE_PIN) {
        code_truncate(mac, sizeof mac, seed->digits, digits);
        snprintf(code, CODE_SIZE, "%s%s", seed->prefix == NULL ? "" : seed->prefix, digits);
        sodium_memzero(digits, sizeof digits);
    } else {
        memcpy(token, seed->nonce, CODE_NONCE_SIZE);
        memcpy(token + CODE_NONCE_SIZE, mac, sizeof mac);
        sodium_bin2base64(code, CODE_SIZE, token, sizeof token,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING);
        sodium_memzero(token, sizeof token);
    }
    sodium_memzero(mac, sizeof mac);
}

/* Both padded to one length, so that time tells nothing of where they differ. */
static bool same(const char *code, const char *entered)
{
    char left[CODE_SIZE] = {0}, right[CODE_SIZE] = {0};
    if (strlen(entered) >= CODE_SIZE)
        return false;
    snprintf(left, sizeof left, "%s", code);
    snprintf(right, sizeof right, "%s", entered);
    bool equal = sodium_memcmp(left, right, CODE_SIZE) == 0;
    sodium_memzero(left, sizeof left);
    sodium_memzero(right, sizeof right);
    return equal;
}

/* Reading */

/* Full-width forms and digits of any script, as ASCII. */
static UChar32 plain(UChar32 c)
{
    enum { FIRST_WIDE = 0xff01, LAST_WIDE = 0xff5e, TO_ASCII = 0xfee0 };
    if (c >= FIRST_WIDE && c <= LAST_WIDE)
        return c - TO_ASCII;
    return c >= 0x80 && u_charType(c) == U_DECIMAL_DIGIT_NUMBER ? '0' + u_charDigitValue(c) : c;
}

static bool is_blank(UChar32 c)
{
    return (U_GET_GC_MASK(c) & (U_GC_Z_MASK | U_GC_CC_MASK | U_GC_CF_MASK)) != 0;
}

/* What people and spreadsheets put between digits, or before them. */
static bool is_separator(UChar32 c)
{
    return (U_GET_GC_MASK(c) & U_GC_PD_MASK) != 0 ||
           (c > 0 && c < 0x80 && strchr("._,/'\"", (int)c) != NULL);
}

/* Adds a character to what has been read; what is too long, or not of ASCII, is no code. */
static void add(char text[CODE_SIZE], size_t *length, UChar32 c)
{
    if (*length < CODE_SIZE - 1 && c > ' ' && c < 0x7f)
        text[(*length)++] = (char)c;
    else
        *length = CODE_SIZE;
}

void code_read(const char *text, bool from_table, struct code_entry *entry)
{
    size_t pin = 0, token = 0, size = strlen(text);
    int32_t at = 0, length = size < INT32_MAX ? (int32_t)size : INT32_MAX;
    memset(entry, 0, sizeof *entry);
    entry->from_table = from_table;
    while (at < length) {
        UChar32 c = plain(utf_next8(text, &at, length));
        if (is_blank(c))
            continue;
        add(entry->token, &token, c);
        if (!is_separator(c))
            add(entry->pin, &pin, c);
    }
    entry->token[token < CODE_SIZE ? token : 0] = '\0';
    entry->pin[pin < CODE_SIZE ? pin : 0] = '\0';
}

/* Comparing */

static size_t prefix_length(const struct code_seed *seed)
{
    return seed->kind == CODE_PIN && !seed->sandbox && seed->prefix != NULL ? strlen(seed->prefix)
                                                                            : 0;
}

/* 0 where no pin has so many. */
static size_t digits_of(const struct code_seed *seed)
{
    if (seed->sandbox)
        return strlen(sandbox_code);
    return seed->digits > 0 && seed->digits <= MOST_DIGITS ? (size_t)seed->digits : 0;
}

/* The digits of an entry that fits: behind the prefix, and with the zeros that a number has lost.
 */
static bool read_pin(const struct code_seed *seed, const struct code_entry *entry,
                     char digits[CODE_SIZE])
{
    size_t prefix = prefix_length(seed), wanted = digits_of(seed);
    const char *text = entry->pin;
    if (strlen(text) == prefix + wanted && sqlite3_strnicmp(text, seed->prefix, (int)prefix) == 0)
        text += prefix;
    size_t length = strlen(text);
    bool short_of_zeros = entry->from_table && text == entry->pin && length > 0 && length < wanted;
    if (wanted == 0 || strspn(text, "0123456789") != length ||
        (length != wanted && !short_of_zeros))
        return false;
    memset(digits, '0', wanted - length);
    memcpy(digits + wanted - length, text, length + 1);
    return true;
}

static bool read_entry(const struct code_seed *seed, const struct code_entry *entry,
                       char text[CODE_SIZE])
{
    unsigned char nonce[CODE_NONCE_SIZE];
    if (seed->kind == CODE_PIN || seed->sandbox)
        return read_pin(seed, entry, text);
    memcpy(text, entry->token, CODE_SIZE);
    return code_token_nonce(entry->token, nonce);
}

bool code_fits(const struct code_seed *seed, const struct code_entry *entry)
{
    char text[CODE_SIZE];
    bool fits = read_entry(seed, entry, text);
    sodium_memzero(text, sizeof text);
    return fits;
}

bool code_matches(const struct key *key, const unsigned char *ledger_uuid,
                  const struct code_seed *seed, const struct code_entry *entry)
{
    char code[CODE_SIZE], text[CODE_SIZE];
    code_derive(key, ledger_uuid, seed, code);
    bool matches = read_entry(seed, entry, text) && same(code + prefix_length(seed), text);
    sodium_memzero(code, sizeof code);
    sodium_memzero(text, sizeof text);
    return matches;
}

bool code_token_nonce(const char *text, unsigned char nonce[CODE_NONCE_SIZE])
{
    unsigned char token[TOKEN_BYTES];
    size_t length = 0;
    bool shaped = strlen(text) == TOKEN_LENGTH &&
                  sodium_base642bin(token, sizeof token, text, TOKEN_LENGTH, NULL, &length, NULL,
                                    sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
                  length == TOKEN_BYTES;
    if (shaped)
        memcpy(nonce, token, CODE_NONCE_SIZE);
    sodium_memzero(token, sizeof token);
    return shaped;
}

void code_prefix(size_t length, char prefix[CODE_PREFIX_SIZE])
{
    static const char letters[] =
        "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"; /* without the look-alikes I, O, l, o */
    size_t i = 0;
    for (; i < length && i < CODE_PREFIX_SIZE - 1; i++)
        prefix[i] = letters[randombytes_uniform(sizeof letters - 1)];
    prefix[i] = '\0';
}
