/* SPDX-License-Identifier: MIT */
#include "source/stream.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "csv/wiped_memory.h"

void stream_begin(struct stream *stream, int descriptor, uint64_t straight)
{
    memset(stream, 0, sizeof *stream);
    stream->descriptor = descriptor;
    stream->straight = straight;
    crypto_generichash_init(&stream->state, NULL, 0, DIGEST_SIZE);
}

void stream_end(struct stream *stream)
{
    wiped_free(stream->tail);
    stream->tail = NULL;
    sodium_memzero(&stream->state, sizeof stream->state); /* the last bytes are in it */
}

static bool reserve(struct stream *stream, size_t more)
{
    if (stream->length + more <= stream->capacity)
        return true;
    size_t wanted = 2 * (stream->length + more);
    unsigned char *larger = wiped_resize(stream->tail, wanted);
    if (larger == NULL)
        return false;
    stream->tail = larger;
    stream->capacity = wanted;
    return true;
}

static ssize_t read_some(void *context, void *bytes, size_t size)
{
    struct stream *stream = context;
    const unsigned char *at = bytes;
    ssize_t got = read(stream->descriptor, bytes, size);
    if (got <= 0)
        return got;
    size_t left = (size_t)got;
    if (stream->hashed < stream->straight) {
        uint64_t due = stream->straight - stream->hashed;
        size_t now = due < left ? (size_t)due : left;
        crypto_generichash_update(&stream->state, at, now);
        stream->hashed += now;
        at += now;
        left -= now;
    }
    if (left > 0) {
        if (!reserve(stream, left)) {
            errno = ENOMEM;
            return -1;
        }
        memcpy(stream->tail + stream->length, at, left);
        stream->length += left;
    }
    return got;
}

struct input_source stream_source(struct stream *stream)
{
    return (struct input_source){.read = read_some, .seek = NULL, .context = stream};
}

void stream_advance(struct stream *stream, uint64_t offset, unsigned char digest[DIGEST_SIZE])
{
    crypto_generichash_state copy;
    if (offset > stream->hashed) {
        uint64_t due = offset - stream->hashed;
        size_t now = due < stream->length ? (size_t)due : stream->length;
        crypto_generichash_update(&stream->state, stream->tail, now);
        memmove(stream->tail, stream->tail + now, stream->length - now);
        stream->length -= now;
        stream->hashed += now;
    }
    copy = stream->state;
    crypto_generichash_final(&copy, digest, DIGEST_SIZE);
}
