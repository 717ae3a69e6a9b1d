/* SPDX-License-Identifier: MIT */
#include "passwords/password.h"

#include <md5.h>
#include <pthread.h>
#include <sha1.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "passwords/hash_derive.h"

enum {
    LEAST_MEMORY_KIB = 8,
    MOST_MEMORY_KIB = 4194304,
    MD5_HEX = MD5_DIGEST_LENGTH * 2,
    SHA1_HEX = SHA1_DIGEST_LENGTH * 2,
    SHA256_HEX = crypto_hash_sha256_BYTES * 2
};

static const char WRAPPED_MD5[] = "md5";

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;
static bool sodium_ready;

static void start_sodium(void)
{
    sodium_ready = sodium_init() >= 0;
}

bool password_hash(const char *password, size_t length, struct password_cost cost,
                   char stored[PASSWORD_STORED_SIZE])
{
    (void)pthread_once(&sodium_once, start_sodium);
    _Static_assert(crypto_pwhash_STRBYTES + sizeof WRAPPED_MD5 <= PASSWORD_STORED_SIZE,
                   "a wrapped hash fits");
    if (!sodium_ready || cost.memory_kib < LEAST_MEMORY_KIB || cost.memory_kib > MOST_MEMORY_KIB ||
        cost.passes < 1)
        return false;
    return crypto_pwhash_str_alg(stored, password, length, cost.passes,
                                 (size_t)cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static bool is_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdefABCDEF") == length && text[length] == '\0';
}

static void change_case(char *hex, char first_letter)
{
    for (; *hex != '\0'; hex++)
        if ((*hex >= 'a' && *hex <= 'f') || (*hex >= 'A' && *hex <= 'F'))
            *hex = (char)(first_letter + ((*hex & 0x1f) - 1));
}

bool password_is_md5(const char *password)
{
    return strlen(password) == 32 && strspn(password, "0123456789ABCDEF") == 32;
}

bool password_wrap_md5(const char *digest, struct password_cost cost,
                       char stored[PASSWORD_STORED_SIZE])
{
    const size_t prefix = sizeof WRAPPED_MD5 - 1;
    char upper[MD5_HEX + 1];
    char phc[PASSWORD_STORED_SIZE];
    bool hashed;

    if (!is_hex(digest, MD5_HEX))
        return false;
    memcpy(upper, digest, sizeof upper);
    change_case(upper, 'A');
    hashed = password_hash(upper, MD5_HEX, cost, phc);
    sodium_memzero(upper, sizeof upper);
    if (!hashed)
        return false;
    memcpy(stored, WRAPPED_MD5, prefix);
    memcpy(stored + prefix, phc, strlen(phc) + 1);
    return true;
}

static void wire_sha256(const char *text, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(digest, (const unsigned char *)text, length);
    (void)sodium_bin2hex(wire, PASSWORD_WIRE_SIZE, digest, sizeof digest);
    sodium_memzero(digest, sizeof digest);
}

static void wire_sha1sha256(const char *password, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    SHA1_CTX context;
    unsigned char digest[SHA1_DIGEST_LENGTH];
    char hex[SHA1_HEX + 1];

    SHA1Init(&context);
    SHA1Update(&context, (const uint8_t *)password, length);
    SHA1Final(digest, &context);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    wire_sha256(hex, SHA1_HEX, wire);
    sodium_memzero(&context, sizeof context);
    sodium_memzero(digest, sizeof digest);
    sodium_memzero(hex, sizeof hex);
}

static void wire_md5(const char *password, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    MD5_CTX context;
    unsigned char digest[MD5_DIGEST_LENGTH];

    MD5Init(&context);
    MD5Update(&context, (const uint8_t *)password, length);
    MD5Final(digest, &context);
    (void)sodium_bin2hex(wire, PASSWORD_WIRE_SIZE, digest, sizeof digest);
    change_case(wire, 'A');
    sodium_memzero(&context, sizeof context);
    sodium_memzero(digest, sizeof digest);
}

void password_wire(const char *password, size_t length, enum password_format format,
                   char wire[PASSWORD_WIRE_SIZE])
{
    switch (format) {
    case PASSWORD_SHA256:
        wire_sha256(password, length, wire);
        break;
    case PASSWORD_SHA1SHA256:
        wire_sha1sha256(password, length, wire);
        break;
    case PASSWORD_MD5:
        wire_md5(password, length, wire);
        break;
    }
}

bool password_format_named(const char *name, enum password_format *format)
{
    static const char *const names[] = {
        [PASSWORD_SHA256] = "sha256", [PASSWORD_SHA1SHA256] = "sha1sha256", [PASSWORD_MD5] = "md5"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *format = (enum password_format)i;
            return true;
        }
    return false;
}

/* `hex_length` tells which formats are meant; both that have 64 digits are always computed and
 * compared, so that time does not tell which one matched. */
static bool verify_wire(const char *password, size_t length, const char *stored, size_t hex_length)
{
    char lower[PASSWORD_WIRE_SIZE], wire[PASSWORD_WIRE_SIZE];
    int matches = 0;

    memcpy(lower, stored, hex_length + 1);
    change_case(lower, 'a');
    if (hex_length == SHA256_HEX) {
        wire_sha256(password, length, wire);
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
        wire_sha1sha256(password, length, wire);
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
    } else {
        wire_md5(password, length, wire);
        change_case(wire, 'a');
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
    }
    sodium_memzero(wire, sizeof wire);
    sodium_memzero(lower, sizeof lower);
    return matches != 0;
}

enum rule password_read(const char *text, const struct password_limit *limit,
                        char stored[PASSWORD_STORED_SIZE], bool *fast)
{
    struct hash hash;
    enum rule rule = hash_read(text, limit->firebase, &hash);

    /* A hash names its own cost, so that a hostile one could hold us for days, and none can be
     * interrupted: it is looked at before any work is done. */
    if (rule == RULE_as_given && !hash_is_affordable(&hash, limit))
        rule = RULE_hash_cost;
    *fast = rule == RULE_as_given && hash_is_fast(&hash);
    memcpy(stored, hash.text, sizeof hash.text);
    sodium_memzero(&hash, sizeof hash);
    return rule;
}

bool password_wrap(const char *text, const struct password_limit *limit, struct password_cost cost,
                   char stored[PASSWORD_STORED_SIZE])
{
    struct hash hash;
    char inner[HASH_INNER_SIZE], phc[PASSWORD_STORED_SIZE];
    bool wrapped = hash_read(text, limit->firebase, &hash) == RULE_as_given && !hash.is_wrapped &&
                   hash_recipe(&hash, stored) && hash_inner(&hash, NULL, 0, inner) &&
                   password_hash(inner, strlen(inner), cost, phc) &&
                   strlen(stored) + strlen(phc) < PASSWORD_STORED_SIZE;

    if (wrapped)
        memcpy(stored + strlen(stored), phc, strlen(phc) + 1);
    sodium_memzero(&hash, sizeof hash);
    sodium_memzero(inner, sizeof inner);
    return wrapped;
}

bool password_verify(const char *password, size_t length, const char *stored,
                     const struct password_limit *limit)
{
    struct hash hash;
    bool right;

    if (is_hex(stored, SHA256_HEX))
        return verify_wire(password, length, stored, SHA256_HEX);
    if (is_hex(stored, MD5_HEX))
        return verify_wire(password, length, stored, MD5_HEX);
    (void)pthread_once(&sodium_once, start_sodium);
    right = sodium_ready && hash_read(stored, limit->firebase, &hash) == RULE_as_given &&
            hash_is_affordable(&hash, limit) && hash_verify(&hash, password, length);
    sodium_memzero(&hash, sizeof hash);
    return right;
}

bool password_needs_rehash(const char *stored, struct password_cost cost,
                           const struct password_limit *limit)
{
    struct hash hash;
    bool needs = hash_read(stored, limit->firebase, &hash) != RULE_as_given ||
                 hash_is_weaker(&hash, cost, limit);

    sodium_memzero(&hash, sizeof hash);
    return needs;
}

void password_decoy(struct password_cost cost, char stored[PASSWORD_STORED_SIZE])
{
    snprintf(stored, PASSWORD_STORED_SIZE,
             "$argon2id$v=19$m=%u,t=%u,p=1$bm8gc2FsdCBvZiBhbnk$"
             "bm8gcGFzc3dvcmQgb2YgYW55Ym9keSBpcyBpbiBoZXI",
             (unsigned)cost.memory_kib, (unsigned)cost.passes);
}
