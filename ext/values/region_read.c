/* SPDX-License-Identifier: MIT */
#include "values/region_read.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>

#include "values/text.h"
#include "values/utf.h"

enum { TEXT_SIZE = 256, MOST_NAMES = 300, NAME_SIZE = 80 };

static const char digits[] = "0123456789";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* ISO 3166-1, exceptionally reserved (AC CP DG EA FX IC TA UK); the European Union's
 * interinstitutional style guide, 7.1 (EL, UK); ISO 3166-3, former codes with one successor; XKX as
 * the World Bank writes Kosovo; ROM, Romania's until 2002. "" where one code has become several
 * countries. */
static const struct {
    char code[4];
    char country[3];
} customary[] = {
    {"UK", "GB"},  {"EL", "GR"},  {"AC", "SH"},  {"TA", "SH"},  {"CP", "FR"},  {"DG", "IO"},
    {"EA", "ES"},  {"IC", "ES"},  {"FX", "FR"},  {"BU", "MM"},  {"DD", "DE"},  {"DY", "BJ"},
    {"HV", "BF"},  {"NH", "VU"},  {"RH", "ZW"},  {"TP", "TL"},  {"VD", "VN"},  {"YD", "YE"},
    {"ZR", "CD"},  {"FXX", "FR"}, {"BUR", "MM"}, {"DDR", "DE"}, {"DHY", "BJ"}, {"HVO", "BF"},
    {"NHB", "VU"}, {"RHO", "ZW"}, {"TMP", "TL"}, {"VDR", "VN"}, {"YMD", "YE"}, {"ZAR", "CD"},
    {"ROM", "RO"}, {"XKX", "XK"}, {"SU", ""},    {"SUN", ""},   {"YU", ""},    {"YUG", ""},
    {"CS", ""},    {"SCG", ""},   {"CSK", ""},   {"AN", ""},    {"ANT", ""},
};

static bool is_upper(const char *text, size_t length)
{
    return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") >= length;
}

/* Whether somebody writes that language so: `PT-BR`, `es-419`, but not `DE-BY`. */
static bool is_in_use(const char *text)
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *all = uloc_openAvailableByType(ULOC_AVAILABLE_WITH_LEGACY_ALIASES, &status);
    const char *name;
    bool found = false;
    while (!found && U_SUCCESS(status) && (name = uenum_next(all, NULL, &status)) != NULL)
        found = strlen(name) > 3 && text_same_start(name, text, 2) && name[2] == '_' &&
                text_same(name + 3, text + 3);
    uenum_close(all);
    return found;
}

/* `US-CA`: a country and a part of it; `en_AE`: a language and a country. */
static enum rule read_two_parts(const char *text, char alpha2[3])
{
    char first[3] = {text[0], text[1], '\0'}, locale[REGION_LOCALE_SIZE], second[3];
    const char *rest = text + 3;
    size_t length = strlen(rest);
    bool part = region_country(first, alpha2) && length >= 1 && length <= 3 &&
                strspn(rest, digits) + strspn(rest + strspn(rest, digits), letters) == length;
    bool spoken = length == 2 && region_country(rest, second) && region_locale(text, locale);
    bool same = part && spoken && strcmp(alpha2, second) == 0; /* no-NO */
    if (text[2] == '-' && part && !same)
        return (spoken && !is_upper(text, 2)) || is_in_use(text) ? RULE_ambiguous
                                                                 : RULE_subdivision;
    if (same)
        return RULE_locale_country;
    if (!spoken || (part && is_upper(text, 2)))
        return spoken ? RULE_ambiguous : RULE_code;
    memcpy(alpha2, second, sizeof second);
    return RULE_locale_country;
}

static struct {
    char alpha2[3];
    char name[NAME_SIZE];
} names[MOST_NAMES]; /* as ICU has them in English */
static size_t name_count;
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static void add_name(const char *alpha2)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar wide[NAME_SIZE];
    char place[16];
    (void)snprintf(place, sizeof place, "und_%s", alpha2);
    int32_t units = uloc_getDisplayCountry(place, "en", wide, NAME_SIZE, &status);
    /* Any other status: it has no name, or no room. */
    if (status != U_ZERO_ERROR || !utf_narrow(wide, units, names[name_count].name, NAME_SIZE))
        return;
    (void)snprintf(names[name_count].alpha2, sizeof names[name_count].alpha2, "%s", alpha2);
    name_count++;
}

static void fill_names(void)
{
    char alpha2[3];
    for (const char *const *code = uloc_getISOCountries(); *code != NULL; code++)
        if (name_count < MOST_NAMES && region_country(*code, alpha2))
            add_name(alpha2);
}

/* Steps over `and` or `&` between two words; false where neither stands. */
static bool skip_and(const char **at)
{
    if (text_same_start(*at, " & ", 3))
        *at += 3;
    else if (text_same_start(*at, " and ", 5))
        *at += 5;
    else
        return false;
    return true;
}

static bool is_name(const char *text, const char *name)
{
    while (*text != '\0' && *name != '\0') {
        if (skip_and(&name)) {
            if (!skip_and(&text))
                return false;
        } else if (text_upper(*text++) != text_upper(*name++)) {
            return false;
        }
    }
    return *text == *name;
}

/* The country of that whole name, as "South Korea"; ASCII case does not matter, nor whether "and"
 * or
 * "&" stands in it. */
static bool country_named(const char *name, char alpha2[3])
{
    (void)pthread_once(&names_once, fill_names);
    for (size_t i = 0; i < name_count; i++)
        if (is_name(name, names[i].name)) {
            memcpy(alpha2, names[i].alpha2, sizeof names[i].alpha2);
            return true;
        }
    return false;
}

static enum rule read_country(const char *text, char alpha2[3])
{
    char first = text_upper(text[0]);
    for (size_t i = 0; i < sizeof customary / sizeof *customary; i++)
        if (first == customary[i].code[0] && text_same(text, customary[i].code)) {
            memcpy(alpha2, customary[i].country, 3);
            return alpha2[0] == '\0' ? RULE_ambiguous : RULE_customary_code;
        }
    if (region_country(text, alpha2))
        return RULE_as_given;
    if (strspn(text, letters) == 2 && (text[2] == '-' || text[2] == '_'))
        return read_two_parts(text, alpha2);
    if (text_same(text, "Georgia")) /* or the state, in a file that has both */
        return RULE_ambiguous;
    return country_named(text, alpha2) ? RULE_country_name : RULE_code;
}

/* What is not taken leaves nothing behind, from which a phone number would be completed. */
enum rule region_read_country(const char *text, char alpha2[3])
{
    enum rule rule = read_country(text, alpha2);
    if (rule_refuses(rule))
        alpha2[0] = '\0';
    return rule;
}

/* The weight of a language in a list, in thousandths: `;q=0.8`; 1 where there is none. -1: none. */
static int read_weight(const char *text)
{
    int whole, thousandths = 0, scale = 100;
    text += strspn(text, " \t");
    if (*text == '\0')
        return 1000;
    if (*text++ != ';')
        return -1;
    text += strspn(text, " \t");
    if ((text[0] != 'q' && text[0] != 'Q') || text[1] != '=' || (text[2] != '0' && text[2] != '1'))
        return -1;
    whole = text[2] - '0';
    text += 3;
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++, scale /= 10)
            thousandths += (*text - '0') * scale;
    return text[strspn(text, " \t")] == '\0' ? whole * 1000 + thousandths : -1;
}

static enum rule read_list(const char *text, char locale[REGION_LOCALE_SIZE])
{
    char item[TEXT_SIZE], found[REGION_LOCALE_SIZE];
    int best = 0;
    for (const char *at = text;; at++) {
        at += strspn(at, " \t");
        size_t length = strcspn(at, ","), name;
        if (length == 0 || length >= sizeof item)
            return RULE_code;
        snprintf(item, sizeof item, "%.*s", (int)length, at);
        name = strcspn(item, "; \t");
        int weight = read_weight(item + name);
        if (weight < 0)
            return RULE_code;
        item[name] = '\0';
        if (weight > best && strcmp(item, "*") != 0 && region_locale(item, found)) {
            memcpy(locale, found, sizeof found);
            best = weight;
        }
        at += length;
        if (*at == '\0')
            break;
    }
    return best > 0 ? RULE_language_list : RULE_code;
}

enum rule region_read_locale(const char *text, char locale[REGION_LOCALE_SIZE])
{
    char base[REGION_LOCALE_SIZE];
    size_t length = strcspn(text, ".@");
    const char *modifier = strchr(text, '@');
    if (region_locale(text, locale))
        return RULE_as_given;
    if (strpbrk(text, ",;") != NULL)
        return read_list(text, locale);
    /* Other modifiers name a script or a dialect, which must not be lost. */
    if (text[length] == '\0' || length >= sizeof base ||
        (modifier != NULL && strcmp(modifier, "@euro") != 0))
        return RULE_code;
    snprintf(base, sizeof base, "%.*s", (int)length, text);
    return region_locale(base, locale) ? RULE_posix_locale : RULE_code;
}

static bool is_port(const char *text)
{
    size_t length = strspn(text, digits);
    return length >= 1 && length <= 5 && text[length] == '\0' && atoi(text) <= 65535;
}

/* The first of a list, without what RFC 7239 puts around it: `for="[2001:db8::1]:4711";proto=https`
 */
static bool take_first(const char *text, char first[TEXT_SIZE])
{
    size_t length;
    text += text_same_start(text, "for=", 4) ? 4 : 0;
    bool quoted = *text == '"';
    text += quoted;
    length = quoted ? strcspn(text, "\"") : strcspn(text, ",; \t");
    if (length == 0 || length >= TEXT_SIZE || (quoted && text[length] != '"'))
        return false;
    memcpy(first, text, length);
    first[length] = '\0';
    return true;
}

/* Takes the port away, and the brackets that keep it apart from an IPv6 address. */
static bool strip_port(char *text)
{
    char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');
    if (text[0] == '[' && bracket != NULL && (bracket[1] == '\0' || bracket[1] == ':')) {
        if (bracket[1] == ':' && !is_port(bracket + 2))
            return false;
        *bracket = '\0';
        memmove(text, text + 1, strlen(text));
        return true;
    }
    if (colon == NULL || strchr(text, ':') != colon || !is_port(colon + 1))
        return false;
    *colon = '\0';
    return true;
}

enum rule region_read_address(const char *text, char address[REGION_ADDRESS_SIZE])
{
    char first[TEXT_SIZE];
    enum rule rule = RULE_as_given;
    bool list = strpbrk(text, ",;=\"") != NULL;
    if (!take_first(text, first) || (!list && strcmp(first, text) != 0))
        return RULE_address;
    if (list)
        rule = RULE_address_list;
    if (!region_address_valid(first)) {
        if (strip_port(first))
            rule = RULE_address_port;
        char *zone = strchr(first, '%');
        if (zone != NULL && zone[1] != '\0' && strchr(first, ':') != NULL) {
            *zone = '\0';
            rule = RULE_address_zone;
        }
    }
    size_t length = strlen(first);
    if (!region_address_valid(first) || length >= REGION_ADDRESS_SIZE)
        return RULE_address;
    memcpy(address, first, length + 1);
    return rule;
}
