/* SPDX-License-Identifier: MIT */
/*
 * prepared_password.h: a password that was hashed before the INSERT that registers it. SQLite takes
 * the write lock before an INSERT reaches us, so what is hashed there keeps every other writer
 * waiting.
 *
 * reg_prepare_password() answers with the hash and a MAC over it, the password and the cost, under
 * the ledger's key. From that the INSERT knows, without hashing, that the one was made of the
 * other.
 */
#ifndef PREPARED_PASSWORD_H
#define PREPARED_PASSWORD_H

#include <stdbool.h>

#include "admission/admit.h"

enum { PREPARED_SIZE = 10 + 2 * KEY_MAC_SIZE + PASSWORD_STORED_SIZE };

/* Hashes a password (ADMIT_CLEAR or ADMIT_MD5) as the settings ask. False when there is not enough
 * memory, or the text is no MD5. */
bool prepared_make(const struct key *key, const struct settings *settings, enum admit_password kind,
                   const char *password, char prepared[PREPARED_SIZE]);

/* Takes the hash that came beside the sign-up's password, in its column password_hash. False where
 * none did. One that was made of another password, with another key or for other settings counts
 * for nothing, and SQLite's error log is told. */
bool prepared_take(struct session *session, struct admission *admission);

#endif
