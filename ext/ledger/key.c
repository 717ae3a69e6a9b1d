/* SPDX-License-Identifier: MIT */
#include "ledger/key.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host.h"
#include "passwords/secret_file.h"
#include "values/error.h"
#include "values/write_all.h"

/* Subkeys by number; a number is never used again for another purpose. */
enum {
    SUBKEY_CODES = 1,
    SUBKEY_FINGERPRINTS = 2,
    SUBKEY_PREPARED = 3,
    SUBKEY_SHARES = 4,
    SUBKEY_MARK = 5
};
static const char subkey_context[crypto_kdf_CONTEXTBYTES] = {'s', 'q', 'l', 'i',
                                                             't', 'r', 'e', 'g'};

struct key {
    unsigned char codes[crypto_auth_hmacsha256_KEYBYTES];
    unsigned char shares[KEY_SHARES_SIZE];
    unsigned char prepared[crypto_auth_hmacsha256_KEYBYTES];
    unsigned char mark[crypto_auth_hmacsha256_KEYBYTES];
    unsigned char fingerprints[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
};

void key_path(sqlite3 *database, const char *path, char found[KEY_PATH_SIZE])
{
    const char *environment = getenv("REG_KEY_FILE");
    const char *file = sqlite3_db_filename(database, "main");
    found[0] = '\0';
    if (path != NULL && path[0] != '\0') {
        snprintf(found, KEY_PATH_SIZE, "%s", path);
        return;
    }
    if (file == NULL || file[0] == '\0')
        return;
    if (environment != NULL && environment[0] != '\0')
        snprintf(found, KEY_PATH_SIZE, "%s", environment);
    else
        snprintf(found, KEY_PATH_SIZE, "%s.key", file);
}

/* Written beside its place and linked there: of two processes that make the key at once one wins,
 * and both then read the same. */
static bool create_file(const char *path, bool *ours, struct error *error)
{
    char draft[KEY_PATH_SIZE + 16];
    snprintf(draft, sizeof draft, "%s.XXXXXX", path);
    unsigned char *fresh = sodium_malloc(KEY_SIZE);
    if (fresh == NULL)
        return error_no_memory(error, "the key");
    int descriptor = mkstemp(draft); /* mode 0600 */
    bool made = false;
    if (descriptor < 0) {
        error_set(error, ERROR_IO, "key file %s: cannot be made: %s", path, strerror(errno));
        goto out;
    }
    randombytes_buf(fresh, KEY_SIZE);
    bool written = write_all(descriptor, fresh, KEY_SIZE) && fsync(descriptor) == 0;
    *ours = written && link(draft, path) == 0;
    if (!written || (!*ours && errno != EEXIST) || !sync_name(path))
        error_set(error, ERROR_IO, "key file %s: cannot be written: %s", path, strerror(errno));
    else
        made = true;
    unlink(draft);
out:
    if (descriptor >= 0)
        close(descriptor);
    sodium_free(fresh);
    return made;
}

static bool read_file(const char *path, unsigned char *master, struct error *error)
{
    bool whole = false;
    struct stat facts = {0};
    unsigned char more;
    int descriptor =
        open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO in its place must not hold us up */
    if (descriptor < 0 && errno == ENOENT)
        return error_set(error, ERROR_IO,
                         "key file %s is missing: restore it, or name it in REG_KEY_FILE", path);
    if (descriptor < 0)
        return error_set(error, ERROR_IO, "key file %s: %s", path, strerror(errno));
    if (!secret_file_is_private(descriptor, "key file ", path, error))
        whole = false;
    else if (fstat(descriptor, &facts) != 0 || facts.st_size != KEY_SIZE ||
             read(descriptor, master, KEY_SIZE) != KEY_SIZE || read(descriptor, &more, 1) != 0)
        error_set(error, ERROR_INVALID, "key file %s must hold %d bytes and holds %lld: restore it",
                  path, KEY_SIZE, (long long)facts.st_size);
    else
        whole = true;
    close(descriptor);
    return whole;
}

void key_remove(sqlite3 *database, const char *path)
{
    char file[KEY_PATH_SIZE];
    key_path(database, path, file);
    unlink(file);
    sync_name(file);
}

struct key *key_open(sqlite3 *database, const char *path, bool *made, struct error *error)
{
    char file[KEY_PATH_SIZE];
    struct key *key = NULL;
    if (sodium_init() < 0) {
        error_set(error, ERROR_IO, "libsodium cannot be started");
        return NULL;
    }
    unsigned char *master = sodium_malloc(KEY_SIZE);
    if (master == NULL) {
        error_no_memory(error, "the key");
        return NULL;
    }
    key_path(database, path, file);
    if (file[0] == '\0') {
        randombytes_buf(master, KEY_SIZE);
    } else {
        if (made != NULL && access(file, F_OK) != 0 && !create_file(file, made, error))
            goto out;
        if (!read_file(file, master, error))
            goto out;
    }
    key = sodium_malloc(sizeof *key);
    if (key == NULL) {
        error_no_memory(error, "the key");
        goto out;
    }
    crypto_kdf_derive_from_key(key->codes, sizeof key->codes, SUBKEY_CODES, subkey_context, master);
    crypto_kdf_derive_from_key(key->fingerprints, sizeof key->fingerprints, SUBKEY_FINGERPRINTS,
                               subkey_context, master);
    crypto_kdf_derive_from_key(key->prepared, sizeof key->prepared, SUBKEY_PREPARED, subkey_context,
                               master);
    crypto_kdf_derive_from_key(key->shares, sizeof key->shares, SUBKEY_SHARES, subkey_context,
                               master);
    crypto_kdf_derive_from_key(key->mark, sizeof key->mark, SUBKEY_MARK, subkey_context, master);
out:
    sodium_free(master);
    return key;
}

void key_close(struct key *key)
{
    sodium_free(key); /* wipes */
}

void key_for_shares(const struct key *key, unsigned char subkey[KEY_SHARES_SIZE])
{
    memcpy(subkey, key->shares, KEY_SHARES_SIZE);
}

void key_code_mac(const struct key *key, const void *message, size_t length,
                  unsigned char mac[KEY_MAC_SIZE])
{
    crypto_auth_hmacsha256(mac, message, length, key->codes);
}

void key_prepared_mac(const struct key *key, const void *message, size_t length,
                      unsigned char mac[KEY_MAC_SIZE])
{
    crypto_auth_hmacsha256(mac, message, length, key->prepared);
}

void key_mark(const struct key *key, const void *message, size_t length,
              unsigned char mark[KEY_MAC_SIZE])
{
    crypto_auth_hmacsha256(mark, message, length, key->mark);
}

static void bind_to(const unsigned char *ledger_uuid, int64_t attempt, unsigned char bound[24])
{
    memcpy(bound, ledger_uuid, 16);
    for (int i = 0; i < 8; i++)
        bound[16 + i] = (unsigned char)((uint64_t)attempt >> (8 * i));
}

void key_seal(const struct key *key, const unsigned char *ledger_uuid, int64_t attempt,
              const unsigned char nonce[24], const unsigned char fingerprint[KEY_FINGERPRINT_SIZE],
              unsigned char sealed[KEY_SEALED_SIZE])
{
    unsigned char bound[24];
    bind_to(ledger_uuid, attempt, bound);
    memcpy(sealed, nonce, 24);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + 24, NULL, fingerprint, KEY_FINGERPRINT_SIZE,
                                               bound, sizeof bound, NULL, nonce, key->fingerprints);
}

bool key_unseal(const struct key *key, const unsigned char *ledger_uuid, int64_t attempt,
                const unsigned char *sealed, size_t length,
                unsigned char fingerprint[KEY_FINGERPRINT_SIZE])
{
    unsigned char bound[24];
    bind_to(ledger_uuid, attempt, bound);
    return length == KEY_SEALED_SIZE && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                            fingerprint, NULL, NULL, sealed + 24, length - 24,
                                            bound, sizeof bound, sealed, key->fingerprints) == 0;
}
