/* SPDX-License-Identifier: MIT */
#include "admission/admit_keys.h"

#include <stdlib.h>
#include <string.h>

#include "values/key_sort.h"

enum {
    LINE_WORDS = 8, /* a key's bits of the filter are in one line of the processor's cache */
    LINE_BITS = LINE_WORDS * 64,
    MOST_BITS_A_KEY = 5,
    SPACE_A_KEY = 8, /* bits; one key in forty is then taken for a known one */
    FEWEST_LINES = 1 << 10,
    MOST_LINES = 3 << 18 /* 48 MiB: with 100 million keys one in six is taken for a known one */
};

enum { SLOTS = 1 << 20, MOST_GATHERED = SLOTS / 8 * 5, KEYS_A_SIGN_UP = 5 };

struct admit_keys {
    uint64_t lines; /* of the filter; 0: there is none */
    int bits_a_key;
    uint64_t *filter;
    struct admit_key *gathered;
    uint32_t count;
    uint32_t *slots; /* a hash table with open addresses: 1 + number of a gathered row, 0: free */
};

struct admit_keys *admit_keys_open(void)
{
    struct admit_keys *keys = calloc(1, sizeof *keys);
    if (keys == NULL)
        return NULL;
    keys->gathered = malloc(MOST_GATHERED * sizeof *keys->gathered);
    keys->slots = calloc(SLOTS, sizeof *keys->slots);
    if (keys->gathered != NULL && keys->slots != NULL)
        return keys;
    admit_keys_close(keys);
    return NULL;
}

void admit_keys_close(struct admit_keys *keys)
{
    if (keys == NULL)
        return;
    free(keys->filter);
    free(keys->gathered);
    free(keys->slots);
    free(keys);
}

/* The filter */

/* The number with which the fewest keys are taken for known ones: the room of a key times ln 2
 * (Bloom 1970). */
static int best_bits(uint64_t room, uint64_t count)
{
    for (int bits = MOST_BITS_A_KEY; bits > 1; bits--)
        if (room * 7 / 10 >= count * (uint64_t)bits)
            return bits;
    return 1;
}

bool admit_keys_expect(struct admit_keys *keys, uint64_t count)
{
    uint64_t lines = count / (LINE_BITS / SPACE_A_KEY) / 2 * 2 + 2;
    lines = lines < FEWEST_LINES ? FEWEST_LINES : lines > MOST_LINES ? MOST_LINES : lines;
    free(keys->filter);
    keys->filter = calloc(lines * LINE_WORDS, sizeof *keys->filter);
    keys->lines = keys->filter == NULL ? 0 : lines;
    keys->bits_a_key = best_bits(lines * LINE_BITS, count);
    return keys->lines > 0;
}

size_t admit_keys_filter_bytes(const struct admit_keys *keys)
{
    return (size_t)keys->lines * LINE_WORDS * sizeof *keys->filter;
}

/* Keys are SipHash's, so that their own bits will do: the high ones name the line, so that a whole
 * index is learned from one end of the filter to the other, and nine others each a bit of it. */
static uint64_t *line_of(const struct admit_keys *keys, int64_t key)
{
    return keys->filter + ((uint64_t)key >> 32) * keys->lines / (UINT64_C(1) << 32) * LINE_WORDS;
}

static unsigned bit_of(int64_t key, int turn)
{
    return (unsigned)((uint64_t)key >> (9 * turn)) & (LINE_BITS - 1);
}

void admit_keys_learn(struct admit_keys *keys, int64_t key)
{
    if (keys->lines == 0)
        return;
    uint64_t *line = line_of(keys, key);
    for (int turn = 0; turn < keys->bits_a_key; turn++)
        line[bit_of(key, turn) / 64] |= UINT64_C(1) << bit_of(key, turn) % 64;
}

bool admit_keys_may_know(const struct admit_keys *keys, int64_t key)
{
    if (keys->lines == 0)
        return true;
    const uint64_t *line = line_of(keys, key);
    for (int turn = 0; turn < keys->bits_a_key; turn++)
        if ((line[bit_of(key, turn) / 64] >> bit_of(key, turn) % 64 & 1) == 0)
            return false;
    return true;
}

/* What is gathered */

static uint32_t first_slot(int64_t key)
{
    return (uint32_t)((uint64_t)key >> 44) & (SLOTS - 1);
}

void admit_keys_fetch(const struct admit_keys *keys, int64_t key)
{
    if (keys->lines > 0)
        __builtin_prefetch(line_of(keys, key), 1);
    __builtin_prefetch(&keys->slots[first_slot(key)], 1);
}

static uint32_t *slot_of(const struct admit_keys *keys, int64_t key)
{
    uint32_t slot = first_slot(key);
    while (keys->slots[slot] != 0 && keys->gathered[keys->slots[slot] - 1].key != key)
        slot = (slot + 1) & (SLOTS - 1);
    return &keys->slots[slot];
}

void admit_keys_gather(struct admit_keys *keys, struct admit_key row)
{
    admit_keys_learn(keys, row.key);
    uint32_t *slot = slot_of(keys, row.key);
    if (*slot == 0)
        *slot = ++keys->count;
    keys->gathered[*slot - 1] = row;
}

bool admit_keys_has(const struct admit_keys *keys, int64_t key)
{
    uint32_t slot = *slot_of(keys, key);
    return slot != 0 && keys->gathered[slot - 1].attempt != 0;
}

/* What is taken keeps its place and its slot, which others may have passed by: as a row of
 * nobody's, until its key is gathered again. */
bool admit_keys_take(struct admit_keys *keys, int64_t key, struct admit_key *row)
{
    uint32_t slot = *slot_of(keys, key);
    if (slot == 0 || keys->gathered[slot - 1].attempt == 0)
        return false;
    *row = keys->gathered[slot - 1];
    keys->gathered[slot - 1].attempt = 0;
    return true;
}

bool admit_keys_have_room(const struct admit_keys *keys)
{
    return keys->count <= MOST_GATHERED - KEYS_A_SIGN_UP;
}

uint32_t admit_keys_count(const struct admit_keys *keys)
{
    return keys->count;
}

const struct admit_key *admit_keys_hand_over(struct admit_keys *keys, uint32_t *count)
{
    struct admit_key *rows = keys->gathered;
    if (keys->count > SLOTS / 64) {
        memset(keys->slots, 0, SLOTS * sizeof *keys->slots);
    } else {
        /* The last that came goes first: so no other is cut off from the slot that its search
         * begins with. */
        for (uint32_t i = keys->count; i > 0; i--)
            *slot_of(keys, rows[i - 1].key) = 0;
    }
    *count = 0;
    for (uint32_t i = 0; i < keys->count; i++)
        if (rows[i].attempt != 0)
            rows[(*count)++] = rows[i];
    keys->count = 0;
    key_sort(rows, *count, sizeof *rows);
    return rows;
}
