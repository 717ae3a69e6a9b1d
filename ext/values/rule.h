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
#define RULES_THAT_TAKE(X) X(blanks, "Blanks around the value were trimmed.")

/* These do not take it. */
#define RULES_THAT_REFUSE(X)                                                                       \
    X(characters, "It is not UTF-8, or has control or direction characters.")                      \
    X(too_long, "It has more bytes than the column has room for.")                                 \
    X(form, "It is not of the column's form.")                                                     \
    X(word, "It is none of the words that the column knows.")                                      \
    X(number, "It is no number, or one outside the column's range.")                               \
    X(time, "It is no time that can be read.")                                                     \
    X(future, "It lies ahead of the clock.")                                                       \
    X(email, "It is no e-mail address that mail can be sent to.")                                  \
    X(phone, "It is no phone number.")                                                             \
    X(code, "It is no code of the standard.")                                                      \
    X(address, "It is no IP address.")                                                             \
    X(another, "It is an e-mail address or phone number that this sign-up does not have.")         \
    X(outcome, "A reason for a failure stands beside no outcome that is one.")

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

const char *rule_name(enum rule rule);

/* What is done by it: "trimmed", "normalised", or "left_out" (where the column may be empty). */
const char *rule_done(enum rule rule);

/* The n-th rule, from 0: its name, what is done by it, and a sentence. False after the last. */
bool rule_nth(size_t n, const char **name, const char **done, const char **sentence);

#ifdef __cplusplus
}
#endif

#endif
