/* SPDX-License-Identifier: MIT */
/* config_value.c: one value of the configuration: what it may be, checked and stored. */
#include "config/config_key.h"
#include "config/config.h"
#include "config/nodes.h"
#include "config/secret.h"
#include "config/url.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "intake/profile.h"
#include "values/email.h"
#include "values/text.h"

enum { VALUE_ALLOWED = 512, VALUE_DIGITS = 18, KIBI = 1024 };

static_assert(sizeof(enum config_tls) == sizeof(unsigned) &&
                  sizeof(enum config_sms_profile) == sizeof(unsigned),
              "a choice is stored as an unsigned number");

/* --- What a value may be, in words ---------------------------------------------------------- */

/* "required|optional|none" as "required, optional or none". */
static void join_words(const char *list, char *words, size_t size)
{
    size_t used = 0;

    words[0] = '\0';
    while (used < size) {
        size_t width = strcspn(list, "|");
        bool last = list[width] == '\0';
        const char *join = used == 0 ? "" : (last ? " or " : ", ");
        int put = snprintf(words + used, size - used, "%s%.*s", join, (int)width, list);
        if (last || put < 0) {
            return;
        }
        used += (size_t)put;
        list += width + 1;
    }
}

/* 1048576 as "1M". */
static void size_text(double bytes, char *text, size_t size)
{
    static const char suffixes[] = {'\0', 'K', 'M', 'G', '\0'};
    size_t step = 0;

    while (bytes >= KIBI && suffixes[step + 1] != '\0') {
        bytes /= KIBI;
        step++;
    }
    snprintf(text, size, "%.0f%c", bytes, suffixes[step]);
}

void config_key_allowed(const struct config_key *key, char *words, size_t size)
{
    char low[32];
    char high[32];

    switch (key->kind) {
    case CONFIG_KIND_TEXT:
        snprintf(words, size, "a text");
        break;
    case CONFIG_KIND_ADDRESS:
        snprintf(words, size, "USER@DOMAIN or NAME <USER@DOMAIN>");
        break;
    case CONFIG_KIND_HEADERS:
        snprintf(words, size, "NAME: VALUE, several separated by |, without Authorization");
        break;
    case CONFIG_KIND_PROFILE:
        snprintf(words, size, "the name of a built-in profile, or a path");
        break;
    case CONFIG_KIND_PATH:
        snprintf(words, size, "a path");
        break;
    case CONFIG_KIND_LEDGER:
        snprintf(words, size, "a path, or nodes as https://HOST:4001, separated by commas");
        break;
    case CONFIG_KIND_URL:
        url_allowed(key->words, words, size);
        break;
    case CONFIG_KIND_COUNT:
        snprintf(words, size, "a whole number from %.0f to %.0f", key->low, key->high);
        break;
    case CONFIG_KIND_RATE:
        snprintf(words, size, "a number from %.0f to %.0f", key->low, key->high);
        break;
    case CONFIG_KIND_SIZE:
        size_text(key->low, low, sizeof low);
        size_text(key->high, high, sizeof high);
        snprintf(words, size, "a size from %s to %s", low, high);
        break;
    case CONFIG_KIND_SWITCH:
    case CONFIG_KIND_CHOICE:
        join_words(key->words, words, size);
        break;
    case CONFIG_KIND_STATUS_RANGE:
        snprintf(words, size,
                 "an HTTP status or a range of them from %.0f to %.0f, such as 200-299", key->low,
                 key->high);
        break;
    case CONFIG_KIND_SECRET_FILE:
        snprintf(words, size, "a file that only its owner can read");
        break;
    case CONFIG_KIND_SECRET_ENV:
        snprintf(words, size, "the name of an environment variable");
        break;
    case CONFIG_KIND_REFUSED:
        snprintf(words, size, "not here: use %s", key->words);
        break;
    }
}

/* --- Reading -------------------------------------------------------------------------------- */

static void *member(const struct config_key *key, struct config *config)
{
    return (char *)config + key->offset;
}

/* The number that `text` begins with, and where it ends; false where there is none. Eighteen digits
 * cannot overflow. */
static bool read_digits(const char *text, uint64_t *number, const char **end)
{
    size_t length = strspn(text, "0123456789");
    *number = 0;
    for (size_t i = 0; i < length && i < VALUE_DIGITS; i++) {
        *number = *number * 10 + (uint64_t)(text[i] - '0');
    }
    *end = text + length;
    return length > 0 && length <= VALUE_DIGITS;
}

static bool in_range(const struct config_key *key, double number)
{
    return number >= key->low && number <= key->high;
}

static bool set_count(const struct config_key *key, void *at, const char *value)
{
    uint64_t number;
    const char *end;

    if (!read_digits(value, &number, &end) || *end != '\0' || !in_range(key, (double)number)) {
        return false;
    }
    *(unsigned *)at = (unsigned)number;
    return true;
}

static bool set_rate(const struct config_key *key, void *at, const char *value)
{
    char *end;

    /* strtod() alone would take inf, nan, hexadecimal and signs. */
    if (value[0] == '\0' || value[strspn(value, "0123456789.")] != '\0') {
        return false;
    }
    double number = strtod(value, &end);
    if (*end != '\0' || !in_range(key, number)) {
        return false;
    }
    *(double *)at = number;
    return true;
}

static bool set_size(const struct config_key *key, void *at, const char *value)
{
    uint64_t number;
    const char *end;

    if (!read_digits(value, &number, &end) || (double)number > key->high) {
        return false;
    }
    static const char suffixes[] = "KMG";
    const char *suffix = *end == '\0' ? NULL : strchr(suffixes, *end);
    if (suffix != NULL) {
        number <<= 10 * (suffix - suffixes + 1);
        end++;
    }
    if (*end != '\0' || !in_range(key, (double)number)) {
        return false;
    }
    *(uint64_t *)at = number;
    return true;
}

/* The place of `value` in `words`, -1: none. */
static int find_word(const char *words, const char *value)
{
    size_t length = strlen(value);
    for (int place = 0;; place++) {
        size_t width = strcspn(words, "|");
        if (width == length && strncmp(words, value, width) == 0) {
            return place;
        }
        if (words[width] == '\0') {
            return -1;
        }
        words += width + 1;
    }
}

static bool set_switch(const struct config_key *key, void *at, const char *value)
{
    int place = find_word(key->words, value);
    if (place >= 0) {
        *(bool *)at = place == 1;
    }
    return place >= 0;
}

static bool set_choice(const struct config_key *key, void *at, const char *value)
{
    int place = find_word(key->words, value);
    if (place >= 0) {
        *(unsigned *)at = (unsigned)place;
    }
    return place >= 0;
}

static bool set_status_range(const struct config_key *key, void *at, const char *value)
{
    uint64_t low;
    uint64_t high;
    const char *end;

    if (!read_digits(value, &low, &end)) {
        return false;
    }
    high = low;
    if (*end == '-' && !read_digits(end + 1, &high, &end)) {
        return false;
    }
    if (*end != '\0' || !in_range(key, (double)low) || !in_range(key, (double)high) || low > high) {
        return false;
    }
    ((unsigned *)at)[0] = (unsigned)low;
    ((unsigned *)at)[1] = (unsigned)high;
    return true;
}

/* A token in a header would be a secret in this file. */
static bool are_headers(const char *value)
{
    static const char *const refused[] = {"Authorization", "Proxy-Authorization", "Cookie"};
    static const char others[] = "\"(),/:;<=>?@[\\]{} ";

    while (*value != '\0') {
        value += strspn(value, " ");
        size_t width = strcspn(value, "|");
        const char *colon = memchr(value, ':', width);
        if (colon == NULL || colon == value || strcspn(value, others) != (size_t)(colon - value)) {
            return false;
        }
        for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
            if (strlen(refused[i]) == (size_t)(colon - value) &&
                strncasecmp(value, refused[i], strlen(refused[i])) == 0) {
                return false;
            }
        }
        value += width + (value[width] == '|' ? 1 : 0);
    }
    return true;
}

/* Stores `prefix`, `folder` where `path` is relative, and `path`. */
static bool set_path(void *at, const char *prefix, const char *folder, const char *path)
{
    bool relative = path[0] != '/' && path[0] != '\0';
    int length = snprintf(at, CONFIG_TEXT, "%s%s%s", prefix, relative ? folder : "", path);
    return length >= 0 && length < CONFIG_TEXT;
}

static bool set_url(const struct config_key *key, void *at, const char *value, const char *folder,
                    struct error *error)
{
    /* None is a value only where none is the default: nothing is sent then. */
    if ((value[0] != '\0' || key->initial[0] != '\0') && !url_check(value, key->words, error)) {
        return false;
    }
    const char *path = url_file_path(value);
    return path != NULL ? set_path(at, "file:", folder, path) : set_path(at, "", "", value);
}

static bool set_ledger(void *at, const char *value, const char *folder, struct error *error)
{
    struct nodes nodes;
    if (!nodes_are(value)) {
        return set_path(at, "", folder, value);
    }
    return nodes_read(value, &nodes, error) && set_path(at, "", "", value);
}

static bool set_secret_file(void *at, const char *value, const char *folder, struct error *error)
{
    char path[CONFIG_TEXT];
    return set_path(path, "", folder, value) && secret_from_file(at, CONFIG_TEXT, path, error);
}

/* A value is empty only where that is the default, and means the same there. */
static bool may_be_empty(const struct config_key *key)
{
    return key->initial[0] == '\0';
}

static bool set_by_kind(const struct config_key *key, struct config *config, const char *value,
                        const char *folder, struct error *error)
{
    void *at = member(key, config);

    switch (key->kind) {
    case CONFIG_KIND_TEXT:
        return set_path(at, "", "", value);
    case CONFIG_KIND_ADDRESS:
        return email_mailbox(value, &(struct email_mailbox){0}) && set_path(at, "", "", value);
    case CONFIG_KIND_HEADERS:
        return are_headers(value) && set_path(at, "", "", value);
    case CONFIG_KIND_PROFILE:
        return set_path(
            at, "", profile_builtin_text(value) != NULL || strcmp(value, "none") == 0 ? "" : folder,
            value);
    case CONFIG_KIND_PATH:
        return set_path(at, "", folder, value);
    case CONFIG_KIND_LEDGER:
        return set_ledger(at, value, folder, error);
    case CONFIG_KIND_URL:
        return set_url(key, at, value, folder, error);
    case CONFIG_KIND_COUNT:
        return set_count(key, at, value);
    case CONFIG_KIND_RATE:
        return set_rate(key, at, value);
    case CONFIG_KIND_SIZE:
        return set_size(key, at, value);
    case CONFIG_KIND_SWITCH:
        return set_switch(key, at, value);
    case CONFIG_KIND_CHOICE:
        return set_choice(key, at, value);
    case CONFIG_KIND_STATUS_RANGE:
        return set_status_range(key, at, value);
    case CONFIG_KIND_SECRET_FILE:
        return value[0] == '\0' || set_secret_file(at, value, folder, error);
    case CONFIG_KIND_SECRET_ENV:
        return value[0] == '\0' || secret_from_environment(at, CONFIG_TEXT, value, error);
    case CONFIG_KIND_REFUSED:
        break;
    }
    return false;
}

bool config_key_set(const struct config_key *key, struct config *config, const char *value,
                    const char *folder, struct error *error)
{
    char allowed[VALUE_ALLOWED];

    *error = (struct error){0};
    if (key->kind == CONFIG_KIND_REFUSED) {
        return error_set(error, ERROR_INVALID, "a secret is not written here: use %s", key->words);
    }
    bool fits = !text_has_control(value) && (value[0] != '\0' || may_be_empty(key));
    if (fits && set_by_kind(key, config, value, folder, error)) {
        return true;
    }
    if (error->code == ERROR_NONE) {
        config_key_allowed(key, allowed, sizeof allowed);
        error_set(error, ERROR_INVALID, "expected %s", allowed);
    }
    return false;
}
