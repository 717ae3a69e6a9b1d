/* SPDX-License-Identifier: MIT */
#include "indexes/fingerprint.h"

#include <sodium.h>
#include <stdint.h>

enum { VALUES = 3 }; /* of a row */

static unsigned char key[crypto_shorthash_KEYBYTES];

/* A value as two words: its type, and itself or the hash of its bytes. */
static void take_value(sqlite3_value *value, uint64_t words[2])
{
    words[0] = (uint64_t)sqlite3_value_type(value);
    words[1] = 0;
    if (words[0] == SQLITE_INTEGER) {
        words[1] = (uint64_t)sqlite3_value_int64(value);
    } else if (words[0] != SQLITE_NULL) {
        const void *bytes = sqlite3_value_blob(value);
        crypto_shorthash((unsigned char *)&words[1], bytes,
                         (unsigned long long)sqlite3_value_bytes(value), key);
    }
}

static void add_row(sqlite3_context *context, int count, sqlite3_value **values)
{
    uint64_t words[VALUES][2], hash;
    uint64_t *sum = sqlite3_aggregate_context(context, sizeof *sum);
    (void)count;
    if (sum == NULL) {
        sqlite3_result_error_nomem(context);
        return;
    }
    for (int i = 0; i < VALUES; i++)
        take_value(values[i], words[i]);
    crypto_shorthash((unsigned char *)&hash, (const unsigned char *)words, sizeof words, key);
    *sum += hash;
}

static void give_sum(sqlite3_context *context)
{
    const uint64_t *sum = sqlite3_aggregate_context(context, 0);
    sqlite3_result_int64(context, sum == NULL ? 0 : (int64_t)*sum);
}

bool fingerprint_offer(sqlite3 *database)
{
    crypto_shorthash_keygen(key);
    return sqlite3_create_function_v2(database, "reg_fingerprint", VALUES,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, NULL, add_row,
                                      give_sum, NULL) == SQLITE_OK;
}
