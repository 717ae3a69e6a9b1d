/* SPDX-License-Identifier: MIT */
/* hash_derive.h: the work of a hash that has been read: what a password comes to by it. */
#ifndef HASH_DERIVE_H
#define HASH_DERIVE_H

#include "passwords/hash.h"

/* Whether it is the hash of the password. The caller has held its cost against a limit. The digests
 * are compared in constant time; false also for want of memory. */
bool hash_verify(const struct hash *hash, const char *password, size_t length);

/* What a hash comes to, as Argon2id is given it where it is wrapped: the digest in upper-case hex,
 * or the whole text of crypt(3). `password` NULL: as the hash has it. */
enum { HASH_INNER_SIZE = 2 * HASH_BYTES + 1 };
bool hash_inner(const struct hash *hash, const char *password, size_t length,
                char inner[HASH_INNER_SIZE]);

#endif
