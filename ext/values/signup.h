/* SPDX-License-Identifier: MIT */
/*
 * signup.h: a sign-up as it comes in, and the one table of its columns: CSV headers and
 * reg_attempts columns alike.
 */
#ifndef SIGNUP_H
#define SIGNUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/header.h"
#include "values/rule.h"

/* Name, one line of help and where its rule comes from, in the fixed order in which reasons about
 * them are reported. */
#define SIGNUP_COLUMNS(X)                                                                          \
    X(attempted_at,                                                                                \
      "when the person asked to register: ISO 8601 or RFC 3339 (no offset: UTC), as databases "    \
      "and languages write it, or Unix time from 2000 to a year ahead; missing: now",              \
      "fraud API (timestamp)")                                                                     \
    X(email,                                                                                       \
      "RFC 5321 and 6531: dot-atoms and domains by IDNA, quotes only where none are needed; "      \
      "compared case-folded, dots and tags kept",                                                  \
      "all five; RFC 5321 and 6531, domain by IDNA")                                               \
    X(username,                                                                                    \
      "compared by NFKC case folding; may look like an e-mail address or a phone number only if "  \
      "the person has it; with usernameIsPhone a phone number, also used as a missing phone",      \
      "fraud API, INVAS; Unicode NFKC_Casefold")                                                   \
    X(phone,                                                                                       \
      "E.164, or national and completed by phone_country, country or defaultCountry; spaces, "     \
      "hyphens, dots and brackets do not matter",                                                  \
      "INVAS, fraud API; ITU-T E.164")                                                             \
    X(phone_country, "as country", "fraud API; ISO 3166-1")                                        \
    X(name, "full name", "fraud API, INVAS")                                                       \
    X(given_name, "given name", "fraud API")                                                       \
    X(family_name, "family name", "fraud API")                                                     \
    X(birth_date, "YYYY-MM-DD or YYYYMMDD, not in the future", "INVAS; ISO 8601")                  \
    X(birth_place, "place of birth", "INVAS")                                                      \
    X(gender, "true or false (as INVAS sends it), male, female, other or unspecified", "INVAS")    \
    X(country,                                                                                     \
      "ISO 3166-1 alpha-2 or alpha-3; also UK and EL, former codes, US-CA, en_AE, Germany",        \
      "Cleeng, INVAS; ISO 3166-1")                                                                 \
    X(currency, "ISO 4217", "Cleeng; ISO 4217")                                                    \
    X(locale, "BCP 47; also en_US.UTF-8, and the first choice of a list as browsers send it",      \
      "Cleeng; BCP 47")                                                                            \
    X(user_type, "role; default: the setting defaultUserType", "partner API")                      \
    X(partner_id, "int32, not negative", "partner API")                                            \
    X(source_id, "where the sign-up came from", "INVAS")                                           \
    X(account_group_id, "account group", "INVAS")                                                  \
    X(uuid, "RFC 4122 text form, unique among customers", "Synerise; RFC 4122")                    \
    X(custom_id, "the host's own identifier", "Synerise (non-unique e-mails)")                     \
    X(identity_provider,                                                                           \
      "facebook, google, apple, oauth, azure, linkedin, microsoft, okta, "                         \
      "onelogin, ping or twitter",                                                                 \
      "Synerise; fraud API (documentation)")                                                       \
    X(identity_subject, "the person's identifier at that provider",                                \
      "Synerise; OpenID Connect (sub)")                                                            \
    X(device_id, "device that asked; a pin works only on the device that asked for it last",       \
      "Synerise, fraud API")                                                                       \
    X(device_type, "phone, tablet, desktop, ...", "fraud API")                                     \
    X(manufacturer, "of the device", "fraud API")                                                  \
    X(model, "of the device", "fraud API")                                                         \
    X(os, "of the device", "fraud API")                                                            \
    X(ip_address,                                                                                  \
      "IPv4 or IPv6; also with port, brackets or zone, and the first of a forwarded list",         \
      "fraud API, Cleeng")                                                                         \
    X(language, "of the device, BCP 47", "fraud API; BCP 47")                                      \
    X(latitude, "degrees, -90 to 90", "fraud API")                                                 \
    X(longitude, "degrees, -180 to 180", "fraud API")                                              \
    X(user_agent, "browser or app", "this ledger")                                                 \
    X(app_name, "application", "fraud API (documentation)")                                        \
    X(app_platform, "ios, android, web or mobile-web", "fraud API (documentation)")                \
    X(app_domain, "application's domain", "fraud API (documentation)")                             \
    X(guest_account, "true or false, 1 or 0, yes or no, y or n", "fraud API (documentation)")      \
    X(captcha, "result of a captcha, kept as sent", "Cleeng")                                      \
    X(recommendation, "of the fraud API: ALLOW, REVIEW or PREVENT (fails with `prevented`)",       \
      "fraud API")                                                                                 \
    X(email_verified_at, "when it was verified elsewhere; same form as attempted_at", "fraud API") \
    X(phone_verified_at, "when it was verified elsewhere; same form as attempted_at", "fraud API") \
    X(consents,                                                                                    \
      "JSON: {\"NAME\": \"accepted\"} or {\"NAME\": {\"state\": \"accepted\", "                    \
      "\"version\": \"2\"}}",                                                                      \
      "Cleeng")                                                                                    \
    X(outcome,                                                                                     \
      "decided elsewhere: success or failure (or, as the fraud API says it, true or false; 1 or "  \
      "0, yes or no)",                                                                             \
      "fraud API (success)")                                                                       \
    X(failure_reason, "the reason, for outcome failure", "fraud API (documentation)")              \
    X(password, "in plain text; hashed with Argon2id, never stored",                               \
      "partner API, Cleeng, Synerise; RFC 9106")                                                   \
    X(password_md5, "upper-case MD5 as INVAS sends it; wrapped in Argon2id, never stored",         \
      "INVAS; RFC 9106 around it")                                                                 \
    X(password_hash,                                                                               \
      "a password hash of another system, of a format in reg_hash_formats; a fast one is wrapped " \
      "in Argon2id; beside password, what reg_prepare_password() made of it",                      \
      "PHC string format; crypt(5), RFC 2307, Django, Auth0, Keycloak, Firebase, Kratos")          \
    X(password_sha256,                                                                             \
      "fingerprint for the fraud API, only with an outcome decided elsewhere; stored sealed",      \
      "fraud API")                                                                                 \
    X(email_confirm_code, "the mailed code, in the second request of a two-step sign-up",          \
      "partner API, Synerise")

#define SIGNUP_ENUMERATE(name, help, source) SIGNUP_##name,
enum signup_column { SIGNUP_COLUMNS(SIGNUP_ENUMERATE) SIGNUP_COLUMN_COUNT };
#undef SIGNUP_ENUMERATE

/* The first of the columns that only come in and are never shown. */
enum { SIGNUP_INPUT_ONLY = SIGNUP_password, SIGNUP_CONSENTS_MAX = 32 };

/* Bytes of what also comes in by another way than its column. */
enum { SIGNUP_LONGEST_DEVICE = 1024, SIGNUP_LONGEST_CONSENTS = 16384 };

#define SIGNUP_BIT(column) (UINT64_C(1) << SIGNUP_##column)
_Static_assert(SIGNUP_COLUMN_COUNT <= 64, "sets of columns are kept in 64 bits");

/* One sign-up. NULL: not given. Everything belongs to whoever filled it. */
struct signup {
    const char *text[SIGNUP_COLUMN_COUNT];
    struct {
        const char *name;
        const char *value;
    } consents[SIGNUP_CONSENTS_MAX]; /* columns consent_<name> */
    size_t consent_count;
    int lacks;         /* the first column that its row in a file ended before, from 1; 0: none */
    int64_t import_id; /* 0: not from a file */
    int64_t line;
};

/* Puts a value into its column. An empty text is one that was not given, whoever brings it: no
 * column has a use for it. The texts stay the caller's. */
void signup_give(struct signup *signup, enum signup_column column, const char *text);
/* The same of a field in a column of a file: one of ours, a consent's (as many as there is room
 * for) or none. */
void signup_give_cell(struct signup *signup, const struct header_column *column, const char *text);

/* The names of the columns, ours first, then the systems' own; and consent_<name>. */
extern const struct header_names signup_header;

/* Whether a file's columns tell its people apart: else each row would be a failure of nobody. */
bool signup_header_names_people(const struct header *header);
extern const char signup_people_columns[]; /* which would, to be shown */

const char *signup_column_name(enum signup_column column);
const char *signup_column_help(enum signup_column column);

/* The systems' documents and the standards that a column's rule comes from. */
const char *signup_column_source(enum signup_column column);

/* The other names that a column has in the systems' documents, separated by blanks. */
void signup_column_aliases(enum signup_column column, char *aliases, size_t size);

/* The column of that name; -1: none. */
int signup_column_named(const char *name);

/* A role: 1 to 64 ASCII letters, digits, `_` and `-`. */
bool signup_user_type_is_right(const char *text);

/* true or false in any case, and yes, no, y, n; 1 and 0 as SQL writes them. RULE_word: neither. */
enum rule signup_read_flag(const char *text, bool *yes);

/* success or failure, or (the fraud API's own member, `success`) whether it was one. */
enum rule signup_read_outcome(const char *text, bool *success);

#endif
