/* SPDX-License-Identifier: MIT */
/* A password hash from outside: read, its cost held against the limit, verified where it costs next
 * to nothing, wrapped, and read again as it would be kept. The first byte tells whether a Firebase
 * project is known. */
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "passwords/hash_derive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct password_firebase project = {8, 4, {1, "\007"}, {16, "0123456789abcdef"}};

/* What is kept must be read again, as the same. */
static void check_kept(const char *stored, const struct password_limit *limit)
{
    char again[PASSWORD_STORED_SIZE];
    bool fast;
    if (password_read(stored, limit, again, &fast) != RULE_as_given || strcmp(stored, again) != 0)
        abort();
}

static void check(const char *text, const struct password_limit *limit)
{
    enum { CHEAP_KIB = 64 };
    struct hash hash;
    char stored[PASSWORD_STORED_SIZE], wrapped[PASSWORD_STORED_SIZE];
    bool fast;
    if (password_read(text, limit, stored, &fast) != RULE_as_given)
        return;
    check_kept(stored, limit);
    if (hash_read(stored, limit->firebase, &hash) != RULE_as_given)
        abort();
    if (hash_cost(&hash).work_kib <= CHEAP_KIB)
        hash_verify(&hash, "password", 8);
    if (fast && password_wrap(text, limit, (struct password_cost){8, 1}, wrapped))
        check_kept(wrapped, limit);
    password_needs_rehash(stored, (struct password_cost){19456, 2}, limit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct password_limit without = {262144, 16, NULL}, with = {262144, 16, &project};
    static int started = -1;
    if (started < 0)
        started = sodium_init();
    if (size == 0 || memchr(data + 1, 0, size - 1) != NULL)
        return 0;
    char *text = strndup((const char *)data + 1, size - 1);
    if (text != NULL)
        check(text, data[0] % 2 == 0 ? &without : &with);
    free(text);
    return 0;
}
