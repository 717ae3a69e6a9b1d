/* SPDX-License-Identifier: MIT */
/*
 * hash.h: password hashes as other systems write them: the one table of formats, how a text is read
 * as one, and what it costs to verify.
 *
 * A hash comes from outside and names its own cost, so reading it spends nothing: it is read, its
 * cost is held against a limit, and only then does hash_derive.h do work.
 */
#ifndef HASH_H
#define HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "passwords/password.h"
#include "values/rule.h"

/* What makes the digest of the password. */
enum hash_function {
    HASH_ARGON2,
    HASH_CRYPT, /* crypt(3) */
    HASH_PBKDF2,
    HASH_SCRYPT,
    HASH_FIREBASE, /* scrypt, whose key then encrypts the project's signer key */
    HASH_DIGEST,   /* one digest of salt and password */
    HASH_HMAC      /* one HMAC of the password */
};

enum hash_digest {
    HASH_MD4,
    HASH_MD5,
    HASH_SHA1,
    HASH_SHA224,
    HASH_SHA256,
    HASH_SHA384,
    HASH_SHA512,
    HASH_RIPEMD160,
    HASH_DIGESTS
};

/* How much a stolen hash withstands. The fast are never kept as they came: see password_wrap(). */
enum hash_strength { HASH_MEMORY_HARD, HASH_ITERATED, HASH_FAST };

struct hash;

/* A row of the table. */
struct hash_format {
    const char *name;
    const char *prefixes; /* what texts of it begin with, separated by blanks */
    const char *library;
    const char *cost; /* what of it is held against the limit */
    enum hash_strength strength;
    const char *source; /* who writes it, and what describes it */
    /* Reads what comes behind the prefix. NULL: another row's format, in JSON. */
    enum rule (*read)(struct hash *hash, const char *prefix, const char *rest);
};

/* A hash that has been read. Wipe it with sodium_memzero(). */
struct hash {
    const struct hash_format *format;
    char text[PASSWORD_STORED_SIZE]; /* as it is kept: what stood around it for its own system
                                        has been taken off */
    enum hash_function function;
    enum hash_digest digest;
    bool argon2id;     /* of HASH_ARGON2 */
    bool hashed_first; /* the SHA-256 of the password in hex goes in (Django) */
    bool wide;         /* the password goes in as UTF-16, little end first (Windows) */
    uint32_t memory_kib, passes, lanes;
    uint32_t iterations; /* of PBKDF2 */
    unsigned log_n;      /* of scrypt: N is a power of two */
    uint32_t r, p;
    uint64_t crypt_memory_kib, crypt_work_kib; /* of HASH_CRYPT */
    struct hash_bytes before, after;           /* salts around the password */
    struct hash_bytes key;                     /* of HMAC, and Firebase's signer key */
    struct hash_bytes value;                   /* what it must come to; of crypt(3) it is `crypt` */
    const char *crypt;                         /* of crypt(3): where it begins in `text` */
    size_t setting; /* of crypt(3): how many bytes from there are its setting */
    const struct password_firebase *firebase; /* the project's parameters; NULL: none */
    bool is_wrapped;   /* what it comes to is not kept itself, but in `outer` */
    const char *outer; /* the PHC string of Argon2id around it; in `text` */
};

/* Beside the rules: nothing is known of the text for want of memory. */
enum { HASH_NO_MEMORY = RULE_COUNT };

/*
 * Reads a text as one of the formats; RULE_as_given, or the rule that it breaks. `firebase`: the
 * project's parameters, NULL where there are none. No work is spent.
 */
enum rule hash_read(const char *text, const struct password_firebase *firebase, struct hash *hash);

/* What verifying costs: memory, and work as KiB of memory that Argon2 would fill meanwhile. */
struct hash_cost {
    uint64_t memory_kib, work_kib;
};
struct hash_cost hash_cost(const struct hash *hash);
bool hash_is_affordable(const struct hash *hash, const struct password_limit *limit);

/* Whether it is weaker than an Argon2id hash of that cost, or nothing that is kept as it is. */
bool hash_is_weaker(const struct hash *hash, struct password_cost cost,
                    const struct password_limit *limit);

/* Whether a stolen one is tried out so fast that it must be wrapped. */
bool hash_is_fast(const struct hash *hash);

/* The n-th format, from 0; NULL after the last. The name of a strength. */
const struct hash_format *hash_format_nth(size_t n);
const char *hash_strength_name(enum hash_strength strength);

/* For the readers in hash_*.c. */

extern const char *const hash_digest_names[HASH_DIGESTS];
extern const size_t hash_digest_lengths[HASH_DIGESTS];
/* The digest of that name (`sha-256` as well as `sha256`); HASH_DIGESTS: none. */
enum hash_digest hash_digest_named(const char *name, size_t length);

typedef enum rule hash_reader(struct hash *hash, const char *prefix, const char *rest);
hash_reader hash_read_argon2, hash_read_pbkdf2, hash_read_django_pbkdf2, hash_read_scrypt,
    hash_read_django_scrypt;
hash_reader hash_read_firebase;
hash_reader hash_read_bcrypt, hash_read_django_bcrypt, hash_read_md5crypt, hash_read_crypt_rounds;
hash_reader hash_read_yescrypt, hash_read_crypt_scrypt, hash_read_des;
hash_reader hash_read_ldap, hash_read_django_digest, hash_read_digest, hash_read_hmac;
hash_reader hash_read_nthash;
hash_reader hash_read_wrapped;

/* Whether scrypt has such parameters, and a digest of that length is long enough. */
enum rule hash_check_scrypt(const struct hash *hash);

/* What a JSON document says (Auth0, Keycloak, Firebase), as the text of another format. */
enum rule hash_from_json(const char *json, char text[PASSWORD_STORED_SIZE]);

/* What is kept of a wrapped hash before the PHC string: all but the digest. False: it has no room.
 */
bool hash_recipe(const struct hash *hash, char recipe[PASSWORD_STORED_SIZE]);

#endif
