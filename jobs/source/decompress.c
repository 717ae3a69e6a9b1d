/* SPDX-License-Identifier: MIT */
/* decompress.c: see decompress.h. Several compressed parts one after the other are one file, as for
 * gzip and zstd themselves. The libraries keep the last decompressed rows, passwords included, so
 * their memory comes from wiped_memory.h. */
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_customMem, which Debian's shared library has */
#include "source/decompress.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "csv/wiped_memory.h"
#include "values/text.h"

enum { BLOCK = 1 << 16, GZIP_WINDOW = 15 + 16 /* zlib: a gzip header is expected */ };

struct decompress {
    int descriptor;
    enum decompress_kind kind;
    bool ended;     /* the file has no more */
    bool in_part;   /* in the middle of a compressed part, which may not end here */
    int fault;      /* errno: EBADMSG, EFBIG, ENOMEM; 0: none. It ends the file */
    uint64_t left;  /* bytes that may still be given */
    bool inflating; /* `gzip` is to be ended */
    z_stream gzip;
    ZSTD_DCtx *zstd;
    ZSTD_inBuffer from; /* of `block`, for both */
    unsigned char block[BLOCK];
};

enum decompress_kind decompress_kind(const char *path)
{
    size_t length = strlen(path);
    if (length > 3 && text_same(path + length - 3, ".gz"))
        return PACKED_GZIP;
    return length > 4 && text_same(path + length - 4, ".zst") ? PACKED_ZSTD : PACKED_NOT;
}

/* For both libraries. */
static void *take_memory(void *context, size_t size)
{
    (void)context;
    return wiped_resize(NULL, size);
}

static void *take_items(void *context, uInt count, uInt size)
{
    return take_memory(context, (size_t)count * size);
}

static void give_memory(void *context, void *memory)
{
    (void)context;
    wiped_free(memory);
}

struct decompress *decompress_open(int descriptor, enum decompress_kind kind, uint64_t most)
{
    struct decompress *packed = calloc(1, sizeof *packed);
    if (packed == NULL)
        return NULL;
    packed->descriptor = descriptor;
    packed->kind = kind;
    packed->left = most;
    packed->from.src = packed->block;
    packed->gzip.zalloc = take_items;
    packed->gzip.zfree = give_memory;
    if (kind == PACKED_GZIP)
        packed->inflating = inflateInit2(&packed->gzip, GZIP_WINDOW) == Z_OK;
    else
        packed->zstd = ZSTD_createDCtx_advanced((ZSTD_customMem){take_memory, give_memory, NULL});
    if (packed->inflating || packed->zstd != NULL)
        return packed;
    decompress_close(packed);
    return NULL;
}

void decompress_close(struct decompress *packed)
{
    if (packed == NULL)
        return;
    if (packed->inflating)
        inflateEnd(&packed->gzip);
    ZSTD_freeDCtx(packed->zstd);
    sodium_memzero(packed->block, sizeof packed->block);
    free(packed);
}

/* Fills the block where it is used up. False: with errno. */
static bool have_input(struct decompress *packed)
{
    if (packed->from.pos < packed->from.size || packed->ended)
        return true;
    ssize_t got = read(packed->descriptor, packed->block, sizeof packed->block);
    if (got < 0)
        return false;
    packed->ended = got == 0;
    packed->from.size = (size_t)got;
    packed->from.pos = 0;
    return true;
}

static size_t fail(struct decompress *packed, int fault)
{
    packed->fault = fault;
    return 0;
}

/* Both unpack some of the block into `bytes`, and give how much that was. */
static size_t unpack_gzip(struct decompress *packed, void *bytes, size_t size)
{
    z_stream *gzip = &packed->gzip;
    size_t room = size < BLOCK * 16 ? size : BLOCK * 16;
    if (!packed->in_part && inflateReset(gzip) != Z_OK)
        return fail(packed, EBADMSG);
    packed->in_part = true;
    gzip->next_in = packed->block + packed->from.pos;
    gzip->avail_in = (uInt)(packed->from.size - packed->from.pos);
    gzip->next_out = bytes;
    gzip->avail_out = (uInt)room;
    int result = inflate(gzip, Z_NO_FLUSH);
    packed->from.pos = packed->from.size - gzip->avail_in;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return fail(packed, result == Z_MEM_ERROR ? ENOMEM : EBADMSG);
    packed->in_part = result != Z_STREAM_END;
    return room - gzip->avail_out;
}

static size_t unpack_zstd(struct decompress *packed, void *bytes, size_t size)
{
    ZSTD_outBuffer to = {.dst = bytes, .size = size};
    size_t result = ZSTD_decompressStream(packed->zstd, &to, &packed->from);
    if (ZSTD_isError(result))
        return fail(packed,
                    ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? ENOMEM : EBADMSG);
    packed->in_part = result != 0;
    return to.pos;
}

static ssize_t read_some(void *context, void *bytes, size_t size)
{
    struct decompress *packed = context;
    while (packed->fault == 0) {
        if (!have_input(packed))
            return -1;
        bool at_end = packed->ended && packed->from.pos == packed->from.size;
        if (at_end && !packed->in_part)
            return 0;
        size_t got = packed->kind == PACKED_GZIP ? unpack_gzip(packed, bytes, size)
                                                 : unpack_zstd(packed, bytes, size);
        if (got > packed->left) {
            packed->fault = EFBIG;
            break;
        }
        packed->left -= got;
        if (got > 0)
            return (ssize_t)got;
        if (packed->fault == 0 && at_end && packed->in_part)
            packed->fault = EBADMSG;
    }
    errno = packed->fault;
    return -1;
}

struct input_source decompress_source(struct decompress *packed)
{
    return (struct input_source){.read = read_some, .seek = NULL, .context = packed};
}

bool decompress_is_damaged(const struct decompress *packed)
{
    return packed != NULL && packed->fault == EBADMSG;
}

bool decompress_is_too_large(const struct decompress *packed)
{
    return packed != NULL && packed->fault == EFBIG;
}
