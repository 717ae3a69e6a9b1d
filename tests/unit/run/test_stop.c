/* SPDX-License-Identifier: MIT */
/* test_stop.c: signals and the deadline, as a run lives through them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MILLISECONDS = 20000 };

/* The clock of this program, so that deadlines pass without waiting. */
static long clock_milliseconds = 1000;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    now->tv_sec = clock_milliseconds / 1000;
    now->tv_nsec = clock_milliseconds % 1000 * 1000000;
    return 0;
}

static char words[128];

static const char *said(void)
{
    stop_words(words, sizeof words);
    return words;
}

static bool wakes(int milliseconds)
{
    struct pollfd wait = {.fd = stop_descriptor(), .events = POLLIN};
    return poll(&wait, 1, milliseconds) == 1 && (wait.revents & POLLIN) != 0;
}

static void start(void)
{
    struct error error;
    assert_true(stop_start(&error));
}

static void nothing_asks_at_first(void **state)
{
    (void)state;
    assert_int_equal(stop_descriptor(), -1);
    start();
    assert_false(stop_asked());
    assert_int_equal(stop_reason(), STOP_NOT);
    assert_string_equal(said(), "");
    assert_false(wakes(0));
    assert_int_equal(stop_wait_milliseconds(700), 700);
    assert_int_equal(stop_wait_milliseconds(-1), -1);
    stop_end();
}

static void the_first_signal_asks_and_wakes(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
    static const char *const texts[] = {"stopped by SIGTERM", "stopped by SIGINT",
                                        "stopped by SIGHUP"};
    for (size_t i = 0; i < 3; i++) {
        start();
        assert_int_equal(raise(signals[i]), 0);
        assert_true(stop_asked());
        assert_int_equal(stop_reason(), STOP_SIGNAL);
        assert_string_equal(said(), texts[i]);
        assert_true(wakes(PATIENCE_MILLISECONDS));
        assert_true(wakes(PATIENCE_MILLISECONDS)); /* stays so */
        stop_end();
        assert_false(stop_asked());
    }
}

static void a_closed_pipe_is_an_error_not_the_end(void **state)
{
    (void)state;
    int ends[2];

    start();
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_false(stop_asked());
    close(ends[1]);
    stop_end();
}

/* A child that says when it is ready and when the first signal reached it, and works on for ever.
 */
static pid_t start_worker(int *reports, bool ignores_hangup)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct error error;
        if (ignores_hangup) {
            signal(SIGHUP, SIG_IGN);
        }
        if (!stop_start(&error) || write(ends[1], "r", 1) != 1) {
            _exit(1);
        }
        while (!wakes(-1)) {
        }
        if (write(ends[1], "s", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    *reports = ends[0];
    char byte = 0;
    assert_int_equal(read(*reports, &byte, 1), 1);
    assert_int_equal(byte, 'r');
    return child;
}

static int ended_by(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return WTERMSIG(status);
}

static void the_second_signal_ends_at_once(void **state)
{
    (void)state;
    int reports;
    char byte = 0;

    pid_t child = start_worker(&reports, false);
    assert_int_equal(kill(child, SIGINT), 0);
    assert_int_equal(read(reports, &byte, 1), 1); /* alive, and told */
    assert_int_equal(byte, 's');
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(ended_by(child), SIGTERM);
    close(reports);
}

static void an_ignored_hangup_stays_ignored(void **state)
{
    (void)state;
    int reports;
    char byte = 0;

    pid_t child = start_worker(&reports, true);
    assert_int_equal(kill(child, SIGHUP), 0);
    assert_int_equal(kill(child, SIGHUP), 0);
    assert_int_equal(kill(child, SIGTERM), 0); /* the first that counts */
    assert_int_equal(read(reports, &byte, 1), 1);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(ended_by(child), SIGTERM);
    close(reports);
}

static void the_deadline_asks_when_it_is_reached(void **state)
{
    (void)state;
    start();
    stop_deadline(60);
    clock_milliseconds += 59999;
    assert_false(stop_asked());
    assert_int_equal(stop_wait_milliseconds(700), 1);
    assert_int_equal(stop_wait_milliseconds(-1), 1);
    assert_int_equal(stop_wait_milliseconds(0), 0);
    clock_milliseconds += 1;
    assert_true(stop_asked());
    assert_int_equal(stop_reason(), STOP_DEADLINE);
    assert_int_equal(stop_wait_milliseconds(700), 0);
    assert_string_equal(said(), "reached the time limit (run_seconds = 60)");
    stop_deadline(0);
    assert_false(stop_asked());
    stop_end();
}

static void the_time_of_a_file_is_its_own(void **state)
{
    (void)state;
    start();
    stop_deadline(60);
    stop_file_deadline(10);
    clock_milliseconds += 9999;
    assert_false(stop_asked());
    assert_int_equal(stop_wait_milliseconds(700), 1);
    clock_milliseconds += 1;
    assert_int_equal(stop_reason(), STOP_FILE);
    assert_string_equal(said(), "reached the time limit for one file (file_seconds = 10)");
    stop_file_deadline(0); /* the next */
    assert_false(stop_asked());
    stop_file_deadline(100);
    clock_milliseconds += 50000;
    assert_int_equal(stop_reason(), STOP_DEADLINE);
    stop_file_deadline(0);
    assert_int_equal(stop_reason(), STOP_DEADLINE);
    stop_deadline(0);
    stop_file_deadline(1);
    assert_int_equal(stop_wait_milliseconds(-1), 1000);
    stop_end();
    assert_int_equal(stop_wait_milliseconds(-1), -1);
}

static void signals_are_given_back(void **state)
{
    (void)state;
    struct sigaction before;
    struct sigaction after;

    assert_int_equal(sigaction(SIGTERM, NULL, &before), 0);
    start();
    stop_end();
    assert_int_equal(sigaction(SIGTERM, NULL, &after), 0);
    assert_true(before.sa_handler == after.sa_handler);
    assert_int_equal(stop_descriptor(), -1);
    stop_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_asks_at_first),
        cmocka_unit_test(the_first_signal_asks_and_wakes),
        cmocka_unit_test(a_closed_pipe_is_an_error_not_the_end),
        cmocka_unit_test(the_second_signal_ends_at_once),
        cmocka_unit_test(an_ignored_hangup_stays_ignored),
        cmocka_unit_test(the_deadline_asks_when_it_is_reached),
        cmocka_unit_test(the_time_of_a_file_is_its_own),
        cmocka_unit_test(signals_are_given_back),
    };
    return cmocka_run_group_tests_name("stop", tests, NULL, NULL);
}
