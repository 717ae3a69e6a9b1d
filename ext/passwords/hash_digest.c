/* SPDX-License-Identifier: MIT */
/* Formats of one digest or HMAC, with or without a salt; and what is kept of a hash that was fast,
 * wrapped in Argon2id. */
#include "passwords/hash_text.h"

#include <sodium.h>
#include <string.h>

const char *const hash_digest_names[HASH_DIGESTS] = {
    [HASH_MD4] = "md4",       [HASH_MD5] = "md5",
    [HASH_SHA1] = "sha1",     [HASH_SHA224] = "sha224",
    [HASH_SHA256] = "sha256", [HASH_SHA384] = "sha384",
    [HASH_SHA512] = "sha512", [HASH_RIPEMD160] = "ripemd160"};
const size_t hash_digest_lengths[HASH_DIGESTS] = {
    [HASH_MD4] = 16,    [HASH_MD5] = 16,    [HASH_SHA1] = 20,   [HASH_SHA224] = 28,
    [HASH_SHA256] = 32, [HASH_SHA384] = 48, [HASH_SHA512] = 64, [HASH_RIPEMD160] = 20};

static const char outer_begin[] = "$argon2id$", nthash[] = "nthash";

/* `-` within a name, and the case of its letters, do not matter. */
static bool is_named(const char *name, size_t length, const char *wanted)
{
    for (size_t i = 0; i < length; i++) {
        char c = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] + 'a' - 'A') : name[i];
        if (c != '-' && c != *wanted++)
            return false;
    }
    return *wanted == '\0';
}

enum hash_digest hash_digest_named(const char *name, size_t length)
{
    enum hash_digest digest = HASH_MD4;
    if (is_named(name, length, "sha"))
        return HASH_SHA1;
    while (digest < HASH_DIGESTS && !is_named(name, length, hash_digest_names[digest]))
        digest++;
    return digest;
}

/* {SSHA256}, whose salt stands behind the digest, and {SHA256} */
enum rule hash_read_ldap(struct hash *hash, const char *prefix, const char *rest)
{
    bool salted = strncmp(prefix, "{SS", 3) == 0 || strncmp(prefix, "{SM", 3) == 0;
    const char *name = prefix + 1 + salted;
    hash->function = HASH_DIGEST;
    hash->digest = hash_digest_named(name, strcspn(name, "}"));
    if (hash->digest == HASH_DIGESTS)
        return RULE_hash_unsupported;
    if (!hash_base64(hash_part(&rest, '\0'), &hash->value))
        return RULE_hash_encoding;
    size_t length = hash_digest_lengths[hash->digest];
    if (hash->value.length < length || (!salted && hash->value.length > length))
        return RULE_hash_digest;
    hash->after.length = hash->value.length - length;
    memcpy(hash->after.bytes, hash->value.bytes + length, hash->after.length);
    hash->value.length = length;
    return salted && hash->after.length == 0 ? RULE_hash_salt : RULE_as_given;
}

static enum rule check_length(const struct hash *hash)
{
    return hash->value.length == hash_digest_lengths[hash->digest] ? RULE_as_given
                                                                   : RULE_hash_digest;
}

/* $3$$HEX: MD4 of UTF-16. libxcrypt makes it of single bytes, and wrong where they are not ASCII.
 */
enum rule hash_read_nthash(struct hash *hash, const char *prefix, const char *rest)
{
    (void)prefix;
    hash->function = HASH_DIGEST;
    hash->digest = HASH_MD4;
    hash->wide = true;
    return hash_hex(hash_part(&rest, '\0'), &hash->value) ? check_length(hash) : RULE_hash_encoding;
}

/* sha1$SALT$HEX; the salt may be empty. */
enum rule hash_read_django_digest(struct hash *hash, const char *prefix, const char *rest)
{
    hash->function = HASH_DIGEST;
    hash->digest = hash_digest_named(prefix, strlen(prefix) - 1);
    struct hash_part salt = hash_part(&rest, '$'), value = hash_part(&rest, '$');
    if (salt.text[salt.length] != '$' || value.text[value.length] != '\0')
        return RULE_hash_parts;
    if (!hash_hex(value, &hash->value))
        return RULE_hash_encoding;
    return hash_plain(salt, &hash->before) ? check_length(hash) : RULE_hash_salt;
}

static bool add(struct hash_bytes *bytes, const void *more, size_t length)
{
    if (length > sizeof bytes->bytes - bytes->length)
        return false;
    memcpy(bytes->bytes + bytes->length, more, length);
    bytes->length += length;
    return true;
}

/* What stands around the password by a pattern such as {SALT}{PASSWORD}. */
static bool take_pattern(struct hash *hash, const struct hash_bytes *pattern,
                         const struct hash_bytes *salt)
{
    static const char salt_here[] = "{SALT}", password_here[] = "{PASSWORD}";
    struct hash_bytes *side = &hash->before;
    hash->before.length = hash->after.length = 0;
    for (size_t i = 0; i < pattern->length;) {
        size_t left = pattern->length - i;
        const unsigned char *at = pattern->bytes + i;
        bool fits = true;
        if (left >= sizeof salt_here - 1 && memcmp(at, salt_here, sizeof salt_here - 1) == 0) {
            fits = add(side, salt->bytes, salt->length);
            i += sizeof salt_here - 1;
        } else if (left >= sizeof password_here - 1 &&
                   memcmp(at, password_here, sizeof password_here - 1) == 0) {
            fits = side == &hash->before; /* only once */
            side = &hash->after;
            i += sizeof password_here - 1;
        } else {
            fits = add(side, at, 1);
            i++;
        }
        if (!fits)
            return false;
    }
    return side == &hash->after;
}

/* $sha256$pf=PATTERN$SALT$HASH, all three in base64 */
enum rule hash_read_digest(struct hash *hash, const char *prefix, const char *rest)
{
    struct hash_bytes pattern, salt;
    const char *name = prefix + 1;
    hash->function = HASH_DIGEST;
    hash->digest = hash_digest_named(name, strcspn(name, "$"));
    struct hash_part parts[3] = {hash_part(&rest, '$'), hash_part(&rest, '$'),
                                 hash_part(&rest, '$')};
    if (parts[1].text[parts[1].length] != '$' || parts[2].text[parts[2].length] != '\0')
        return RULE_hash_parts;
    if (!hash_base64(parts[0], &pattern) || !hash_base64(parts[1], &salt) ||
        !hash_base64(parts[2], &hash->value))
        return RULE_hash_encoding;
    return take_pattern(hash, &pattern, &salt) ? check_length(hash) : RULE_hash_parameters;
}

/* $hmac-sha256$HASH$KEY; Kratos has the hash in hex before it is in base64. */
enum rule hash_read_hmac(struct hash *hash, const char *prefix, const char *rest)
{
    (void)prefix;
    hash->function = HASH_HMAC;
    struct hash_part name = hash_part(&rest, '$'), value = hash_part(&rest, '$'),
                     key = hash_part(&rest, '$');
    hash->digest = hash_digest_named(name.text, name.length);
    if (hash->digest == HASH_DIGESTS)
        return RULE_hash_unsupported;
    if (value.text[value.length] != '$' || key.text[key.length] != '\0')
        return RULE_hash_parts;
    if (!hash_base64(value, &hash->value) || !hash_base64(key, &hash->key))
        return RULE_hash_encoding;
    if (hash->value.length == 2 * hash_digest_lengths[hash->digest]) {
        struct hash_bytes hex = hash->value;
        if (!hash_hex((struct hash_part){(const char *)hex.bytes, hex.length}, &hash->value))
            return RULE_hash_encoding;
    }
    return check_length(hash);
}

/* Wrapped: RECIPE$argon2id$... */

bool hash_recipe(const struct hash *hash, char recipe[PASSWORD_STORED_SIZE])
{
    recipe[0] = '\0';
    switch (hash->function) {
    case HASH_CRYPT:
        return hash_append(recipe, "%s%.*s",
                           hash->hashed_first ? "crypt-sha256:" : "crypt:", (int)hash->setting,
                           hash->crypt);
    case HASH_PBKDF2:
        return hash_append(recipe, "pbkdf2-%s:%u:%zu:", hash_digest_names[hash->digest],
                           (unsigned)hash->iterations, hash->value.length) &&
               hash_append_base64(recipe, &hash->before);
    case HASH_HMAC:
        return hash_append(recipe, "hmac-%s:", hash_digest_names[hash->digest]) &&
               hash_append_base64(recipe, &hash->key);
    case HASH_DIGEST:
        return hash_append(recipe, "%s", hash->wide ? nthash : hash_digest_names[hash->digest]) &&
               (hash->before.length + hash->after.length == 0 ||
                (hash_append(recipe, ":") && hash_append_base64(recipe, &hash->before) &&
                 hash_append(recipe, ":") && hash_append_base64(recipe, &hash->after)));
    case HASH_SCRYPT:
        return hash_append(recipe, "scrypt:%u:%u:%u:%zu:", hash->log_n, (unsigned)hash->r,
                           (unsigned)hash->p, hash->value.length) &&
               hash_append_base64(recipe, &hash->before);
    case HASH_ARGON2:
    case HASH_FIREBASE:
        break;
    }
    return false; /* never fast: see hash_is_fast() */
}

/* One part of a recipe: up to `:` or the recipe's end. */
static struct hash_part recipe_part(const char **at, const char *end)
{
    struct hash_part part = {*at, 0};
    while (*at + part.length < end && (*at)[part.length] != ':')
        part.length++;
    *at += part.length + (*at + part.length < end);
    return part;
}

/* A setting of crypt(3): a digest as long as its own is put behind it, and read with it. */
static enum rule read_setting(struct hash *hash, const char *at, const char *end)
{
    static const struct {
        const char *prefix;
        hash_reader *read;
        size_t digest;
    } kinds[] = {{"$1$", hash_read_md5crypt, 22},
                 {"$2a$", hash_read_bcrypt, 31},
                 {"$2b$", hash_read_bcrypt, 31},
                 {"$2x$", hash_read_bcrypt, 31},
                 {"$2y$", hash_read_bcrypt, 31},
                 {"$5$", hash_read_crypt_rounds, 43},
                 {"$6$", hash_read_crypt_rounds, 86},
                 {"$sha1$", hash_read_crypt_rounds, 28},
                 {"$7$", hash_read_crypt_scrypt, 43},
                 {"$y$", hash_read_yescrypt, 43},
                 {"$gy$", hash_read_yescrypt, 43},
                 {"_", hash_read_des, 11},
                 {"", hash_read_des, 11}};
    struct hash whole;
    size_t kind = 0, length = (size_t)(end - at);
    while (strncmp(at, kinds[kind].prefix, strlen(kinds[kind].prefix)) != 0)
        kind++;
    const char *prefix = kinds[kind].prefix;
    if (length + kinds[kind].digest >= sizeof whole.text || length < strlen(prefix))
        return RULE_hash_parts;
    memset(&whole, 0, sizeof whole);
    memcpy(whole.text, at, length);
    memset(whole.text + length, '0', kinds[kind].digest);
    whole.crypt = whole.text;
    enum rule rule = kinds[kind].read(&whole, prefix, whole.text + strlen(prefix));
    hash->function = HASH_CRYPT;
    hash->crypt = at;
    hash->setting = length;
    hash->crypt_memory_kib = whole.crypt_memory_kib;
    hash->crypt_work_kib = whole.crypt_work_kib;
    return rule == RULE_as_given && whole.setting != length ? RULE_hash_parts : rule;
}

/* scrypt:LOG_N:R:P:LENGTH:SALT */
static enum rule read_scrypt(struct hash *hash, const char *at, const char *end)
{
    uint32_t numbers[4];
    for (size_t i = 0; i < 4; i++)
        if (!hash_number(&at, &numbers[i]) || !hash_skip(&at, ":"))
            return RULE_hash_parameters;
    if (numbers[3] > HASH_BYTES)
        return RULE_hash_digest;
    hash->function = HASH_SCRYPT;
    hash->log_n = numbers[0];
    hash->r = numbers[1];
    hash->p = numbers[2];
    hash->value.length = numbers[3];
    struct hash_part salt = {at, at < end ? (size_t)(end - at) : 0};
    return hash_base64(salt, &hash->before) ? hash_check_scrypt(hash) : RULE_hash_encoding;
}

static enum rule read_recipe(struct hash *hash, const char *at, const char *end)
{
    struct hash_part name = recipe_part(&at, end);
    hash->hashed_first = name.length == 12 && memcmp(name.text, "crypt-sha256", 12) == 0;
    if (hash->hashed_first || (name.length == 5 && memcmp(name.text, "crypt", 5) == 0))
        return read_setting(hash, at, end);
    if (name.length == 6 && memcmp(name.text, "scrypt", 6) == 0)
        return read_scrypt(hash, at, end);
    bool hmac = name.length > 5 && memcmp(name.text, "hmac-", 5) == 0,
         pbkdf2 = name.length > 7 && memcmp(name.text, "pbkdf2-", 7) == 0;
    size_t skipped = hmac ? 5 : pbkdf2 ? 7 : 0;
    hash->function = hmac ? HASH_HMAC : pbkdf2 ? HASH_PBKDF2 : HASH_DIGEST;
    hash->wide = name.length == sizeof nthash - 1 && memcmp(name.text, nthash, name.length) == 0;
    hash->digest =
        hash->wide ? HASH_MD4 : hash_digest_named(name.text + skipped, name.length - skipped);
    if (hash->digest == HASH_DIGESTS || (pbkdf2 && hash->digest == HASH_MD4))
        return RULE_hash_unknown;
    hash->value.length = hash_digest_lengths[hash->digest];
    if (pbkdf2) {
        uint32_t length;
        if (!hash_number(&at, &hash->iterations) || hash->iterations < 1 || !hash_skip(&at, ":") ||
            !hash_number(&at, &length) || length < 1 || length > HASH_BYTES || !hash_skip(&at, ":"))
            return RULE_hash_parameters;
        hash->value.length = length;
    }
    struct hash_part first = recipe_part(&at, end), second = recipe_part(&at, end);
    return at == end && hash_base64(first, hmac ? &hash->key : &hash->before) &&
                   hash_base64(second, &hash->after)
               ? RULE_as_given
               : RULE_hash_encoding;
}

enum rule hash_read_wrapped(struct hash *hash, const char *prefix, const char *rest)
{
    struct hash outer;
    (void)prefix;
    (void)rest;
    /* The last: a salt may look like it. */
    for (const char *at = hash->text; (at = strstr(at, outer_begin)) != NULL; at++)
        hash->outer = at;
    hash->is_wrapped = true;
    if (hash->outer == NULL)
        return RULE_hash_parts;
    enum rule rule = read_recipe(hash, hash->text, hash->outer);
    if (rule != RULE_as_given)
        return rule;
    memset(&outer, 0, sizeof outer);
    rule = hash_read_argon2(&outer, outer_begin, hash->outer + sizeof outer_begin - 1);
    if (rule == RULE_as_given && strcmp(outer.text, hash->outer) != 0)
        rule = RULE_hash_parts; /* nobody but us writes them */
    hash->memory_kib = outer.memory_kib;
    hash->passes = outer.passes;
    hash->lanes = outer.lanes;
    return rule;
}
