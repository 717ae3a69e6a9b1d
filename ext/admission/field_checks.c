/* SPDX-License-Identifier: MIT */
#include "admission/field_checks.h"

#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/admit.h"
#include "admission/deciding_columns.h"
#include "admission/given_texts.h"
#include "values/time_units.h"
#include "values/mend.h"
#include "values/moment.h"
#include "values/region_read.h"
#include "ledger/settings.h"
#include "values/subject.h"
#include "values/text.h"

/* A field's check: takes a text of the column's length and characters, may replace what goes into
 * the column, and says by which rule it was taken or not. */
typedef enum rule field_check(struct admission *admission, const char *text,
                              struct admit_value *value);

static bool is_one_of(const char *text, const char *const *names, char *found, size_t size)
{
    for (; *names != NULL; names++)
        if (text_same(text, *names) && strlen(*names) < size) {
            memcpy(found, *names, strlen(*names) + 1);
            return true;
        }
    return false;
}

static enum rule check_moment(struct admission *admission, const char *text,
                              struct admit_value *value)
{
    int64_t moment;
    enum rule rule = moment_read(text, admission->now, &moment);
    if (rule_refuses(rule))
        return rule;
    /* A clock may be ahead by the hours of a forgotten time zone, not by more. */
    if (moment > admission->now + DAY_MS)
        return RULE_future;
    value->type = ADMIT_INTEGER;
    value->integer = moment;
    return rule;
}

/* RFC 5321 4.1.2: "ada"@example.com is ada@example.com. What needs its quotes is not taken. */
static enum rule unquote_email(struct admission *admission, const char *text,
                               struct admit_value *value)
{
    const char *end = strstr(text, "\"@");
    char *plain = admission->email;
    if (end == NULL || end == text || strlen(text) >= sizeof admission->email)
        return RULE_email_at;
    snprintf(plain, sizeof admission->email, "%.*s%s", (int)(end - text - 1), text + 1, end + 1);
    if (!email_fold(plain, admission->email_folded))
        return RULE_email_quotes;
    value->text = admission->given[SIGNUP_email] = plain;
    value->length = (uint32_t)strlen(plain);
    return RULE_quoted;
}

static enum rule why_no_email(const char *text)
{
    const char *at = strchr(text, '@');
    char sample[SUBJECT_SIZE], folded[SUBJECT_SIZE];
    if (at == NULL || at == text || at[1] == '\0' || strchr(at + 1, '@') != NULL)
        return RULE_email_at;
    if (mend_has_invisible(text))
        return RULE_invisible;
    if (at - text > 64 || strlen(text) > 254)
        return RULE_email_length;
    snprintf(sample, sizeof sample, "a%s", at);
    return email_fold(sample, folded) ? RULE_email : RULE_email_domain;
}

static enum rule check_email(struct admission *admission, const char *text,
                             struct admit_value *value)
{
    enum rule rule = RULE_as_given;
    if (email_fold(text, admission->email_folded))
        return rule;
    rule = text[0] == '"' ? unquote_email(admission, text, value) : why_no_email(text);
    if (rule_refuses(rule))
        admission->email_folded[0] = '\0';
    return rule;
}

static const char *phone_country(const struct admission *admission)
{
    if (admission->phone_country[0] != '\0')
        return admission->phone_country;
    if (admission->country[0] != '\0')
        return admission->country;
    return admission->settings->default_country;
}

static enum rule read_phone(const struct admission *admission, const char *text,
                            char e164[SUBJECT_SIZE])
{
    bool valid = admission->settings->phone_check == SETTINGS_PHONE_VALID;
    enum rule rule = phone_number(text, phone_country(admission), valid, e164, SUBJECT_SIZE);
    if (rule_refuses(rule))
        e164[0] = '\0';
    return rule;
}

static enum rule check_phone(struct admission *admission, const char *text,
                             struct admit_value *value)
{
    value->text = admission->phone;
    return read_phone(admission, text, admission->phone);
}

static enum rule check_username(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    if (!admission->settings->username_is_phone) {
        if (subject_fold_username(text, admission->username_folded))
            return RULE_as_given;
        admission->username_folded[0] = '\0';
        return mend_has_invisible(text) ? RULE_invisible : RULE_form;
    }
    enum rule rule = read_phone(admission, text, admission->username_phone);
    if (rule_refuses(rule))
        return rule;
    snprintf(admission->username_folded, SUBJECT_SIZE, "%s", admission->username_phone);
    value->text = admission->username_phone;
    return rule;
}

static enum rule check_country(struct admission *admission, const char *text,
                               struct admit_value *value)
{
    value->text = admission->country;
    return region_read_country(text, admission->country);
}

static enum rule check_phone_country(struct admission *admission, const char *text,
                                     struct admit_value *value)
{
    value->text = admission->phone_country;
    return region_read_country(text, admission->phone_country);
}

static enum rule check_currency(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    value->text = admission->currency;
    return region_currency(text, admission->currency) ? RULE_as_given : RULE_code;
}

static enum rule check_locale(struct admission *admission, const char *text,
                              struct admit_value *value)
{
    value->text = admission->locale;
    return region_read_locale(text, admission->locale);
}

static enum rule check_language(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    value->text = admission->language;
    return region_read_locale(text, admission->language);
}

static enum rule check_birth_date(struct admission *admission, const char *text,
                                  struct admit_value *value)
{
    char today[MOMENT_SIZE];
    enum rule rule = moment_read_day(text, admission->birth_date);
    if (rule_refuses(rule))
        return rule;
    value->text = admission->birth_date;
    moment_format(admission->now + DAY_MS, today); /* somewhere it is tomorrow already */
    return strncmp(admission->birth_date, today, 10) <= 0 ? rule : RULE_future;
}

static enum rule check_gender(struct admission *admission, const char *text,
                              struct admit_value *value)
{
    static const char *const genders[] = {"true",  "false",       "male", "female",
                                          "other", "unspecified", NULL};
    if (!is_one_of(text, genders, admission->gender, sizeof admission->gender))
        return RULE_word;
    value->text = admission->gender;
    return RULE_as_given;
}

static enum rule check_user_type(struct admission *admission, const char *text,
                                 struct admit_value *value)
{
    (void)admission;
    (void)value;
    return signup_user_type_is_right(text) ? RULE_as_given : RULE_form;
}

/* `1.000` is a thousand to one half of the world, and one to the other. */
static bool may_be_grouped(const char *text)
{
    const char *point = strchr(text, '.');
    return point != NULL && point > text && strspn(point + 1, "0123456789") == 3 &&
           point[4] == '\0';
}

static enum rule check_partner_id(struct admission *admission, const char *text,
                                  struct admit_value *value)
{
    int64_t number;
    (void)admission;
    if (strpbrk(text, "eE") != NULL && text_integer(text, &number))
        return RULE_scientific;
    if (may_be_grouped(text))
        return RULE_ambiguous;
    if (!text_integer(text, &number) || number < 0 || number > INT32_MAX)
        return RULE_number;
    value->type = ADMIT_INTEGER;
    value->integer = number;
    return RULE_as_given;
}

static enum rule check_uuid(struct admission *admission, const char *text,
                            struct admit_value *value)
{
    if (strlen(text) != 36)
        return RULE_form;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : strchr("0123456789abcdefABCDEF", text[i]) == NULL)
            return RULE_form;
    }
    for (size_t i = 0; i <= 36; i++)
        admission->uuid[i] =
            text[i] >= 'A' && text[i] <= 'F' ? (char)(text[i] - 'A' + 'a') : text[i];
    value->text = admission->uuid;
    return RULE_as_given;
}

static enum rule check_provider(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    /* Synerise's four, and those of the fraud API's social mechanism (docs). */
    static const char *const providers[] = {"facebook", "google",   "apple",     "oauth",
                                            "azure",    "linkedin", "microsoft", "okta",
                                            "onelogin", "ping",     "twitter",   NULL};
    value->text = admission->provider;
    return is_one_of(text, providers, admission->provider, sizeof admission->provider)
               ? RULE_as_given
               : RULE_word;
}

static enum rule check_address(struct admission *admission, const char *text,
                               struct admit_value *value)
{
    value->text = admission->address;
    return region_read_address(text, admission->address);
}

/* The decimal point is a point whatever the host's locale says. */
static locale_t plain_locale;
static pthread_once_t plain_once = PTHREAD_ONCE_INIT;

static void make_plain_locale(void)
{
    plain_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static enum rule check_degrees(const char *text, double most, struct admit_value *value)
{
    char *end;
    errno = 0;
    if (strspn(text, "+-0123456789.eE") != strlen(text)) /* no hex, no "nan"; SQL's own text of a
                                                            small number has an exponent */
        return RULE_number;
    pthread_once(&plain_once, make_plain_locale);
    if (plain_locale == (locale_t)0)
        return RULE_number;
    double degrees = strtod_l(text, &end, plain_locale);
    if (end == text || *end != '\0' || errno != 0 || degrees < -most || degrees > most)
        return RULE_number;
    value->type = ADMIT_REAL;
    value->real = degrees;
    return RULE_as_given;
}

static enum rule check_latitude(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    (void)admission;
    return check_degrees(text, 90, value);
}

static enum rule check_longitude(struct admission *admission, const char *text,
                                 struct admit_value *value)
{
    (void)admission;
    return check_degrees(text, 180, value);
}

static enum rule check_platform(struct admission *admission, const char *text,
                                struct admit_value *value)
{
    static const char *const platforms[] = {"ios", "android", "web", "mobile-web", NULL};
    if (!is_one_of(text, platforms, admission->platform, sizeof admission->platform))
        return RULE_word;
    value->text = admission->platform;
    return RULE_as_given;
}

static enum rule check_flag(struct admission *admission, const char *text,
                            struct admit_value *value)
{
    bool yes;
    enum rule rule = signup_read_flag(text, &yes);
    (void)admission;
    value->type = ADMIT_INTEGER;
    value->integer = yes;
    return rule;
}

static enum rule check_recommendation(struct admission *admission, const char *text,
                                      struct admit_value *value)
{
    static const char *const recommendations[] = {"ALLOW", "REVIEW", "PREVENT", NULL};
    if (!is_one_of(text, recommendations, admission->recommendation,
                   sizeof admission->recommendation))
        return RULE_word;
    value->text = admission->recommendation;
    return RULE_as_given;
}

static enum rule check_outcome(struct admission *admission, const char *text,
                               struct admit_value *value)
{
    bool success;
    enum rule rule = signup_read_outcome(text, &success);
    (void)value;
    if (!rule_refuses(rule))
        admission->told = success ? "success" : "failure";
    return rule;
}

/* An identifier of another system: any text, but every character of it can be seen. */
static enum rule check_identifier(struct admission *admission, const char *text,
                                  struct admit_value *value)
{
    (void)admission;
    (void)value;
    return mend_has_invisible(text) ? RULE_invisible : RULE_as_given;
}

/* What each column takes: so many bytes of what is given, without the characters that
 * text_is_clean() refuses, and of the form that its check asks for. */
static const struct form {
    size_t longest;
    field_check *check; /* NULL: any text */
} forms[SIGNUP_INPUT_ONLY] = {
    [SIGNUP_attempted_at] = {80, check_moment},
    [SIGNUP_email] = {320, check_email},
    [SIGNUP_username] = {255, check_username},
    [SIGNUP_phone] = {96, check_phone},
    [SIGNUP_phone_country] = {64, check_phone_country},
    [SIGNUP_name] = {1024, NULL},
    [SIGNUP_given_name] = {1024, NULL},
    [SIGNUP_family_name] = {1024, NULL},
    [SIGNUP_birth_date] = {40, check_birth_date},
    [SIGNUP_birth_place] = {1024, NULL},
    [SIGNUP_gender] = {11, check_gender},
    [SIGNUP_country] = {64, check_country},
    [SIGNUP_currency] = {3, check_currency},
    [SIGNUP_locale] = {255, check_locale},
    [SIGNUP_user_type] = {64, check_user_type},
    [SIGNUP_partner_id] = {10, check_partner_id},
    [SIGNUP_source_id] = {1024, NULL},
    [SIGNUP_account_group_id] = {1024, NULL},
    [SIGNUP_uuid] = {36, check_uuid},
    [SIGNUP_custom_id] = {1024, check_identifier},
    [SIGNUP_identity_provider] = {9, check_provider},
    [SIGNUP_identity_subject] = {255, check_identifier},
    [SIGNUP_device_id] = {SIGNUP_LONGEST_DEVICE, NULL},
    [SIGNUP_device_type] = {1024, NULL},
    [SIGNUP_manufacturer] = {1024, NULL},
    [SIGNUP_model] = {1024, NULL},
    [SIGNUP_os] = {1024, NULL},
    [SIGNUP_ip_address] = {255, check_address},
    [SIGNUP_language] = {255, check_language},
    [SIGNUP_latitude] = {40, check_latitude},
    [SIGNUP_longitude] = {40, check_longitude},
    [SIGNUP_user_agent] = {1024, NULL},
    [SIGNUP_app_name] = {1024, NULL},
    [SIGNUP_app_platform] = {10, check_platform},
    [SIGNUP_app_domain] = {1024, NULL},
    [SIGNUP_guest_account] = {5, check_flag},
    [SIGNUP_captcha] = {1024, NULL},
    [SIGNUP_recommendation] = {7, check_recommendation},
    [SIGNUP_email_verified_at] = {80, check_moment},
    [SIGNUP_phone_verified_at] = {80, check_moment},
    [SIGNUP_consents] = {SIGNUP_LONGEST_CONSENTS, NULL}, /* judged as a whole by consents.c */
    [SIGNUP_outcome] = {7, check_outcome},
    [SIGNUP_failure_reason] = {1024, NULL},
};

size_t columns_longest(enum signup_column column)
{
    return (int)column < SIGNUP_INPUT_ONLY ? forms[column].longest : 0;
}

/* What is not of its form is not kept: under a wrong header it may be anything, a password too. */
static void refuse(struct admission *admission, int column, enum rule rule)
{
    admission->values[column].type = ADMIT_NULL;
    notes_add(&admission->notes, column, rule);
    if (column == SIGNUP_identity_provider)
        admission->reasons.others |= 1U << REASON_identity_provider_unknown;
    else if ((deciding_columns(admission->settings) >> column & 1) != 0)
        admission->reasons.invalid |= UINT64_C(1) << column;
}

/* Numbers of other systems, which are long. */
static const uint64_t long_numbers = SIGNUP_BIT(username) | SIGNUP_BIT(phone) |
                                     SIGNUP_BIT(custom_id) | SIGNUP_BIT(identity_subject) |
                                     SIGNUP_BIT(source_id) | SIGNUP_BIT(account_group_id) |
                                     SIGNUP_BIT(device_id) | SIGNUP_BIT(partner_id);

static enum rule check_text(struct admission *admission, int column, const char *text,
                            struct admit_value *value)
{
    const struct form *form = &forms[column];
    if (value->length > form->longest)
        return text_is_clean(text, SIZE_MAX) ? RULE_too_long : RULE_characters;
    /* A phone number may have been set with direction characters, which it loses. */
    if (column != SIGNUP_phone && !text_is_clean(text, form->longest))
        return RULE_characters;
    if (given_keeps_placeholder(admission, column) &&
        given_is_placeholder(column, text, value->length))
        return RULE_placeholder;
    if ((long_numbers >> column & 1) != 0 && mend_is_scientific(text))
        return RULE_scientific;
    return form->check == NULL ? RULE_as_given : form->check(admission, text, value);
}

static void check_column(struct admission *admission, int column)
{
    const char *text = admission->given[column];
    struct admit_value *value = &admission->values[column];
    if (text == NULL || value->type != ADMIT_NULL || column == SIGNUP_consents)
        return; /* not given, looked at already, or to be looked at */
    value->type = ADMIT_TEXT;
    value->text = text;
    enum rule rule = check_text(admission, column, text, value);
    if (rule_refuses(rule))
        refuse(admission, column, rule);
    else if (rule != RULE_as_given)
        notes_add(&admission->notes, column, rule);
}

static void set_text(struct admission *admission, enum signup_column column, const char *text)
{
    admission->values[column].type = ADMIT_TEXT;
    admission->values[column].text = text;
}

/* The country by the request's address, and from the country currency and locale: what Cleeng's
 * front end asks /locales for. */
static bool derive_region(struct admission *admission, struct error *error)
{
    const char *address = admission->values[SIGNUP_ip_address].text;
    bool address_right = admission->values[SIGNUP_ip_address].type == ADMIT_TEXT;
    if (admission->given[SIGNUP_country] == NULL && address_right &&
        admission->settings->country_database != NULL) {
        if (region_address_country(admission->settings->country_database, address,
                                   admission->country, error))
            set_text(admission, SIGNUP_country, admission->country);
        else if (error->code != ERROR_NONE)
            return false;
    }
    if (admission->country[0] == '\0')
        return true;
    if (admission->given[SIGNUP_currency] == NULL &&
        region_country_currency(admission->country, admission->currency))
        set_text(admission, SIGNUP_currency, admission->currency);
    if (admission->given[SIGNUP_locale] == NULL &&
        region_country_locale(admission->country, admission->locale))
        set_text(admission, SIGNUP_locale, admission->locale);
    return true;
}

/* With usernameIsPhone each of the two is the other, where only one is given. */
static void derive_phone(struct admission *admission)
{
    const char *const *given = admission->given;
    if (!admission->settings->username_is_phone)
        return;
    if (given[SIGNUP_username] == NULL && admission->phone[0] != '\0') {
        snprintf(admission->username_folded, SUBJECT_SIZE, "%s", admission->phone);
        set_text(admission, SIGNUP_username, admission->phone);
    } else if (given[SIGNUP_phone] == NULL && admission->username_folded[0] != '\0') {
        snprintf(admission->phone, SUBJECT_SIZE, "%s", admission->username_folded);
        set_text(admission, SIGNUP_phone, admission->phone);
    }
}

/* Whether a text means an address or a number that this sign-up does not have. */
static bool means_another(const struct admission *admission, const char *text, const char *country)
{
    char meant[SUBJECT_SIZE];
    enum subject_kind kind = subject_meaning(text, country, meant);
    return (kind == SUBJECT_EMAIL && strcmp(meant, admission->email_folded) != 0) ||
           (kind == SUBJECT_PHONE && strcmp(meant, admission->phone) != 0);
}

/* A username of the form of an address or a number is only for whoever has that: else a text could
 * mean two people (codes/subject_lookup.h). It is another's address then, and is kept as little as
 * any other value that fails its check. */
static void check_whose_username(struct admission *admission)
{
    const struct settings *settings = admission->settings;
    const char *username = settings->username_is_phone ? admission->username_folded
                                                       : admission->given[SIGNUP_username];
    if (username == NULL || admission->username_folded[0] == '\0')
        return;
    /* As it was given, and as it is compared: that may be another's where it was none itself. */
    const char *const readings[] = {username, admission->username_folded};
    const size_t count = strcmp(readings[0], readings[1]) == 0 ? 1 : 2;
    bool another = false;
    for (size_t k = 0; k < count && !another; k++) {
        another = means_another(admission, readings[k], NULL);
        for (size_t i = 0; i < settings->country_count && !another; i++)
            another = means_another(admission, readings[k], settings->countries[i]);
    }
    if (!another)
        return;
    admission->username_folded[0] = '\0'; /* so that nobody is found by it */
    refuse(admission, SIGNUP_username, RULE_another);
}

static void derive_rest(struct admission *admission)
{
    if (admission->given[SIGNUP_user_type] == NULL)
        set_text(admission, SIGNUP_user_type, admission->settings->default_user_type);
    derive_phone(admission);
    check_whose_username(admission);
    admission->attempted_at = admission->values[SIGNUP_attempted_at].type == ADMIT_INTEGER
                                  ? admission->values[SIGNUP_attempted_at].integer
                                  : admission->now;
}

static void check_missing(struct admission *admission)
{
    uint64_t required = deciding_required(admission->settings);
    bool provider = admission->given[SIGNUP_identity_provider] != NULL;
    bool subject = admission->given[SIGNUP_identity_subject] != NULL;
    if (provider != subject) /* neither names anybody alone */
        required |= SIGNUP_BIT(identity_provider) | SIGNUP_BIT(identity_subject);
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++)
        if ((required >> column & 1) != 0 && admission->values[column].type == ADMIT_NULL &&
            admission->given[column] == NULL)
            admission->reasons.missing |= UINT64_C(1) << column;
}

/* Here, where the texts are at hand, and not where they are bound: that may be on a thread that has
 * more to do. */
static void measure(struct admission *admission)
{
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++)
        if (admission->values[column].type == ADMIT_TEXT &&
            admission->values[column].text != admission->given[column])
            admission->values[column].length = (uint32_t)strlen(admission->values[column].text);
}

bool field_checks_run(struct admission *admission, struct error *error)
{
    if (!given_take(admission))
        return error_no_memory(error, NULL);
    if (admission->signup->lacks > 0)
        notes_add(&admission->notes, admission->signup->lacks - 1, RULE_short_row);
    check_column(admission, SIGNUP_country); /* a national phone number is completed by these two */
    check_column(admission, SIGNUP_phone_country);
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++)
        check_column(admission, column);
    if (!derive_region(admission, error))
        return false;
    derive_rest(admission);
    check_missing(admission);
    measure(admission);
    return true;
}
