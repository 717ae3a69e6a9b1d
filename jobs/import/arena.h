/*
 * arena.h: keeps a thread's Argon2 memory from one hash to the next.
 *
 * libsodium maps that memory anew for every hash and lets it go afterwards: the kernel clears
 * thousands of pages each time, which takes a quarter to a third of the hash. Between arena_begin()
 * and arena_end() the thread that called them gets the same memory again, in huge pages where the
 * machine has them. Hashes are the same; wherever this cannot be done, they only take longer.
 */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>
#include <stdint.h>

/* ThreadSanitizer ends at once beside an mmap that is not its own. So that nothing is taken for
 * granted, neither is it tried where the system call takes its arguments in another way. */
#if defined __has_feature
#if __has_feature(thread_sanitizer)
#define ARENA_IS_BUILT 0
#endif
#endif
#if !defined ARENA_IS_BUILT && !defined __SANITIZE_THREAD__ && defined __LP64__ &&                 \
    (defined __x86_64__ || defined __aarch64__)
#define ARENA_IS_BUILT 1
#endif
#ifndef ARENA_IS_BUILT
#define ARENA_IS_BUILT 0
#endif

/* From here on this thread's hashes of that cost share one arena. Called again with another cost,
 * that one's; hashes of any other cost go the usual way. Until arena_end() the thread should do
 * nothing but hash: a mapping of the very same size that something else asks for would not be
 * empty, as a new one is. */
void arena_begin(uint32_t memory_kib);

/* Wipes the arena and gives it back. Without an arena_begin() it does nothing. */
void arena_end(void);

/* How often this thread's arena has been lent since its arena_begin(); 0 for good where
 * ARENA_IS_BUILT is 0. */
uint64_t arena_lent(void);

#endif
