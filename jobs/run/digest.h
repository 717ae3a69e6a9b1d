/* SPDX-License-Identifier: MIT */
/* digest.h: what an input file is known by: BLAKE2b-256 of its bytes. */
#ifndef DIGEST_H
#define DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SIZE = 32, DIGEST_TEXT = 2 * DIGEST_SIZE + 1 };

/* Reads a seekable descriptor from its beginning: the digest of all bytes, how many they were, and
 * the digest of the first `mark` of them (`*marked` false where there are fewer). The descriptor is
 * left at its beginning. False with errno set, or 0 where a signal asked to stop. */
bool digest_file(int descriptor, uint64_t mark, unsigned char digest[DIGEST_SIZE], uint64_t *bytes,
                 unsigned char at_mark[DIGEST_SIZE], bool *marked);

/* In hex, for messages. */
void digest_text(const unsigned char digest[DIGEST_SIZE], char text[DIGEST_TEXT]);

#endif
