/* password.h: hashes that are kept (Argon2id), the vendors' wire formats (never kept), and
 * verification of both. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PASSWORD_STORED_SIZE = 192, PASSWORD_WIRE_SIZE = 65 };

struct password_cost {
    uint32_t memory_kib; /* 8 to 4194304 */
    uint32_t passes;     /* 1 to 4294967295 */
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

/* An Argon2id, Argon2i (libsodium's) PHC string that can be verified here, for no more memory and
 * passes than `limit` has. Other algorithms are not accepted. */
bool password_is_phc(const char *text, struct password_cost limit);

/* A hash that would be verified, were it not for `limit`. */
bool password_is_too_costly(const char *stored, struct password_cost limit);

/* In constant time for a given `stored`: PHC, wrapped MD5, or any of the wire formats (hex of
 * either case). False, and at once, for a hash that costs more than `limit`. */
bool password_verify(const char *password, size_t length, const char *stored,
                     struct password_cost limit);

/* True where `stored` costs less than `cost` or more than `limit`, or is not a plain Argon2id hash
 * of the password. */
bool password_needs_rehash(const char *stored, struct password_cost cost,
                           struct password_cost limit);

#endif
