/* SPDX-License-Identifier: MIT */
/* decompress.h: a compressed file (gzip or zstd, by its name) as a source of the bytes within. All
 * memory that those pass through is wiped. */
#ifndef DECOMPRESS_H
#define DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv/input.h"

enum decompress_kind { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

/* By the end of the name: `.gz`, `.zst`. */
enum decompress_kind decompress_kind(const char *path);

struct decompress;

/* Reads from where the descriptor stands, which stays the caller's, and gives `most` bytes at the
 * most. NULL: out of memory. */
struct decompress *decompress_open(int descriptor, enum decompress_kind kind, uint64_t most);

/* Wipes what is left of the bytes, and frees. NULL is allowed. */
void decompress_close(struct decompress *packed);

/* It cannot be sought; a damaged or cut-off file ends it with EBADMSG, one that unpacks to more
 * than `most` with EFBIG, lack of memory with ENOMEM. */
struct input_source decompress_source(struct decompress *packed);

/* Whether the file itself is at fault: damaged, cut off, or not compressed in that way. */
bool decompress_is_damaged(const struct decompress *packed);

/* Whether it unpacks to more than was allowed. */
bool decompress_is_too_large(const struct decompress *packed);

#endif
