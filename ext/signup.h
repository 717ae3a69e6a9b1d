/*
 * signup.h: a sign-up as it comes in, and the one table of its columns: CSV headers and
 * reg_attempts columns alike.
 */
#ifndef SIGNUP_H
#define SIGNUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Name and one line of help, in the fixed order in which reasons about them are reported. */
#define SIGNUP_COLUMNS(X)                                                                          \
    X(attempted_at,                                                                                \
      "when the person asked to register: ISO 8601 (no offset: UTC) or Unix time; missing: now")   \
    X(email, "RFC 5321; compared case-folded, dots and tags kept")                                 \
    X(username, "compared by NFKC case folding; with usernameIsPhone a phone number")              \
    X(phone, "E.164, or national and completed by phone_country, country or defaultCountry")       \
    X(phone_country, "ISO 3166-1 alpha-2 or alpha-3")                                              \
    X(name, "full name")                                                                           \
    X(given_name, "given name")                                                                    \
    X(family_name, "family name")                                                                  \
    X(birth_date, "YYYY-MM-DD, a day that has been")                                               \
    X(birth_place, "place of birth")                                                               \
    X(gender, "true or false (as INVAS sends it), male, female, other or unspecified")             \
    X(country, "ISO 3166-1 alpha-2 or alpha-3")                                                    \
    X(currency, "ISO 4217")                                                                        \
    X(locale, "BCP 47")                                                                            \
    X(user_type, "role; missing: the setting defaultUserType")                                     \
    X(partner_id, "int32, not negative")                                                           \
    X(source_id, "where the sign-up came from")                                                    \
    X(account_group_id, "account group")                                                           \
    X(uuid, "RFC 4122 text form, unique among customers")                                          \
    X(custom_id, "the host's own identifier")                                                      \
    X(identity_provider, "facebook, google, apple, oauth, azure, linkedin, microsoft, okta, "      \
                         "onelogin, ping or twitter")                                              \
    X(identity_subject, "the person's identifier at that provider")                                \
    X(device_id,                                                                                   \
      "device that asked; the code is good only from the device that asked for it last")           \
    X(device_type, "phone, tablet, desktop, ...")                                                  \
    X(manufacturer, "of the device")                                                               \
    X(model, "of the device")                                                                      \
    X(os, "of the device")                                                                         \
    X(ip_address, "IPv4 or IPv6")                                                                  \
    X(language, "of the device, BCP 47")                                                           \
    X(latitude, "degrees, -90 to 90")                                                              \
    X(longitude, "degrees, -180 to 180")                                                           \
    X(user_agent, "browser or app")                                                                \
    X(app_name, "application")                                                                     \
    X(app_platform, "ios, android, web or mobile-web")                                             \
    X(app_domain, "application's domain")                                                          \
    X(guest_account, "true or false")                                                              \
    X(captcha, "result of a captcha, kept as sent")                                                \
    X(recommendation, "the fraud API's: ALLOW, REVIEW or PREVENT (fails with `prevented`)")        \
    X(email_verified_at, "verified elsewhere, when: a moment as attempted_at")                     \
    X(phone_verified_at, "verified elsewhere, when: a moment as attempted_at")                     \
    X(consents, "JSON: {\"NAME\": \"accepted\"} or {\"NAME\": {\"state\": \"accepted\", "          \
                "\"version\": \"2\"}}")                                                            \
    X(outcome,                                                                                     \
      "decided elsewhere: success or failure (or, as the fraud API says it, true or false)")       \
    X(failure_reason, "why it was a failure, with outcome failure")                                \
    X(password, "in clear; hashed with Argon2id, never kept")                                      \
    X(password_md5, "upper-case MD5 as INVAS sends it; wrapped in Argon2id, never kept")           \
    X(password_hash, "an Argon2 PHC string")                                                       \
    X(password_sha256, "fingerprint for the fraud API, with told outcomes only; kept sealed")      \
    X(email_confirm_code, "the second request of a two-step sign-up: the code that was mailed")

#define SIGNUP_ENUMERATE(name, help) SIGNUP_##name,
enum signup_column { SIGNUP_COLUMNS(SIGNUP_ENUMERATE) SIGNUP_COLUMN_COUNT };
#undef SIGNUP_ENUMERATE

/* The first of the columns that only come in and are never shown. */
enum { SIGNUP_INPUT_ONLY = SIGNUP_password, SIGNUP_CONSENTS_MAX = 32 };

_Static_assert(SIGNUP_COLUMN_COUNT <= 64, "sets of columns are kept in 64 bits");

/* One sign-up. NULL: not given. Everything belongs to whoever filled it. */
struct signup {
    const char *text[SIGNUP_COLUMN_COUNT];
    struct {
        const char *name;
        const char *value;
    } consents[SIGNUP_CONSENTS_MAX]; /* columns consent_<name> */
    size_t consent_count;
    int64_t import_id; /* 0: not from a file */
    int64_t line;
};

const char *signup_column_name(enum signup_column column);
const char *signup_column_help(enum signup_column column);

/* The column a header names: case and `_` do not matter, and the systems' own names are known. -1:
 * none. */
int signup_column_named(const char *header);

/* A role: 1 to 64 ASCII letters, digits, `_` and `-`. */
bool signup_user_type_is_right(const char *text);

/* The name of the consent that a header `consent_<name>` (or consent<Name>) speaks of; NULL for any
 * other header. Points into `header`. */
const char *signup_consent_named(const char *header);

#endif
