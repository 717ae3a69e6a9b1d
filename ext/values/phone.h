/* phone.h: libphonenumber, asked from C. */
#ifndef PHONE_H
#define PHONE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* E.164 of a number that libphonenumber calls valid. `country` (ISO 3166 alpha-2, may be NULL) is
 * where a number without + is dialled. False where it is not valid or `size` is too small. */
bool phone_e164(const char *text, const char *country, char *e164, size_t size);

/* The country (alpha-2) of a number with +; false where it cannot be told (not in the numbering
 * plan, satellite and other numbers that belong to no country). */
bool phone_country(const char *e164, char country[3]);

#ifdef __cplusplus
}
#endif

#endif
