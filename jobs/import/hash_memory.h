/*
 * hash_memory.h: keeps a thread's Argon2 memory from one hash to the next.
 *
 * libsodium maps that memory anew for every hash and lets it go afterwards: the kernel clears
 * thousands of pages each time, which takes a quarter to a third of the hash. Between
 * hash_memory_begin() and hash_memory_wipe() the thread that called them gets the same memory
 * again, in huge pages where the machine has them. Hashes are the same; wherever this cannot be
 * done, they only take longer.
 */
#ifndef HASH_MEMORY_H
#define HASH_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* ThreadSanitizer ends at once beside an mmap that is not its own. So that nothing is taken for
 * granted, neither is it tried where the system call takes its arguments in another way. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define HASH_MEMORY_IS_BUILT 0
#endif
#endif
#if !defined HASH_MEMORY_IS_BUILT && !defined __SANITIZE_THREAD__ && defined __LP64__ &&           \
    (defined __x86_64__ || defined __aarch64__)
#define HASH_MEMORY_IS_BUILT 1
#endif
#ifndef HASH_MEMORY_IS_BUILT
#define HASH_MEMORY_IS_BUILT 0
#endif

/* From here on this thread's hashes of that cost share one arena. Called again with another cost,
 * that one's; hashes of any other cost go the usual way. Until hash_memory_wipe() the thread should
 * do nothing but hash: a mapping of the very same size that something else asks for would not be
 * empty, as a new one is. */
void hash_memory_begin(uint32_t memory_kib);

/* Wipes the arena and gives it back. Without a hash_memory_begin() it does nothing. */
void hash_memory_wipe(void);

/* How often this thread's arena has been lent since its hash_memory_begin(); 0 for good where
 * HASH_MEMORY_IS_BUILT is 0. */
uint64_t hash_memory_lent(void);

#endif
