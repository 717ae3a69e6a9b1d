/*
 * completion.h: the password that comes with the code, where it was not asked for at sign-up
 * (setting passwordAt = confirm; source: INVAS, "Complete Registration").
 */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <stdbool.h>
#include <stddef.h>

#include "key.h"
#include "password.h"
#include "reasons.h"

struct settings;

struct completion {
    const char *subject;      /* the password must not be made of it */
    const char *password;     /* in clear, or NULL */
    const char *password_md5; /* as INVAS sends it (upper-case MD5), or NULL */

    /* What became of it. */
    char stored[PASSWORD_STORED_SIZE]; /* to be kept; "" where there is none */
    bool has_fingerprint;              /* only a password that came in clear has one */
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    char refusal[REASONS_TEXT]; /* a JSON array of reasons; "" where it is good */
};

/*
 * Judges the password by the settings' policy, as at sign-up, and hashes a good one; needs no
 * ledger, so that no lock is held for it. What came in clear goes before what came hashed; a
 * password in clear that is 32 upper-case hex digits is the MD5 of one, put into the wrong place,
 * and `password_hash_invalid`. False: out of memory, or the policy's blocklist cannot be read
 * (`error`).
 */
bool completion_judge(struct completion *completion, const struct settings *settings, char *error,
                      size_t error_size);

void completion_wipe(struct completion *completion);

#endif
