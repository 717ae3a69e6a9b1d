/* SPDX-License-Identifier: MIT */
/*
 * rule.h: what was made of a value from outside: the one list of rules. A check answers with one of
 * them: RULE_as_given where the value was taken as it stands, one that takes it in another form, or
 * one that it broke.
 */
#ifndef RULE_H
#define RULE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Name and a sentence. These take the value in another form. */
#define RULES_THAT_TAKE(X)                                                                         \
    X(blanks, "White space around the value was trimmed.")                                         \
    X(apostrophe, "The apostrophe that a spreadsheet puts before + = - @ was dropped.")            \
    X(direction, "Characters that set the direction of a name were dropped.")                      \
    X(line_break, "A line end or tab in a name was replaced by a space.")                          \
    X(boolean, "Another word for true or false, success or failure was read as that.")             \
    X(eight_digits, "Eight digits were read as a day: YYYYMMDD.")                                  \
    X(midnight, "The time 00:00 after a date was dropped.")                                        \
    X(leap_second, "A leap second was read as the following second.")                              \
    X(phone_spelling, "The phone number contained non-ASCII characters.")                          \
    X(trunk_prefix, "A trunk or former prefix after the country code was dropped.")                \
    X(country_code, "The phone number began with its country code but lacked the +.")              \
    X(decimal, "The .0 that a program added to a whole number was dropped.")                       \
    X(quoted, "The local part's quotes, which it does not need, were dropped.")                    \
    X(customary_code, "A customary, reserved or former code was read as this country's.")          \
    X(country_name, "The country's English name was replaced by its code.")                        \
    X(subdivision, "The code of a part of a country was read as the country.")                     \
    X(locale_country, "A locale was read as its country.")                                         \
    X(posix_locale, "A POSIX locale was read without its encoding.")                               \
    X(language_list, "Of a browser's list of languages, the preferred one was kept.")              \
    X(address_list, "Of a list of forwarding addresses, the first (the client's) was kept.")       \
    X(address_port, "The port and brackets of an IP address were dropped.")                        \
    X(address_zone, "The zone of an IPv6 address was dropped.")                                    \
    X(short_row, "The row ended before this column; it and those after it count as empty.")

/* These do not take it. */
#define RULES_THAT_REFUSE(X)                                                                       \
    X(characters, "It is not UTF-8, or has control or direction characters.")                      \
    X(invisible, "An identifier has a character that cannot be seen.")                             \
    X(placeholder, "It is a placeholder for \"no value\": NULL, N/A, #N/A, \\N or a hyphen.")      \
    X(scientific, "A long number in scientific notation has lost its last digits.")                \
    X(too_long, "It has more bytes than the column allows.")                                       \
    X(form, "It does not have the column's form.")                                                 \
    X(word, "It is not one of the words that the column accepts.")                                 \
    X(number, "It is not a number, or is outside the column's range.")                             \
    X(time, "It cannot be read as a time or day.")                                                 \
    X(date_order, "It is a date in an order other than YYYY-MM-DD.")                               \
    X(spreadsheet_serial, "It is a spreadsheet's number of a day.")                                \
    X(unix_zero, "It is 1970-01-01, Unix time 0, which programs write when there is no time.")     \
    X(unix_span, "It is Unix time before 2000 or more than a year ahead.")                         \
    X(future, "It is in the future.")                                                              \
    X(email, "It is not an e-mail address that mail can be sent to.")                              \
    X(email_at, "An e-mail address needs one @, with something on both sides of it.")              \
    X(email_length, "An e-mail address has at most 64 bytes before the @ and 254 in all.")         \
    X(email_quotes, "A local part that needs its quotes is not accepted.")                         \
    X(email_domain, "The domain is not one that mail can be sent to.")                             \
    X(phone, "It is not a phone number.")                                                          \
    X(phone_country, "The phone number has no country code and no country to complete it, or its " \
                     "country code does not exist.")                                               \
    X(phone_length, "No phone number in that country has this many digits.")                       \
    X(phone_range, "It is in no phone number range known to be in use.")                           \
    X(code, "It is not a code of the standard.")                                                   \
    X(address, "It is not an IP address.")                                                         \
    X(ambiguous, "It can be read in two ways.")                                                    \
    X(another,                                                                                     \
      "The username looks like an e-mail address or phone number that is not this sign-up's own.") \
    X(outcome, "A failure reason was given, but the outcome is not failure.")                      \
    X(hash_unknown,                                                                                \
      "It does not begin like any known password hash: reg_hash_formats lists those.")             \
    X(hash_unnamed,                                                                                \
      "Bare digits do not say which hash they are: put {MD5}, sha1$$ or the like in front.")       \
    X(hash_unsupported,                                                                            \
      "It is a password hash of a kind or version that cannot be verified here.")                  \
    X(hash_locked, "It begins with ! or *: the account has no password to log in with.")           \
    X(hash_in_clear, "It is an upper-case MD5, which belongs in password_md5.")                    \
    X(hash_json, "It is JSON, but not a password hash of Auth0, Keycloak or Firebase.")            \
    X(hash_parts, "A part of the password hash is missing, or there is one too many.")             \
    X(hash_parameters, "A parameter of the password hash is missing, unknown or out of range.")    \
    X(hash_encoding, "A salt, digest or key of the password hash is not encoded as it must be.")   \
    X(hash_salt, "The salt of the password hash is too short or too long.")                        \
    X(hash_digest, "The digest of the password hash is not as long as it must be.")                \
    X(hash_project, "A hash of Firebase needs the setting firebaseScrypt, of the same project.")   \
    X(hash_cost, "Verifying it costs more than the setting passwordHashLimit allows.")

#define RULE_ENUMERATE(name, sentence) RULE_##name,
enum rule {
    RULE_as_given,
    RULES_THAT_TAKE(RULE_ENUMERATE) RULE_LAST_THAT_TAKES,
    RULES_THAT_REFUSE(RULE_ENUMERATE) RULE_COUNT
};
#undef RULE_ENUMERATE

static inline bool rule_refuses(enum rule rule)
{
    return rule > RULE_LAST_THAT_TAKES;
}

/* As the notes and the manual call it; NULL for RULE_as_given. */
static inline const char *rule_name(enum rule rule)
{
#define RULE_NAME(name, sentence) #name,
    static const char *const names[RULE_COUNT] = {NULL, RULES_THAT_TAKE(RULE_NAME) NULL,
                                                  RULES_THAT_REFUSE(RULE_NAME)};
#undef RULE_NAME
    return names[rule];
}

#ifdef __cplusplus
}
#endif

#endif
