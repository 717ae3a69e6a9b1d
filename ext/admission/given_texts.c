/* SPDX-License-Identifier: MIT */
#include "admission/given_texts.h"

#include <stdlib.h>
#include <string.h>

#include "admission/admit.h"
#include "ledger/settings.h"
#include "values/mend.h"

/* Names of people and places, which may be somebody's whatever they look like. */
static const uint64_t names =
    SIGNUP_BIT(name) | SIGNUP_BIT(given_name) | SIGNUP_BIT(family_name) | SIGNUP_BIT(birth_place);
/* Where nothing stands for something: an attempt without a told outcome is judged here. */
static const uint64_t never_nothing =
    SIGNUP_BIT(attempted_at) | SIGNUP_BIT(consents) | SIGNUP_BIT(outcome);
/* Room for all of the sign-up's texts, since one that is mended gets no longer. */
static bool make_room(struct admission *admission)
{
    size_t size = 1;
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++)
        if (admission->signup->text[column] != NULL)
            size += strlen(admission->signup->text[column]) + 1;
    admission->mended = malloc(size);
    return admission->mended != NULL;
}

static bool mend_column(struct admission *admission, int column, const char **text, size_t *length)
{
    bool name = (names >> column & 1) != 0;
    if (!mend_is_needed(*text, *length, name))
        return true;
    if (admission->mended == NULL && !make_room(admission))
        return false;
    char *mended = admission->mended + admission->mended_length;
    enum rule rule = mend(*text, *length, name, mended);
    /* Nothing but direction controls is left as it is, to be refused. */
    if (rule == RULE_as_given || (mended[0] == '\0' && rule == RULE_direction))
        return true;
    *text = mended;
    *length = strlen(mended);
    admission->mended_length += *length + 1;
    if (*length > 0) /* nothing but blanks is an empty cell */
        notes_add(&admission->notes, column, rule);
    return true;
}

bool given_keeps_placeholder(const struct admission *admission, int column)
{
    return ((never_nothing | admission->settings->strict_fields) >> column & 1) != 0;
}

bool given_is_placeholder(int column, const char *text, size_t length)
{
    bool name = column == SIGNUP_username || (names >> column & 1) != 0;
    return mend_is_placeholder(text, length, name);
}

bool given_take(struct admission *admission)
{
    const char *const *texts = admission->signup->text;
    memcpy(admission->given, texts, sizeof admission->given);
    for (int column = 0; column < SIGNUP_INPUT_ONLY; column++) {
        const char *text = texts[column];
        size_t length = text == NULL ? 0 : strlen(text);
        if (text == NULL || column == SIGNUP_consents)
            continue;
        if (!mend_column(admission, column, &text, &length))
            return false;
        bool nothing = given_is_placeholder(column, text, length) &&
                       !given_keeps_placeholder(admission, column);
        if (nothing)
            notes_add(&admission->notes, column, RULE_placeholder);
        admission->given[column] = nothing || length == 0 ? NULL : text;
        admission->values[column].length = (uint32_t)length;
    }
    return true;
}
