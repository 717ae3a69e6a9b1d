/* SPDX-License-Identifier: MIT */
/* stop.c: signals and the run's deadline. */
#include "run/stop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "values/time_units.h"
#include "values/moment.h"

enum { STOP_SIGNALS = 3 };

static const int stop_signals[STOP_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

static struct {
    struct sigaction before[STOP_SIGNALS];
    struct sigaction pipe_before, size_before;
    unsigned limit_seconds, file_seconds;
    bool started;
} stop;

/* Read by the handler, and by every thread. */
static atomic_int stop_event = -1;
static atomic_int stop_signal;
static _Atomic int64_t stop_at; /* CLOCK_MONOTONIC milliseconds, 0: no deadline */
static _Atomic int64_t stop_file_at;

/* Only async-signal-safe calls and lock-free atomics in here. */
static void on_signal(int number)
{
    int saved = errno;
    int none = 0;

    if (atomic_compare_exchange_strong(&stop_signal, &none, number)) {
        uint64_t one = 1;
        ssize_t written = write(atomic_load(&stop_event), &one, sizeof one);
        (void)written; /* stop_asked() tells it too */
    } else {
        /* Blocked while it is handled; it ends the process when the handler returns. */
        signal(number, SIG_DFL);
        raise(number);
    }
    errno = saved;
}

bool stop_start(struct error *error)
{
    struct sigaction action;

    int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0) {
        return error_set(error, ERROR_IO, "no event descriptor for signals: %s", strerror(errno));
    }
    atomic_store(&stop_signal, 0);
    atomic_store(&stop_at, 0);
    atomic_store(&stop_file_at, 0);
    atomic_store(&stop_event, event);

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < STOP_SIGNALS; i++) {
        sigaddset(&action.sa_mask, stop_signals[i]);
    }
    for (int i = 0; i < STOP_SIGNALS; i++) {
        sigaction(stop_signals[i], NULL, &stop.before[i]);
        /* SIGTERM is never left ignored: it is how a service is stopped. */
        if (stop.before[i].sa_handler != SIG_IGN || stop_signals[i] == SIGTERM) {
            sigaction(stop_signals[i], &action, NULL);
        }
    }
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, &stop.pipe_before);
    sigaction(SIGXFSZ, &action, &stop.size_before); /* a file size limit is an error of a write */
    stop.started = true;
    return true;
}

static int64_t in_seconds(unsigned seconds)
{
    return seconds == 0 ? 0 : moment_monotonic() + (int64_t)seconds * SECOND_MS;
}

void stop_deadline(unsigned seconds)
{
    stop.limit_seconds = seconds;
    atomic_store(&stop_at, in_seconds(seconds));
}

void stop_file_deadline(unsigned seconds)
{
    stop.file_seconds = seconds;
    atomic_store(&stop_file_at, in_seconds(seconds));
}

enum stop_reason stop_reason(void)
{
    int64_t deadline = atomic_load(&stop_at), file = atomic_load(&stop_file_at);

    if (atomic_load(&stop_signal) != 0) {
        return STOP_SIGNAL;
    }
    if (deadline == 0 && file == 0) {
        return STOP_NOT;
    }
    int64_t now = moment_monotonic();
    return deadline != 0 && now >= deadline ? STOP_DEADLINE
           : file != 0 && now >= file       ? STOP_FILE
                                            : STOP_NOT;
}

bool stop_asked(void)
{
    return stop_reason() != STOP_NOT;
}

int stop_descriptor(void)
{
    return atomic_load(&stop_event);
}

int stop_wait_milliseconds(int longest)
{
    int64_t deadline = atomic_load(&stop_at), file = atomic_load(&stop_file_at);

    if (deadline == 0 || (file != 0 && file < deadline)) {
        deadline = file;
    }
    if (deadline == 0) {
        return longest;
    }
    int64_t left = deadline - moment_monotonic();
    if (left <= 0) {
        return 0;
    }
    if (longest < 0) {
        longest = INT_MAX;
    }
    return left < longest ? (int)left : longest;
}

void stop_words(char *words, size_t size)
{
    switch (stop_reason()) {
    case STOP_SIGNAL:
        snprintf(words, size, "stopped by SIG%s", sigabbrev_np(atomic_load(&stop_signal)));
        break;
    case STOP_DEADLINE:
        snprintf(words, size, "reached the time limit (run_seconds = %u)", stop.limit_seconds);
        break;
    case STOP_FILE:
        snprintf(words, size, "reached the time limit for one file (file_seconds = %u)",
                 stop.file_seconds);
        break;
    case STOP_NOT:
        snprintf(words, size, "%s", "");
        break;
    }
}

void stop_end(void)
{
    if (!stop.started) {
        return;
    }
    for (int i = 0; i < STOP_SIGNALS; i++) {
        sigaction(stop_signals[i], &stop.before[i], NULL);
    }
    sigaction(SIGPIPE, &stop.pipe_before, NULL);
    sigaction(SIGXFSZ, &stop.size_before, NULL);
    close(atomic_exchange(&stop_event, -1));
    atomic_store(&stop_signal, 0);
    atomic_store(&stop_at, 0);
    atomic_store(&stop_file_at, 0);
    stop.started = false;
}
