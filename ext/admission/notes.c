/* SPDX-License-Identifier: MIT */
#include "admission/notes.h"

#include <stdio.h>

#include "admission/admit.h"

static const char *const sentences[RULE_COUNT] = {
#define DESCRIBE(name, sentence) [RULE_##name] = sentence,
    RULES_THAT_TAKE(DESCRIBE) RULES_THAT_REFUSE(DESCRIBE)
#undef DESCRIBE
};

static const char *rule_done(enum rule rule)
{
    if (rule == RULE_blanks)
        return "trimmed";
    if (rule == RULE_short_row)
        return "missing";
    return rule_refuses(rule) ? "left_out" : "normalised";
}

bool notes_rule(size_t n, const char **name, const char **done, const char **sentence)
{
    size_t rule = n + 1; /* not RULE_as_given */
    rule += rule >= RULE_LAST_THAT_TAKES;
    if (rule >= RULE_COUNT)
        return false;
    *name = rule_name((enum rule)rule);
    *done = rule_done((enum rule)rule);
    *sentence = sentences[rule];
    return true;
}

void notes_add(struct notes *notes, int column, enum rule rule)
{
    notes->columns |= UINT64_C(1) << column;
    notes->rules[column] = (unsigned char)rule;
}

/* A told outcome has reasons of its own: there nothing is refused. */
static bool is_refused(const struct admission *admission, int column)
{
    bool unknown = column >= SIGNUP_INPUT_ONLY /* a hash that was not taken */ ||
                   (column == SIGNUP_identity_provider &&
                    (admission->reasons.others >> REASON_identity_provider_unknown & 1) != 0);
    return admission->told == NULL && (unknown || (admission->reasons.invalid >> column & 1) != 0);
}

const char *notes_sentence(enum rule rule)
{
    return sentences[rule];
}

const char *notes_done(const struct admission *admission, int column)
{
    if ((admission->notes.columns >> column & 1) == 0)
        return NULL;
    return is_refused(admission, column) ? "refused"
                                         : rule_done((enum rule)admission->notes.rules[column]);
}

const char *notes_text(const struct admission *admission, char text[NOTES_TEXT])
{
    const struct notes *notes = &admission->notes;
    size_t length = 0;
    if (notes->columns == 0) /* the rule, not the exception: an import asks a million times */
        return NULL;
    for (int column = 0; column < SIGNUP_COLUMN_COUNT; column++) {
        const char *done = notes_done(admission, column);
        if (done != NULL)
            length += (size_t)snprintf(text + length, NOTES_TEXT - length,
                                       "%s{\"column\":\"%s\",\"done\":\"%s\",\"rule\":\"%s\"}",
                                       length == 0 ? "[" : ",",
                                       signup_column_name((enum signup_column)column), done,
                                       rule_name((enum rule)notes->rules[column]));
    }
    snprintf(text + length, NOTES_TEXT - length, "]");
    return text;
}
