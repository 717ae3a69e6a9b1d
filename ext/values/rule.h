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
    X(blanks, "Blanks around the value were trimmed.")                                             \
    X(apostrophe, "The apostrophe that a spreadsheet puts before + = - @ was left out.")           \
    X(direction, "Characters that set the direction of a name were left out.")                     \
    X(line_break, "A line end or tab in a name is a blank.")                                       \
    X(boolean, "Another word for true or false, success or failure.")                              \
    X(eight_digits, "Eight digits are a day: YYYYMMDD.")                                           \
    X(midnight, "The midnight behind a day was left out.")                                         \
    X(leap_second, "A leap second is the second after it.")                                        \
    X(phone_spelling, "A phone number is written with other characters than ASCII's.")             \
    X(trunk_prefix, "A trunk or former prefix behind the country's code was left out.")            \
    X(country_code, "A phone number that begins with its country's code lacked the +.")            \
    X(decimal, "The .0 that a program put behind a whole number was left out.")                    \
    X(quoted, "A quoted local part that needs no quotes is the same without them.")                \
    X(customary_code, "A customary, reserved or former code means this country.")                  \
    X(country_name, "The English name of a country stands for its code.")                          \
    X(subdivision, "The code of a part of a country means the country.")                           \
    X(locale_country, "A locale stands for its country.")                                          \
    X(posix_locale, "A locale as POSIX writes it, without its encoding.")                          \
    X(language_list, "The preferred one of a browser's list of languages.")                        \
    X(address_list, "The first address of a forwarded list, which is the client's.")               \
    X(address_port, "The port and brackets of an IP address were left out.")                       \
    X(address_zone, "The zone of an IPv6 address was left out.")                                   \
    X(short_row, "The row ended before this column, as if it and those behind it were empty.")

/* These do not take it. */
#define RULES_THAT_REFUSE(X)                                                                       \
    X(characters, "It is not UTF-8, or has control or direction characters.")                      \
    X(invisible, "An identifier has a character that cannot be seen.")                             \
    X(placeholder, "It is what programs write for nothing: NULL, N/A, #N/A, \\N or a hyphen.")     \
    X(scientific, "A long number in scientific notation has lost its last digits.")                \
    X(too_long, "It has more bytes than the column has room for.")                                 \
    X(form, "It is not of the column's form.")                                                     \
    X(word, "It is none of the words that the column knows.")                                      \
    X(number, "It is no number, or one outside the column's range.")                               \
    X(time, "It is no time or day that can be read.")                                              \
    X(date_order, "A date in another order than YYYY-MM-DD.")                                      \
    X(spreadsheet_serial, "It is the number of a day as a spreadsheet counts them.")               \
    X(unix_zero, "It is the zero of Unix time, which programs write for no time.")                 \
    X(unix_span, "Unix time before 2000 or more than a year ahead.")                               \
    X(future, "It lies ahead of the clock.")                                                       \
    X(email, "It is no e-mail address that mail can be sent to.")                                  \
    X(email_at, "An e-mail address has one @, and something on both sides of it.")                 \
    X(email_length, "An e-mail address has at most 64 bytes before the @ and 254 in all.")         \
    X(email_quotes, "A quoted local part that needs its quotes is not taken.")                     \
    X(email_domain, "The domain is not one that mail can be sent to.")                             \
    X(phone, "It is no phone number.")                                                             \
    X(phone_country, "A phone number without a country to complete it, or of none.")               \
    X(phone_length, "No phone number of that country has so many digits.")                         \
    X(phone_range, "It is in no range of phone numbers that is known to be in use.")               \
    X(code, "It is no code of the standard.")                                                      \
    X(address, "It is no IP address.")                                                             \
    X(ambiguous, "It can be read in two ways.")                                                    \
    X(another, "It is an e-mail address or phone number that this sign-up does not have.")         \
    X(outcome, "A reason for a failure stands beside no outcome that is one.")                     \
    X(hash_unknown, "It begins as no password hash that is known: reg_hash_formats lists those.")  \
    X(hash_unnamed, "Bare digits do not say of which hash: put {MD5}, sha1$$ or the like before.") \
    X(hash_unsupported, "A password hash of a kind or version that nothing here can verify.")      \
    X(hash_locked, "It begins with ! or *: the account has no password to log in with.")           \
    X(hash_in_clear, "An upper-case MD5 stands where a password is expected: use password_md5.")   \
    X(hash_json, "JSON that is no password hash of Auth0, Keycloak or Firebase.")                  \
    X(hash_parts, "A part of the password hash is missing, or there is one too many.")             \
    X(hash_parameters, "A parameter of the password hash is missing, unknown or out of range.")    \
    X(hash_encoding, "A salt, digest or key of the password hash is not encoded as it must be.")   \
    X(hash_salt, "The salt of the password hash is too short or too long.")                        \
    X(hash_digest, "The digest of the password hash is not as long as it must be.")                \
    X(hash_project, "A hash of Firebase needs the setting firebaseScrypt, of the same project.")   \
    X(hash_cost, "To verify it costs more than the setting passwordHashLimit allows.")

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
