/* SPDX-License-Identifier: MIT */
#include "ledger/reasons.h"

#include <stdio.h>
#include <string.h>

#include "passwords/policy.h"
#include "values/signup.h"

struct entry {
    const char *name;
    const char *sentence;
};

#define DESCRIBE(name, sentence) {#name, sentence},
static const struct entry entries[REASON_COUNT] = {REASONS(DESCRIBE)};
#undef DESCRIBE

static const char *const policy_sentences[POLICY_RULES] = {
    [POLICY_TOO_SHORT] = "The password has fewer characters than the policy requires.",
    [POLICY_TOO_LONG] = "The password has more characters than the policy allows.",
    [POLICY_NO_LOWERCASE] = "The password has no lower-case Latin letter.",
    [POLICY_NO_UPPERCASE] = "The password has no upper-case Latin letter.",
    [POLICY_NO_LETTER] = "The password has no letter.",
    [POLICY_NO_DIGIT] = "The password has no digit.",
    [POLICY_NO_SYMBOL] = "The password has no symbol.",
    [POLICY_NO_DIGIT_OR_SYMBOL] = "The password has neither digit nor symbol.",
    [POLICY_CONTAINS_IDENTITY] =
        "The password is made up of the person's own e-mail, name or phone.",
    [POLICY_GUESSABLE] = "The password is too easy to guess.",
    [POLICY_BREACHED] = "The password is on the list of breached passwords.",
};

/* The order of all: a missing or invalid column after the other, then the entries, the policy's
 * rules where POLICY stands. */
enum {
    FIELD_REASONS = 2 * SIGNUP_INPUT_ONLY,
    ALL_REASONS = FIELD_REASONS + REASON_COUNT - 1 + POLICY_RULES
};

const char *reasons_nth(size_t n, char name[64])
{
    if (n < FIELD_REASONS) {
        snprintf(name, 64, "%s_%s", signup_column_name((enum signup_column)(n / 2)),
                 n % 2 == 0 ? "missing" : "invalid");
        return n % 2 == 0 ? "A field that the settings require is missing."
                          : "The field's value is not valid.";
    }
    n -= FIELD_REASONS;
    if (n >= REASON_POLICY && n < REASON_POLICY + POLICY_RULES) {
        snprintf(name, 64, "password_%s", policy_rule_name((enum policy_rule)(n - REASON_POLICY)));
        return policy_sentences[n - REASON_POLICY];
    }
    if (n >= REASON_POLICY + POLICY_RULES)
        n -= POLICY_RULES - 1;
    if (n >= REASON_COUNT)
        return NULL;
    snprintf(name, 64, "%s", entries[n].name);
    return entries[n].sentence;
}

static bool holds(const struct reasons *reasons, size_t n)
{
    if (n < FIELD_REASONS)
        return ((n % 2 == 0 ? reasons->missing : reasons->invalid) >> (n / 2) & 1) != 0;
    n -= FIELD_REASONS;
    if (n < REASON_POLICY)
        return (reasons->others >> n & 1) != 0;
    if (n < REASON_POLICY + POLICY_RULES)
        return (reasons->policy >> (n - REASON_POLICY) & 1) != 0;
    return (reasons->others >> (n - POLICY_RULES + 1) & 1) != 0;
}

bool reasons_none(const struct reasons *reasons)
{
    return reasons->missing == 0 && reasons->invalid == 0 && reasons->policy == 0 &&
           reasons->others == 0;
}

static void list(const struct reasons *reasons, size_t from, size_t to, char text[REASONS_TEXT])
{
    size_t length = 0;
    char name[64];
    text[0] = '\0';
    if (reasons_none(reasons)) /* the rule, not the exception: an import asks a million times */
        return;
    for (size_t n = from; n < to; n++)
        if (holds(reasons, n) && reasons_nth(n, name) != NULL &&
            length + strlen(name) + 4 < REASONS_TEXT)
            length += (size_t)snprintf(text + length, REASONS_TEXT - length, ",\"%s\"", name);
}

enum { TAKEN = FIELD_REASONS + REASON_email_taken + POLICY_RULES - 1, AFTER_TAKEN = TAKEN + 4 };

void reasons_before_taken(const struct reasons *reasons, char text[REASONS_TEXT])
{
    list(reasons, 0, TAKEN, text);
}

void reasons_after_taken(const struct reasons *reasons, char text[REASONS_TEXT])
{
    list(reasons, AFTER_TAKEN, ALL_REASONS, text);
}

bool reasons_known(const char *name)
{
    char known[64];
    for (size_t n = 0; reasons_nth(n, known) != NULL; n++)
        if (strcmp(known, name) == 0)
            return true;
    return false;
}
