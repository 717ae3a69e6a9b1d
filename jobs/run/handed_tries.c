/* SPDX-License-Identifier: MIT */
/* handed_tries.c: see handed_tries.h. */
#include "run/handed_tries.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 20 };

static void read_boot(char boot[HANDED_BOOT])
{
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, boot, HANDED_BOOT - 1);
    if (file >= 0)
        close(file);
    boot[length == HANDED_BOOT - 1 ? length : 0] = '\0';
}

void handed_read(struct handed *handed, struct lock *lock)
{
    char boot[HANDED_BOOT] = "";
    char owner[JOB_OWNER_SIZE] = "";
    long long newest[HANDED_LANES];
    *handed = (struct handed){.lock = lock};
    read_boot(handed->boot);
    if (sscanf(lock->note, "handed %36[-0-9a-f] %127s %20lld %20lld\n", boot, owner, &newest[0],
               &newest[1]) != 4 ||
        strcmp(boot, handed->boot) != 0)
        return;
    memcpy(handed->before, owner, sizeof owner);
    for (int lane = 0; lane < HANDED_LANES; lane++)
        handed->newest[lane] = newest[lane];
}

bool handed_never(const struct handed *handed, unsigned lane, const char *owner, int64_t try_id)
{
    return handed->before[0] != '\0' && strcmp(handed->before, owner) == 0 &&
           try_id > handed->newest[lane];
}

void handed_forget(struct handed *handed)
{
    handed->before[0] = '\0';
    lock_forget(handed->lock);
}

bool handed_begin(struct handed *handed, const char *owner)
{
    char note[LOCK_NOTE];
    int length =
        snprintf(note, sizeof note, "handed %s %s", handed->boot[0] ? handed->boot : "-", owner);
    for (int lane = 0; lane < HANDED_LANES; lane++) {
        handed->at[lane] = length + 1 + lane * (DIGITS + 1);
        snprintf(note + handed->at[lane] - 1, sizeof note - (size_t)handed->at[lane] + 1, " %0*d",
                 DIGITS, 0);
    }
    return lock_note(handed->lock, note, 0);
}

bool handed_note(struct handed *handed, unsigned lane, int64_t try_id)
{
    char number[DIGITS + 1];
    snprintf(number, sizeof number, "%0*lld", DIGITS, (long long)try_id);
    return lock_note(handed->lock, number, (size_t)handed->at[lane]);
}
