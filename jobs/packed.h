/* packed.h: a compressed file (gzip or zstd, told by its name) as a source of the bytes within. */
#ifndef PACKED_H
#define PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input.h"

enum packed_kind { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

/* By the end of the name: `.gz`, `.zst`. */
enum packed_kind packed_kind(const char *path);

struct packed;

/* Reads from where the descriptor stands, which stays the caller's, and gives `most` bytes at the
 * most. NULL: out of memory. */
struct packed *packed_open(int descriptor, enum packed_kind kind, uint64_t most);

/* Wipes what is left of the bytes, and frees. NULL is allowed. */
void packed_close(struct packed *packed);

/* It cannot be sought; a damaged or cut-off file ends it with EBADMSG, one that unpacks to more
 * than `most` with EFBIG. */
struct input_source packed_source(struct packed *packed);

/* Whether the file itself is at fault: damaged, cut off, or not compressed in that way. */
bool packed_is_damaged(const struct packed *packed);

/* Whether it unpacks to more than was allowed. */
bool packed_is_too_large(const struct packed *packed);

#endif
