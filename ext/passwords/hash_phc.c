/* SPDX-License-Identifier: MIT */
/* Formats whose cost stands in them by name or place: Argon2, PBKDF2, scrypt, Firebase's scrypt. */
#include "passwords/hash_text.h"

#include <string.h>

enum {
    LEAST_SALT = 8,  /* octets: RFC 9106 */
    LEAST_HASH = 16, /* octets: what libsodium verifies */
    LEAST_PBKDF2 = 12,
    LEAST_SCRYPT = 16,
    BLOCKS_PER_LANE = 8, /* KiB: RFC 9106 */
    MOST_MEMORY_KIB = 4194304,
    MOST_LANES = 0xffffff,
    ARGON2_VERSION = 19,
    MOST_LOG_N = 31
};

static bool read_both(struct hash *hash, struct hash_part salt, struct hash_part value)
{
    return hash_base64(salt, &hash->before) && hash_base64(value, &hash->value);
}

/* `name`, then the number in decimal; returns where the text goes on. */
static char *put_number(char *at, const char *name, uint32_t number)
{
    uint32_t place = 1;
    at = stpcpy(at, name);
    while (number / place >= 10)
        place *= 10;
    for (; place > 0; place /= 10)
        *at++ = (char)('0' + number / place % 10);
    return at;
}

/* Written anew: the members' order and padding are the same for all that is kept. Without printf(),
 * since a file has one of these in each of its rows. */
static void write_argon2(struct hash *hash)
{
    _Static_assert(sizeof "$argon2id$v=4294967295$m=4294967295,t=4294967295,p=4294967295$$" +
                           2 * (HASH_BYTES + 2) / 3 * 4 <
                       PASSWORD_STORED_SIZE,
                   "the largest numbers fit");
    char *at = stpcpy(hash->text, hash->argon2id ? "$argon2id" : "$argon2i");
    at = put_number(at, "$v=", ARGON2_VERSION);
    at = put_number(at, "$m=", hash->memory_kib);
    at = put_number(at, ",t=", hash->passes);
    at = put_number(at, ",p=", hash->lanes);
    stpcpy(at, "$");
    hash_append_base64(hash->text, &hash->before);
    strcat(hash->text, "$");
    hash_append_base64(hash->text, &hash->value);
}

/* $argon2id$v=19$m=65536,t=3,p=4$SALT$HASH */
enum rule hash_read_argon2(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t version = ARGON2_VERSION;
    struct hash_part first = hash_part(&rest, '$');
    const struct hash_parameter version_only[] = {{"v", &version}};
    const struct hash_parameter costs[] = {
        {"m", &hash->memory_kib}, {"t", &hash->passes}, {"p", &hash->lanes}};
    hash->function = HASH_ARGON2;
    hash->argon2id = strstr(prefix, "argon2id") != NULL;
    if (!hash_parameters(first, version_only, 1)) /* of the time before versions */
        return strchr(rest, '$') == NULL ? RULE_hash_parts : RULE_hash_unsupported;
    struct hash_part second = hash_part(&rest, '$'), salt = hash_part(&rest, '$'),
                     value = hash_part(&rest, '$');
    if (value.length == 0 || rest[0] != '\0' || value.text[value.length] == '$')
        return RULE_hash_parts;
    if (version != ARGON2_VERSION)
        return RULE_hash_unsupported;
    if (!hash_parameters(second, costs, 3) || hash->passes < 1 || hash->lanes < 1 ||
        hash->lanes > MOST_LANES || hash->memory_kib > MOST_MEMORY_KIB ||
        hash->memory_kib / BLOCKS_PER_LANE < hash->lanes)
        return RULE_hash_parameters;
    if (!read_both(hash, salt, value))
        return RULE_hash_encoding;
    if (hash->before.length < LEAST_SALT)
        return RULE_hash_salt;
    if (hash->value.length < LEAST_HASH)
        return RULE_hash_digest;
    write_argon2(hash);
    return RULE_as_given;
}

/* libcrypto has no MD4, and SHA-224 and SHA-384 are two things: Kratos means SHA-3 by them. */
static bool is_of_pbkdf2(enum hash_digest digest)
{
    return digest == HASH_MD5 || digest == HASH_SHA1 || digest == HASH_SHA256 ||
           digest == HASH_SHA512;
}

static enum rule check_pbkdf2(const struct hash *hash)
{
    if (hash->iterations < 1)
        return RULE_hash_parameters;
    return hash->value.length < LEAST_PBKDF2 ? RULE_hash_digest : RULE_as_given;
}

/* $pbkdf2-sha256$29000$SALT$HASH (passlib; without a name it is SHA-1), or
 * $pbkdf2-sha256$i=29000,l=32$SALT$HASH */
enum rule hash_read_pbkdf2(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t length = 0;
    const struct hash_parameter names[] = {{"i", &hash->iterations}, {"l", &length}};
    hash->function = HASH_PBKDF2;
    hash->digest = HASH_SHA1;
    if (prefix[strlen(prefix) - 1] == '-') {
        struct hash_part name = hash_part(&rest, '$');
        hash->digest = hash_digest_named(name.text, name.length);
    }
    if (!is_of_pbkdf2(hash->digest))
        return RULE_hash_unsupported;
    struct hash_part cost = hash_part(&rest, '$'), salt = hash_part(&rest, '$');
    const char *number = cost.text;
    if (salt.text[salt.length] != '$' || strchr(rest, '$') != NULL)
        return RULE_hash_parts;
    if (!(hash_number(&number, &hash->iterations) && number == cost.text + cost.length) &&
        !hash_parameters(cost, names, 2))
        return RULE_hash_parameters;
    if (!read_both(hash, salt, hash_part(&rest, '$')))
        return RULE_hash_encoding;
    return length != 0 && length != hash->value.length ? RULE_hash_digest : check_pbkdf2(hash);
}

/* pbkdf2_sha256$600000$SALT$HASH: the salt is the text itself. */
enum rule hash_read_django_pbkdf2(struct hash *hash, const char *prefix, const char *rest)
{
    (void)prefix;
    hash->function = HASH_PBKDF2;
    struct hash_part name = hash_part(&rest, '$');
    hash->digest = hash_digest_named(name.text, name.length);
    if (!is_of_pbkdf2(hash->digest))
        return RULE_hash_unsupported;
    if (!hash_number(&rest, &hash->iterations))
        return RULE_hash_parameters;
    if (!hash_skip(&rest, "$"))
        return RULE_hash_parts;
    struct hash_part salt = hash_part(&rest, '$');
    if (salt.text[salt.length] != '$' || strchr(rest, '$') != NULL)
        return RULE_hash_parts;
    if (!hash_base64(hash_part(&rest, '$'), &hash->value))
        return RULE_hash_encoding;
    return hash_plain(salt, &hash->before) ? check_pbkdf2(hash) : RULE_hash_salt;
}

static bool read_n(uint32_t n, struct hash *hash)
{
    for (hash->log_n = 1; hash->log_n <= MOST_LOG_N; hash->log_n++)
        if (n == UINT32_C(1) << hash->log_n)
            return true;
    return false;
}

enum rule hash_check_scrypt(const struct hash *hash)
{
    if (hash->log_n < 1 || hash->log_n > MOST_LOG_N || hash->r < 1 || hash->p < 1 ||
        (uint64_t)hash->r * hash->p >= UINT64_C(1) << 30)
        return RULE_hash_parameters;
    return hash->value.length < LEAST_SCRYPT ? RULE_hash_digest : RULE_as_given;
}

/* $scrypt$ln=16,r=8,p=1$SALT$HASH; Kratos writes N itself where the others write its logarithm. */
enum rule hash_read_scrypt(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t ln = 0;
    const struct hash_parameter names[] = {{"ln", &ln}, {"r", &hash->r}, {"p", &hash->p}};
    (void)prefix;
    hash->function = HASH_SCRYPT;
    struct hash_part cost = hash_part(&rest, '$'), salt = hash_part(&rest, '$');
    if (salt.text[salt.length] != '$' || strchr(rest, '$') != NULL)
        return RULE_hash_parts;
    if (!hash_parameters(cost, names, 3) || ln < 1)
        return RULE_hash_parameters;
    if (ln <= MOST_LOG_N)
        hash->log_n = ln;
    else if (!read_n(ln, hash))
        return RULE_hash_parameters;
    return read_both(hash, salt, hash_part(&rest, '$')) ? hash_check_scrypt(hash)
                                                        : RULE_hash_encoding;
}

/* scrypt$16384$SALT$8$1$HASH: the salt is the text itself. */
enum rule hash_read_django_scrypt(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t n;
    (void)prefix;
    hash->function = HASH_SCRYPT;
    if (!hash_number(&rest, &n) || !read_n(n, hash))
        return RULE_hash_parameters;
    if (!hash_skip(&rest, "$"))
        return RULE_hash_parts;
    struct hash_part salt = hash_part(&rest, '$');
    if (salt.text[salt.length] != '$')
        return RULE_hash_parts;
    if (!hash_number(&rest, &hash->r) || !hash_skip(&rest, "$") || !hash_number(&rest, &hash->p))
        return RULE_hash_parameters;
    if (!hash_skip(&rest, "$") || strchr(rest, '$') != NULL)
        return RULE_hash_parts;
    if (!hash_base64(hash_part(&rest, '$'), &hash->value))
        return RULE_hash_encoding;
    return hash_plain(salt, &hash->before) ? hash_check_scrypt(hash) : RULE_hash_salt;
}

static enum rule take_project(struct hash *hash)
{
    const struct password_firebase *project = hash->firebase;
    if (project == NULL)
        return RULE_hash_project;
    hash->log_n = project->memory_cost;
    hash->r = project->rounds;
    hash->p = 1;
    hash->key = project->key;
    hash->after = project->separator;
    return hash->value.length == hash->key.length ? RULE_as_given : RULE_hash_digest;
}

/* $firescrypt$SALT$HASH, with the project's parameters in the settings, or with them (Kratos):
 * $firescrypt$ln=14,r=8,p=1$SALT$HASH$SEPARATOR$KEY. The hash is the key, encrypted. */
enum rule hash_read_firebase(struct hash *hash, const char *prefix, const char *rest)
{
    uint32_t ln = 0;
    const struct hash_parameter names[] = {{"ln", &ln}, {"r", &hash->r}, {"p", &hash->p}};
    (void)prefix;
    hash->function = HASH_FIREBASE;
    bool whole =
        strncmp(rest, "ln=", 3) == 0 || strncmp(rest, "r=", 2) == 0 || strncmp(rest, "p=", 2) == 0;
    struct hash_part cost = whole ? hash_part(&rest, '$') : (struct hash_part){rest, 0};
    struct hash_part salt = hash_part(&rest, '$');
    if (salt.text[salt.length] != '$')
        return RULE_hash_parts;
    struct hash_part value = hash_part(&rest, '$');
    if ((value.text[value.length] == '$') != whole)
        return RULE_hash_parts;
    if (!read_both(hash, salt, value))
        return RULE_hash_encoding;
    if (hash->before.length == 0)
        return RULE_hash_salt;
    if (!whole)
        return take_project(hash);
    struct hash_part separator = hash_part(&rest, '$');
    if (separator.text[separator.length] != '$' || strchr(rest, '$') != NULL)
        return RULE_hash_parts;
    if (!hash_parameters(cost, names, 3) || ln < 1 || ln > MOST_LOG_N)
        return RULE_hash_parameters;
    hash->log_n = ln;
    if (!hash_base64(separator, &hash->after) || !hash_base64(hash_part(&rest, '$'), &hash->key))
        return RULE_hash_encoding;
    if (hash->key.length == 0 || hash->value.length != hash->key.length)
        return RULE_hash_digest;
    return hash_check_scrypt(hash);
}
