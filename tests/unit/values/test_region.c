/* SPDX-License-Identifier: MIT */
/* Countries, currencies, locales and addresses; the country database is made here, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unicode/ucurr.h>
#include <unicode/uenum.h>
#include <unicode/uloc.h>
#include <unistd.h>

#include "values/moment.h"
#include "values/region.h"

static void countries_are_known(void **state)
{
    char code[4];

    (void)state;
    assert_true(region_country("DO", code));
    assert_string_equal(code, "DO");
    assert_true(region_country("DOM", code));
    assert_string_equal(code, "DO");
    assert_true(region_country("dom", code));
    assert_string_equal(code, "DO");
    assert_true(region_country("id", code));
    assert_string_equal(code, "ID");
    assert_true(region_country("XK", code));
    assert_true(region_country_alpha3("DO", code));
    assert_string_equal(code, "DOM");
    assert_true(region_country_alpha3("gb", code));
    assert_string_equal(code, "GBR");
}

static void each_country_has_both_codes(void **state)
{
    int count = 0;

    (void)state;
    for (char first = 'A'; first <= 'Z'; first++)
        for (char second = 'A'; second <= 'Z'; second++) {
            char text[3] = {first, second, '\0'}, alpha3[4], alpha2[3];

            if (!region_country(text, alpha2))
                continue;
            count++;
            assert_string_equal(alpha2, text);
            assert_true(region_country_alpha3(text, alpha3));
            assert_int_equal(strlen(alpha3), 3);
            assert_true(region_country(alpha3, alpha2));
            assert_string_equal(alpha2, text);
        }
    assert_int_equal(count, 250); /* 249 of ISO 3166-1, and Kosovo */
}

static void other_codes_are_no_country(void **state)
{
    static const char *const refused[] = {
        "",   " ",   "D",   "DO ", " DO", "UK",   "EU", "ZZ",        "XX", "AN", "SU", "IC",
        "EA", "XIC", "ROM", "001", "214", "DOMI", "D0", "D\xc3\x96", "ÄÖ", "@@", "[["};
    char code[4];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (region_country(refused[i], code) || region_country_alpha3(refused[i], code) ||
            region_country_currency(refused[i], code))
            fail_msg("\"%s\" was taken for %s", refused[i], code);
}

static void currencies_are_known(void **state)
{
    static const char *const refused[] = {"",    "EU",  "EURO", "ZZZ", "XXX", "XTS",
                                          "XAU", "978", "€",    "EU ", "USN", "CLF"};
    char currency[4];

    (void)state;
    assert_true(region_currency("EUR", currency));
    assert_true(region_currency("idr", currency));
    assert_string_equal(currency, "IDR");
    assert_true(region_currency("DEM", currency)); /* legal tender once */
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (region_currency(refused[i], currency))
            fail_msg("\"%s\" was taken for %s", refused[i], currency);
    assert_true(region_country_currency("ID", currency));
    assert_string_equal(currency, "IDR");
    assert_true(region_country_currency("DE", currency));
    assert_string_equal(currency, "EUR");
    assert_true(region_country_currency("DOM", currency));
    assert_string_equal(currency, "DOP");
    assert_false(region_country_currency("AQ", currency)); /* Antarctica has none */
}

/* What ours has beyond ICU, and where it comes from: the table in region.c, seen from outside. */
static const struct {
    const char *currency, *country, *from, *source;
} newer[] = {
    {"VED", NULL, "2021-10-01", "Banco Central de Venezuela"},
    {"ZWG", NULL, "2024-06-25", "Reserve Bank of Zimbabwe"},
    {"XCG", "CW", "2025-03-31", "Centrale Bank van Curacao en Sint Maarten"},
    {"XCG", "SX", "2025-03-31", "Centrale Bank van Curacao en Sint Maarten"},
    {"EUR", "BG", "2026-01-01", "Council Decision (EU) 2025/1407"},
};

static bool is_newer(const char *currency, const char *country)
{
    int64_t from;

    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        if (strcmp(newer[i].currency, currency) == 0 &&
            (country == NULL ||
             (newer[i].country != NULL && strcmp(newer[i].country, country) == 0)))
            return country == NULL || (moment_parse(newer[i].from, &from) && moment_now() >= from);
    return false;
}

enum { MOST_CURRENCIES = 1000 };

/* ICU's codes, one after the other. */
static size_t read_icu(char codes[MOST_CURRENCIES][4])
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *list = ucurr_openISOCurrencies(UCURR_COMMON, &status);
    const char *code;
    size_t count = 0;

    while (count < MOST_CURRENCIES && (code = uenum_next(list, NULL, &status)) != NULL)
        (void)snprintf(codes[count++], 4, "%s", code);
    uenum_close(list);
    return count;
}

static bool is_in(char codes[MOST_CURRENCIES][4], size_t count, const char *currency)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(codes[i], currency) == 0)
            return true;
    return false;
}

/* Ours is ICU's and what the table adds, no more and no less. An ICU that has caught up says so. */
static void currencies_are_those_of_icu_and_newer(void **state)
{
    static char codes[MOST_CURRENCIES][4];
    size_t count = read_icu(codes);
    char text[4] = "", found[4];

    (void)state;
    assert_in_range(count, 200, MOST_CURRENCIES - 1);
    for (text[0] = 'A'; text[0] <= 'Z'; text[0]++)
        for (text[1] = 'A'; text[1] <= 'Z'; text[1]++)
            for (text[2] = 'A'; text[2] <= 'Z'; text[2]++) {
                bool known = region_currency(text, found);
                if (known != (is_in(codes, count, text) || is_newer(text, NULL)))
                    fail_msg("%s is %s", text, known ? "in neither" : "not taken");
            }
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        if (newer[i].country == NULL && is_in(codes, count, newer[i].currency))
            print_message("# this ICU has %s: where the oldest does, take it out of region.c\n",
                          newer[i].currency);
}

static void a_country_has_the_currency_of_icu_or_a_newer_one(void **state)
{
    (void)state;
    for (const char *const *alpha2 = uloc_getISOCountries(); *alpha2 != NULL; alpha2++) {
        char place[16], ours[4] = "", theirs[4] = "";
        UChar code[4] = {0};
        UErrorCode status = U_ZERO_ERROR;
        char canonical[3];

        if (!region_country(*alpha2, canonical))
            continue;
        (void)snprintf(place, sizeof place, "und_%s", *alpha2);
        if (ucurr_forLocale(place, code, 4, &status) == 3 && U_SUCCESS(status))
            for (int i = 0; i < 3; i++)
                theirs[i] = (char)code[i];
        (void)region_country_currency(*alpha2, ours);
        if (strcmp(theirs, "XXX") == 0)
            theirs[0] = '\0';
        if (strcmp(ours, theirs) != 0 && !is_newer(ours, *alpha2))
            fail_msg("%s has %s, and by ICU %s", *alpha2, ours, theirs);
        for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
            if (newer[i].country != NULL && strcmp(newer[i].country, *alpha2) == 0 &&
                is_newer(newer[i].currency, *alpha2))
                assert_string_equal(ours, newer[i].currency);
    }
}

static void locale(const char *text, const char *wanted)
{
    char found[REGION_LOCALE_SIZE] = "";

    if (!region_locale(text, found))
        fail_msg("\"%s\" was refused", text);
    assert_string_equal(found, wanted);
}

static void locales_become_canonical(void **state)
{
    (void)state;
    locale("id-ID", "id-ID");
    locale("ID_id", "id-ID");
    locale("en", "en");
    locale("EN", "en");
    locale("in_ID", "id-ID");
    locale("iw", "he");
    locale("zh_hant_tw", "zh-Hant-TW");
    locale("ZH-TW", "zh-TW");
    locale("es-419", "es-419");
    locale("eng-US", "en-US");
    locale("fil-ph", "fil-PH");
    locale("yue-HK", "yue-HK");
    locale("de-DE-1996", "de-DE-1996");
    locale("sr-latn-rs-u-co-phonebk", "sr-Latn-RS-u-co-phonebk");
}

static void other_text_is_no_locale(void **state)
{
    static const char *const refused[] = {
        "",
        "-",
        "e",
        "xx",
        "xx-US",
        "zz",
        "en-",
        "en-a",
        "en--US",
        "-en",
        "en-QQ",
        "en-ZZ",
        "en-999",
        "en-Abcd",
        "und",
        "und-US",
        "root",
        "x-foo",
        "C",
        "english",
        "en US",
        "en-US ",
        " en-US",
        "en_US.UTF-8",
        "en_US@euro",
        "e1-US",
        "en-U1",
        "\xc3\xa9n",
        "en-\xc3\xa9Z",
        "qaa",
        "en-US-x-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa"};
    char found[REGION_LOCALE_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (region_locale(refused[i], found))
            fail_msg("\"%s\" was taken for %s", refused[i], found);
}

/* The short way for `ll` and `ll-CC` says what ICU says. */
static void plain_locales_are_what_icu_says(void **state)
{
    int agreed = 0;

    (void)state;
    srand(21);
    for (int round = 0; round < 40000; round++) {
        char text[6] = {(char)('a' + rand() % 26), (char)('a' + rand() % 26), '-',
                        (char)('A' + rand() % 26), (char)('A' + rand() % 26), '\0'};
        char found[REGION_LOCALE_SIZE], tag[REGION_LOCALE_SIZE], id[64], alpha2[3];
        UErrorCode status = U_ZERO_ERROR;

        if (round % 4 == 0)
            text[2] = '\0';
        (void)uloc_forLanguageTag(text, id, sizeof id, NULL, &status);
        (void)uloc_toLanguageTag(id, tag, sizeof tag, 1, &status);
        assert_true(U_SUCCESS(status));
        if (!region_locale(text, found))
            continue;
        agreed++;
        assert_string_equal(found, tag);
        assert_true(text[2] == '\0' || region_country(text + 3, alpha2));
    }
    assert_true(agreed > 3000);
}

static void likely(const char *country, const char *wanted)
{
    char found[REGION_LOCALE_SIZE] = "";

    assert_true(region_country_locale(country, found));
    assert_string_equal(found, wanted);
}

static void countries_have_likely_locales(void **state)
{
    char found[REGION_LOCALE_SIZE];

    (void)state;
    likely("ID", "id-ID");
    likely("GB", "en-GB");
    likely("do", "es-DO");
    likely("DE", "de-DE");
    likely("TW", "zh-TW");
    likely("RS", "sr-RS");
    likely("ME", "sr-ME");
    likely("PH", "fil-PH");
    assert_false(region_country_locale("AQ", found));
    assert_false(region_country_locale("ZZ", found));
}

static void addresses_are_checked(void **state)
{
    static const char *const refused[] = {
        "",         "1",        "1.2.3",     "1.2.3.4.5",  "1.2.3.256", "01.2.3.4",
        "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/8", "1.2.3.4:80", "0x1.2.3.4", "::1%eth0",
        "[::1]",    ":::",      "1::2::3",   "localhost",  "fe80::g"};

    (void)state;
    assert_true(region_address_valid("81.152.92.84"));
    assert_true(region_address_valid("0.0.0.0"));
    assert_true(region_address_valid("::"));
    assert_true(region_address_valid("2001:db8::1"));
    assert_true(region_address_valid("::ffff:81.152.92.84"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (region_address_valid(refused[i]))
            fail_msg("\"%s\" was accepted", refused[i]);
}

/* A country database in MaxMind's format: a tree of networks, 16 zero bytes, data, metadata. */
enum { MOST_NODES = 1024 };

struct network {
    const char *address;
    int bits;
    const char *data; /* as encoded */
    size_t size;
};

#define NETWORK(address, bits, data)                                                               \
    {                                                                                              \
        address, bits, data, sizeof data - 1                                                       \
    }
/* {"country": {"iso_code": CODE}}, {"country_code": CODE}, {"country": CODE} */
#define MAXMIND(code)                                                                              \
    "\xe1\x47"                                                                                     \
    "country"                                                                                      \
    "\xe1\x48"                                                                                     \
    "iso_code"                                                                                     \
    "\x42" code
#define FLAT(code)                                                                                 \
    "\xe1\x4c"                                                                                     \
    "country_code"                                                                                 \
    "\x42" code
#define BARE(code)                                                                                 \
    "\xe1\x47"                                                                                     \
    "country"                                                                                      \
    "\x42" code

static char folder[] = "/tmp/region.XXXXXX";
static char path[64], other_path[64];

static void put_record(FILE *file, uint32_t value)
{
    (void)fputc((int)(value >> 16 & 0xff), file);
    (void)fputc((int)(value >> 8 & 0xff), file);
    (void)fputc((int)(value & 0xff), file);
}

static void write_metadata(FILE *file, uint32_t nodes, int version)
{
    static const char start[] = "\xab\xcd\xef"
                                "MaxMind.com"
                                "\xe9"
                                "\x4a"
                                "node_count"
                                "\xc4";
    static const char middle[] = "\x4b"
                                 "record_size"
                                 "\xa1\x18"
                                 "\x4a"
                                 "ip_version"
                                 "\xa1";
    static const char end[] = "\x4d"
                              "database_type"
                              "\x47"
                              "Country"
                              "\x49"
                              "languages"
                              "\x01\x04\x42"
                              "en"
                              "\x5b"
                              "binary_format_major_version"
                              "\xa1\x02"
                              "\x5b"
                              "binary_format_minor_version"
                              "\xa0"
                              "\x4b"
                              "build_epoch"
                              "\x04\x02\x5a\x00\x00\x00"
                              "\x4b"
                              "description"
                              "\xe1\x42"
                              "en"
                              "\x44"
                              "test";

    (void)fwrite(start, sizeof start - 1, 1, file);
    (void)fputc(0, file);
    put_record(file, nodes);
    (void)fwrite(middle, sizeof middle - 1, 1, file);
    (void)fputc(version, file);
    (void)fwrite(end, sizeof end - 1, 1, file);
}

/* `version` 4 or 6; in a database of version 6, IPv4 networks lie under ::/96. */
static void write_database(const char *name, int version, const struct network *networks,
                           size_t count)
{
    static int next[MOST_NODES][2];
    static size_t data[MOST_NODES][2]; /* 1 + index of the network that ends there */
    int nodes = 1;
    size_t offset;
    FILE *file = fopen(name, "w");

    assert_non_null(file);
    memset(next, 0, sizeof next);
    memset(data, 0, sizeof data);
    for (size_t i = 0; i < count; i++) {
        unsigned char address[16] = {0};
        bool is_v4 = inet_pton(AF_INET, networks[i].address, address + 12) == 1;
        int first = version == 4 ? 96 : 0;
        int bits = networks[i].bits + (is_v4 ? 96 : 0);
        int node = 0;

        assert_true(is_v4 || inet_pton(AF_INET6, networks[i].address, address) == 1);
        for (int bit = first; bit < bits; bit++) {
            int side = address[bit / 8] >> (7 - bit % 8) & 1;

            if (bit == bits - 1) {
                data[node][side] = i + 1;
            } else {
                if (next[node][side] == 0)
                    next[node][side] = nodes++;
                node = next[node][side];
            }
            assert_true(nodes < MOST_NODES);
        }
    }
    for (int node = 0; node < nodes; node++)
        for (int side = 0; side < 2; side++) {
            offset = 0;
            for (size_t i = 0; i + 1 < data[node][side]; i++)
                offset += networks[i].size;
            if (data[node][side] != 0)
                put_record(file, (uint32_t)nodes + 16 + (uint32_t)offset);
            else
                put_record(file, (uint32_t)(next[node][side] != 0 ? next[node][side] : nodes));
        }
    for (int i = 0; i < 16; i++)
        (void)fputc(0, file);
    for (size_t i = 0; i < count; i++)
        (void)fwrite(networks[i].data, networks[i].size, 1, file);
    write_metadata(file, (uint32_t)nodes, version);
    assert_int_equal(fclose(file), 0);
}

static const char *country_of(const char *name, const char *address)
{
    static char alpha2[3];
    struct error error = {.text = "?"};

    if (region_address_country(name, address, alpha2, &error)) {
        assert_int_equal(error.code, ERROR_NONE);
        return alpha2;
    }
    if (error.code != ERROR_NONE)
        fail_msg("%s: %s", address, error.text);
    return "none";
}

static void addresses_have_countries(void **state)
{
    static const struct network networks[] = {
        NETWORK("81.152.0.0", 16, MAXMIND("GB")), NETWORK("8.8.0.0", 16, FLAT("US")),
        NETWORK("9.9.9.0", 24, BARE("CH")),       NETWORK("10.0.0.0", 8, MAXMIND("ZZ")),
        NETWORK("11.0.0.0", 8, "\xe0"),           NETWORK("2001:db8::", 32, MAXMIND("ID")),
    };

    (void)state;
    write_database(path, 6, networks, 6);
    assert_string_equal(country_of(path, "81.152.92.84"), "GB");
    assert_string_equal(country_of(path, "::ffff:81.152.92.84"), "GB");
    assert_string_equal(country_of(path, "8.8.8.8"), "US");
    assert_string_equal(country_of(path, "9.9.9.9"), "CH");
    assert_string_equal(country_of(path, "2001:db8::1"), "ID");
    assert_string_equal(country_of(path, "2001:db9::1"), "none");
    assert_string_equal(country_of(path, "81.153.0.1"), "none");
    assert_string_equal(country_of(path, "10.1.2.3"), "none"); /* ZZ is no country */
    assert_string_equal(country_of(path, "11.1.2.3"), "none");
    assert_string_equal(country_of(path, "not an address"), "none");
    write_database(other_path, 4, networks, 5);
    assert_string_equal(country_of(other_path, "81.152.92.84"), "GB");
    assert_string_equal(country_of(other_path, "2001:db8::1"), "none");
    assert_string_equal(country_of(path, "2001:db8::1"), "ID");
}

static void a_replaced_database_is_read_anew(void **state)
{
    static const struct network before[] = {NETWORK("81.152.0.0", 16, MAXMIND("GB"))};
    static const struct network after[] = {NETWORK("81.152.0.0", 16, MAXMIND("FR"))};

    (void)state;
    write_database(other_path, 4, before, 1);
    assert_int_equal(rename(other_path, path), 0);
    assert_string_equal(country_of(path, "81.152.92.84"), "GB");
    write_database(other_path, 4, after, 1);
    assert_int_equal(rename(other_path, path), 0);
    assert_string_equal(country_of(path, "81.152.92.84"), "FR");
}

static void expect_refusal(const char *name, const char *reason)
{
    char alpha2[3];
    struct error error;

    assert_false(region_address_country(name, "8.8.8.8", alpha2, &error));
    if (strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, reason);
}

static void what_is_no_database_is_refused(void **state)
{
    static char long_path[6000];
    FILE *file;

    (void)state;
    (void)unlink(path);
    expect_refusal(path, "No such file");
    expect_refusal(path, path);
    expect_refusal(folder, "not a regular file");
    assert_int_equal(mkfifo(path, 0600), 0); /* must not wait for a writer */
    expect_refusal(path, "not a regular file");
    assert_int_equal(unlink(path), 0);
    file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("ip,country\n8.8.8.8,US\n", file);
    assert_int_equal(fclose(file), 0);
    expect_refusal(path, "MaxMind's format");
    assert_int_equal(truncate(path, 0), 0);
    expect_refusal(path, "MaxMind's format");
    memset(long_path, 'p', sizeof long_path - 1);
    expect_refusal(long_path, "too long");
}

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/country", folder);
    (void)snprintf(other_path, sizeof other_path, "%s/other", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_are_known),
        cmocka_unit_test(each_country_has_both_codes),
        cmocka_unit_test(other_codes_are_no_country),
        cmocka_unit_test(currencies_are_known),
        cmocka_unit_test(currencies_are_those_of_icu_and_newer),
        cmocka_unit_test(a_country_has_the_currency_of_icu_or_a_newer_one),
        cmocka_unit_test(locales_become_canonical),
        cmocka_unit_test(other_text_is_no_locale),
        cmocka_unit_test(plain_locales_are_what_icu_says),
        cmocka_unit_test(countries_have_likely_locales),
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(addresses_have_countries),
        cmocka_unit_test(a_replaced_database_is_read_anew),
        cmocka_unit_test(what_is_no_database_is_refused),
    };

    (void)alarm(120); /* a FIFO that is waited for would hold the run */
    return cmocka_run_group_tests_name("region", tests, make_folder, remove_folder);
}
