/* SPDX-License-Identifier: MIT */
/*
 * settings.h: the registration settings: one JSON object in the ledger, kept with its history; one
 * table of members, defaults and what each allows.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "passwords/password.h"
#include "passwords/policy.h"

struct error;
struct ledger;
struct ledger_statement;
struct json_t;

enum settings_registration {
    SETTINGS_AUTOMATIC,
    SETTINGS_REQUIRE_EMAIL_CONFIRMATION,
    SETTINGS_REQUIRE_EMAIL_ACTIVATION,
    SETTINGS_REQUIRE_PIN_CONFIRMATION
};
enum settings_pin { SETTINGS_ON_CONFLICT_WITH_EXTERNAL_ACCOUNT, SETTINGS_EVERYONE };
enum settings_phone { SETTINGS_PHONE_POSSIBLE, SETTINGS_PHONE_VALID };
enum settings_password_at { SETTINGS_AT_SIGNUP, SETTINGS_AT_CONFIRM };

/* How many default countries of its past a ledger remembers. */
enum { SETTINGS_COUNTRIES = 32 };

/* Texts belong to `json`. */
struct settings {
    int64_t id;   /* of the row in the ledger; 0: defaults without a ledger */
    char *source; /* as it stands in the ledger; NULL: defaults without a ledger */
    struct json_t *json, *required_consents, *consent_versions; /* members of it */
    int registration_type;                                      /* enum settings_registration */
    int64_t token_lifetime_seconds;
    const char *confirmation_redirect_link; /* NULL: none */
    bool overwrite_custom_id;
    bool email_change_from_form;
    int pin_confirmation_type; /* enum settings_pin */
    int64_t pin_length;
    int64_t pin_valid_seconds;
    bool resend_from_other_device;
    bool sandbox;
    int64_t pin_prefix_length;
    bool channel_email;
    bool channel_sms;
    int64_t max_code_tries;
    int64_t resend_pause_seconds;
    int64_t max_codes_per_day;
    int64_t pending_lifetime_seconds;
    int password_at; /* enum settings_password_at */
    struct policy policy;
    struct password_cost password_cost;
    struct password_limit password_limit; /* of a hash that is taken in or verified */
    struct password_firebase firebase;    /* password_limit points here where it is set */
    uint64_t required_fields;             /* bits by enum signup_column */
    uint64_t strict_fields;               /* the same: a wrong value fails, though none is needed */
    bool require_partner_id;
    bool unique_email;
    bool unique_phone;
    bool username_is_phone;
    const char *default_user_type;
    const char *default_country; /* alpha-2; NULL: none */
    /* Every default country that the ledger has had, the current one among them, the newest first:
     * numbers that they completed are in it. */
    char countries[SETTINGS_COUNTRIES][3];
    size_t country_count;
    int phone_check;              /* enum settings_phone */
    const char *country_database; /* NULL: none */
    bool send_customer_id;
    char *reportable_reasons; /* JSON array */
};

/* The defaults, for what works without a ledger. NULL when out of memory. */
struct settings *settings_defaults(void);
void settings_free(struct settings *settings);

/*
 * Settings from a JSON object. `base` NULL: members that are not sent have their defaults; else
 * they keep base's value (the patch). NULL with an error that names the member and what it allows.
 */
struct settings *settings_parse(const char *text, const struct settings *base, struct error *error);

/* As one JSON object, every member filled in, in the table's order, and `warnings` where there is
 * something to warn of. The caller frees it with free(). */
char *settings_text(const struct settings *settings);
/* The same for people: a line for each member. */
char *settings_lines(const struct settings *settings);

/* The newest row of the ledger's settings, as ledger_select() gives it. */
enum { SETTINGS_ID, SETTINGS_JSON };
struct ledger_statement *settings_newest(struct ledger *ledger);

/* The settings in force. NULL with the ledger's error set. The caller frees them. */
struct settings *settings_load(struct ledger *ledger);

/* Adds these to the ledger's history; from then on they are in force. */
void settings_save(struct ledger *ledger, const struct settings *settings);

/* How long a new code lives, in milliseconds: a pin or a token, and by SMS 10 minutes at most
 * (SP 800-63A-4). */
int64_t settings_code_ms(const struct settings *settings, bool pin, const char *channel);

/* Whether a user type is sent to the fraud API as a supplier. */
bool settings_is_supplier(const struct settings *settings, const char *user_type);

/* The current version of a consent; NULL where the settings name none. */
const char *settings_consent_version(const struct settings *settings, const char *consent);

/* The consents that must be accepted: name by name, NULL at the end. */
const char *settings_required_consent(const struct settings *settings, size_t index);

/* The vendor's word for one of our reasons, by the operator's map; NULL: none is sent. */
const char *settings_fraud_reason(const struct settings *settings, const char *reason);

#endif
