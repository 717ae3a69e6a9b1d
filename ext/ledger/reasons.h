/* SPDX-License-Identifier: MIT */
/*
 * reasons.h: why an attempt failed: the one list of reasons, in the fixed order in which they are
 * reported.
 */
#ifndef REASONS_H
#define REASONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Name and a sentence. `<column>_missing` and `<column>_invalid` come before all of these,
 * `password_<rule>` where POLICY stands. */
#define REASONS(X)                                                                                 \
    X(identity_provider_unknown, "The ledger does not know this third-party provider.")            \
    X(password_missing, "The settings require a password at sign-up, and none was given.")         \
    X(POLICY, "")                                                                                  \
    X(password_hash_invalid,                                                                       \
      "The password hash has an unknown or broken form, or costs more than the limit; the note "   \
      "says which.")                                                                               \
    X(consent_required, "A required consent was not accepted.")                                    \
    X(consent_version_unknown, "A consent was given for a version other than the current one.")    \
    X(email_taken, "A customer has this e-mail address.")                                          \
    X(phone_taken, "A customer has this phone number.")                                            \
    X(username_taken, "A customer has this username.")                                             \
    X(uuid_taken, "A customer has this uuid.")                                                     \
    X(prevented, "The fraud API recommended preventing the registration.")                         \
    X(verification_failed, "The code was entered wrong too many times.")                           \
    X(verification_expired, "A code was delivered but not used in time.")                          \
    X(undeliverable, "No code could be delivered in time.")                                        \
    X(superseded_attempt, "Another attempt for the same subject was confirmed first.")             \
    X(erased, "The person was erased while the attempt was pending.")                              \
    X(told, "The outcome was decided elsewhere, for a reason not in this list.")

#define REASONS_ENUMERATE(name, sentence) REASON_##name,
enum reason { REASONS(REASONS_ENUMERATE) REASON_COUNT };
#undef REASONS_ENUMERATE

/* A set of reasons. */
struct reasons {
    uint64_t missing; /* bits by enum signup_column */
    uint64_t invalid;
    uint32_t policy; /* bits by enum policy_rule */
    uint32_t others; /* bits by enum reason */
};

enum { REASONS_TEXT = 4096 };

bool reasons_none(const struct reasons *reasons);

/* `,"reason"` for each, in order: those up to and without `until`, from `from` on (fields and
 * policy count as before REASON_email_taken). */
void reasons_before_taken(const struct reasons *reasons, char text[REASONS_TEXT]);
void reasons_after_taken(const struct reasons *reasons, char text[REASONS_TEXT]);

/* Whether a name is one of the list. */
bool reasons_known(const char *name);

/* The n-th of all reasons, from 0: its name into `name`; a sentence (may be shared by many fields).
 * NULL after the last. */
const char *reasons_nth(size_t n, char name[64]);

#endif
