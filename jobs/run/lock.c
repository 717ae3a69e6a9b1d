/* SPDX-License-Identifier: MIT */
/* lock.c: flock() on LEDGER.STEP.lock. The kernel ends the lock with its holder, so it is never
 * stale; the holder's process and start time stand in the file's first line as information alone,
 * and its note behind them. */
#include "run/lock.h"
#include "ledger/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_HOLDER = 80, LOCK_ROUNDS = 100 };

static enum lock_result fail(char *message, size_t size, const char *path, const char *what)
{
    snprintf(message, size, "lock file %s %s: %s", path, what, strerror(errno));
    return LOCK_FAILED;
}

/* "123 2026-01-31T22:00:00Z", written by the holder. Only what it may consist of is passed on: any
 * user of the folder could have written something else. */
static void describe_holder(int descriptor, const char *path, const char *step, char *message,
                            size_t size)
{
    char holder[LOCK_HOLDER] = "";
    long process = 0;
    char since[32] = "";
    ssize_t length = pread(descriptor, holder, sizeof holder - 1, 0);

    if (length > 0 && sscanf(holder, "%10ld %31[-0-9:TZ]", &process, since) == 2) {
        snprintf(message, size, "another run of %s is going on: process %ld, since %s (%s)", step,
                 process, since, path);
    } else {
        snprintf(message, size, "another run of %s is going on (%s)", step, path);
    }
}

static void write_holder(int descriptor)
{
    char since[32] = "";
    char holder[LOCK_HOLDER];
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) != NULL) {
        strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    snprintf(holder, sizeof holder, "%ld %s", (long)getpid(), since);
    size_t length = strlen(holder);
    memset(holder + length, ' ', sizeof holder - length);
    holder[sizeof holder - 1] = '\n';
    if (pwrite(descriptor, holder, sizeof holder, 0) < 0) {
        return; /* the lock holds without this text: a full disk is no reason to stop */
    }
}

static void read_note(int descriptor, char note[LOCK_NOTE])
{
    ssize_t length = pread(descriptor, note, LOCK_NOTE - 1, LOCK_HOLDER);
    note[length > 0 ? length : 0] = '\0';
}

/* Is the locked file still the one that the next run will open? Somebody may have removed it
 * between open() and flock(). */
static bool is_still_there(int descriptor, const char *path)
{
    struct stat locked;
    struct stat named;
    return fstat(descriptor, &locked) == 0 && lstat(path, &named) == 0 &&
           locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

static int flock_now(int descriptor)
{
    int result;
    do {
        result = flock(descriptor, LOCK_EX | LOCK_NB);
    } while (result != 0 && errno == EINTR);
    return result;
}

enum lock_result lock_take(struct lock *lock, const char *ledger, const char *step, char *message,
                           size_t message_size)
{
    char path[PATH_MAX];
    struct stat file;

    lock->descriptor = -1;
    lock->note[0] = lock->lease[0] = '\0';
    int length = snprintf(path, sizeof path, "%s.%s.lock", ledger, step);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return fail(message, message_size, ledger, "cannot be named");
    }
    for (int round = 0; round < LOCK_ROUNDS; round++) {
        int descriptor =
            open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
        if (descriptor < 0) {
            return fail(message, message_size, path, "cannot be opened");
        }
        if (fstat(descriptor, &file) != 0 || !S_ISREG(file.st_mode)) {
            close(descriptor);
            snprintf(message, message_size, "lock file %s is not a regular file: remove it", path);
            return LOCK_FAILED;
        }
        if (flock_now(descriptor) != 0) {
            enum lock_result result = LOCK_HELD;
            if (errno == EWOULDBLOCK) {
                describe_holder(descriptor, path, step, message, message_size);
            } else {
                result = fail(message, message_size, path, "cannot be locked");
            }
            close(descriptor);
            return result;
        }
        if (is_still_there(descriptor, path)) {
            read_note(descriptor, lock->note);
            write_holder(descriptor);
            lock->descriptor = descriptor;
            return LOCK_TAKEN;
        }
        close(descriptor);
    }
    errno = EAGAIN;
    return fail(message, message_size, path, "is removed again and again");
}

bool lock_note(struct lock *lock, const char *text, size_t at)
{
    size_t length = strlen(text);
    return pwrite(lock->descriptor, text, length, (off_t)(LOCK_HOLDER + at)) == (ssize_t)length;
}

void lock_forget(struct lock *lock)
{
    lock->note[0] = '\0';
}

void lock_release(struct lock *lock)
{
    if (lock->descriptor >= 0 && lock->lease[0] != '\0')
        ledger_release_lease(lock->ledger, lock->lease);
    lock->lease[0] = '\0';
    if (lock->descriptor >= 0 && lock->note[0] != '\0') {
        close(lock->descriptor);
    } else if (lock->descriptor >= 0) {
        /* Emptied, not removed: removing would let two runs lock two files of one name. */
        if (ftruncate(lock->descriptor, 0) != 0) {
            /* Its text then misleads no one: it is read only while somebody holds the lock. */
        }
        close(lock->descriptor);
    }
    lock->descriptor = -1;
}
