/* SPDX-License-Identifier: MIT */
/* test_others_turn.c: there is a pause between transactions where somebody else has the ledger
 * open, and none where nobody has: seen with the sqlite3 shell as the other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/others_turn.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../folder.h"
#include "values/moment.h"

static char ledger[128];
static int64_t paused_ms;

int nanosleep(const struct timespec *asked, struct timespec *left)
{
    (void)left;
    paused_ms += asked->tv_sec * 1000 + asked->tv_nsec / 1000000;
    return 0;
}

/* What follows a transaction of 1.5 seconds. */
static int64_t pause_after_transaction(int64_t had)
{
    paused_ms = 0;
    others_turn(moment_monotonic() - 1500, had);
    return paused_ms;
}

struct shell {
    pid_t process;
    int to, from;
};

static void ask(const struct shell *shell, const char *sql)
{
    char byte;
    assert_int_equal(write(shell->to, sql, strlen(sql)), strlen(sql));
    do {
        assert_int_equal(read(shell->from, &byte, 1), 1);
    } while (byte != '\n');
}

/* The stock shell, which has read the ledger and goes on waiting for what it is asked next. */
static struct shell start_shell(void)
{
    int to[2], from[2];
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(from[1], STDOUT_FILENO);
        close(to[1]);
        close(from[0]);
        if (freopen("/dev/null", "w", stderr) == NULL) /* where it says that the ledger is locked */
            _exit(127);
        execlp("sqlite3", "sqlite3", "-batch", ledger, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    struct shell shell = {child, to[1], from[0]};
    ask(&shell, "SELECT count(*) FROM t;\n");
    return shell;
}

static void end_shell(const struct shell *shell)
{
    int status;
    close(shell->to);
    close(shell->from);
    assert_int_equal(waitpid(shell->process, &status, 0), shell->process);
}

static sqlite3 *open_ledger(void)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(ledger, &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database,
                                  "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x);",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    return database;
}

/* Nothing is watched yet. */
static void test_unknown_others(void **state)
{
    (void)state;
    assert_in_range(pause_after_transaction(0), 50, 110);
    assert_in_range(pause_after_transaction(30), 20, 80);
    assert_int_equal(pause_after_transaction(110), 0);
}

static void test_others_are_seen(void **state)
{
    (void)state;
    sqlite3 *ours = open_ledger(), *of_a_thread = open_ledger();
    others_turn_watch(ledger);
    assert_int_equal(pause_after_transaction(0), 0);
    struct shell shell = start_shell();
    assert_in_range(pause_after_transaction(0), 50, 110);
    assert_in_range(pause_after_transaction(30), 20, 80);
    end_shell(&shell);
    assert_int_equal(pause_after_transaction(0), 0);
    /* Ours are there as before. */
    shell = start_shell();
    assert_int_equal(sqlite3_exec(ours, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    ask(&shell, "INSERT INTO t VALUES (1);\n.print refused\n");
    assert_in_range(pause_after_transaction(0), 50, 110);
    assert_int_equal(sqlite3_exec(ours, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    end_shell(&shell);
    sqlite3_close(of_a_thread);
    assert_int_equal(pause_after_transaction(0), 0);
    sqlite3_close(ours);
}

static int make_ledger(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    if (folder_make(state) != 0)
        return -1;
    snprintf(ledger, sizeof ledger, "%s/ledger.db", folder);
    sqlite3_close(open_ledger());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_others),
        cmocka_unit_test(test_others_are_seen),
    };
    return cmocka_run_group_tests(tests, make_ledger, folder_remove);
}
