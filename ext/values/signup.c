/* SPDX-License-Identifier: MIT */
#include "values/signup.h"

#include <stdio.h>
#include <string.h>

#include "values/text.h"

struct column {
    const char *help;
    const char *source;
};

#define DESCRIBE(name, help, source) {help, source},
static const struct column columns[SIGNUP_COLUMN_COUNT] = {SIGNUP_COLUMNS(DESCRIBE)};
#undef DESCRIBE

#define NAME(name, help, source) {#name, SIGNUP_##name},
static const struct header_name names[] = {
    SIGNUP_COLUMNS(NAME)
    /* What the five systems call a column, where it is not our own name in their spelling. */
    {"countryId", SIGNUP_country},
    {"telephone", SIGNUP_phone},
    {"telephoneCountry", SIGNUP_phone_country},
    {"emailVerifiedTime", SIGNUP_email_verified_at},
    {"telephoneVerifiedTime", SIGNUP_phone_verified_at},
    {"passwordHashed", SIGNUP_password_sha256},
    {"emailConfirmCode", SIGNUP_email_confirm_code},
    {"pinCode", SIGNUP_email_confirm_code},
    {"deviceType", SIGNUP_device_type},
    {"type", SIGNUP_device_type},
    {"timestamp", SIGNUP_attempted_at},
    {"success", SIGNUP_outcome},
    /* What exports of other programs call it. */
    {"email_address", SIGNUP_email},
    {"user_email", SIGNUP_email},
    {"phone_number", SIGNUP_phone},
    {"mobile", SIGNUP_phone},
    {"mobile_number", SIGNUP_phone},
    {"mobile_phone", SIGNUP_phone},
    {"cell_phone", SIGNUP_phone},
    {"login", SIGNUP_username},
    {"user_login", SIGNUP_username},
    {"full_name", SIGNUP_name},
    {"display_name", SIGNUP_name},
    {"first_name", SIGNUP_given_name},
    {"forename", SIGNUP_given_name},
    {"last_name", SIGNUP_family_name},
    {"surname", SIGNUP_family_name},
    {"date_of_birth", SIGNUP_birth_date},
    {"birthday", SIGNUP_birth_date},
    {"dob", SIGNUP_birth_date},
    {"place_of_birth", SIGNUP_birth_place},
    {"sex", SIGNUP_gender},
    {"country_code", SIGNUP_country},
    {"country/region", SIGNUP_country},
    {"default_address_country_code", SIGNUP_country},
    {"currency_code", SIGNUP_currency},
    {"created", SIGNUP_attempted_at},
    {"created_at", SIGNUP_attempted_at},
    {"created_on", SIGNUP_attempted_at},
    {"create_date", SIGNUP_attempted_at},
    {"creation_date", SIGNUP_attempted_at},
    {"registered", SIGNUP_attempted_at},
    {"registered_at", SIGNUP_attempted_at},
    {"user_registered", SIGNUP_attempted_at},
    {"registration_date", SIGNUP_attempted_at},
    {"signup_date", SIGNUP_attempted_at},
    {"signed_up_at", SIGNUP_attempted_at},
    {"optin_time", SIGNUP_attempted_at},
    {"external_id", SIGNUP_custom_id},
    {"customer_number", SIGNUP_custom_id},
    {"ip", SIGNUP_ip_address},
    {"optin_ip", SIGNUP_ip_address},
};
#undef NAME

const struct header_names signup_header = {
    .list = names, .count = sizeof names / sizeof *names, .prefix = "consent_"};

void signup_give(struct signup *signup, enum signup_column column, const char *text)
{
    signup->text[column] = text == NULL || text[0] == '\0' ? NULL : text;
}

void signup_give_cell(struct signup *signup, const struct header_column *column, const char *text)
{
    if (column->column >= 0) {
        signup_give(signup, (enum signup_column)column->column, text);
    } else if (column->suffix != NULL && text[0] != '\0' &&
               signup->consent_count < SIGNUP_CONSENTS_MAX) {
        signup->consents[signup->consent_count].name = column->suffix;
        signup->consents[signup->consent_count++].value = text;
    }
}

const char *signup_column_name(enum signup_column column)
{
    return names[column].name;
}

const char *signup_column_help(enum signup_column column)
{
    return columns[column].help;
}

const char *signup_column_source(enum signup_column column)
{
    return columns[column].source;
}

void signup_column_aliases(enum signup_column column, char *aliases, size_t size)
{
    size_t length = 0;
    aliases[0] = '\0';
    for (size_t i = SIGNUP_COLUMN_COUNT; i < signup_header.count; i++)
        if (names[i].column == (int)column && length + strlen(names[i].name) + 2 < size)
            length += (size_t)snprintf(aliases + length, size - length, "%s%s",
                                       length > 0 ? " " : "", names[i].name);
}

const char signup_people_columns[] = "`email`, `phone`, `username`, `uuid` or `identity_subject`";

bool signup_header_names_people(const struct header *header)
{
    static const enum signup_column columns_of_people[] = {
        SIGNUP_email, SIGNUP_phone, SIGNUP_username, SIGNUP_uuid, SIGNUP_identity_subject};
    for (size_t i = 0; i < sizeof columns_of_people / sizeof *columns_of_people; i++)
        if (header_has(header, columns_of_people[i]))
            return true;
    return false;
}

int signup_column_named(const char *name)
{
    return header_find(&signup_header, name);
}

static bool is_of_user_type(char c)
{
    const char letter = text_lower(c);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool signup_user_type_is_right(const char *text)
{
    enum { LONGEST = 64 };
    size_t length = 0;
    while (is_of_user_type(text[length]) && length <= LONGEST)
        length++;
    return length >= 1 && length <= LONGEST && text[length] == '\0';
}

enum rule signup_read_flag(const char *text, bool *yes)
{
    static const char *const words[] = {"no", "yes", "n", "y"};
    int64_t number;
    *yes = text_same(text, "true");
    if (*yes || text_same(text, "false"))
        return RULE_as_given;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (text_same(text, words[i])) {
            *yes = i % 2 != 0;
            return RULE_boolean;
        }
    if (!text_integer(text, &number) || number < 0 || number > 1)
        return RULE_word;
    *yes = number == 1;
    return RULE_as_given;
}

enum rule signup_read_outcome(const char *text, bool *success)
{
    static const char *const plain[] = {"success", "failure", "true", "false"};
    *success = text_same(text, "success");
    if (!*success && !text_same(text, "failure") && rule_refuses(signup_read_flag(text, success)))
        return RULE_word;
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(text, plain[i]) == 0)
            return RULE_as_given;
    return RULE_boolean;
}
