/* SPDX-License-Identifier: MIT */
/* region.h: countries, currencies, languages and locales (ISO 3166-1, ISO 4217, BCP 47), as ICU
 * knows them. */
#ifndef REGION_H
#define REGION_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

enum { REGION_LOCALE_SIZE = 64 };

/* ISO 3166-1, alpha-2 or alpha-3, either case: gives alpha-2 upper case. Kosovo's XK is accepted
 * too. */
bool region_country(const char *text, char alpha2[3]);

/* The alpha-3 code of a country (here and below alpha-2 or alpha-3, either case). */
bool region_country_alpha3(const char *alpha2, char alpha3[4]);

/* ISO 4217, either case, of a currency that ICU knows as legal tender at some time: gives upper
 * case. */
bool region_currency(const char *text, char currency[4]);

/* The currency in use in a country today; false where it has none. */
bool region_country_currency(const char *alpha2, char currency[4]);

/* BCP 47, `-` or `_` between the parts: gives canonical form ("id-ID", "zh-Hant-TW"). Unknown
 * languages, scripts and countries are refused. */
bool region_locale(const char *text, char locale[REGION_LOCALE_SIZE]);

/* The locale most likely in a country, by ICU's likely subtags ("ID" -> "id-ID", "TW" -> "zh-TW");
 * false where nobody lives. */
bool region_country_locale(const char *alpha2, char locale[REGION_LOCALE_SIZE]);

/* The country (alpha-2) of an address (IPv4 or IPv6 text) by a MaxMind-format file. False: not
 * known (ERROR_NONE) or not readable. Replace the file by rename only. */
bool region_address_country(const char *database, const char *address, char alpha2[3],
                            struct error *error);

/* IPv4 or IPv6 text, nothing else. */
bool region_address_valid(const char *address);

#endif
