/* SPDX-License-Identifier: MIT */
/* test_lock.c: one run of a step at a time, whatever happened to the one before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/lock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64];
static char ledger[128];
static char file[160];
static char message[1024];

/* Whether somebody removes the lock file just before it is locked, the one moment that matters. */
static bool removed_before_locking;

int flock(int descriptor, int operation)
{
    if (removed_before_locking) {
        removed_before_locking = false;
        unlink(file);
    }
    return (int)syscall(SYS_flock, descriptor, operation);
}

static enum lock_result take(struct lock *lock)
{
    message[0] = '\0';
    return lock_take(lock, ledger, "send", message, sizeof message);
}

/* A process that holds the lock until it is killed; comes back when it holds it. */
static pid_t start_holder(void)
{
    int ready[2];
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct lock lock;
        if (take(&lock) != LOCK_TAKEN || write(ready[1], "x", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void kill_holder(pid_t child)
{
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
}

static void a_free_lock_is_taken_and_its_file_is_private(void **state)
{
    (void)state;
    struct lock lock;
    struct stat found;
    mode_t old = umask(0);

    assert_int_equal(take(&lock), LOCK_TAKEN);
    umask(old);
    assert_int_equal(stat(file, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0600);
    assert_true((fcntl(lock.descriptor, F_GETFD) & FD_CLOEXEC) != 0);
    lock_release(&lock);
    assert_int_equal(lock.descriptor, -1);
    lock_release(&lock);
    assert_int_equal(take(&lock), LOCK_TAKEN);
    lock_release(&lock);
}

static void the_holder_is_told(void **state)
{
    (void)state;
    struct lock lock;
    char expected[128];

    pid_t child = start_holder();
    assert_int_equal(take(&lock), LOCK_HELD);
    assert_int_equal(lock.descriptor, -1);
    snprintf(expected, sizeof expected, "another run of send is going on: process %ld, since 20",
             (long)child);
    assert_memory_equal(message, expected, strlen(expected));
    assert_non_null(strstr(message, file));
    kill_holder(child);
}

static void a_killed_holder_leaves_no_lock(void **state)
{
    (void)state;
    struct lock lock;

    kill_holder(start_holder());
    assert_int_equal(access(file, F_OK), 0); /* its file, with what it wrote */
    assert_int_equal(take(&lock), LOCK_TAKEN);
    lock_release(&lock);
}

static void a_killed_holder_leaves_its_note(void **state)
{
    (void)state;
    struct lock lock;
    struct stat found;

    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool good = take(&lock) == LOCK_TAKEN && lock_note(&lock, "one two three", 0) &&
                    lock_note(&lock, "TWO", 4);
        kill(getpid(), good ? SIGKILL : SIGTERM);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    /* It stays until it has been dealt with. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(&lock), LOCK_TAKEN);
        assert_string_equal(lock.note, "one TWO three");
        if (i == 1) {
            lock_forget(&lock);
        }
        lock_release(&lock);
    }
    assert_int_equal(stat(file, &found), 0);
    assert_int_equal(found.st_size, 0);
    assert_int_equal(take(&lock), LOCK_TAKEN);
    assert_string_equal(lock.note, "");
    lock_release(&lock);
}

static void steps_do_not_hinder_each_other(void **state)
{
    (void)state;
    struct lock send;
    struct lock report;
    char other[192];

    assert_int_equal(take(&send), LOCK_TAKEN);
    assert_int_equal(lock_take(&report, ledger, "report", message, sizeof message), LOCK_TAKEN);
    lock_release(&send);
    lock_release(&report);
    snprintf(other, sizeof other, "%s.report.lock", ledger);
    assert_int_equal(unlink(other), 0);
}

static void what_others_wrote_is_not_passed_on(void **state)
{
    (void)state;
    struct lock lock;
    struct lock second;

    assert_int_equal(take(&lock), LOCK_TAKEN);
    assert_int_equal(pwrite(lock.descriptor, "12 \x1b[2J pwned\n", 14, 0), 14);
    assert_int_equal(take(&second), LOCK_HELD);
    assert_null(strstr(message, "\x1b"));
    assert_null(strstr(message, "pwned"));
    lock_release(&lock);
}

/* A lock on a file that has lost its name would keep nobody out. */
static void a_file_removed_meanwhile_is_not_the_lock(void **state)
{
    (void)state;
    struct lock lock;
    struct lock second;

    removed_before_locking = true;
    assert_int_equal(take(&lock), LOCK_TAKEN);
    assert_int_equal(access(file, F_OK), 0);
    assert_int_equal(take(&second), LOCK_HELD);
    lock_release(&lock);
}

static void what_cannot_be_locked_is_named(void **state)
{
    (void)state;
    struct lock lock;
    char missing[160];
    char target[160];

    snprintf(missing, sizeof missing, "%s/none/ledger.db", folder);
    assert_int_equal(lock_take(&lock, missing, "send", message, sizeof message), LOCK_FAILED);
    assert_non_null(strstr(message, "/none/ledger.db.send.lock cannot be opened: No such file"));
    assert_int_equal(lock.descriptor, -1);

    unlink(file);
    snprintf(target, sizeof target, "%s/target", folder);
    assert_int_equal(symlink(target, file), 0);
    assert_int_equal(take(&lock), LOCK_FAILED);
    assert_int_equal(access(target, F_OK), -1); /* nothing was made behind the link */
    assert_int_equal(unlink(file), 0);

    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(take(&lock), LOCK_FAILED);
    assert_non_null(strstr(message, "is not a regular file"));
    assert_int_equal(unlink(file), 0);

    char longest[5000];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(lock_take(&lock, longest, "send", message, sizeof message), LOCK_FAILED);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/test_lock.XXXXXX");
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(ledger, sizeof ledger, "%s/ledger.db", folder);
    snprintf(file, sizeof file, "%s.send.lock", ledger);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_free_lock_is_taken_and_its_file_is_private),
        cmocka_unit_test(the_holder_is_told),
        cmocka_unit_test(a_killed_holder_leaves_no_lock),
        cmocka_unit_test(a_killed_holder_leaves_its_note),
        cmocka_unit_test(steps_do_not_hinder_each_other),
        cmocka_unit_test(what_others_wrote_is_not_passed_on),
        cmocka_unit_test(a_file_removed_meanwhile_is_not_the_lock),
        cmocka_unit_test(what_cannot_be_locked_is_named),
    };
    return cmocka_run_group_tests_name("lock", tests, make_folder, remove_folder);
}
