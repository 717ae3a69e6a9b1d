/* SPDX-License-Identifier: MIT */
/* test_argon2_memory.c: hashes are the same with the arena and without; nothing else gets its
 * memory; it is wiped and given back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "import/argon2_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { KIB = 19456, SIZE = KIB * 1024, OUTPUT = 32, PASSES = 2 };

/* The wiping, watched: the last memory of the arena's size that was wiped. */
static void *wiped;
static bool was_in_use, is_empty;

static bool is_zero(const unsigned char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

void sodium_memzero(void *const memory, const size_t length)
{
    bool arena = memory != NULL && length == SIZE;
    if (arena) {
        wiped = memory;
        was_in_use = !is_zero(memory, length);
    }
    if (length > 0)
        explicit_bzero(memory, length);
    if (arena)
        is_empty = is_zero(memory, length);
}

static void hash(uint32_t memory_kib, const char *password, unsigned char output[OUTPUT])
{
    static const unsigned char salt[crypto_pwhash_SALTBYTES] = "sixteen octets.";
    assert_int_equal(crypto_pwhash(output, OUTPUT, password, strlen(password), salt, PASSES,
                                   (size_t)memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13),
                     0);
}

/* As libsodium calls it: where file offsets have 64 bits, the header's mmap is another function. */
void *named_mmap(void *address, size_t length, int protection, int flags, int descriptor,
                 long offset) __asm__("mmap");

static long faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

static void *map(size_t length, int protection, int descriptor)
{
    int flags = MAP_PRIVATE | (descriptor < 0 ? MAP_ANONYMOUS : 0);
    void *memory = named_mmap(NULL, length, protection, flags, descriptor, 0);
    assert_ptr_not_equal(memory, MAP_FAILED);
    return memory;
}

static bool is_mapped(void *memory)
{
    unsigned char resident;
    return mincore(memory, 1, &resident) == 0;
}

static void hashes_are_the_same(void **state)
{
    const char *const passwords[] = {"Margarita-38!", "", "another one", "Margarita-38!"};
    const uint32_t sizes[] = {KIB, KIB + 3, 1024, 8};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof passwords / sizeof *passwords; p++) {
            unsigned char without[OUTPUT], with[OUTPUT];
            argon2_memory_wipe();
            hash(sizes[s], passwords[p], without);
            argon2_memory_begin(sizes[s]);
            for (int again = 0; again < 3; again++) { /* new memory, then memory that was used */
                hash(sizes[s], passwords[p], with);
                assert_memory_equal(with, without, OUTPUT);
            }
            assert_int_equal(argon2_memory_lent(), ARGON2_MEMORY_IS_BUILT ? 3 : 0);
        }
    argon2_memory_wipe();
}

static void stored_hashes_verify(void **state)
{
    char stored[crypto_pwhash_STRBYTES];
    (void)state;
    argon2_memory_begin(KIB);
    assert_int_equal(crypto_pwhash_str(stored, "secret", 6, PASSES, SIZE), 0);
    assert_int_equal(crypto_pwhash_str_verify(stored, "secret", 6), 0);
    assert_int_equal(crypto_pwhash_str_verify(stored, "Secret", 6), -1);
    argon2_memory_wipe();
    assert_int_equal(crypto_pwhash_str_verify(stored, "secret", 6), 0);
}

/* What it is for. Without huge pages the first hash still costs its pages, later ones nothing. */
static void later_hashes_cost_no_pages(void **state)
{
    unsigned char output[OUTPUT];
    (void)state;
    argon2_memory_begin(KIB);
    hash(KIB, "first", output);
    long before = faults();
    for (int i = 0; i < 5; i++)
        hash(KIB, "later", output);
    if (ARGON2_MEMORY_IS_BUILT)
        assert_in_range(faults() - before, 0, 500); /* 5 * 4864 without the arena */
    argon2_memory_wipe();
}

static void only_that_cost_is_served(void **state)
{
    unsigned char output[OUTPUT];
    (void)state;
    argon2_memory_begin(KIB);
    hash(KIB / 2, "other", output);
    hash(KIB + 4, "other", output);
    assert_int_equal(argon2_memory_lent(), 0);
    argon2_memory_begin(KIB);
    hash(KIB, "this", output);
    argon2_memory_begin(KIB); /* goes on */
    hash(KIB, "this", output);
    assert_int_equal(argon2_memory_lent(), ARGON2_MEMORY_IS_BUILT ? 2 : 0);
    argon2_memory_begin(KIB / 2);
    assert_int_equal(argon2_memory_lent(), 0);
    hash(KIB / 2, "that", output);
    hash(KIB, "no more", output);
    assert_int_equal(argon2_memory_lent(), ARGON2_MEMORY_IS_BUILT ? 1 : 0);
    argon2_memory_wipe();
    hash(KIB, "after the end", output);
    assert_int_equal(argon2_memory_lent(), 0);
}

static void *hash_elsewhere(void *argument)
{
    hash(KIB, "another thread", argument);
    return (void *)(uintptr_t)argon2_memory_lent();
}

static void other_threads_have_none(void **state)
{
    unsigned char output[OUTPUT];
    pthread_t thread;
    void *lent;
    (void)state;
    argon2_memory_begin(KIB);
    assert_int_equal(pthread_create(&thread, NULL, hash_elsewhere, output), 0);
    assert_int_equal(pthread_join(thread, &lent), 0);
    assert_null(lent);
    assert_int_equal(argon2_memory_lent(), 0);
    argon2_memory_wipe();
}

static void other_mappings_are_the_systems(void **state)
{
    unsigned char output[OUTPUT];
    int file = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    (void)state;
    assert_true(file >= 0);
    argon2_memory_begin(KIB);
    hash(KIB, "used", output);
    unsigned char *larger = map(SIZE + 4096, PROT_READ | PROT_WRITE, -1),
                  *readable = map(SIZE, PROT_READ, -1), *of_file = map(SIZE, PROT_READ, file);
    assert_int_equal(argon2_memory_lent(), ARGON2_MEMORY_IS_BUILT ? 1 : 0);
    assert_true(is_zero(larger, SIZE) && is_zero(readable, SIZE) && is_zero(of_file, SIZE));
    unsigned char *first =
                      map(SIZE, PROT_READ | PROT_WRITE, -1), /* the arena, and while it is out */
        *second = map(SIZE, PROT_READ | PROT_WRITE, -1);
    assert_ptr_not_equal(first, second);
    assert_true(is_zero(second, SIZE));
    void *const memories[] = {larger, readable, of_file, second, first};
    assert_int_equal(munmap(larger, SIZE + 4096), 0);
    for (size_t i = 1; i < sizeof memories / sizeof *memories; i++)
        assert_int_equal(munmap(memories[i], SIZE), 0);
    for (size_t i = 0; i < 4; i++)
        assert_false(is_mapped(memories[i]));
    assert_int_equal(is_mapped(first), ARGON2_MEMORY_IS_BUILT);
    argon2_memory_wipe();
    assert_int_equal(named_mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                             MAP_FAILED &&
                         errno == EINVAL,
                     1);
    assert_int_equal(munmap(&wiped, SIZE), -1);
    assert_int_equal(errno, EINVAL);
    close(file);
}

static void it_is_wiped_and_given_back(void **state)
{
    unsigned char output[OUTPUT];
    (void)state;
    wiped = NULL;
    argon2_memory_wipe(); /* there is none */
    argon2_memory_begin(KIB);
    argon2_memory_wipe(); /* it was never needed */
    assert_null(wiped);
    if (!ARGON2_MEMORY_IS_BUILT)
        return;
    argon2_memory_begin(KIB);
    hash(KIB, "secret", output);
    assert_null(wiped);
    argon2_memory_wipe();
    assert_non_null(wiped);
    assert_true(was_in_use);
    assert_true(is_empty);
    assert_false(is_mapped(wiped));
    wiped = NULL;
    argon2_memory_wipe();
    assert_null(wiped);
    argon2_memory_begin(KIB);
    hash(KIB, "secret", output);
    argon2_memory_begin(1024); /* another cost: the first arena ends */
    assert_true(wiped != NULL && is_empty);
    assert_false(is_mapped(wiped));
    argon2_memory_wipe();
}

/* Cores, should the program die, do not hold what passwords were hashed in. */
static void it_is_kept_out_of_cores(void **state)
{
    unsigned char output[OUTPUT];
    (void)state;
    if (!ARGON2_MEMORY_IS_BUILT)
        return;
    argon2_memory_begin(KIB);
    hash(KIB, "secret", output);
    void *memory = map(SIZE, PROT_READ | PROT_WRITE, -1);
    char line[512];
    bool ours = false, kept_out = false;
    FILE *maps = fopen("/proc/self/smaps", "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            ours = from <= (uintptr_t)memory && (uintptr_t)memory < to;
        else if (ours && strncmp(line, "VmFlags:", 8) == 0)
            kept_out = strstr(line, " dd") != NULL;
    }
    fclose(maps);
    assert_int_equal(munmap(memory, SIZE), 0);
    argon2_memory_wipe();
    assert_true(kept_out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_the_same),
        cmocka_unit_test(stored_hashes_verify),
        cmocka_unit_test(later_hashes_cost_no_pages),
        cmocka_unit_test(only_that_cost_is_served),
        cmocka_unit_test(other_threads_have_none),
        cmocka_unit_test(other_mappings_are_the_systems),
        cmocka_unit_test(it_is_wiped_and_given_back),
        cmocka_unit_test(it_is_kept_out_of_cores),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
