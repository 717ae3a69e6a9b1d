#include "code.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "key.h"
#include "ledger.h"

enum { MOST_DIGITS = 8 };
enum { TOKEN_BYTES = CODE_NONCE_SIZE + KEY_CODE_MAC_SIZE, TOKEN_LENGTH = TOKEN_BYTES * 4 / 3 };
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
                     const struct code_seed *seed, unsigned char mac[KEY_CODE_MAC_SIZE])
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
    unsigned char mac[KEY_CODE_MAC_SIZE], token[TOKEN_BYTES];
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

bool code_matches(const struct key *key, const unsigned char *ledger_uuid,
                  const struct code_seed *seed, const char *entered)
{
    char code[CODE_SIZE];
    code_derive(key, ledger_uuid, seed, code);
    size_t prefix =
        seed->kind == CODE_PIN && !seed->sandbox && seed->prefix != NULL ? strlen(seed->prefix) : 0;
    bool with_prefix = same(code, entered), without_prefix = same(code + prefix, entered);
    sodium_memzero(code, sizeof code);
    return with_prefix | without_prefix;
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
