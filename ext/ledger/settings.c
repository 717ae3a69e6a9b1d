/* SPDX-License-Identifier: MIT */
#include "ledger/settings.h"

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/time_units.h"
#include "values/document.h"
#include "host.h"
#include "ledger/ledger.h"
#include "ledger/reasons.h"
#include "ledger/settings_password.h"
#include "values/error.h"
#include "values/region.h"
#include "values/signup.h"
#include "values/text.h"

enum kind { CHOICE, NUMBER, FLAG, TEXT, TEXT_OR_NULL, TEXTS, OBJECT };

/* One member: name, kind, where its value goes, its default as JSON, what it allows (choices
 * separated by |, or a range), in words where neither says it. */
struct member {
    const char *name;
    enum kind kind;
    size_t offset;
    const char *standard;
    const char *choices;
    int64_t lowest, highest;
};

#define AT(field) offsetof(struct settings, field)
#define NOWHERE ((size_t)-1)

/* Names and defaults are fixed by the product's pages; those of the first ten members are
 * Synerise's. */
static const struct member members[] = {
    {"registrationType", CHOICE, AT(registration_type), "\"AUTOMATIC\"",
     "AUTOMATIC|REQUIRE_EMAIL_CONFIRMATION|REQUIRE_EMAIL_ACTIVATION|REQUIRE_PIN_CONFIRMATION", 0,
     0},
    {"tokenLifetimeInSeconds", NUMBER, AT(token_lifetime_seconds), "3600", NULL, 60,
     86400}, /* SP 800-63A: at most 24 h by e-mail */
    {"confirmationRedirectLink", TEXT_OR_NULL, AT(confirmation_redirect_link), "null", NULL, 0,
     2000},
    {"voucherPoolUuid", TEXT_OR_NULL, NOWHERE, "null", NULL, 0, 100},
    {"allowOverwriteCustomIdentify", FLAG, AT(overwrite_custom_id), "false", NULL, 0, 0},
    {"allowEmailChangeFromWebForm", FLAG, AT(email_change_from_form), "false", NULL, 0, 0},
    {"pinConfirmationType", CHOICE, AT(pin_confirmation_type),
     "\"ON_CONFLICT_WITH_EXTERNAL_ACCOUNT\"", "ON_CONFLICT_WITH_EXTERNAL_ACCOUNT|EVERYONE", 0, 0},
    {"pinConfirmationLength", NUMBER, AT(pin_length), "6", NULL, 4, 8},
    {"pinConfirmationValidInSeconds", NUMBER, AT(pin_valid_seconds), "300", NULL, 30, 86400},
    {"allowPinResendFromDifferentDeviceId", FLAG, AT(resend_from_other_device), "false", NULL, 0,
     0},
    {"sandbox", FLAG, AT(sandbox), "false", NULL, 0, 0},
    {"pinPrefixLength", NUMBER, AT(pin_prefix_length), "0", NULL, 0, 8},
    {"channels", TEXTS, NOWHERE, "[\"email\"]", "email|sms", 1, 2},
    {"maxCodeTries", NUMBER, AT(max_code_tries), "5", NULL, 1, 100},
    {"resendPauseInSeconds", NUMBER, AT(resend_pause_seconds), "60", NULL, 0, 86400},
    {"maxCodesPerDay", NUMBER, AT(max_codes_per_day), "10", NULL, 1, 1000},
    {"pendingLifetimeInSeconds", NUMBER, AT(pending_lifetime_seconds), "86400", NULL, 60, 31536000},
    {"passwordAt", CHOICE, AT(password_at), "\"signup\"", "signup|confirm", 0, 0},
    {"passwordPolicy", OBJECT, NOWHERE, "\"classic\"", NULL, 0, 0},
    {"passwordHash", OBJECT, NOWHERE, "{\"memoryKiB\":19456,\"passes\":2}", NULL, 0, 0},
    {"passwordHashLimit", OBJECT, NOWHERE, "{\"memoryKiB\":262144,\"passes\":16}", NULL, 0, 0},
    {"firebaseScrypt", OBJECT, NOWHERE, "null", NULL, 0, 0},
    {"requiredFields", TEXTS, NOWHERE, "[\"email\"]", NULL, 0, SIGNUP_INPUT_ONLY},
    {"strictFields", TEXTS, NOWHERE, "[]", NULL, 0, SIGNUP_INPUT_ONLY},
    {"requiredConsents", TEXTS, NOWHERE, "[\"terms\"]", NULL, 0, SIGNUP_CONSENTS_MAX},
    {"consentVersions", OBJECT, NOWHERE, "{}", NULL, 0, 0},
    {"requirePartnerId", FLAG, AT(require_partner_id), "false", NULL, 0, 0},
    {"uniqueEmail", FLAG, AT(unique_email), "true", NULL, 0, 0},
    {"uniquePhone", FLAG, AT(unique_phone), "true", NULL, 0, 0},
    {"usernameIsPhone", FLAG, AT(username_is_phone), "false", NULL, 0, 0},
    {"defaultUserType", TEXT, AT(default_user_type), "\"CUSTOMER\"", NULL, 1, 64},
    {"supplierUserTypes", TEXTS, NOWHERE, "[]", NULL, 0, 100},
    {"defaultCountry", TEXT_OR_NULL, AT(default_country), "null", NULL, 2, 3},
    {"phoneCheck", CHOICE, AT(phone_check), "\"possible\"", "possible|valid", 0, 0},
    {"countryDatabase", TEXT_OR_NULL, AT(country_database), "null", NULL, 1, 1000},
    {"sendCustomerId", FLAG, AT(send_customer_id), "false", NULL, 0, 0},
    {"reportableReasons", TEXTS, NOWHERE,
     "[\"email_taken\",\"phone_taken\",\"username_taken\",\"verification_failed\",\"verification_"
     "expired\"]",
     NULL, 0, 200},
    {"fraudReasonMap", OBJECT, NOWHERE, "{}", NULL, 0, 0},
};

/* What is permitted and unwise is said beside the settings, so that it is seen whenever they are
 * read. */
static const char warnings_member[] = "warnings";

enum {
    MEMBERS = sizeof members / sizeof *members,
    SMS_LONGEST_SECONDS = 600,
    LONGEST_ITEM = 255 /* bytes of a text in an array or object */
};

static void *place(struct settings *settings, const struct member *member)
{
    return (char *)settings + member->offset;
}

static int choice_index(const char *choices, const char *text)
{
    size_t length = strlen(text);
    for (int index = 0; choices != NULL; index++) {
        const char *bar = strchr(choices, '|');
        size_t width = bar == NULL ? strlen(choices) : (size_t)(bar - choices);
        if (width == length && memcmp(choices, text, length) == 0)
            return index;
        choices = bar == NULL ? NULL : bar + 1;
    }
    return -1;
}

/* What is expected, for the message about a bad value: take() names the member. Returns false. */
static bool expect_allowed(const struct member *member, struct error *error)
{
    switch (member->kind) {
    case CHOICE:
        error_set(error, ERROR_INVALID, "one of %s", member->choices);
        break;
    case NUMBER:
        error_set(error, ERROR_INVALID, "a whole number from %lld to %lld",
                  (long long)member->lowest, (long long)member->highest);
        break;
    case FLAG:
        error_set(error, ERROR_INVALID, "true or false");
        break;
    case TEXT:
    case TEXT_OR_NULL:
        error_set(error, ERROR_INVALID, "a text of %lld to %lld bytes without control characters%s",
                  (long long)member->lowest, (long long)member->highest,
                  member->kind == TEXT_OR_NULL ? ", or null" : "");
        break;
    case TEXTS:
        error_set(error, ERROR_INVALID, "an array of %lld to %lld different texts%s%s",
                  (long long)member->lowest, (long long)member->highest,
                  member->choices == NULL ? " of 1 to 255 bytes without control characters"
                                          : " out of ",
                  member->choices == NULL ? "" : member->choices);
        break;
    case OBJECT:
        error_set(error, ERROR_INVALID, "an object");
        break;
    }
    return false;
}

/* Whether a text that may be empty can be shown to anybody. */
static bool is_showable(const char *text, size_t longest)
{
    return text[0] == '\0' || text_is_clean(text, longest);
}

static bool texts_are_right(const struct member *member, const json_t *value)
{
    if (!json_is_array(value) || (int64_t)json_array_size(value) < member->lowest ||
        (int64_t)json_array_size(value) > member->highest)
        return false;
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));
        if (text == NULL || !text_is_clean(text, LONGEST_ITEM) ||
            (member->choices != NULL && choice_index(member->choices, text) < 0))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcmp(text, json_string_value(json_array_get(value, k))) == 0)
                return false;
    }
    return true;
}

static bool take_simple(struct settings *settings, const struct member *member, const json_t *value)
{
    const char *text = json_string_value(value);
    switch (member->kind) {
    case CHOICE: {
        int index = text == NULL ? -1 : choice_index(member->choices, text);
        if (index >= 0)
            *(int *)place(settings, member) = index;
        return index >= 0;
    }
    case NUMBER:
        if (!json_is_integer(value) || json_integer_value(value) < member->lowest ||
            json_integer_value(value) > member->highest)
            return false;
        *(int64_t *)place(settings, member) = json_integer_value(value);
        return true;
    case FLAG:
        if (!json_is_boolean(value))
            return false;
        *(bool *)place(settings, member) = json_is_true(value);
        return true;
    case TEXT:
    case TEXT_OR_NULL:
        if (text == NULL ? member->kind == TEXT || !json_is_null(value)
                         : (int64_t)strlen(text) < member->lowest ||
                               !is_showable(text, (size_t)member->highest))
            return false;
        if (member->offset != NOWHERE)
            *(const char **)place(settings, member) = text;
        return true;
    case TEXTS:
        return texts_are_right(member, value);
    case OBJECT:
        break;
    }
    return true; /* objects have rules of their own: take_object() */
}

static bool map_of_texts(const json_t *value)
{
    const char *key;
    json_t *item;
    if (!json_is_object(value))
        return false;
    json_object_foreach((json_t *)value, key, item)
    {
        if (!json_is_string(item) || !text_is_clean(key, LONGEST_ITEM) ||
            !is_showable(json_string_value(item), LONGEST_ITEM))
            return false;
    }
    return true;
}

static bool take_policy(struct settings *settings, const json_t *value, struct error *error)
{
    char *object = json_is_object(value) ? document_text(value, JSON_COMPACT) : NULL;
    const char *text = object != NULL ? object : json_string_value(value);
    bool taken = text != NULL && policy_parse(text, &settings->policy, error);
    if (text == NULL && json_is_object(value))
        error_no_memory(error, NULL);
    else if (text == NULL)
        error_set(error, ERROR_INVALID, "a profile (classic, cleeng, nist) or an object");
    free(object);
    return taken;
}

/* A typing error here would be silent otherwise: an outcome that nobody is told. */
static bool is_reason(const char *name, struct error *error)
{
    return reasons_known(name) ||
           error_set(error, ERROR_INVALID, "reasons of reg_reasons; \"%.80s\" is none", name);
}

static bool take_reason_map(const json_t *value, struct error *error)
{
    const char *reason;
    json_t *word;
    json_object_foreach((json_t *)value, reason, word)
    {
        if (!is_reason(reason, error))
            return false;
    }
    return true;
}

/* Members whose values have rules of their own. */
static bool take_object(struct settings *settings, const struct member *member, const json_t *value,
                        struct error *error)
{
    if (strcmp(member->name, "passwordPolicy") == 0)
        return take_policy(settings, value, error);
    if (strcmp(member->name, "passwordHash") == 0)
        return settings_take_cost(&settings->password_cost, value, error);
    if (strcmp(member->name, "passwordHashLimit") == 0)
        return settings_take_limit(settings, value, error);
    if (strcmp(member->name, "firebaseScrypt") == 0)
        return settings_take_firebase(settings, value, error);
    if (!map_of_texts(value))
        return error_set(
            error, ERROR_INVALID,
            "an object whose values are texts of at most 255 bytes without control characters");
    return strcmp(member->name, "fraudReasonMap") != 0 || take_reason_map(value, error);
}

static bool take_channels(struct settings *settings, json_t *value, struct error *error)
{
    (void)error;
    for (size_t i = 0; i < json_array_size(value); i++)
        *(strcmp(json_string_value(json_array_get(value, i)), "sms") == 0
              ? &settings->channel_sms
              : &settings->channel_email) = true;
    return true;
}

static bool take_fields(uint64_t *fields, const json_t *value, struct error *error)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *name = json_string_value(json_array_get(value, i));
        int column = signup_column_named(name);
        if (column < 0 || column >= SIGNUP_INPUT_ONLY)
            return error_set(error, ERROR_INVALID, "an array of sign-up columns; \"%.80s\" is none",
                             name);
        *fields |= UINT64_C(1) << column;
    }
    return true;
}

static bool take_required_fields(struct settings *settings, json_t *value, struct error *error)
{
    return take_fields(&settings->required_fields, value, error);
}

static bool take_strict_fields(struct settings *settings, json_t *value, struct error *error)
{
    return take_fields(&settings->strict_fields, value, error);
}

static bool take_user_type(struct settings *settings, json_t *value, struct error *error)
{
    (void)value;
    return signup_user_type_is_right(settings->default_user_type) ||
           error_set(error, ERROR_INVALID, "a text of 1 to 64 letters, digits, _ and -");
}

static bool take_country(struct settings *settings, json_t *value, struct error *error)
{
    char alpha2[3];
    if (settings->default_country == NULL)
        return true;
    if (!region_country(settings->default_country, alpha2))
        return error_set(error, ERROR_INVALID, "a country by ISO 3166-1, or null");
    if (json_string_set(value, alpha2) != 0)
        return error_no_memory(error, NULL);
    settings->default_country = json_string_value(value);
    return true;
}

static bool take_reportable(struct settings *settings, json_t *value, struct error *error)
{
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!is_reason(json_string_value(json_array_get(value, i)), error))
            return false;
    settings->reportable_reasons = document_text(value, JSON_COMPACT);
    return settings->reportable_reasons != NULL || error_no_memory(error, NULL);
}

/* A web address or an app's own scheme; what comes behind it is the operator's. */
static bool take_link(struct settings *settings, json_t *value, struct error *error)
{
    const char *link = settings->confirmation_redirect_link;
    (void)value;
    size_t scheme =
        link == NULL
            ? 0
            : strspn(link, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-");
    if (link == NULL || (scheme > 0 && link[scheme] == ':' && link[scheme + 1] != '\0' &&
                         strchr(link, ' ') == NULL && text_is_clean(link, strlen(link))))
        return true;
    return error_set(error, ERROR_INVALID, "a link (SCHEME:..., without blanks), or null");
}

/* Members that other members, or another table, have a say in. */
static bool take_rest(struct settings *settings, const struct member *member, json_t *value,
                      struct error *error)
{
    static const struct {
        const char *name;
        bool (*take)(struct settings *settings, json_t *value, struct error *error);
    } rest[] = {
        {"channels", take_channels},
        {"requiredFields", take_required_fields},
        {"strictFields", take_strict_fields},
        {"defaultUserType", take_user_type},
        {"defaultCountry", take_country},
        {"reportableReasons", take_reportable},
        {"confirmationRedirectLink", take_link},
    };
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (strcmp(member->name, rest[i].name) == 0)
            return rest[i].take(settings, value, error);
    return true;
}

static bool take(struct settings *settings, const struct member *member, json_t *value,
                 struct error *error)
{
    bool taken = take_simple(settings, member, value)
                     ? (member->kind != OBJECT || take_object(settings, member, value, error)) &&
                           take_rest(settings, member, value, error)
                     : expect_allowed(member, error);
    if (!taken)
        error_set(error, error->code, "%s: %s%s", member->name,
                  error->code == ERROR_NO_MEMORY ? "" : "expected ", error->text);
    return taken;
}

static bool members_are_known(const json_t *sent, struct error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)sent, key, value)
    {
        bool known =
            strcmp(key, warnings_member) == 0; /* shown by settings_text(), and no setting */
        for (size_t i = 0; i < MEMBERS && !known; i++)
            known = strcmp(key, members[i].name) == 0;
        if (!known)
            return error_set(error, ERROR_INVALID,
                             "%s: there is no such setting; reg_settings() shows those there are",
                             text_shown(key, 80, "a member's name"));
    }
    return true;
}

struct settings *settings_parse(const char *text, const struct settings *base, struct error *error)
{
    struct settings *settings = calloc(1, sizeof *settings);
    json_error_t place;
    json_t *sent = document_parse(text, 0, &place, error);
    bool right = false;
    if (sent == NULL) {
        document_hide_text(error, &place);
        error_at(error, "settings must be one JSON object");
        goto out;
    }
    if (!json_is_object(sent)) {
        error_set(error, ERROR_INVALID, "settings must be one JSON object");
        goto out;
    }
    if (settings == NULL || (settings->json = json_object()) == NULL) {
        error_no_memory(error, NULL);
        goto out;
    }
    if (!members_are_known(sent, error))
        goto out;
    for (size_t i = 0; i < MEMBERS; i++) {
        const json_t *given = json_object_get(sent, members[i].name);
        if (given == NULL && base != NULL)
            given = json_object_get(base->json, members[i].name);
        json_t *value = given != NULL
                            ? json_deep_copy(given)
                            : document_parse(members[i].standard, JSON_DECODE_ANY, NULL, error);
        if (given != NULL && !json_equal(given, value)) { /* for want of memory: it does not say */
            json_decref(value);
            value = NULL;
        }
        if (given == NULL && value != NULL && strcmp(members[i].name, "passwordHashLimit") == 0 &&
            !settings_widen_limit(settings, value)) {
            json_decref(value);
            value = NULL;
        }
        if (value == NULL || json_object_set_new(settings->json, members[i].name, value) != 0) {
            error_no_memory(error, NULL);
            goto out;
        }
        if (!take(settings, &members[i], value, error))
            goto out;
    }
    settings->required_consents = json_object_get(settings->json, "requiredConsents");
    settings->consent_versions = json_object_get(settings->json, "consentVersions");
    right = true;
out:
    json_decref(sent);
    if (!right) {
        settings_free(settings);
        settings = NULL;
    }
    return settings;
}

struct settings *settings_defaults(void)
{
    struct error error;
    return settings_parse("{}", NULL, &error);
}

void settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    json_decref(settings->json);
    free(settings->reportable_reasons);
    free(settings->source);
    free(settings);
}

static char *write_settings(const struct settings *settings, size_t flags)
{
    json_t *shown = json_copy(settings->json);
    bool whole = json_equal(settings->json, shown); /* not so for want of memory */
    if (whole && settings->pin_length < 6)          /* SP 800-63A-4: at least 6 digits */
        whole = json_object_set_new(
                    shown, warnings_member,
                    json_pack("[s]",
                              "pinConfirmationLength: below 6 a code is too easy to guess")) == 0;
    char *text = whole ? document_text(shown, flags | JSON_PRESERVE_ORDER) : NULL;
    json_decref(shown);
    return text;
}

char *settings_text(const struct settings *settings)
{
    return write_settings(settings, JSON_COMPACT);
}

char *settings_lines(const struct settings *settings)
{
    return write_settings(settings, JSON_INDENT(2));
}

static void load_countries(struct settings *settings, struct ledger *ledger)
{
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_default_countries);
    while (ledger_row(row))
        if (settings->country_count < SETTINGS_COUNTRIES &&
            region_country(ledger_text(row, 0), settings->countries[settings->country_count]))
            settings->country_count++;
}

struct ledger_statement *settings_newest(struct ledger *ledger)
{
    static const char *const columns[] = {[SETTINGS_ID] = "id", [SETTINGS_JSON] = "json", NULL};
    return ledger_select(ledger, STATEMENT_newest_setting, columns);
}

struct settings *settings_load(struct ledger *ledger)
{
    struct error error = {.code = ERROR_INVALID, .text = "there are none"};
    struct settings *settings = NULL;
    int64_t id = 0;
    struct ledger_statement *newest = settings_newest(ledger);
    if (ledger_row(newest)) {
        id = ledger_integer(newest, SETTINGS_ID);
        settings = settings_parse(ledger_word(newest, SETTINGS_JSON), NULL, &error);
        if (settings != NULL) {
            settings->id = id;
            settings->source = strdup(ledger_word(newest, SETTINGS_JSON));
        }
        if (settings != NULL && settings->source == NULL) {
            settings_free(settings);
            settings = NULL;
            error_no_memory(&error, NULL);
        }
        ledger_done(newest);
    }
    if (settings == NULL) {
        error_at(&error, "the ledger's settings (table setting, id %lld) cannot be used",
                 (long long)id);
        ledger_fail_as(ledger, &error);
    } else {
        load_countries(settings, ledger);
    }
    if (ledger_failed(ledger)) {
        settings_free(settings);
        settings = NULL;
    }
    return settings;
}

void settings_save(struct ledger *ledger, const struct settings *settings)
{
    char *text = document_text(settings->json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    struct ledger_statement *insert = ledger_use(ledger, STATEMENT_insert_setting);
    if (text == NULL)
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    ledger_set_integer(insert, ":recorded_at", ledger_now(ledger));
    ledger_set_text(insert, ":json", text);
    ledger_run(insert);
    free(text);
}

static bool is_among(const json_t *texts, const char *text)
{
    for (size_t i = 0; i < json_array_size(texts); i++)
        if (strcmp(json_string_value(json_array_get(texts, i)), text) == 0)
            return true;
    return false;
}

int64_t settings_code_ms(const struct settings *settings, bool pin, const char *channel)
{
    int64_t seconds = pin ? settings->pin_valid_seconds : settings->token_lifetime_seconds;
    if (strcmp(channel, "sms") == 0 && seconds > SMS_LONGEST_SECONDS)
        seconds = SMS_LONGEST_SECONDS;
    return seconds * SECOND_MS;
}

bool settings_is_supplier(const struct settings *settings, const char *user_type)
{
    return user_type != NULL &&
           is_among(json_object_get(settings->json, "supplierUserTypes"), user_type);
}

const char *settings_consent_version(const struct settings *settings, const char *consent)
{
    return json_string_value(json_object_get(settings->consent_versions, consent));
}

const char *settings_required_consent(const struct settings *settings, size_t index)
{
    return json_string_value(json_array_get(settings->required_consents, index));
}

const char *settings_fraud_reason(const struct settings *settings, const char *reason)
{
    return json_string_value(
        json_object_get(json_object_get(settings->json, "fraudReasonMap"), reason));
}
