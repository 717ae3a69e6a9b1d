/* SPDX-License-Identifier: MIT */
/* subject.h: phone numbers, usernames and (email.h) e-mail addresses: checked, and brought to the
 * form in which they are compared. */
#ifndef SUBJECT_H
#define SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "values/email.h"
#include "values/rule.h"

enum { SUBJECT_SIZE = EMAIL_SIZE, SUBJECT_NUMBER_SIZE = 17 /* of a number in E.164 */ };

/* What can be looked up in the index of subjects. */
enum subject_kind {
    SUBJECT_NOTHING = 0,
    SUBJECT_EMAIL = 'e',
    SUBJECT_PHONE = 'p',
    SUBJECT_USERNAME = 'u',
    SUBJECT_UUID = 'i',
    SUBJECT_IDENTITY = 't'
};

/* `+` and 8 to 15 digits, of which the first is no zero (ITU-T E.164). */
bool phone_number_is_e164(const char *text);

/*
 * E.164 of a number. One that starts with + or 00 stands alone; a national one needs `country` (ISO
 * 3166 alpha-2, may be NULL). Blanks, dots, hyphens, slashes and brackets of any script do not
 * matter, nor do the characters for direction that contact cards put around it. It must be possible
 * by its country's lengths, with `valid` in a range that is known to be in use: phone.h.
 */
enum rule phone_number(const char *text, const char *country, bool valid, char *e164, size_t size);

/* Brings a phone number to E.164: phone_number(), where possible is enough. */
bool subject_phone(const char *text, const char *country, char e164[SUBJECT_SIZE]);

/*
 * Checks a username (1 to 255 octets of UTF-8, no control or unassigned characters, no leading or
 * trailing white space) and gives the form in which usernames are compared: NFKC case-folded, which
 * must be such a username too; one of the form of an e-mail address is compared as that is, which
 * keeps more apart.
 */
bool subject_fold_username(const char *text, char folded[SUBJECT_SIZE]);

/*
 * What a text means by its form: an e-mail address or a phone number (`country` as above) where it
 * has the form of one, else a username; with the form in which that is compared. SUBJECT_NOTHING
 * where it can be none of them.
 */
enum subject_kind subject_meaning(const char *text, const char *country, char folded[SUBJECT_SIZE]);

/*
 * For sharing a screen or a file: `j***@example.com`, `+1604*****55` (at most four digits, which
 * hold country code and area, and the last two kept; at least five hidden), otherwise the first
 * character and three stars; controls and bad bytes become `?`. Always gives valid UTF-8; the
 * result is no longer than the text's bytes plus 8, cut to `size`.
 */
void subject_mask(const char *text, char *masked, size_t size);

#endif
