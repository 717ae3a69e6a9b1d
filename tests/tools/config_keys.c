/* SPDX-License-Identifier: MIT */
/* config_keys: the configuration's keys, a line each: SECTION, KEY, what it may be, default; by
 * tabs. */
#include "../../jobs/config/config_key.h"

#include <stdio.h>

int main(void)
{
    char words[256];

    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        config_key_allowed(key, words, sizeof words);
        printf("%s\t%s\t%s\t%s\n", key->section, key->name, words, key->initial);
    }
    return 0;
}
