/* SPDX-License-Identifier: MIT */
#include "admission/prepared_password.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "ledger/session.h"
#include "ledger/settings.h"
#include "passwords/policy.h"

#define PREFIX "prepared:"

/* The MAC, in hex, over all that makes the hash the right one. */
static bool sign(const struct key *key, const struct settings *settings, enum admit_password kind,
                 const char *password, const char *stored, char hex[2 * KEY_MAC_SIZE + 1])
{
    struct {
        uint32_t kind, memory_kib, passes;
        unsigned char password[crypto_hash_sha256_BYTES];
        char stored[PASSWORD_STORED_SIZE];
    } message;
    unsigned char mac[KEY_MAC_SIZE];
    char *form = policy_form(&settings->policy, password);
    if (form == NULL)
        return false;
    memset(&message, 0, sizeof message);
    message.kind = kind;
    message.memory_kib = settings->password_cost.memory_kib;
    message.passes = settings->password_cost.passes;
    crypto_hash_sha256(message.password, (const unsigned char *)form, strlen(form));
    snprintf(message.stored, sizeof message.stored, "%s", stored);
    key_prepared_mac(key, &message, sizeof message, mac);
    sodium_bin2hex(hex, 2 * KEY_MAC_SIZE + 1, mac, sizeof mac);
    policy_wipe_form(form);
    sodium_memzero(&message, sizeof message);
    return true;
}

bool prepared_make(const struct key *key, const struct settings *settings, enum admit_password kind,
                   const char *password, char prepared[PREPARED_SIZE])
{
    char stored[PASSWORD_STORED_SIZE], hex[2 * KEY_MAC_SIZE + 1];
    bool made = admit_hash_password(settings, kind, password, stored) &&
                sign(key, settings, kind, password, stored, hex);
    if (made)
        snprintf(prepared, PREPARED_SIZE, PREFIX "%s:%s", hex, stored);
    sodium_memzero(stored, sizeof stored);
    return made;
}

bool prepared_take(struct session *session, struct admission *admission)
{
    const char *prepared = admission->signup->text[SIGNUP_password_hash];
    if (prepared == NULL || strncmp(prepared, PREFIX, sizeof PREFIX - 1) != 0)
        return false;
    const struct key *key = session_key_if_any(session);
    char hex[2 * KEY_MAC_SIZE + 1];
    const char *stored = prepared + strnlen(prepared, sizeof PREFIX - 1 + sizeof hex);
    if (key == NULL || strlen(stored) >= PASSWORD_STORED_SIZE ||
        !sign(key, admission->settings, admission->password, admit_password_given(admission),
              stored, hex) ||
        sodium_memcmp(hex, prepared + sizeof PREFIX - 1, sizeof hex - 1) != 0) {
        sqlite3_log(SQLITE_WARNING,
                    "reg_attempts: password_hash was prepared for another password, ledger or "
                    "settings: ignored, hashing the password again");
        return false;
    }
    snprintf(admission->stored, sizeof admission->stored, "%s", stored);
    return true;
}
