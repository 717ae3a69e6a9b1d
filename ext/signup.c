#include "signup.h"

#include <string.h>
#include <strings.h>

struct column {
    const char *name;
    const char *help;
};

#define DESCRIBE(name, help) {#name, help},
static const struct column columns[SIGNUP_COLUMN_COUNT] = {SIGNUP_COLUMNS(DESCRIBE)};
#undef DESCRIBE

/* What the five systems call a column, where it is not our own name in their spelling. */
static const struct {
    const char *name;
    enum signup_column column;
} aliases[] = {
    {"countryid", SIGNUP_country},
    {"telephone", SIGNUP_phone},
    {"telephonecountry", SIGNUP_phone_country},
    {"emailverifiedtime", SIGNUP_email_verified_at},
    {"telephoneverifiedtime", SIGNUP_phone_verified_at},
    {"passwordhashed", SIGNUP_password_sha256},
    {"emailconfirmcode", SIGNUP_email_confirm_code},
    {"pincode", SIGNUP_email_confirm_code},
    {"devicetype", SIGNUP_device_type},
    {"type", SIGNUP_device_type},
    {"timestamp", SIGNUP_attempted_at},
    {"success", SIGNUP_outcome},
};

const char *signup_column_name(enum signup_column column)
{
    return columns[column].name;
}

const char *signup_column_help(enum signup_column column)
{
    return columns[column].help;
}

static char lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Equal but for ASCII case and underscores. */
static bool same_name(const char *left, const char *right)
{
    for (;;) {
        while (*left == '_')
            left++;
        while (*right == '_')
            right++;
        if (lower(*left) != lower(*right))
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
    if (strncasecmp(header, "consent_", 8) == 0 && header[8] != '\0')
        return header + 8;
    return NULL;
}
