/* SPDX-License-Identifier: MIT */
/* Everything in ext/ that reads a text from outside, chosen by the input's first byte: moments,
 * addresses, names, regions, policies, settings, tokens. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codes/code.h"
#include "values/error.h"
#include "values/moment.h"
#include "passwords/policy.h"
#include "values/mend.h"
#include "values/region_read.h"
#include "ledger/settings.h"
#include "values/signup.h"
#include "values/subject.h"
#include "values/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_policy(const char *text)
{
    struct policy policy;
    struct error error;
    uint32_t broken;
    if (policy_parse(text, &policy, &error)) {
        policy.blocklist[0] = '\0'; /* no files */
        policy_check(&policy, text, strlen(text), NULL, &broken, &error);
    }
}

static void read_settings(const char *text)
{
    struct error error;
    struct settings *settings = settings_parse(text, NULL, &error);
    if (settings != NULL)
        free(settings_text(settings));
    settings_free(settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char folded[SUBJECT_SIZE], locale[REGION_LOCALE_SIZE], alpha[4];
    unsigned char nonce[CODE_NONCE_SIZE];
    char day[MOMENT_DAY_SIZE], address[REGION_ADDRESS_SIZE], *mended;
    int64_t moment;
    if (size == 0 || memchr(data + 1, 0, size - 1) != NULL)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    if (text == NULL)
        return 0;
    switch (data[0] % 10) {
    case 0:
        moment_parse(text, &moment);
        moment_is_date(text);
        moment_read(text, 0, &moment);
        moment_read_day(text, day);
        break;
    case 1:
        email_fold(text, folded);
        break;
    case 2:
        subject_phone(text, "ID", folded);
        mended = malloc(size);
        if (mended != NULL) {
            mend(text, strlen(text), true, mended);
            mend_has_invisible(mended);
            mend_is_scientific(mended);
        }
        free(mended);
        break;
    case 3:
        subject_fold_username(text, folded);
        break;
    case 4:
        subject_mask(text, folded, sizeof folded);
        break;
    case 5:
        region_locale(text, locale);
        region_country(text, alpha);
        region_currency(text, alpha);
        region_address_valid(text);
        region_read_country(text, alpha);
        region_read_locale(text, locale);
        region_read_address(text, address);
        break;
    case 6:
        read_policy(text);
        break;
    case 7:
        read_settings(text);
        break;
    case 8:
        code_token_nonce(text, nonce);
        text_is_clean(text, size);
        break;
    case 9:
        signup_column_named(text);
        break;
    }
    free(text);
    return 0;
}
