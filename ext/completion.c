#include "completion.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "policy.h"
#include "settings.h"
#include "text.h"

enum { MD5_DIGITS = 32 };

static void refuse(struct completion *completion, const struct reasons *reasons)
{
    reasons_before_taken(reasons, completion->refusal);
    completion->refusal[0] = '['; /* in place of the first comma */
    size_t length = strlen(completion->refusal);
    snprintf(completion->refusal + length, sizeof completion->refusal - length, "]");
}

bool completion_judge(struct completion *completion, const struct settings *settings, char *error,
                      size_t error_size)
{
    const char *password = completion->password, *md5 = completion->password_md5;
    struct reasons reasons = {0, 0, 0, 0};
    struct policy_identity identity = {.email = completion->subject,
                                       .username = completion->subject};
    completion->stored[0] = completion->refusal[0] = '\0';
    completion->has_fingerprint = false;
    if (password == NULL && md5 == NULL)
        reasons.others |= 1U << REASON_password_missing;
    else if (password == NULL ? !text_is_hex(md5, MD5_DIGITS) : password_is_md5(password))
        reasons.others |= 1U << REASON_password_hash_invalid;
    else if (password != NULL && !policy_check(&settings->policy, password, strlen(password),
                                               &identity, &reasons.policy, error, error_size))
        return false;
    if (!reasons_none(&reasons)) {
        refuse(completion, &reasons);
        return true;
    }
    if (password != NULL) {
        crypto_hash_sha256(completion->fingerprint, (const unsigned char *)password,
                           strlen(password));
        completion->has_fingerprint = true;
    }
    if (password != NULL
            ? password_hash(password, strlen(password), settings->password_cost, completion->stored)
            : password_wrap_md5(md5, settings->password_cost, completion->stored))
        return true;
    snprintf(error, error_size, "not enough memory to hash a password");
    return false;
}

void completion_wipe(struct completion *completion)
{
    sodium_memzero(completion, sizeof *completion);
}
