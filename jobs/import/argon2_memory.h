/* SPDX-License-Identifier: MIT */
/*
 * argon2_memory.h: keeps a thread's Argon2 memory from one hash to the next.
 *
 * libsodium maps that memory anew for every hash and lets it go afterwards: the kernel clears
 * thousands of pages each time, which takes a quarter to a third of the hash. Between
 * argon2_memory_begin() and argon2_memory_wipe() the thread that called them gets the same memory
 * again, in huge pages where the machine has them. Hashes are the same; wherever this cannot be
 * done, they only take longer.
 */
#ifndef ARGON2_MEMORY_H
#define ARGON2_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* ThreadSanitizer ends at once beside an mmap that is not its own. So that nothing is taken for
 * granted, neither is it tried where the system call takes its arguments in another way. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define ARGON2_MEMORY_IS_BUILT 0
#endif
#endif
#if !defined ARGON2_MEMORY_IS_BUILT && !defined __SANITIZE_THREAD__ && defined __LP64__ &&         \
    (defined __x86_64__ || defined __aarch64__)
#define ARGON2_MEMORY_IS_BUILT 1
#endif
#ifndef ARGON2_MEMORY_IS_BUILT
#define ARGON2_MEMORY_IS_BUILT 0
#endif

/* From here on this thread's hashes of that cost share one arena. Called again with another cost,
 * that one's; hashes of any other cost go the usual way. Until argon2_memory_wipe() the thread
 * should do nothing but hash: a mapping of the very same size that something else asks for would
 * not be empty, as a new one is. */
void argon2_memory_begin(uint32_t memory_kib);

/* Wipes the arena and gives it back. Without a argon2_memory_begin() it does nothing. */
void argon2_memory_wipe(void);

/* How often this thread's arena has been lent since its argon2_memory_begin(); 0 for good where
 * ARGON2_MEMORY_IS_BUILT is 0. */
uint64_t argon2_memory_lent(void);

#endif
