/* SPDX-License-Identifier: MIT */
/*
 * late_password.h: the password that comes with the code, where it was not asked for at sign-up
 * (setting passwordAt = confirm; source: INVAS, "Complete Registration").
 */
#ifndef LATE_PASSWORD_H
#define LATE_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

#include "ledger/key.h"
#include "passwords/password.h"
#include "ledger/reasons.h"
#include "values/error.h"

struct settings;

struct late_password {
    const char *subject; /* the password must not be made of it */
    const char *password;

    /* What became of it. */
    char stored[PASSWORD_STORED_SIZE]; /* to be kept */
    unsigned char fingerprint[KEY_FINGERPRINT_SIZE];
    char refusal[REASONS_TEXT]; /* a JSON array of reasons; "" where it is good */
};

/*
 * Judges the password by the settings' policy, as at sign-up, and hashes a good one; needs no
 * ledger, so that no lock is held for it. An upper-case MD5 is not a password (reason
 * password_hash_invalid): whoever has only that sends it as password_md5 with the second request.
 * False: out of memory, or the policy's blocklist cannot be read.
 */
bool late_password_judge(struct late_password *completion, const struct settings *settings,
                         struct error *error);

void late_password_wipe(struct late_password *completion);

#endif
