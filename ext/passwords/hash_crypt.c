/* SPDX-License-Identifier: MIT */
/* Formats of crypt(3), which libxcrypt verifies. Their shape is checked here, so that a broken one
 * is told by the rule that it breaks, and their cost is read, since libxcrypt takes any. */
#include "passwords/hash_text.h"

#include <string.h>

static const char alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/*
 * Work of one round, as KiB of memory that Argon2 fills in the same time. Measured side by side on
 * one machine; others differ by a factor of two or so, which a bound does not mind.
 */
enum {
    BCRYPT_ROUND_KIB = 64,
    SHA_ROUND_KIB = 2, /* of SHA-256 and SHA-512; longer passwords take longer */
    SHA1_ROUND_KIB = 3,
    SUN_ROUND_KIB = 2,
    MD5_CRYPT_KIB = 256,
    DES_KIB = 8,
    BSDI_ROUNDS_PER_KIB = 4,
    YESCRYPT_PASS = 3, /* times its memory, and twice for each t */
    SMALL_KIB = 8,     /* memory of what needs next to none */
};
enum {
    OTHER_SALT = 86, /* 64 bytes, as yescrypt has room for */
    BCRYPT_SALT = 22,
    BCRYPT_DIGEST = 31,
    SUN_ROUNDS = 4096, /* in addition to those that are named */
    SHA_DEFAULT_ROUNDS = 5000,
    SHA_LEAST_ROUNDS = 1000,
    SHA_MOST_ROUNDS = 999999999,
    DES_LENGTH = 13,
    DES_SALT = 2,
    BSDI_LENGTH = 20,
    BSDI_SETTING = 9,
    YESCRYPT_DIGEST = 43,
    YESCRYPT_RS = 5, /* digits of r and p in $7$ */
    MOST_LOG_N = 63
};

static int value_of(char c)
{
    const char *found = c == '\0' ? NULL : strchr(alphabet, c);
    return found == NULL ? -1 : (int)(found - alphabet);
}

static bool is_coded(const char *text, size_t length)
{
    return strspn(text, alphabet) >= length;
}

/* The salt, a `$` (Solaris: two) and a digest of exactly that many characters. */
static enum rule read_digest(struct hash *hash, const char *rest, size_t longest_salt,
                             size_t length)
{
    const char *end = strchr(rest, '$'), *digest = end == NULL ? rest : end + 1;
    digest += end != NULL && hash->crypt[1] == 'm' && *digest == '$';
    hash->function = HASH_CRYPT;
    hash->setting = (size_t)(digest - hash->crypt);
    if (end == NULL || strchr(digest, '$') != NULL)
        return RULE_hash_parts;
    if ((size_t)(end - rest) > longest_salt)
        return RULE_hash_salt;
    if (strlen(digest) != length)
        return RULE_hash_digest;
    return is_coded(digest, length) ? RULE_as_given : RULE_hash_encoding;
}

static void set_cost(struct hash *hash, uint64_t memory_kib, uint64_t work_kib)
{
    hash->crypt_memory_kib = memory_kib;
    hash->crypt_work_kib = work_kib;
}

/* $2b$12$SALT22DIGEST31 */
enum rule hash_read_bcrypt(struct hash *hash, const char *prefix, const char *rest)
{
    size_t length = strlen(rest);
    (void)prefix;
    hash->function = HASH_CRYPT;
    if (length < 3 || rest[2] != '$')
        return RULE_hash_parts;
    if (rest[0] < '0' || rest[0] > '3' || rest[1] < '0' || rest[1] > '9')
        return RULE_hash_parameters;
    int cost = (rest[0] - '0') * 10 + rest[1] - '0';
    if (cost < 4 || cost > 31)
        return RULE_hash_parameters;
    if (length != 3 + BCRYPT_SALT + BCRYPT_DIGEST)
        return length < 3 + BCRYPT_SALT ? RULE_hash_salt : RULE_hash_digest;
    if (!is_coded(rest + 3, BCRYPT_SALT + BCRYPT_DIGEST))
        return RULE_hash_encoding;
    hash->setting = (size_t)(rest + 3 + BCRYPT_SALT - hash->crypt);
    set_cost(hash, SMALL_KIB, (uint64_t)BCRYPT_ROUND_KIB << cost);
    return RULE_as_given;
}

/* bcrypt_sha256$$2b$12$...: bcrypt of the SHA-256, in hex. */
enum rule hash_read_django_bcrypt(struct hash *hash, const char *prefix, const char *rest)
{
    static const char *const kinds[] = {"$2a$", "$2b$", "$2y$"};
    hash->hashed_first = true;
    hash->crypt = rest;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *at = rest;
        if (hash_skip(&at, kinds[i]))
            return hash_read_bcrypt(hash, prefix, at);
    }
    return RULE_hash_parts;
}

/* $1$SALT$DIGEST */
enum rule hash_read_md5crypt(struct hash *hash, const char *prefix, const char *rest)
{
    enum { LONGEST_SALT = 8, DIGEST = 22 };
    (void)prefix;
    set_cost(hash, SMALL_KIB, MD5_CRYPT_KIB);
    return read_digest(hash, rest, LONGEST_SALT, DIGEST);
}

/* `rounds=N$` before the salt, where it is there. */
static bool read_rounds(const char **rest, uint32_t *rounds)
{
    return !hash_skip(rest, "rounds=") || (hash_number(rest, rounds) && hash_skip(rest, "$"));
}

/* $5$rounds=535000$SALT$DIGEST and $6$..., $sha1$24680$SALT$DIGEST, $md5,rounds=5000$SALT$$DIGEST
 */
enum rule hash_read_crypt_rounds(struct hash *hash, const char *prefix, const char *rest)
{
    enum { SALT = 16, MD5 = 22, SHA1 = 28, SHA256 = 43, SHA512 = 86 };
    uint32_t rounds = SHA_DEFAULT_ROUNDS;
    if (prefix[1] == '5' || prefix[1] == '6') {
        if (!read_rounds(&rest, &rounds) || rounds < SHA_LEAST_ROUNDS || rounds > SHA_MOST_ROUNDS)
            return RULE_hash_parameters;
        set_cost(hash, SMALL_KIB, (uint64_t)rounds * SHA_ROUND_KIB);
        return read_digest(hash, rest, SALT, prefix[1] == '5' ? SHA256 : SHA512);
    }
    if (prefix[1] == 's') {
        if (!hash_number(&rest, &rounds) || rounds < 1 || !hash_skip(&rest, "$"))
            return RULE_hash_parameters;
        set_cost(hash, SMALL_KIB, (uint64_t)rounds * SHA1_ROUND_KIB);
        return read_digest(hash, rest, OTHER_SALT, SHA1);
    }
    rounds = 0;
    if (!read_rounds(&rest, &rounds))
        return RULE_hash_parameters;
    set_cost(hash, SMALL_KIB, ((uint64_t)rounds + SUN_ROUNDS) * SUN_ROUND_KIB);
    return read_digest(hash, rest, OTHER_SALT, MD5);
}

/*
 * A number of yescrypt's settings, which begin at `least`: one digit for the first 48, then two,
 * three and so on, where the first digit tells how many there are: each further digit is told by
 * half of the first ones that are left.
 */
static bool read_varying(const char **at, uint32_t least, uint32_t *number)
{
    uint32_t first = 0, last = 47, more = 0;
    int digit = value_of(**at);
    if (digit < 0)
        return false;
    *number = least;
    while ((uint32_t)digit > last) {
        *number += (last + 1 - first) << (6 * more);
        first = last + 1;
        last = first + (62 - last) / 2;
        more++;
    }
    if (more > 4)
        return false;
    *number += ((uint32_t)digit - first) << (6 * more);
    for ((*at)++; more > 0; (*at)++) {
        digit = value_of(**at);
        if (digit < 0)
            return false;
        *number += (uint32_t)digit << (6 * --more);
    }
    return true;
}

/* Memory and work of N, r, p and t; false where they are out of all bounds. */
static bool set_scrypt_cost(struct hash *hash, uint32_t log_n, uint32_t r, uint32_t p, uint32_t t)
{
    if (log_n < 1 || log_n > MOST_LOG_N || r < 1 || p < 1 || (uint64_t)r * p >= UINT64_C(1) << 30)
        return false;
    /* Beyond every bound already, and within 64 bits. */
    uint64_t memory = log_n > 30 ? UINT64_C(1) << 40 : (UINT64_C(1) << log_n) * r / 8 + 1;
    uint64_t passes = (YESCRYPT_PASS + 2 * (uint64_t)t) * p;
    set_cost(hash, memory, memory > UINT64_MAX / passes ? UINT64_MAX : memory * passes);
    return true;
}

/* $y$PARAMETERS$SALT$DIGEST */
enum rule hash_read_yescrypt(struct hash *hash, const char *prefix, const char *rest)
{
    enum { HAS_P = 1, HAS_T = 2, HAS_G = 4, HAS_ROM = 8 };
    uint32_t flavour, log_n, r, has = 0, p = 1, t = 0, unused;
    (void)prefix;
    bool read = read_varying(&rest, 0, &flavour) && read_varying(&rest, 1, &log_n) &&
                read_varying(&rest, 1, &r);
    if (read && *rest != '$')
        read = read_varying(&rest, 1, &has) && ((has & HAS_P) == 0 || read_varying(&rest, 2, &p)) &&
               ((has & HAS_T) == 0 || read_varying(&rest, 1, &t)) &&
               ((has & HAS_G) == 0 || read_varying(&rest, 1, &unused)) &&
               ((has & HAS_ROM) == 0 || read_varying(&rest, 1, &unused));
    if (!read || *rest != '$' || !set_scrypt_cost(hash, log_n, r, p, t))
        return RULE_hash_parameters;
    if ((has & (HAS_G | HAS_ROM)) != 0)
        return RULE_hash_unsupported;
    return read_digest(hash, rest + 1, OTHER_SALT, YESCRYPT_DIGEST);
}

/* $7$NrrrrrpppppSALT$DIGEST */
enum rule hash_read_crypt_scrypt(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t numbers[2] = {0, 0};
    (void)prefix;
    if (!is_coded(rest, 1 + 2 * YESCRYPT_RS))
        return RULE_hash_parameters;
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < YESCRYPT_RS; k++)
            numbers[i] |= (uint32_t)value_of(rest[1 + i * YESCRYPT_RS + k]) << (6 * k);
    if (!set_scrypt_cost(hash, (uint32_t)value_of(rest[0]), numbers[0], numbers[1], 0))
        return RULE_hash_parameters;
    return read_digest(hash, rest + 1 + 2 * YESCRYPT_RS, OTHER_SALT, YESCRYPT_DIGEST);
}

/* SSDIGEST of Unix, _CCCCSSSSDIGEST of BSD/OS */
enum rule hash_read_des(struct hash *hash, const char *prefix, const char *rest)
{
    hash->function = HASH_CRYPT;
    hash->setting = DES_SALT;
    set_cost(hash, SMALL_KIB, DES_KIB);
    if (prefix[0] != '_')
        return is_coded(rest, DES_LENGTH) ? RULE_as_given : RULE_hash_encoding;
    uint64_t rounds = 0;
    hash->setting = BSDI_SETTING;
    if (strlen(hash->crypt) != BSDI_LENGTH)
        return RULE_hash_digest;
    if (!is_coded(rest, BSDI_LENGTH - 1))
        return RULE_hash_encoding;
    for (size_t k = 0; k < 4; k++)
        rounds |= (uint64_t)value_of(rest[k]) << (6 * k);
    if (rounds == 0)
        return RULE_hash_parameters;
    set_cost(hash, SMALL_KIB, rounds / BSDI_ROUNDS_PER_KIB + 1);
    return RULE_as_given;
}
