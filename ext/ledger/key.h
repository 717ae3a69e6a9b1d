/* SPDX-License-Identifier: MIT */
/*
 * key.h: the key that stands outside the ledger, and what is made with it.
 *
 * $REG_KEY_FILE, else `LEDGER.key` beside the database: 32 random bytes, mode 0600. An in-memory
 * database has a key for its lifetime. Every use has a subkey of its own (libsodium's crypto_kdf).
 * The key lives in locked memory (sodium_malloc) and is wiped with its handle.
 */
#ifndef KEY_H
#define KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEY_SIZE = 32,
    KEY_MAC_SIZE = 32,
    KEY_SHARES_SIZE = 32,
    KEY_FINGERPRINT_SIZE = 32,
    KEY_SEALED_SIZE = 24 + KEY_FINGERPRINT_SIZE + 16, /* nonce, text, tag */
    KEY_PATH_SIZE = 4096
};

struct sqlite3;
struct key;
struct error;

/*
 * The key of the database's ledger. `made`, unless NULL: makes the file where there is none
 * (written, synced, then named, so that a crash leaves all or nothing), and tells whether it did.
 * NULL with an error that names the file and what to do: missing, too open, of another length,
 * unreadable. Free with key_close().
 */
struct key *key_open(struct sqlite3 *database, const char *path, bool *made, struct error *error);
/* Removes the file that key_open() has just made. */
void key_remove(struct sqlite3 *database, const char *path);
void key_close(struct key *key);

/* Where the key of this database is looked for; "" for an in-memory database. `path` overrides (may
 * be NULL). */
void key_path(struct sqlite3 *database, const char *path, char found[KEY_PATH_SIZE]);

/* The subkey for the pseudonyms of shares, to memory that its caller locks and wipes. */
void key_for_shares(const struct key *key, unsigned char subkey[KEY_SHARES_SIZE]);

/* HMAC-SHA-256 under the subkey for codes, and under that for prepared passwords. */
void key_code_mac(const struct key *key, const void *message, size_t length,
                  unsigned char mac[KEY_MAC_SIZE]);
void key_prepared_mac(const struct key *key, const void *message, size_t length,
                      unsigned char mac[KEY_MAC_SIZE]);

/* HMAC-SHA-256 under a subkey of its own: by which a key is known that does not lie beside its
 * ledger. */
void key_mark(const struct key *key, const void *message, size_t length,
              unsigned char mark[KEY_MAC_SIZE]);

/*
 * Seals a fingerprint for one attempt (XChaCha20-Poly1305; ledger and attempt are bound to it, so
 * that it opens nowhere else). `nonce`: 24 random bytes from the caller.
 */
void key_seal(const struct key *key, const unsigned char *ledger_uuid, int64_t attempt,
              const unsigned char nonce[24], const unsigned char fingerprint[KEY_FINGERPRINT_SIZE],
              unsigned char sealed[KEY_SEALED_SIZE]);
bool key_unseal(const struct key *key, const unsigned char *ledger_uuid, int64_t attempt,
                const unsigned char *sealed, size_t length,
                unsigned char fingerprint[KEY_FINGERPRINT_SIZE]);

#endif
