/* SPDX-License-Identifier: MIT */
/* The one table of formats, and how a text is told to be one of them. */
#include <string.h>

#include "passwords/hash_text.h"

/* The first row whose prefix fits is meant. The listing, the manual and the tests are made from it.
 */
static const struct hash_format formats[] = {
    {"argon2", "$argon2id$ $argon2i$", "libsodium", "m KiB, m times t; t at most passes",
     HASH_MEMORY_HARD, "RFC 9106, PHC string format", hash_read_argon2},
    {"wrapped",
     "md5$argon2id$ sha1$argon2id$ sha224$argon2id$ sha256$argon2id$ sha384$argon2id$ "
     "sha512$argon2id$ md4$argon2id$ ripemd160$argon2id$ nthash$argon2id$ md5: sha1: sha224: "
     "sha256: sha384: "
     "sha512: md4: ripemd160: hmac- pbkdf2- scrypt: crypt: crypt-sha256:",
     "as what is wrapped; libsodium", "both hashes", HASH_MEMORY_HARD,
     "this ledger: Argon2id around a fast hash", hash_read_wrapped},
    {"bcrypt", "$2a$ $2b$ $2x$ $2y$", "libxcrypt", "64 KiB times 2^cost", HASH_ITERATED,
     "crypt(5); Rails, PHP, Auth0, Kratos, htpasswd -B", hash_read_bcrypt},
    {"django-bcrypt-sha256", "bcrypt_sha256$", "libxcrypt, libsodium", "as bcrypt", HASH_ITERATED,
     "Django", hash_read_django_bcrypt},
    {"yescrypt", "$y$", "libxcrypt", "N r / 8 KiB, times (3 + 2 t) p", HASH_MEMORY_HARD, "crypt(5)",
     hash_read_yescrypt},
    {"gost-yescrypt", "$gy$", "libxcrypt", "as yescrypt", HASH_MEMORY_HARD, "crypt(5)",
     hash_read_yescrypt},
    {"crypt-scrypt", "$7$", "libxcrypt", "N r / 8 KiB, times 3 p", HASH_MEMORY_HARD, "crypt(5)",
     hash_read_crypt_scrypt},
    {"sha512crypt", "$6$", "libxcrypt", "2 KiB times rounds", HASH_ITERATED,
     "crypt(5); openssl passwd -6", hash_read_crypt_rounds},
    {"sha256crypt", "$5$", "libxcrypt", "2 KiB times rounds", HASH_ITERATED,
     "crypt(5); openssl passwd -5", hash_read_crypt_rounds},
    {"kratos-digest", "$md5$pf= $sha1$pf= $sha256$pf= $sha512$pf= $md4$pf=", "libcrypto, libmd",
     "one digest", HASH_FAST, "Ory Kratos; Auth0's md5, sha1, sha256, sha512", hash_read_digest},
    {"sha1crypt", "$sha1$", "libxcrypt", "3 KiB times rounds", HASH_ITERATED, "crypt(5); NetBSD",
     hash_read_crypt_rounds},
    {"sunmd5", "$md5$ $md5,", "libxcrypt", "2 KiB times (4096 + rounds)", HASH_ITERATED,
     "crypt(5); Solaris", hash_read_crypt_rounds},
    {"md5crypt", "$1$", "libxcrypt", "256 KiB", HASH_FAST, "crypt(5); openssl passwd -1",
     hash_read_md5crypt},
    {"nthash", "$3$$", "libmd", "one digest", HASH_FAST, "crypt(5); Windows", hash_read_nthash},
    {"pbkdf2", "$pbkdf2- $pbkdf2$", "libcrypto", "1/4 KiB (SHA-512: 1/2) times i", HASH_ITERATED,
     "RFC 8018; passlib, PHC strings, Kratos, Keycloak", hash_read_pbkdf2},
    {"django-pbkdf2", "pbkdf2_", "libcrypto", "as pbkdf2", HASH_ITERATED, "Django",
     hash_read_django_pbkdf2},
    {"scrypt", "$scrypt$", "libsodium", "N r / 8 KiB, times 3 p", HASH_MEMORY_HARD,
     "RFC 7914; passlib, PHC strings, Kratos", hash_read_scrypt},
    {"django-scrypt", "scrypt$", "libsodium", "as scrypt", HASH_MEMORY_HARD, "Django",
     hash_read_django_scrypt},
    {"firebase-scrypt", "$firescrypt$", "libsodium, libcrypto", "as scrypt", HASH_MEMORY_HARD,
     "Firebase; Kratos", hash_read_firebase},
    {"ldap",
     "{SSHA} {SSHA256} {SSHA384} {SSHA512} {SMD5} {SHA} {SHA256} {SHA384} {SHA512} {MD5} {MD4}",
     "libcrypto, libmd", "one digest", HASH_FAST, "RFC 2307; OpenLDAP, Kratos, Auth0's ldap",
     hash_read_ldap},
    {"django-digest", "sha1$ md5$", "libcrypto", "one digest", HASH_FAST, "Django",
     hash_read_django_digest},
    {"hmac", "$hmac-", "libcrypto", "one HMAC", HASH_FAST, "Ory Kratos; Auth0's hmac",
     hash_read_hmac},
    {"bsdicrypt", "_", "libxcrypt", "1/4 KiB times rounds", HASH_ITERATED, "crypt(5); BSD/OS",
     hash_read_des},
    {"auth0", "{\"algorithm\":", "jansson; as what is in it", "as what is in it", HASH_ITERATED,
     "Auth0's custom_password_hash, as JSON", NULL},
    {"keycloak", "{\"secretData\":", "jansson; as what is in it", "as what is in it", HASH_ITERATED,
     "Keycloak's credential: secretData and credentialData, as JSON", NULL},
    {"firebase", "{\"passwordHash\":", "jansson; as what is in it", "as what is in it",
     HASH_MEMORY_HARD, "Firebase's passwordHash and salt, as JSON", NULL},
    {"descrypt", "", "libxcrypt", "8 KiB", HASH_FAST, "crypt(5); Unix: 13 characters",
     hash_read_des},
};

enum {
    FORMATS = sizeof formats / sizeof *formats,
    DES_LENGTH = 13,
    LONGEST_JSON = 4096,
    /* What takes less is fast: some two milliseconds, as bcrypt at cost 5. */
    FLOOR_KIB = 4096
};

/* What systems put around a hash of another's format, and what stands for it without that. */
static const struct {
    const char *written, *meant;
} aliases[] = {
    {"{CRYPT}", ""},           {"{ARGON2}", ""},
    {"{ARGON2I}", ""},         {"{ARGON2ID}", ""},
    {"{BCRYPT}", ""},          {"{BLF-CRYPT}", ""},
    {"{SHA512-CRYPT}", ""},    {"{SHA256-CRYPT}", ""},
    {"{MD5-CRYPT}", ""},       {"{DES-CRYPT}", ""},
    {"$sha512-crypt$", "$6$"}, {"$sha256-crypt$", "$5$"},
    {"$md5-crypt$", "$1$"},    {"argon2$argon2", "$argon2"},
    {"bcrypt$$2", "$2"},       {"crypt$$", ""},
};

/* What is a hash, and nothing here verifies. */
static const char *const unsupported[] = {"$argon2d$", "$apr1$",      "$P$",         "$H$",
                                          "$S$",       "$2$",         "$p5k2$",      "$sm3$",
                                          "grub.",     "$bcrypt-sha", "{PBKDF2-SHA", "{X-PBKDF2"};

static bool begins(const char *text, const char *with)
{
    return text[0] == with[0] && strncmp(text, with, strlen(with)) == 0;
}

/* Takes a text in, without what was put around it. */
static void take_in(const char *text, struct hash *hash)
{
    memcpy(hash->text, text, strlen(text) + 1);
    char *end = hash->text[0] == '{' ? strchr(hash->text, '}') : NULL;
    for (char *c = hash->text; end != NULL && c < end; c++) /* RFC 2307: in any case */
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    if (begins(hash->text, "$md5$") && strchr(hash->text + 5, '$') == NULL)
        memcpy(hash->text, "{MD5}", 5); /* Kratos, without a salt */
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (begins(hash->text, aliases[i].written)) {
            size_t written = strlen(aliases[i].written), meant = strlen(aliases[i].meant);
            memcpy(hash->text, aliases[i].meant, meant);
            memmove(hash->text + meant, hash->text + written, strlen(hash->text + written) + 1);
            break;
        }
}

/* The row that a text begins as, with the prefix and what comes behind. */
static const struct hash_format *find_format(const char *text, char prefix[32], const char **rest)
{
    for (size_t i = 0; i < FORMATS; i++)
        for (const char *at = formats[i].prefixes; formats[i].read != NULL && *at != '\0';) {
            size_t length = strcspn(at, " ");
            if (strncmp(text, at, length) == 0) {
                memcpy(prefix, at, length);
                prefix[length] = '\0';
                *rest = text + length;
                return &formats[i];
            }
            at += length + (at[length] == ' ');
        }
    prefix[0] = '\0';
    *rest = text;
    return strlen(text) == DES_LENGTH ? &formats[FORMATS - 1] : NULL;
}

/* Why nothing here reads it. */
static enum rule unknown(const char *text)
{
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    if (text[0] == '!' || text[0] == '*')
        return RULE_hash_locked;
    if (digits >= 32 && text[digits] == '\0')
        return RULE_hash_unnamed;
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (begins(text, unsupported[i]))
            return RULE_hash_unsupported;
    return RULE_hash_unknown;
}

static enum rule read(const char *text, const struct password_firebase *firebase, struct hash *hash)
{
    char prefix[32];
    const char *rest;
    memset(hash, 0, sizeof *hash);
    if (strnlen(text, PASSWORD_STORED_SIZE) == PASSWORD_STORED_SIZE)
        return RULE_too_long;
    take_in(text, hash);
    hash->crypt = hash->text;
    hash->firebase = firebase;
    hash->format = find_format(hash->text, prefix, &rest);
    if (hash->format == NULL)
        return unknown(hash->text);
    return hash->format->read(hash, prefix, rest);
}

enum rule hash_read(const char *text, const struct password_firebase *firebase, struct hash *hash)
{
    char meant[PASSWORD_STORED_SIZE];
    size_t blanks = text[0] == '{' ? 1 + strspn(text + 1, " \t\r\n") : 0;
    if (blanks == 0 || text[blanks] != '"')
        return read(text, firebase, hash);
    memset(hash, 0, sizeof *hash);
    enum rule rule =
        strnlen(text, LONGEST_JSON) == LONGEST_JSON ? RULE_too_long : hash_from_json(text, meant);
    return rule == RULE_as_given ? read(meant, firebase, hash) : rule;
}

/* Cost */

static uint64_t product(uint64_t left, uint64_t right)
{
    return right != 0 && left > UINT64_MAX / right ? UINT64_MAX : left * right;
}

static struct hash_cost own_cost(const struct hash *hash)
{
    enum { SCRYPT_PASSES = 3, SMALL_KIB = 8 };
    switch (hash->function) {
    case HASH_ARGON2:
        return (struct hash_cost){hash->memory_kib, product(hash->memory_kib, hash->passes)};
    case HASH_CRYPT:
        return (struct hash_cost){hash->crypt_memory_kib, hash->crypt_work_kib};
    case HASH_PBKDF2: {
        size_t each = hash_digest_lengths[hash->digest];
        uint64_t blocks = (hash->value.length + each - 1) / each;
        return (struct hash_cost){SMALL_KIB, hash->iterations * blocks / (each > 32 ? 2 : 4) + 1};
    }
    case HASH_SCRYPT:
    case HASH_FIREBASE: {
        uint64_t memory = (UINT64_C(1) << hash->log_n) / 8 * hash->r + 1;
        return (struct hash_cost){memory, product(memory, (uint64_t)SCRYPT_PASSES * hash->p)};
    }
    case HASH_DIGEST:
    case HASH_HMAC:
        break;
    }
    return (struct hash_cost){SMALL_KIB, 1};
}

struct hash_cost hash_cost(const struct hash *hash)
{
    struct hash_cost cost = own_cost(hash);
    if (!hash->is_wrapped)
        return cost;
    uint64_t outer = product(hash->memory_kib, hash->passes);
    cost.memory_kib = cost.memory_kib > hash->memory_kib ? cost.memory_kib : hash->memory_kib;
    cost.work_kib = cost.work_kib > UINT64_MAX - outer ? UINT64_MAX : cost.work_kib + outer;
    return cost;
}

bool hash_is_affordable(const struct hash *hash, const struct password_limit *limit)
{
    struct hash_cost cost = hash_cost(hash);
    bool argon2 = hash->function == HASH_ARGON2 || hash->is_wrapped;
    /* What is fast in an Argon2id hash at the limit can still be verified. */
    uint64_t work = (uint64_t)limit->memory_kib * limit->passes;
    return cost.memory_kib <= limit->memory_kib &&
           cost.work_kib <= work + (hash->is_wrapped ? FLOOR_KIB : 0) &&
           (!argon2 || hash->passes <= limit->passes);
}

bool hash_is_weaker(const struct hash *hash, struct password_cost cost,
                    const struct password_limit *limit)
{
    return hash->function != HASH_ARGON2 || hash->is_wrapped || !hash->argon2id ||
           hash->memory_kib < cost.memory_kib || hash->passes < cost.passes ||
           !hash_is_affordable(hash, limit);
}

bool hash_is_fast(const struct hash *hash)
{
    /* Argon2 of any cost is what would be put around it, and Firebase's cost is the project's. */
    return !hash->is_wrapped && hash->function != HASH_ARGON2 && hash->function != HASH_FIREBASE &&
           hash_cost(hash).work_kib < FLOOR_KIB;
}

const struct hash_format *hash_format_nth(size_t n)
{
    return n < FORMATS ? &formats[n] : NULL;
}

const char *hash_strength_name(enum hash_strength strength)
{
    static const char *const names[] = {
        [HASH_MEMORY_HARD] = "memory-hard", [HASH_ITERATED] = "iterated", [HASH_FAST] = "fast"};
    return names[strength];
}
