/* SPDX-License-Identifier: MIT */
#include "passwords/hash_derive.h"

#include <crypt.h>
#include <limits.h>
#include <md4.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>

#include "values/utf.h"

enum { AES_KEY = 32, AES_BLOCK = 16 };

static const EVP_MD *digest_of(enum hash_digest digest)
{
    switch (digest) {
    case HASH_MD5:
        return EVP_md5();
    case HASH_SHA1:
        return EVP_sha1();
    case HASH_SHA224:
        return EVP_sha224();
    case HASH_SHA256:
        return EVP_sha256();
    case HASH_SHA384:
        return EVP_sha384();
    case HASH_SHA512:
        return EVP_sha512();
    case HASH_RIPEMD160:
        return EVP_ripemd160();
    case HASH_MD4: /* libcrypto has it in its legacy provider only */
    case HASH_DIGESTS:
        break;
    }
    return NULL;
}

/* In UTF-16, of which each unit goes in as it is made: no copy of the password is left. */
static void update_wide(MD4_CTX *context, const char *password, size_t length)
{
    UChar units[2] = {0, 0};
    uint8_t bytes[sizeof units];
    for (int32_t at = 0; at < (int32_t)length;) {
        int32_t used = 0;
        UChar32 point = utf_next8(password, &at, (int32_t)length);
        utf_append16(units, &used, point < 0 ? UTF_REPLACEMENT : point);
        for (int32_t i = 0; i < used; i++) {
            bytes[2 * i] = (uint8_t)(units[i] & 0xff);
            bytes[2 * i + 1] = (uint8_t)(units[i] >> 8);
        }
        MD4Update(context, bytes, 2 * (size_t)used);
    }
    sodium_memzero(units, sizeof units);
    sodium_memzero(bytes, sizeof bytes);
}

static bool derive_md4(const struct hash *hash, const char *password, size_t length,
                       unsigned char *value)
{
    MD4_CTX context;
    MD4Init(&context);
    MD4Update(&context, hash->before.bytes, hash->before.length);
    if (hash->wide)
        update_wide(&context, password, length);
    else
        MD4Update(&context, (const uint8_t *)password, length);
    MD4Update(&context, hash->after.bytes, hash->after.length);
    MD4Final(value, &context);
    sodium_memzero(&context, sizeof context);
    return true;
}

/* RFC 2104 over MD4, which libcrypto has not. */
static bool derive_hmac_md4(const struct hash *hash, const char *password, size_t length,
                            unsigned char *value)
{
    enum { BLOCK = 64, INNER = 0x36, OUTER = 0x5c };
    struct hash part = {.function = HASH_DIGEST};
    unsigned char key[BLOCK] = {0}, inner[MD4_DIGEST_LENGTH];
    if (hash->key.length > BLOCK)
        derive_md4(&part, (const char *)hash->key.bytes, hash->key.length, key);
    else
        memcpy(key, hash->key.bytes, hash->key.length);
    part.before.length = BLOCK;
    for (size_t i = 0; i < BLOCK; i++)
        part.before.bytes[i] = key[i] ^ INNER;
    derive_md4(&part, password, length, inner);
    for (size_t i = 0; i < BLOCK; i++)
        part.before.bytes[i] = key[i] ^ OUTER;
    derive_md4(&part, (const char *)inner, sizeof inner, value);
    sodium_memzero(inner, sizeof inner);
    return true;
}

static bool derive_digest(const struct hash *hash, const char *password, size_t length,
                          unsigned char *value)
{
    if (hash->digest == HASH_MD4)
        return derive_md4(hash, password, length, value);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done = context != NULL && EVP_DigestInit_ex(context, digest_of(hash->digest), NULL) == 1 &&
                EVP_DigestUpdate(context, hash->before.bytes, hash->before.length) == 1 &&
                EVP_DigestUpdate(context, password, length) == 1 &&
                EVP_DigestUpdate(context, hash->after.bytes, hash->after.length) == 1 &&
                EVP_DigestFinal_ex(context, value, NULL) == 1;
    EVP_MD_CTX_free(context);
    return done;
}

static bool derive_scrypt(const struct hash *hash, const char *password, size_t length,
                          unsigned char *value, size_t size)
{
    unsigned char salt[2 * HASH_BYTES];
    memcpy(salt, hash->before.bytes, hash->before.length);
    memcpy(salt + hash->before.length, hash->after.bytes, hash->after.length);
    return crypto_pwhash_scryptsalsa208sha256_ll((const unsigned char *)password, length, salt,
                                                 hash->before.length + hash->after.length,
                                                 UINT64_C(1) << hash->log_n, hash->r, hash->p,
                                                 value, size) == 0;
}

/* The project's signer key, encrypted by AES-256-CTR from a counter of 0 with the key that scrypt
 * makes. */
static bool derive_firebase(const struct hash *hash, const char *password, size_t length,
                            unsigned char *value)
{
    static const unsigned char counter[AES_BLOCK];
    unsigned char key[AES_KEY];
    int written = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    bool done =
        context != NULL && derive_scrypt(hash, password, length, key, sizeof key) &&
        EVP_EncryptInit_ex(context, EVP_aes_256_ctr(), NULL, key, counter) == 1 &&
        EVP_EncryptUpdate(context, value, &written, hash->key.bytes, (int)hash->key.length) == 1 &&
        (size_t)written == hash->value.length;
    EVP_CIPHER_CTX_free(context);
    sodium_memzero(key, sizeof key);
    return done;
}

static bool derive(const struct hash *hash, const char *password, size_t length,
                   unsigned char value[HASH_BYTES])
{
    if (length > INT_MAX) /* libcrypto's lengths */
        return false;
    switch (hash->function) {
    case HASH_PBKDF2:
        return hash->iterations <= INT_MAX &&
               PKCS5_PBKDF2_HMAC(password, (int)length, hash->before.bytes,
                                 (int)hash->before.length, (int)hash->iterations,
                                 digest_of(hash->digest), (int)hash->value.length, value) == 1;
    case HASH_SCRYPT:
        return derive_scrypt(hash, password, length, value, hash->value.length);
    case HASH_FIREBASE:
        return derive_firebase(hash, password, length, value);
    case HASH_DIGEST:
        return derive_digest(hash, password, length, value);
    case HASH_HMAC:
        if (hash->digest == HASH_MD4)
            return derive_hmac_md4(hash, password, length, value);
        return HMAC(digest_of(hash->digest), hash->key.bytes, (int)hash->key.length,
                    (const unsigned char *)password, length, value, NULL) != NULL;
    case HASH_ARGON2:
    case HASH_CRYPT:
        break;
    }
    return false;
}

/* What crypt(3) makes of a password; `setting` may be a whole hash. libxcrypt has no password of
 * more than 511 bytes. Its memory has held the password, and is ours to wipe. */
static bool run_crypt(const char *password, size_t length, const char *setting,
                      char text[HASH_INNER_SIZE])
{
    struct crypt_data data;
    if (memchr(password, '\0', length) != NULL)
        return false;
    memset(&data, 0, sizeof data);
    const char *made = crypt_rn(password, setting, &data, (int)sizeof data);
    bool done = made != NULL && strlen(made) < HASH_INNER_SIZE;
    if (done)
        memcpy(text, made, strlen(made) + 1);
    sodium_memzero(&data, sizeof data);
    return done;
}

static void write_hex(const unsigned char *bytes, size_t length, char hex[HASH_INNER_SIZE])
{
    sodium_bin2hex(hex, HASH_INNER_SIZE, bytes, length);
    for (char *c = hex; *c != '\0'; c++)
        *c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
}

static bool inner_of_password(const struct hash *hash, const char *password, size_t length,
                              char inner[HASH_INNER_SIZE])
{
    char setting[PASSWORD_STORED_SIZE];
    unsigned char value[HASH_BYTES];
    if (hash->function == HASH_CRYPT) {
        memcpy(setting, hash->crypt, hash->setting);
        setting[hash->setting] = '\0';
        return run_crypt(password, length, setting, inner);
    }
    bool done = derive(hash, password, length, value);
    if (done)
        write_hex(value, hash->value.length, inner);
    sodium_memzero(value, sizeof value);
    return done;
}

bool hash_inner(const struct hash *hash, const char *password, size_t length,
                char inner[HASH_INNER_SIZE])
{
    if (password != NULL)
        return inner_of_password(hash, password, length, inner);
    if (hash->function != HASH_CRYPT)
        write_hex(hash->value.bytes, hash->value.length, inner);
    else if (strlen(hash->crypt) >= HASH_INNER_SIZE)
        return false;
    else
        memcpy(inner, hash->crypt, strlen(hash->crypt) + 1);
    return true;
}

static bool verify_wrapped(const struct hash *hash, const char *password, size_t length)
{
    char inner[HASH_INNER_SIZE];
    bool right = hash_inner(hash, password, length, inner) &&
                 crypto_pwhash_str_verify(hash->outer, inner, strlen(inner)) == 0;
    sodium_memzero(inner, sizeof inner);
    return right;
}

static bool verify_crypt(const struct hash *hash, const char *password, size_t length)
{
    char made[HASH_INNER_SIZE];
    size_t wanted = strlen(hash->crypt);
    bool right = run_crypt(password, length, hash->crypt, made) && strlen(made) == wanted &&
                 sodium_memcmp(made, hash->crypt, wanted) == 0;
    sodium_memzero(made, sizeof made);
    return right;
}

static bool verify_as_is(const struct hash *hash, const char *password, size_t length)
{
    unsigned char value[HASH_BYTES];
    if (hash->is_wrapped)
        return verify_wrapped(hash, password, length);
    if (hash->function == HASH_ARGON2)
        return crypto_pwhash_str_verify(hash->text, password, length) == 0;
    if (hash->function == HASH_CRYPT)
        return verify_crypt(hash, password, length);
    bool right = derive(hash, password, length, value) &&
                 sodium_memcmp(value, hash->value.bytes, hash->value.length) == 0;
    sodium_memzero(value, sizeof value);
    return right;
}

bool hash_verify(const struct hash *hash, const char *password, size_t length)
{
    unsigned char digest[crypto_hash_sha256_BYTES];
    char hex[2 * sizeof digest + 1];
    if (!hash->hashed_first)
        return verify_as_is(hash, password, length);
    (void)crypto_hash_sha256(digest, (const unsigned char *)password, length);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    bool right = verify_as_is(hash, hex, sizeof hex - 1);
    sodium_memzero(digest, sizeof digest);
    sodium_memzero(hex, sizeof hex);
    return right;
}
