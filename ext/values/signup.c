#include "values/signup.h"

#include <stdio.h>
#include <string.h>

#include "values/text.h"

struct column {
    const char *name;
    const char *help;
    const char *source;
};

#define DESCRIBE(name, help, source) {#name, help, source},
static const struct column columns[SIGNUP_COLUMN_COUNT] = {SIGNUP_COLUMNS(DESCRIBE)};
#undef DESCRIBE

/* What the five systems call a column, where it is not our own name in their spelling. */
static const struct {
    const char *name;
    enum signup_column column;
} aliases[] = {
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
};

void signup_give(struct signup *signup, enum signup_column column, const char *text)
{
    signup->text[column] = text == NULL || text[0] == '\0' ? NULL : text;
}

void signup_give_consent(struct signup *signup, const char *name, const char *value)
{
    if (value[0] == '\0' || signup->consent_count == SIGNUP_CONSENTS_MAX)
        return;
    signup->consents[signup->consent_count].name = name;
    signup->consents[signup->consent_count++].value = value;
}

const char *signup_column_name(enum signup_column column)
{
    return columns[column].name;
}

const char *signup_column_help(enum signup_column column)
{
    return columns[column].help;
}

const char *signup_column_source(enum signup_column column)
{
    return columns[column].source;
}

void signup_column_aliases(enum signup_column column, char *names, size_t size)
{
    size_t length = 0;
    names[0] = '\0';
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (aliases[i].column == column && length + strlen(aliases[i].name) + 2 < size)
            length += (size_t)snprintf(names + length, size - length, "%s%s", length > 0 ? " " : "",
                                       aliases[i].name);
}

/* Equal but for ASCII case and underscores. */
static bool same_name(const char *left, const char *right)
{
    for (;;) {
        while (*left == '_')
            left++;
        while (*right == '_')
            right++;
        if (text_lower(*left) != text_lower(*right))
            return false;
        if (*left == '\0')
            return true;
        left++;
        right++;
    }
}

int signup_column_named(const char *header)
{
    for (int column = 0; column < SIGNUP_COLUMN_COUNT; column++)
        if (same_name(header, columns[column].name))
            return column;
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (same_name(header, aliases[i].name))
            return (int)aliases[i].column;
    return -1;
}

bool signup_user_type_is_right(const char *text)
{
    size_t length =
        strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return length >= 1 && length <= 64 && text[length] == '\0';
}

const char *signup_consent_named(const char *header)
{
    if (text_same_start(header, "consent_", 8) && header[8] != '\0')
        return header + 8;
    return NULL;
}
