/* SPDX-License-Identifier: MIT */
#include "import/argon2_memory.h"

/*
 * libsodium.so calls mmap and munmap by name, and the dynamic linker gives it the executable's
 * functions of that name before the C library's. Ours pass everything on, save what a thread that
 * has an arena asks in the exact form and size of Argon2's memory. The other ways are worse:
 * libsodium has no hook for it, and Debian's libargon2, which has one, takes twice the time.
 */

#if !ARGON2_MEMORY_IS_BUILT

void argon2_memory_begin(uint32_t memory_kib)
{
    (void)memory_kib;
}

void argon2_memory_wipe(void) {}

uint64_t argon2_memory_lent(void)
{
    return 0;
}

#else

#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum { HUGE_PAGE = 2 << 20 };

struct arena {
    size_t size;  /* what Argon2 will ask for; 0: this thread has no arena */
    char *memory; /* NULL until it is asked for */
    bool is_lent;
    uint64_t times_lent;
    void *mapping; /* `memory` lies in it, at the beginning of a huge page */
    size_t mapped;
};

static _Thread_local struct arena arena;

/* The names are given to the assembler, not to the compiler: with 64-bit file offsets the header
 * renames a function called mmap, and nobody would call it. */
__attribute__((visibility("default"))) void *arena_mmap(void *address, size_t length,
                                                        int protection, int flags, int descriptor,
                                                        off_t offset) __asm__("mmap");
__attribute__((visibility("default"))) int arena_munmap(void *address,
                                                        size_t length) __asm__("munmap");

static void *system_mmap(void *address, size_t length, int protection, int flags, int descriptor,
                         off_t offset)
{
    return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}

static int system_munmap(void *address, size_t length)
{
    return (int)syscall(SYS_munmap, address, length);
}

/* Maps one huge page more than is needed, so that the arena can begin on one. */
static bool make_arena(void)
{
    size_t size = (arena.size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE, mapped = size + HUGE_PAGE;
    void *mapping =
        system_mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED)
        return false;
    uintptr_t gap = -(uintptr_t)mapping & (HUGE_PAGE - 1);
    arena.mapping = mapping;
    arena.mapped = mapped;
    arena.memory = (char *)mapping + gap;
    /* Advice, both: without huge pages it is slower, and without the other a core file of the
     * program would hold what a password was hashed in. */
    (void)madvise(arena.memory, size, MADV_HUGEPAGE);
    (void)madvise(mapping, mapped, MADV_DONTDUMP);
    return true;
}

static bool is_argon2_memory(const void *address, size_t length, int protection, int flags,
                             int descriptor, off_t offset)
{
    const int anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
    return arena.size != 0 && length == arena.size && !arena.is_lent && address == NULL &&
           descriptor == -1 && offset == 0 && protection == (PROT_READ | PROT_WRITE) &&
           (flags & ~(MAP_POPULATE | MAP_NORESERVE)) == anonymous;
}

void *arena_mmap(void *address, size_t length, int protection, int flags, int descriptor,
                 off_t offset)
{
    if (!is_argon2_memory(address, length, protection, flags, descriptor, offset) ||
        (arena.memory == NULL && !make_arena()))
        return system_mmap(address, length, protection, flags, descriptor, offset);
    arena.is_lent = true;
    arena.times_lent++;
    return arena.memory;
}

int arena_munmap(void *address, size_t length)
{
    if (arena.is_lent && address == arena.memory && length == arena.size) {
        arena.is_lent = false;
        return 0;
    }
    return system_munmap(address, length);
}

void argon2_memory_begin(uint32_t memory_kib)
{
    size_t size = (size_t)memory_kib / 4 * 4 * 1024; /* Argon2 fills four slices of the same size */
    if (arena.size == size)
        return;
    argon2_memory_wipe();
    arena.size = size;
    arena.times_lent = 0;
}

void argon2_memory_wipe(void)
{
    if (arena.memory != NULL) {
        sodium_memzero(arena.memory, arena.size);
        (void)system_munmap(arena.mapping, arena.mapped);
    }
    memset(&arena, 0, sizeof arena);
}

uint64_t argon2_memory_lent(void)
{
    return arena.times_lent;
}

#endif
