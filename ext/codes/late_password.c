/* SPDX-License-Identifier: MIT */
#include "codes/late_password.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "passwords/policy.h"
#include "ledger/settings.h"

static void refuse(struct late_password *completion, const struct reasons *reasons)
{
    reasons_before_taken(reasons, completion->refusal);
    completion->refusal[0] = '['; /* in place of the first comma */
    size_t length = strlen(completion->refusal);
    snprintf(completion->refusal + length, sizeof completion->refusal - length, "]");
}

bool late_password_judge(struct late_password *completion, const struct settings *settings,
                         struct error *error)
{
    const char *password = completion->password;
    size_t length = strlen(password);
    struct reasons reasons = {0, 0, 0, 0};
    struct policy_identity identity = {.email = completion->subject,
                                       .username = completion->subject};
    completion->refusal[0] = '\0';
    if (password_is_md5(password))
        reasons.others |= 1U << REASON_password_hash_invalid;
    else if (!policy_check(&settings->policy, password, length, &identity, &reasons.policy, error))
        return false;
    if (!reasons_none(&reasons)) {
        refuse(completion, &reasons);
        return true;
    }
    crypto_hash_sha256(completion->fingerprint, (const unsigned char *)password, length);
    return policy_hash(&settings->policy, password, settings->password_cost, completion->stored) ||
           error_no_memory(error, "hashing a password");
}

void late_password_wipe(struct late_password *completion)
{
    sodium_memzero(completion, sizeof *completion);
}
