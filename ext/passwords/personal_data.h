/* SPDX-License-Identifier: MIT */
/* personal_data.h: whether a password is made of the person's own e-mail address, names or phone.
 */
#ifndef PERSONAL_DATA_H
#define PERSONAL_DATA_H

#include <stdbool.h>
#include <stdint.h>
#include <unicode/umachine.h>

#include "passwords/policy.h"

/*
 * `password` is UTF-16. SP 800-63B-4 (section 3.1.1.2) puts the username "and derivatives" on the
 * blocklist and compares the whole password, not each word in it; its longer passphrases must stay
 * possible for people whose name is a part of common words. So, all compared after NFKC and case
 * folding, a password is made of the identity where
 *   - it contains a part of 4 or more characters, or
 *   - parts of 3 or more characters make up more than half of it, or
 *   - it is itself (3 or more characters) contained in a part.
 * Parts are the e-mail address before the @, the username and the names, each as a whole, without
 * what is neither letter nor digit, and cut there; and the phone number's last 7 digits, or all of
 * them, with or without separators in the password.
 * False where there was not enough memory; `*made_of` is then unspecified.
 */
bool personal_data_makes(const struct policy_identity *identity, const UChar *password,
                         int32_t length, bool *made_of);

#endif
