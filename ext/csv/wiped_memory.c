/* SPDX-License-Identifier: MIT */
#include "csv/wiped_memory.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Stands before the memory: free() is not told how much there is. */
struct block {
    size_t size;
    _Alignas(max_align_t) unsigned char bytes[];
};

static struct block *block_of(void *memory)
{
    return (struct block *)((unsigned char *)memory - offsetof(struct block, bytes));
}

void *wiped_resize(void *memory, size_t size)
{
    if (size > SIZE_MAX - sizeof(struct block))
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    if (memory != NULL) {
        const size_t held = block_of(memory)->size;
        memcpy(block->bytes, memory, held < size ? held : size);
        wiped_free(memory);
    }
    return block->bytes;
}

void wiped_free(void *memory)
{
    if (memory == NULL)
        return;
    struct block *block = block_of(memory);
    sodium_memzero(block->bytes, block->size);
    free(block);
}
