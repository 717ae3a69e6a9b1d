/* SPDX-License-Identifier: MIT */
/*
 * admit_keys.h: what is known of the index of subjects without asking it.
 *
 * Most sign-ups have identifiers that nobody had before. To find that out in a large index costs a
 * page read from the disk for each, and to add them one by one changes a page for each. So a
 * Bloom filter tells from memory which keys are certainly nowhere (where it cannot, the index is
 * asked), and what is to be added is gathered: exactly known, and given out in the order of
 * the index.
 */
#ifndef ADMIT_KEYS_H
#define ADMIT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct admit_keys;

/* NULL: out of memory. */
struct admit_keys *admit_keys_open(void);
void admit_keys_close(struct admit_keys *keys);

/* Makes the filter, for about so many keys, and forgets what it knew. It takes 48 MiB at most: the
 * more keys there are beyond 50 million, the more others it takes for known ones. False, and every
 * key may be known: there is no memory. */
bool admit_keys_expect(struct admit_keys *keys, uint64_t count);

/* How much memory the filter takes. */
size_t admit_keys_filter_bytes(const struct admit_keys *keys);

/* The key is in the index. One thread may learn negative keys while another learns the others: they
 * are in different lines of memory. */
void admit_keys_learn(struct admit_keys *keys, int64_t key);

/* It will soon be asked for: has the processor fetch what it is found by. */
void admit_keys_fetch(const struct admit_keys *keys, int64_t key);

/* False: it was never learned nor gathered. */
bool admit_keys_may_know(const struct admit_keys *keys, int64_t key);

/* A row that the index is to have. */
struct admit_key {
    int64_t key, holder, attempt; /* attempts are counted from 1 */
};

/* Gathers a row. There must be room for it, and its key must not be among the gathered. */
void admit_keys_gather(struct admit_keys *keys, struct admit_key row);

/* Whether a row with that key is gathered. */
bool admit_keys_has(const struct admit_keys *keys, int64_t key);

/* Lets go of the gathered row with that key. False: there is none. */
bool admit_keys_take(struct admit_keys *keys, int64_t key, struct admit_key *row);

/* Whether there is room for another sign-up's rows; how many are gathered. */
bool admit_keys_have_room(const struct admit_keys *keys);
uint32_t admit_keys_count(const struct admit_keys *keys);

/* Lets go of the gathered rows and gives them, in the order of their keys; they live until the next
 * is gathered. */
const struct admit_key *admit_keys_hand_over(struct admit_keys *keys, uint32_t *count);

#endif
