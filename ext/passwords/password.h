/* SPDX-License-Identifier: MIT */
/* password.h: hashes that are kept (Argon2id, and what other systems have made: hash.h), the
 * vendors' wire formats (never kept), and verification of both. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/rule.h"

enum { PASSWORD_STORED_SIZE = 640, PASSWORD_WIRE_SIZE = 65, HASH_BYTES = 128 };

/* A salt, key or digest. */
struct hash_bytes {
    size_t length;
    unsigned char bytes[HASH_BYTES];
};

struct password_cost {
    uint32_t memory_kib; /* 8 to 4194304 */
    uint32_t passes;     /* 1 to 4294967295 */
};

/* What Firebase has for each project, and not in its hashes. */
struct password_firebase {
    uint32_t rounds;      /* scrypt's r */
    uint32_t memory_cost; /* scrypt's N is 2 to this */
    struct hash_bytes separator, key;
};

/* What a hash from outside may cost, and what reading it needs. Of every hash the memory is held
 * against `memory_kib`, and the work (hash_cost()) against memory_kib times passes. */
struct password_limit {
    uint32_t memory_kib;
    uint32_t passes;
    const struct password_firebase *firebase; /* NULL: not known */
};

enum password_format { PASSWORD_SHA256, PASSWORD_SHA1SHA256, PASSWORD_MD5 };

/* Argon2id as a PHC string. False when there is not enough memory. */
bool password_hash(const char *password, size_t length, struct password_cost cost,
                   char stored[PASSWORD_STORED_SIZE]);

/*
 * What is stored for a password that arrived as its MD5 (32 hex digits of either case): "md5"
 * followed by the PHC string of Argon2id over the upper-case digits, so that no fast hash is kept.
 * False when `digest` is not such a digest or there is not enough memory.
 */
bool password_wrap_md5(const char *digest, struct password_cost cost,
                       char stored[PASSWORD_STORED_SIZE]);

/* Whether what stands for a password in clear is an upper-case MD5 in the wrong place (INVAS sends
 * passwords so): it would register a password that nobody types. */
bool password_is_md5(const char *password);

/* A vendor's wire format: SHA-256 in lower-case hex; SHA-256 of the lower-case hex SHA-1; MD5 in
 * UPPER-case hex. */
void password_wire(const char *password, size_t length, enum password_format format,
                   char wire[PASSWORD_WIRE_SIZE]);

/* "sha256", "sha1sha256", "md5" (exactly); false for any other name. */
bool password_format_named(const char *name, enum password_format *format);

/*
 * A hash that another system has made: RULE_as_given, or the rule that it breaks, RULE_hash_cost
 * among them; HASH_NO_MEMORY (hash.h) where memory fails. `stored` is what is to be kept of it;
 * `fast` tells that it must not be, but wrapped by password_wrap().
 */
enum rule password_read(const char *text, const struct password_limit *limit,
                        char stored[PASSWORD_STORED_SIZE], bool *fast);

/* What is stored for a hash that is tried out fast: all of it but its digest, followed by the PHC
 * string of Argon2id over that. False: it is no such hash, or there is not enough memory. */
bool password_wrap(const char *text, const struct password_limit *limit, struct password_cost cost,
                   char stored[PASSWORD_STORED_SIZE]);

/* In constant time for a given `stored`: a hash of any format, or one of the wire formats (hex of
 * either case). False, and at once, for a hash that costs more than `limit`. */
bool password_verify(const char *password, size_t length, const char *stored,
                     const struct password_limit *limit);

/* True where `stored` costs less than `cost` or more than `limit`, or is not a plain Argon2id hash
 * of the password. */
bool password_needs_rehash(const char *stored, struct password_cost cost,
                           const struct password_limit *limit);

/* What nobody's password verifies, in the time that a hash of that cost takes. */
void password_decoy(struct password_cost cost, char stored[PASSWORD_STORED_SIZE]);

#endif
