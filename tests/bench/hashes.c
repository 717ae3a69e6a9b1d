/* SPDX-License-Identifier: MIT */
/*
 * hashes.c: what an import with hashing is compared with: threads that call crypto_pwhash_str and
 * do nothing else.
 *
 *   hashes THREADS COUNT MEMORY_KIB PASSES
 */
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_THREADS = 64 };

static atomic_long left;
static atomic_bool failed;
static unsigned long long passes;
static size_t memory;

static void *hash(void *nothing)
{
    char stored[crypto_pwhash_STRBYTES], password[32];
    long number;
    while ((number = atomic_fetch_sub(&left, 1)) > 0) {
        int length = snprintf(password, sizeof password, "Zq%016lx!", number);
        if (crypto_pwhash_str(stored, password, (unsigned long long)length, passes, memory) != 0)
            atomic_store(&failed, true);
    }
    return nothing;
}

int main(int count, char **words)
{
    pthread_t threads[MOST_THREADS];
    if (count != 5 || sodium_init() < 0)
        return 64;
    long wanted = strtol(words[1], NULL, 10);
    atomic_store(&left, strtol(words[2], NULL, 10));
    memory = (size_t)strtoull(words[3], NULL, 10) * 1024;
    passes = strtoull(words[4], NULL, 10);
    if (wanted < 1 || wanted > MOST_THREADS)
        return 64;
    for (long i = 0; i < wanted; i++)
        if (pthread_create(&threads[i], NULL, hash, NULL) != 0)
            return 1;
    for (long i = 0; i < wanted; i++)
        pthread_join(threads[i], NULL);
    return atomic_load(&failed) ? 1 : 0;
}
