/* SPDX-License-Identifier: MIT */
#include "run/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/stop.h"

enum { BLOCK = 1 << 20 };

static void finish_copy(const crypto_generichash_state *state, unsigned char digest[DIGEST_SIZE])
{
    crypto_generichash_state copy = *state;
    crypto_generichash_final(&copy, digest, DIGEST_SIZE);
}

bool digest_file(int descriptor, uint64_t mark, unsigned char digest[DIGEST_SIZE], uint64_t *bytes,
                 unsigned char at_mark[DIGEST_SIZE], bool *marked)
{
    crypto_generichash_state state;
    unsigned char *block = malloc(BLOCK);
    bool whole = false;
    ssize_t got;
    *bytes = 0;
    *marked = false;
    if (block == NULL || lseek(descriptor, 0, SEEK_SET) != 0)
        goto out;
    crypto_generichash_init(&state, NULL, 0, DIGEST_SIZE);
    for (;;) {
        /* A block ends at the mark, so that the state there can be finished aside. */
        uint64_t left = mark > *bytes ? mark - *bytes : BLOCK;
        got = read(descriptor, block, left < BLOCK ? (size_t)left : BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || stop_asked())
            break;
        crypto_generichash_update(&state, block, (unsigned long long)got);
        *bytes += (uint64_t)got;
        if (*bytes == mark) {
            finish_copy(&state, at_mark);
            *marked = true;
        }
    }
    if (got > 0)
        errno = 0; /* a signal, not an error */
    if (got == 0) {
        crypto_generichash_final(&state, digest, DIGEST_SIZE);
        whole = lseek(descriptor, 0, SEEK_SET) == 0;
    }
out:
    sodium_memzero(&state, sizeof state); /* it holds the last bytes until it is finished */
    if (block != NULL)
        sodium_memzero(block, BLOCK); /* passwords may have passed through */
    free(block);
    return whole;
}

void digest_text(const unsigned char digest[DIGEST_SIZE], char text[DIGEST_TEXT])
{
    sodium_bin2hex(text, DIGEST_TEXT, digest, DIGEST_SIZE);
}
