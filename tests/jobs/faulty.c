/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a program (see tests/helper.bash): the disk's faults, and death at chosen
 * instants. By environment variables:
 *
 * KILL_AT=n: SIGKILL before the n-th call that changes a file (write, truncation, sync, rename,
 * removal). TERM_AT=n: SIGTERM there.
 *
 * KILL_AFTER_SYNCS=n: SIGKILL after the main thread's n-th sync of a write-ahead log; each commit
 * has one.
 *
 * TERM_AFTER_SYNCS=n: SIGTERM there.
 *
 * TOUCH_AFTER_SYNCS=n: there appends a byte to the file TOUCH_FILE.
 * OVERWRITE_AFTER_SYNCS=n: there changes the first letter of the file TOUCH_FILE, and puts the time
 *   of its writing back; LINK_TO gives it another name as well.
 *
 * SWAP_AFTER_SYNCS=n: there renames SWAP_FROM to SWAP_TO; SWAP_BEFORE_MOVE=name: before the file of
 * that name in its folder is moved.
 *
 * FULL_AFTER=bytes: the disk is full; no more than so many bytes are written.
 *
 * FULL_IN=text: it is full for files whose path has this text in it.
 *
 * PAUSES=file: each sleep is a line there.
 *
 * SYNCED=file: the path of what is synced is appended there, a line each.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define VISIBLE __attribute__((visibility("default")))
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static atomic_long calls, syncs, written;

static long setting(const char *name)
{
    const char *text = getenv(name);
    return text == NULL ? -1 : strtol(text, NULL, 10);
}

/* What goes to a terminal or a pipe is no matter here. */
static bool is_file(int descriptor)
{
    struct stat facts;
    return fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
}

static void count_call(void)
{
    long now = atomic_fetch_add(&calls, 1) + 1;
    if (now == setting("KILL_AT"))
        kill(getpid(), SIGKILL);
    if (now == setting("TERM_AT"))
        kill(getpid(), SIGTERM);
}

static size_t path_of(int descriptor, char path[4096])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, 4095);
    return length < 0 ? 0 : (size_t)length;
}

static bool is_log(int descriptor)
{
    char path[4096];
    size_t length = path_of(descriptor, path);
    return length > 4 && memcmp(path + length - 4, "-wal", 4) == 0;
}

static void append(const char *file, const char *line, size_t length)
{
    int note = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (note < 0 || REAL(write)(note, line, length) != (ssize_t)length)
        abort();
    close(note);
}

static void note_sync(int descriptor)
{
    char path[4096];
    size_t length = path_of(descriptor, path);
    path[length++] = '\n';
    if (getenv("SYNCED") != NULL)
        append(getenv("SYNCED"), path, length);
}

VISIBLE int nanosleep(const struct timespec *asked, struct timespec *left)
{
    if (getenv("PAUSES") != NULL)
        append(getenv("PAUSES"), "pause\n", 6);
    return REAL(nanosleep)(asked, left);
}

static void touch(const char *path)
{
    int descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    if (descriptor < 0 || REAL(write)(descriptor, "\n", 1) != 1)
        abort();
    close(descriptor);
}

static void overwrite(const char *path)
{
    struct stat facts;
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &facts) != 0 || pwrite(descriptor, "E", 1, 0) != 1)
        abort();
    const struct timespec times[] = {facts.st_atim, facts.st_mtim};
    if (futimens(descriptor, times) != 0)
        abort();
    if (getenv("LINK_TO") != NULL && link(path, getenv("LINK_TO")) != 0)
        abort();
    close(descriptor);
}

static void swap(void)
{
    if (rename(getenv("SWAP_FROM"), getenv("SWAP_TO")) != 0)
        abort();
}

static void count_sync(int descriptor)
{
    note_sync(descriptor);
    if (!is_log(descriptor) || gettid() != getpid())
        return; /* a checkpoint on another thread is no commit */
    long now = atomic_fetch_add(&syncs, 1) + 1;
    if (now == setting("KILL_AFTER_SYNCS"))
        kill(getpid(), SIGKILL);
    if (now == setting("TERM_AFTER_SYNCS"))
        kill(getpid(), SIGTERM);
    if (now == setting("TOUCH_AFTER_SYNCS"))
        touch(getenv("TOUCH_FILE"));
    if (now == setting("OVERWRITE_AFTER_SYNCS"))
        overwrite(getenv("TOUCH_FILE"));
    if (now == setting("SWAP_AFTER_SYNCS"))
        swap();
}

static bool is_full(int descriptor, size_t length)
{
    char path[4096];
    if (getenv("FULL_IN") != NULL) {
        path[path_of(descriptor, path)] = '\0';
        if (strstr(path, getenv("FULL_IN")) != NULL) {
            errno = ENOSPC;
            return true;
        }
    }
    long room = setting("FULL_AFTER");
    long before = atomic_fetch_add(&written, (long)length);
    if (room < 0 || before + (long)length <= room)
        return false;
    errno = ENOSPC;
    return true;
}

VISIBLE ssize_t write(int descriptor, const void *bytes, size_t length)
{
    if (is_file(descriptor)) {
        count_call();
        if (is_full(descriptor, length))
            return -1;
    }
    return REAL(write)(descriptor, bytes, length);
}

VISIBLE ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
    count_call();
    return is_full(descriptor, length) ? -1 : REAL(pwrite64)(descriptor, bytes, length, offset);
}

VISIBLE int ftruncate64(int descriptor, off64_t length)
{
    count_call();
    return REAL(ftruncate64)(descriptor, length);
}

VISIBLE int fdatasync(int descriptor)
{
    count_call();
    int result = REAL(fdatasync)(descriptor);
    count_sync(descriptor);
    return result;
}

VISIBLE int fsync(int descriptor)
{
    count_call();
    int result = REAL(fsync)(descriptor);
    count_sync(descriptor);
    return result;
}

VISIBLE int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    const char *moved = getenv("SWAP_BEFORE_MOVE");
    count_call();
    if (moved != NULL && strcmp(moved, old) == 0)
        swap();
    return REAL(renameat2)(from, old, to, new, flags);
}

VISIBLE int unlink(const char *path)
{
    count_call();
    return REAL(unlink)(path);
}
