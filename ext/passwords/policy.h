/* SPDX-License-Identifier: MIT */
/* policy.h: password policies: named profiles or JSON, and the rules a password breaks. */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "passwords/password.h"
#include "values/error.h"

/* The rules, in the fixed order in which they are reported. */
enum policy_rule {
    POLICY_TOO_SHORT,
    POLICY_TOO_LONG,
    POLICY_NO_LOWERCASE,
    POLICY_NO_UPPERCASE,
    POLICY_NO_LETTER,
    POLICY_NO_DIGIT,
    POLICY_NO_SYMBOL,
    POLICY_NO_DIGIT_OR_SYMBOL,
    POLICY_CONTAINS_IDENTITY,
    POLICY_GUESSABLE,
    POLICY_BREACHED,
    POLICY_RULES
};

enum { POLICY_PATH_SIZE = 1024 };

struct policy {
    unsigned min_length; /* code points, 1 to 1024 */
    unsigned max_length; /* code points, min_length to 1024 */
    bool lowercase;      /* asks for a lower-case Latin letter a-z; likewise below */
    bool uppercase;
    bool letter; /* any letter of any script */
    bool digit;
    bool symbol; /* punctuation, signs, pictures: no letter or its mark, digit, blank, control */
    bool digit_or_symbol;
    bool identity;  /* refuses passwords made of the person's own e-mail, name or phone */
    bool normalise; /* NFKC before anything else (SP 800-63B-4) */
    int min_score;  /* zxcvbn 0 to 4; 0 asks nothing */
    char blocklist[POLICY_PATH_SIZE]; /* file of SHA-1 hashes in Have I Been Pwned's text format; ""
                                         for none */
};

/* What a password must not be made of. Any member may be NULL. */
struct policy_identity {
    const char *email;
    const char *username;
    const char *name;
    const char *given_name;
    const char *family_name;
    const char *phone;
};

/*
 * Fills `policy` from a profile name ("classic", "cleeng", "nist") or the text of a JSON object,
 * which names a profile to start from ("profile", default "classic") and changes members of it:
 * minLength, maxLength, lowercase, uppercase, letter, digit, symbol, digitOrSymbol, identity,
 * normalise, minScore, blocklist. Returns false with an error that names the member and what it
 * allows; `policy` is then unspecified.
 */
bool policy_parse(const char *text, struct policy *policy, struct error *error);

/*
 * Bit r of `*broken` is set where `password` (UTF-8, `length` bytes; a bad byte counts as one code
 * point) breaks rule r. `identity` may be NULL. Returns false where the blocklist cannot be
 * read, or for want of memory; nothing is then known of the password.
 */
bool policy_check(const struct policy *policy, const char *password, size_t length,
                  const struct policy_identity *identity, uint32_t *broken, struct error *error);

/*
 * The password as it is hashed: in NFKC where the policy reads it so, else as it was typed. NULL:
 * out of memory. policy_wipe_form() wipes and frees it.
 */
char *policy_form(const struct policy *policy, const char *password);
void policy_wipe_form(char *form);

/* Hashes a password in that form, with Argon2id. False when there is not enough memory. */
bool policy_hash(const struct policy *policy, const char *password, struct password_cost cost,
                 char stored[PASSWORD_STORED_SIZE]);

/* "too_short" and so on; `rule` below POLICY_RULES. */
const char *policy_rule_name(enum policy_rule rule);

/* The rule in words, with this policy's numbers ("at least 8 characters"); false where the policy
 * does not ask for it. */
bool policy_rule_requirement(const struct policy *policy, enum policy_rule rule, char *words,
                             size_t size);

#endif
