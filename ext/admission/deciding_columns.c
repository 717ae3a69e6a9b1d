/* SPDX-License-Identifier: MIT */
#include "admission/deciding_columns.h"

#include "ledger/settings.h"

/* What says who a person is, what was decided, and when: never left out. */
static const uint64_t always = SIGNUP_BIT(attempted_at) | SIGNUP_BIT(email) | SIGNUP_BIT(username) |
                               SIGNUP_BIT(uuid) | SIGNUP_BIT(custom_id) |
                               SIGNUP_BIT(identity_provider) | SIGNUP_BIT(identity_subject) |
                               SIGNUP_BIT(recommendation) | SIGNUP_BIT(consents) |
                               SIGNUP_BIT(outcome) | SIGNUP_BIT(failure_reason);

uint64_t deciding_required(const struct settings *settings)
{
    return settings->required_fields | (settings->require_partner_id ? SIGNUP_BIT(partner_id) : 0);
}

uint64_t deciding_columns(const struct settings *settings)
{
    bool phone = settings->channel_sms || settings->username_is_phone;
    return always | (phone ? SIGNUP_BIT(phone) : 0) | deciding_required(settings) |
           settings->strict_fields;
}

bool deciding_may_lack(const struct settings *settings, const struct header_column *column)
{
    /* A wrong phone number may be left out, but one that is lost could be somebody's only name. */
    uint64_t never = deciding_columns(settings) | SIGNUP_BIT(phone);
    if (column->column < 0)
        return column->suffix == NULL; /* no consent */
    return column->column < SIGNUP_INPUT_ONLY && (never >> column->column & 1) == 0;
}

void deciding_note_lack(struct signup *signup, const struct header *header, size_t column)
{
    for (size_t i = column; i > 0 && i <= header->count && signup->lacks == 0; i++)
        if (header->columns[i - 1].column >= 0)
            signup->lacks = header->columns[i - 1].column + 1;
}
