/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* What a member must be. */
enum kind {
    KIND_TEXT,         /* a string, not empty */
    KIND_BOOLEAN,      /* true or false */
    KIND_MILLISECONDS, /* Unix time in milliseconds, not seconds */
    KIND_SHA256,       /* 64 lower-case hexadecimal digits */
    KIND_EMAIL,        /* something@something */
    KIND_PHONE,        /* E.164 with its + */
    KIND_COUNTRY,      /* three upper-case letters: ISO 3166-1 alpha-3 */
    KIND_ADDRESS,      /* IPv4 or IPv6 */
    KIND_LATITUDE,
    KIND_LONGITUDE,
    KIND_REASON, /* upper-case words joined by _ */
    KIND_WORD,   /* one of `words` */
    KIND_OBJECT  /* its `members` */
};

struct member {
    const char *name;
    enum kind kind;
    bool required;
    const char *const *words;     /* ends with NULL */
    const struct member *members; /* ends with a NULL name */
};

enum { PLACE_TEXT = 160 };

static const char *const social_providers[] = {"apple",    "azure",     "facebook", "google",
                                               "linkedin", "microsoft", "okta",     "onelogin",
                                               "ping",     "twitter",   NULL};
static const char *const sms_code_reasons[] = {"INVALID_CODE",
                                               "CODE_TIMEOUT",
                                               "INTERNAL_ERROR",
                                               "RATE_LIMIT",
                                               "BANNED_USER",
                                               "AUTHENTICATION_FAILURE",
                                               NULL};
static const char *const magiclink_reasons[] = {"INVALID_LINK", "TIMEOUT", NULL};
static const char *const magiclink_transports[] = {"email", "sms", NULL};
static const char *const platforms[] = {"ios", "android", "web", "mobile-web", NULL};

/* clang-format off */
#define MAY(name, kind) {name, kind, false, NULL, NULL}
#define MUST(name, kind) {name, kind, true, NULL, NULL}
#define WORD(name, required, words) {name, KIND_WORD, required, words, NULL}
#define OBJECT(name, required, members) {name, KIND_OBJECT, required, NULL, members}
#define END {NULL, KIND_TEXT, false, NULL, NULL}

static const struct member password_members[] = {
    MAY("passwordHashed", KIND_SHA256),
    MAY("passwordSHA1SHA256", KIND_SHA256),
    MUST("success", KIND_BOOLEAN),
    MAY("failureReason", KIND_REASON),
    END};
static const struct member social_members[] = {
    WORD("socialProvider", true, social_providers),
    MUST("success", KIND_BOOLEAN),
    MAY("failureReason", KIND_REASON),
    END};
static const struct member sms_code_members[] = {
    MAY("phoneNumber", KIND_PHONE),
    MUST("success", KIND_BOOLEAN),
    WORD("failureReason", false, sms_code_reasons),
    END};
static const struct member magiclink_members[] = {
    WORD("transport", true, magiclink_transports),
    MAY("success", KIND_BOOLEAN),
    WORD("failureReason", false, magiclink_reasons),
    END};
static const struct member mechanism_members[] = {
    OBJECT("password", false, password_members),
    OBJECT("social", false, social_members),
    OBJECT("smsCode", false, sms_code_members),
    OBJECT("magiclink", false, magiclink_members),
    END};
static const struct member app_members[] = {
    MAY("name", KIND_TEXT),
    WORD("platform", false, platforms),
    MAY("domain", KIND_TEXT),
    END};
static const struct member registration_members[] = {
    MAY("username", KIND_TEXT),
    MUST("success", KIND_BOOLEAN),
    OBJECT("registrationMechanism", false, mechanism_members),
    OBJECT("app", false, app_members),
    MAY("guestAccount", KIND_BOOLEAN),
    MAY("marketingEmailsEnabled", KIND_BOOLEAN),
    END};
#define PERSON                                                                                     \
    MAY("email", KIND_EMAIL), MAY("emailVerifiedTime", KIND_MILLISECONDS), MAY("name", KIND_TEXT), \
    MAY("familyName", KIND_TEXT), MAY("givenName", KIND_TEXT), MAY("telephone", KIND_PHONE),       \
    MAY("telephoneVerifiedTime", KIND_MILLISECONDS), MAY("telephoneCountry", KIND_COUNTRY)
static const struct member customer_members[] = {
    MAY("customerId", KIND_TEXT),
    PERSON,
    END};
static const struct member supplier_members[] = {
    MAY("supplierId", KIND_TEXT),
    MAY("groupId", KIND_TEXT),
    MAY("groupName", KIND_TEXT),
    MAY("type", KIND_TEXT),
    MAY("level", KIND_TEXT),
    MAY("employmentType", KIND_TEXT),
    MAY("transportType", KIND_TEXT),
    MAY("category", KIND_TEXT),
    PERSON,
    END};
static const struct member location_members[] = {
    MUST("latitude", KIND_LATITUDE),
    MUST("longitude", KIND_LONGITUDE),
    END};
static const struct member device_members[] = {
    MAY("deviceId", KIND_TEXT),
    MAY("type", KIND_TEXT),
    MAY("manufacturer", KIND_TEXT),
    MAY("model", KIND_TEXT),
    MAY("os", KIND_TEXT),
    MAY("ipAddress", KIND_ADDRESS),
    MAY("language", KIND_TEXT),
    MAY("userAgent", KIND_TEXT),
    OBJECT("location", false, location_members),
    END};
static const struct member event_members[] = {
    MUST("timestamp", KIND_MILLISECONDS),
    OBJECT("registration", true, registration_members),
    OBJECT("customer", false, customer_members),
    OBJECT("supplier", false, supplier_members),
    OBJECT("device", false, device_members),
    END};
/* clang-format on */

/* Every character of `text` is in `allowed`, and there are `least` to `most` of them. */
static bool text_is(const char *text, const char *allowed, size_t least, size_t most)
{
    size_t length = strlen(text);
    return length >= least && length <= most && strspn(text, allowed) == length;
}

static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');
    return at != NULL && at != text && at[1] != '\0' && strpbrk(text, " \t\r\n,;<>") == NULL;
}

static bool is_address(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

static bool is_word(const char *text, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcmp(text, *words) == 0) {
            return true;
        }
    }
    return false;
}

/* NULL where the string is right, else what it must be. */
static const char *string_fault(const struct member *member, const char *text)
{
    switch (member->kind) {
    case KIND_SHA256:
        return text_is(text, "0123456789abcdef", 64, 64) ? NULL
                                                         : "64 lower-case hexadecimal digits";
    case KIND_EMAIL:
        return is_email(text) ? NULL : "an e-mail address";
    case KIND_PHONE:
        return text[0] == '+' && text_is(text + 1, "0123456789", 7, 15)
                   ? NULL
                   : "a telephone number as + and 7 to 15 digits";
    case KIND_COUNTRY:
        return text_is(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3, 3) ? NULL
                                                                 : "an ISO 3166-1 alpha-3 code";
    case KIND_ADDRESS:
        return is_address(text) ? NULL : "an IP address";
    case KIND_REASON:
        return text_is(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", 1, 64)
                   ? NULL
                   : "a reason in upper case";
    case KIND_WORD:
        return is_word(text, member->words) ? NULL : "one of the documented words";
    default:
        return text[0] != '\0' ? NULL : "a string that is not empty";
    }
}

/* From 1973-03-03 to the year 9999: seconds are below it, microseconds above. */
static bool is_milliseconds(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 100000000000 &&
           json_integer_value(value) <= 253402300799999;
}

static bool is_degrees(const json_t *value, double most)
{
    return json_is_number(value) && json_number_value(value) >= -most &&
           json_number_value(value) <= most;
}

static const char *value_fault(const struct member *member, const json_t *value)
{
    switch (member->kind) {
    case KIND_BOOLEAN:
        return json_is_boolean(value) ? NULL : "true or false";
    case KIND_MILLISECONDS:
        return is_milliseconds(value) ? NULL : "an integer, Unix time in milliseconds";
    case KIND_LATITUDE:
        return is_degrees(value, 90.0) ? NULL : "a number from -90 to 90";
    case KIND_LONGITUDE:
        return is_degrees(value, 180.0) ? NULL : "a number from -180 to 180";
    case KIND_OBJECT:
        return json_is_object(value) ? NULL : "an object";
    default:
        return json_is_string(value) ? string_fault(member, json_string_value(value)) : "a string";
    }
}

static const struct member *find_member(const struct member *members, const char *name)
{
    for (; members->name != NULL; members++) {
        if (strcmp(members->name, name) == 0) {
            return members;
        }
    }
    return NULL;
}

static bool check_object(const json_t *object, const struct member *members, const char *place,
                         char *error, size_t error_size)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)object, name, value)
    {
        const struct member *member = find_member(members, name);
        if (member == NULL) {
            snprintf(error, error_size, "%s%.100s: unknown member", place, name);
            return false;
        }
        const char *wanted = value_fault(member, value);
        if (wanted != NULL) {
            snprintf(error, error_size, "%s%s: must be %s", place, name, wanted);
            return false;
        }
        if (member->kind == KIND_OBJECT) {
            char inner[PLACE_TEXT];
            snprintf(inner, sizeof inner, "%s%s.", place, name);
            if (!check_object(value, member->members, inner, error, error_size)) {
                return false;
            }
        }
    }
    for (; members->name != NULL; members++) {
        if (members->required && json_object_get(object, members->name) == NULL) {
            snprintf(error, error_size, "%s%s: missing", place, members->name);
            return false;
        }
    }
    return true;
}

bool shape_check(const json_t *event, char *error, size_t error_size)
{
    if (!json_is_object(event)) {
        snprintf(error, error_size, "the body must be one JSON object");
        return false;
    }
    if (!check_object(event, event_members, "", error, error_size)) {
        return false;
    }
    bool customer = json_object_get(event, "customer") != NULL;
    bool supplier = json_object_get(event, "supplier") != NULL;
    if (customer == supplier) {
        snprintf(error, error_size, "customer, supplier: exactly one of the two must be there");
        return false;
    }
    const json_t *registration = json_object_get(event, "registration");
    const json_t *mechanism = json_object_get(registration, "registrationMechanism");
    if (mechanism != NULL && json_object_size(mechanism) == 0) {
        snprintf(error, error_size,
                 "registration.registrationMechanism: must name a mechanism: password, social, "
                 "smsCode or magiclink");
        return false;
    }
    return true;
}
