/* SPDX-License-Identifier: MIT */
#include "values/region.h"

#include <arpa/inet.h>
#include <errno.h>
#include <maxminddb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unicode/ucurr.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unicode/uscript.h>

#include "values/moment.h"
#include "values/text.h"

enum {
    LETTERS = 26,
    PAIRS = LETTERS * LETTERS,
    TRIPLES = LETTERS * LETTERS * LETTERS,
    MOST_COUNTRIES = 300,
    NO_COUNTRY = 0, /* countries are counted from 1 */
    DATABASE_PATH_SIZE = 4096
};

struct country {
    char alpha2[3];
    char alpha3[4];
    char currency[4]; /* "" for none */
    char locale[REGION_LOCALE_SIZE];
};

/* What ICU says, looked up once: an import asks for every row. */
static struct {
    struct country countries[MOST_COUNTRIES];
    uint16_t by_alpha2[PAIRS];
    uint16_t by_alpha3[TRIPLES];
    bool currency[TRIPLES];
    bool language[PAIRS]; /* of two letters, and its own canonical form */
} table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

/* The place of `count` letters of either case in a table of all such codes; -1 where they are not
 * letters. */
static int code_index(const char *text, int count)
{
    int index = 0;

    for (int i = 0; i < count; i++) {
        char c = text_upper(text[i]);

        if (c < 'A' || c > 'Z')
            return -1;
        index = index * LETTERS + (c - 'A');
    }
    return index;
}

/* As code_index, of a text that is nothing but the code. */
static int whole_code_index(const char *text, int count)
{
    return strnlen(text, (size_t)count + 1) == (size_t)count ? code_index(text, count) : -1;
}

/* ICU's list also has codes that ISO 3166 reserves for parts of countries. Kosovo's XK is kept:
 * payment and address data have no other. */
static bool is_part_of_country(const char *alpha2)
{
    return strcmp(alpha2, "DG") == 0 || strcmp(alpha2, "EA") == 0 || strcmp(alpha2, "IC") == 0;
}

static void find_currency(const char *place, char currency[4])
{
    UErrorCode status = U_ZERO_ERROR;
    UChar code[4];

    /* Not ucurr_forLocaleAndDate: ICU 72 reads a null pointer there for a place without one. */
    if (ucurr_forLocale(place, code, 4, &status) != 3 || U_FAILURE(status))
        return;
    for (int i = 0; i < 3; i++)
        currency[i] = (char)code[i];
    if (strcmp(currency, "XXX") == 0)
        currency[0] = '\0';
}

/* The script is named only where the language is not usually written in it there. */
static void find_locale(const char *place, const char *alpha2, char locale[REGION_LOCALE_SIZE])
{
    char likely[ULOC_FULLNAME_CAPACITY], language[ULOC_LANG_CAPACITY], shorter[32];
    char filled[ULOC_FULLNAME_CAPACITY] = "";
    UErrorCode status = U_ZERO_ERROR;

    (void)uloc_addLikelySubtags(place, likely, sizeof likely, &status);
    (void)uloc_getLanguage(likely, language, sizeof language, &status);
    if (U_FAILURE(status) || language[0] == '\0')
        return;
    (void)snprintf(shorter, sizeof shorter, "%s_%s", language, alpha2);
    (void)uloc_addLikelySubtags(shorter, filled, sizeof filled, &status);
    (void)uloc_toLanguageTag(strcmp(filled, likely) == 0 ? shorter : likely, locale,
                             REGION_LOCALE_SIZE, 1, &status);
    if (U_FAILURE(status))
        locale[0] = '\0';
}

static void add_country(const char *alpha2, uint16_t number)
{
    struct country *country = &table.countries[number];
    char place[16];
    int index2 = whole_code_index(alpha2, 2), index3;

    (void)snprintf(place, sizeof place, "und_%s", alpha2);
    (void)snprintf(country->alpha2, sizeof country->alpha2, "%s", alpha2);
    (void)snprintf(country->alpha3, sizeof country->alpha3, "%s", uloc_getISO3Country(place));
    index3 = whole_code_index(country->alpha3, 3);
    if (index2 < 0 || index3 < 0)
        return;
    table.by_alpha2[index2] = number;
    table.by_alpha3[index3] = number;
    find_currency(place, country->currency);
    find_locale(place, alpha2, country->locale);
}

static void add_currencies(void)
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *codes = ucurr_openISOCurrencies(UCURR_COMMON, &status);
    const char *code;

    while (U_SUCCESS(status) && (code = uenum_next(codes, NULL, &status)) != NULL) {
        int index = whole_code_index(code, 3);

        if (index >= 0)
            table.currency[index] = true;
    }
    uenum_close(codes);
}

static void add_languages(void)
{
    for (const char *const *language = uloc_getISOLanguages(); *language != NULL; language++) {
        UErrorCode status = U_ZERO_ERROR;
        char tag[REGION_LOCALE_SIZE];
        int index = whole_code_index(*language, 2);

        if (index < 0)
            continue;
        (void)uloc_toLanguageTag(*language, tag, sizeof tag, 1, &status);
        table.language[index] = U_SUCCESS(status) && strcmp(tag, *language) == 0;
    }
}

/* What came after the machine's ICU may have been made, with the day from which it holds. Remove an
 * entry when the oldest ICU that is built with knows it (tests/unit/values/test_region.c tells). */
static const char newer_currencies[][4] = {
    "VED", /* 2021-10-01, Banco Central de Venezuela */
    "ZWG", /* 2024-06-25, Reserve Bank of Zimbabwe */
    "XCG", /* 2025-03-31, Centrale Bank van Curacao en Sint Maarten */
};
static const struct {
    char country[3], currency[4];
    int64_t from; /* Unix milliseconds */
} newer_in_use[] = {
    {"CW", "XCG", INT64_C(1743379200000)}, /* 2025-03-31, as above */
    {"SX", "XCG", INT64_C(1743379200000)},
    {"BG", "EUR", INT64_C(1767225600000)}, /* 2026-01-01, Council Decision (EU) 2025/1407 */
};

static void add_newer_currencies(void)
{
    int64_t now = moment_now();

    for (size_t i = 0; i < sizeof newer_currencies / sizeof *newer_currencies; i++)
        table.currency[code_index(newer_currencies[i], 3)] = true;
    for (size_t i = 0; i < sizeof newer_in_use / sizeof *newer_in_use; i++) {
        uint16_t number = table.by_alpha2[code_index(newer_in_use[i].country, 2)];

        if (number != NO_COUNTRY && now >= newer_in_use[i].from)
            memcpy(table.countries[number].currency, newer_in_use[i].currency, 4);
    }
}

static void fill_table(void)
{
    uint16_t number = NO_COUNTRY;

    for (const char *const *alpha2 = uloc_getISOCountries(); *alpha2 != NULL; alpha2++)
        if (!is_part_of_country(*alpha2) && number + 1 < MOST_COUNTRIES)
            add_country(*alpha2, ++number);
    add_currencies();
    add_newer_currencies();
    add_languages();
}

static void start_table(void)
{
    (void)pthread_once(&table_once, fill_table);
}

/* NULL where there is none. */
static const struct country *find_country(const char *text)
{
    int index2 = whole_code_index(text, 2), index3 = whole_code_index(text, 3);
    uint16_t number = NO_COUNTRY;

    start_table();
    if (index2 >= 0)
        number = table.by_alpha2[index2];
    else if (index3 >= 0)
        number = table.by_alpha3[index3];
    return number == NO_COUNTRY ? NULL : &table.countries[number];
}

bool region_country(const char *text, char alpha2[3])
{
    const struct country *country = find_country(text);

    if (country == NULL)
        return false;
    memcpy(alpha2, country->alpha2, sizeof country->alpha2);
    return true;
}

bool region_country_alpha3(const char *alpha2, char alpha3[4])
{
    const struct country *country = find_country(alpha2);

    if (country == NULL)
        return false;
    memcpy(alpha3, country->alpha3, sizeof country->alpha3);
    return true;
}

bool region_currency(const char *text, char currency[4])
{
    int index = whole_code_index(text, 3);

    start_table();
    if (index < 0 || !table.currency[index])
        return false;
    for (int i = 0; i < 3; i++)
        currency[i] = text_upper(text[i]);
    currency[3] = '\0';
    return true;
}

bool region_country_currency(const char *alpha2, char currency[4])
{
    const struct country *country = find_country(alpha2);

    if (country == NULL || country->currency[0] == '\0')
        return false;
    memcpy(currency, country->currency, sizeof country->currency);
    return true;
}

bool region_country_locale(const char *alpha2, char locale[REGION_LOCALE_SIZE])
{
    const struct country *country = find_country(alpha2);

    if (country == NULL || country->locale[0] == '\0')
        return false;
    memcpy(locale, country->locale, sizeof country->locale);
    return true;
}

/* `ll` or `ll-CC`, which nearly all locales are. False where ICU must be asked. */
static bool plain_locale(const char *text, char locale[REGION_LOCALE_SIZE])
{
    size_t length = strnlen(text, 6);
    int language, country;

    if (length != 2 && (length != 5 || (text[2] != '-' && text[2] != '_')))
        return false;
    language = code_index(text, 2);
    if (language < 0 || !table.language[language])
        return false;
    locale[0] = text_lower(text[0]);
    locale[1] = text_lower(text[1]);
    locale[2] = '\0';
    if (length == 2)
        return true;
    country = code_index(text + 3, 2);
    if (country < 0 || table.by_alpha2[country] == NO_COUNTRY)
        return false;
    locale[2] = '-';
    locale[3] = text_upper(text[3]);
    locale[4] = text_upper(text[4]);
    locale[5] = '\0';
    return true;
}

static bool is_known_language(const char *language)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar name[128];

    if (language[0] == '\0' || strcmp(language, "und") == 0)
        return false;
    for (const char *const *iso = uloc_getISOLanguages(); *iso != NULL; iso++)
        if (strcmp(*iso, language) == 0)
            return true;
    /* Newer languages have a name but are not in that list. */
    (void)uloc_getDisplayLanguage(language, "en", name, sizeof name / sizeof *name, &status);
    return status == U_ZERO_ERROR;
}

/* An ISO 3166 country or a UN M.49 area that has a name. */
static bool is_known_area(const char *locale_id, const char *area)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar name[128];

    if (strspn(area, "0123456789") == 0)
        return find_country(area) != NULL;
    (void)uloc_getDisplayCountry(locale_id, "en", name, sizeof name / sizeof *name, &status);
    return status == U_ZERO_ERROR;
}

static bool is_known_script(const char *script)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode codes[4];

    return uscript_getCode(script, codes, 4, &status) > 0 && U_SUCCESS(status);
}

static bool ask_locale(const char *text, char locale[REGION_LOCALE_SIZE])
{
    char tag[REGION_LOCALE_SIZE], id[ULOC_FULLNAME_CAPACITY], part[ULOC_LANG_CAPACITY];
    char script[ULOC_SCRIPT_CAPACITY], area[ULOC_COUNTRY_CAPACITY];
    size_t length = strnlen(text, sizeof tag);
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed = 0;

    if (length == 0 || length >= sizeof tag)
        return false;
    for (size_t i = 0; i <= length; i++)
        tag[i] = text[i] == '_' ? '-' : text[i];
    (void)uloc_forLanguageTag(tag, id, sizeof id, &parsed, &status);
    if (U_FAILURE(status) || parsed != (int32_t)length)
        return false;
    (void)uloc_getScript(id, script, sizeof script, &status);
    (void)uloc_getCountry(id, area, sizeof area, &status);
    (void)uloc_toLanguageTag(id, locale, REGION_LOCALE_SIZE, 1, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return false;
    if ((script[0] != '\0' && !is_known_script(script)) ||
        (area[0] != '\0' && !is_known_area(id, area)))
        return false;
    /* The canonical form's language: a deprecated code has its successor there. */
    (void)snprintf(part, sizeof part, "%.*s", (int)strcspn(locale, "-"), locale);
    return is_known_language(part);
}

bool region_locale(const char *text, char locale[REGION_LOCALE_SIZE])
{
    start_table();
    return plain_locale(text, locale) || ask_locale(text, locale);
}

union address {
    struct in_addr v4;
    struct in6_addr v6;
};

bool region_address_valid(const char *address)
{
    union address parsed;

    return inet_pton(AF_INET, address, &parsed.v4) == 1 ||
           inet_pton(AF_INET6, address, &parsed.v6) == 1;
}

/* An IPv4 address in IPv6's clothes is looked up as what it is. */
static bool read_address(const char *text, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    struct in6_addr parsed;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        return true;
    }
    if (inet_pton(AF_INET6, text, &parsed) != 1)
        return false;
    if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
        memcpy(&v4->sin_addr, parsed.s6_addr + 12, sizeof v4->sin_addr);
        v4->sin_family = AF_INET;
    } else {
        v6->sin6_addr = parsed;
        v6->sin6_family = AF_INET6;
    }
    return true;
}

/*
 * The database used last stays open, because opening costs a hundred look-ups. Whoever replaces
 * the file (by rename, as its own updater does) is noticed at the next look-up.
 */
static struct {
    pthread_mutex_t lock;
    bool is_open;
    char path[DATABASE_PATH_SIZE];
    struct stat file;
    MMDB_s handle;
} database = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void close_database(void)
{
    if (database.is_open)
        MMDB_close(&database.handle);
    database.is_open = false;
}

static void __attribute__((destructor)) close_at_exit(void)
{
    close_database();
}

static bool fail_database(struct error *error, enum error_code code, const char *path,
                          const char *reason)
{
    return error_set(error, code,
                     "country database %s cannot be used: %s; it must be a file in MaxMind's "
                     "format",
                     path, reason);
}

static bool fail_lookup(struct error *error, const char *path, int status)
{
    return fail_database(error,
                         status == MMDB_OUT_OF_MEMORY_ERROR ? ERROR_NO_MEMORY
                         : status == MMDB_IO_ERROR || status == MMDB_FILE_OPEN_ERROR
                             ? ERROR_IO
                             : ERROR_INVALID,
                         path, MMDB_strerror(status));
}

/* With the lock held. */
static bool open_database(const char *path, struct error *error)
{
    struct stat file;
    int status;

    if (strnlen(path, DATABASE_PATH_SIZE) == DATABASE_PATH_SIZE)
        return fail_database(error, ERROR_INVALID, "(its path)", strerror(ENAMETOOLONG));
    if (stat(path, &file) != 0)
        return fail_database(error, ERROR_IO, path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return fail_database(error, ERROR_INVALID, path, "not a regular file");
    if (database.is_open && strcmp(path, database.path) == 0 &&
        file.st_dev == database.file.st_dev && file.st_ino == database.file.st_ino &&
        file.st_size == database.file.st_size &&
        file.st_mtim.tv_sec == database.file.st_mtim.tv_sec &&
        file.st_mtim.tv_nsec == database.file.st_mtim.tv_nsec)
        return true;
    close_database();
    status = MMDB_open(path, MMDB_MODE_MMAP, &database.handle);
    if (status != MMDB_SUCCESS)
        return fail_lookup(error, path, status);
    database.is_open = true;
    database.file = file;
    memcpy(database.path, path, strlen(path) + 1);
    return true;
}

/* Where the publishers of such files put the code. */
static bool read_country(MMDB_entry_s *entry, char alpha2[3])
{
    static const char *const maxmind[] = {"country", "iso_code", NULL};
    static const char *const flat[] = {"country_code", NULL};
    static const char *const bare[] = {"country", NULL};
    static const char *const *const paths[] = {maxmind, flat, bare};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        MMDB_entry_data_s data;
        char code[3] = "";

        if (MMDB_aget_value(entry, &data, paths[i]) != MMDB_SUCCESS || !data.has_data ||
            data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != 2)
            continue;
        memcpy(code, data.utf8_string, 2);
        return region_country(code, alpha2);
    }
    return false;
}

bool region_address_country(const char *path, const char *address, char alpha2[3],
                            struct error *error)
{
    struct sockaddr_storage socket_address;
    MMDB_lookup_result_s result;
    int status = MMDB_SUCCESS;
    bool known = false;

    *error = (struct error){.code = ERROR_NONE};
    if (!read_address(address, &socket_address))
        return false;
    (void)pthread_mutex_lock(&database.lock);
    if (open_database(path, error)) {
        result =
            MMDB_lookup_sockaddr(&database.handle, (struct sockaddr *)&socket_address, &status);
        if (status == MMDB_SUCCESS)
            known = result.found_entry && read_country(&result.entry, alpha2);
        else if (status != MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
            (void)fail_lookup(error, path, status);
    }
    (void)pthread_mutex_unlock(&database.lock);
    return known;
}
