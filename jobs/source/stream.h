/* SPDX-License-Identifier: MIT */
/* stream.h: standard input as a source of records that also adds up the digest of what has been
 * done with, so that a stopped import can go on with the same stream and notice another one. */
#ifndef STREAM_H
#define STREAM_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/digest.h"
#include "csv/input.h"

struct stream {
    int descriptor;
    crypto_generichash_state state; /* of the first `hashed` bytes */
    uint64_t hashed;
    uint64_t straight; /* up to here bytes are added as they come: they were done with by an earlier
                          run */
    unsigned char *tail; /* bytes read and not yet added */
    size_t length, capacity;
};

void stream_begin(struct stream *stream, int descriptor, uint64_t straight);
void stream_end(struct stream *stream);

/* Bytes may be read once only, so it cannot be sought. */
struct input_source stream_source(struct stream *stream);

/* Adds all up to `offset`, which has been read, and gives the digest of what was added so far. */
void stream_advance(struct stream *stream, uint64_t offset, unsigned char digest[DIGEST_SIZE]);

#endif
