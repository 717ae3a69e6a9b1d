/* SPDX-License-Identifier: MIT */
/* standin.c: stands in for the fraud API and an SMS gateway, on 127.0.0.1, for tests and the demo.
 */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: standin --token TOKEN [--port PORT] [--port-file FILE] [--accepted FILE.jsonl]\n"
    "               [--sms-dir DIR] [--fault NAME[:KEY=VALUE,...]]... [--seed N] [--seconds N]\n"
    "               [--unchecked]\n"
    "Listens on 127.0.0.1 until SIGTERM, POST /control/stop, or --seconds (900) have passed.\n"
    "--port 0 (the default) takes any free port; it is written to --port-file once it listens.\n"
    "--unchecked only counts requests, for benchmarks.\n";

struct options {
    const char *token;
    const char *port_file;
    const char *accepted;
    const char *sms_directory;
    unsigned long port;
    unsigned long seed;
    unsigned long seconds;
    bool unchecked;
};

static bool read_number(const char *text, unsigned long most, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return strspn(text, "0123456789") == strlen(text) && end != text && errno == 0 &&
           *number <= most;
}

/* One option; false: `error` says what is wrong with it, or is empty where the usage says enough.
 */
static bool take_option(int option, struct options *options, struct fault_list *faults, char *error,
                        size_t error_size)
{
    bool right = true;
    switch (option) {
    case 'p':
        right = read_number(optarg, 65535, &options->port);
        break;
    case 'P':
        options->port_file = optarg;
        break;
    case 't':
        options->token = optarg;
        break;
    case 'a':
        options->accepted = optarg;
        break;
    case 'd':
        options->sms_directory = optarg;
        break;
    case 'f':
        return fault_add_text(faults, optarg, error, error_size);
    case 's':
        right = read_number(optarg, ULONG_MAX, &options->seed);
        break;
    case 'e':
        right = read_number(optarg, 86400, &options->seconds) && options->seconds > 0;
        break;
    case 'u':
        options->unchecked = true;
        break;
    default:
        return false;
    }
    if (!right) {
        snprintf(error, error_size, "\"%.60s\" is not a number in range", optarg);
    }
    return right;
}

/* False: said on standard error. */
static bool read_options(int count, char **words, struct options *options,
                         struct fault_list *faults)
{
    static const struct option known[] = {
        {"port", required_argument, NULL, 'p'},    {"port-file", required_argument, NULL, 'P'},
        {"token", required_argument, NULL, 't'},   {"accepted", required_argument, NULL, 'a'},
        {"sms-dir", required_argument, NULL, 'd'}, {"fault", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},    {"seconds", required_argument, NULL, 'e'},
        {"unchecked", no_argument, NULL, 'u'},     {NULL, 0, NULL, 0}};
    char error[160] = "";
    int option;
    bool right = true;
    while (right && (option = getopt_long(count, words, "", known, NULL)) != -1) {
        right = take_option(option, options, faults, error, sizeof error);
    }
    if (right && (options->token == NULL || optind < count)) {
        snprintf(error, sizeof error, "--token is required, and nothing but options");
        right = false;
    } else if (right && options->unchecked && options->accepted != NULL) {
        snprintf(error, sizeof error, "--unchecked keeps no events: leave --accepted away");
        right = false;
    }
    if (!right) {
        fprintf(stderr, "%s%s%s%s", error[0] == '\0' ? "" : "standin: ", error,
                error[0] == '\0' ? "" : "\n", usage);
    }
    return right;
}

/* Written beside and renamed: whoever sees the file sees the whole port. */
static bool write_port(const char *file, uint16_t port, char *error, size_t error_size)
{
    char part[PATH_MAX], text[16];
    int length = snprintf(text, sizeof text, "%u\n", port);
    bool written = false;
    if (snprintf(part, sizeof part, "%s.part", file) < (int)sizeof part) {
        int handle = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (handle >= 0) {
            written = write(handle, text, (size_t)length) == length;
            written = close(handle) == 0 && written && rename(part, file) == 0;
        }
    }
    if (!written) {
        snprintf(error, error_size, "%.100s: cannot be written: %s", file, strerror(errno));
    }
    return written;
}

/* Until a signal comes or the time is up. */
static void wait_for_end(const sigset_t *signals, unsigned long seconds)
{
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += (time_t)seconds;
    for (;;) {
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec >= end.tv_sec) {
            return;
        }
        struct timespec pause = {.tv_sec = end.tv_sec - now.tv_sec};
        if (sigtimedwait(signals, NULL, &pause) > 0) {
            return;
        }
    }
}

int main(int count, char **words)
{
    static struct server server;
    struct options options = {.seed = 1, .seconds = 900};
    char error[PATH_MAX + 200] = "";
    if (!read_options(count, words, &options, &server.faults)) {
        return EX_USAGE;
    }
    /* Blocked before any thread starts, so that only wait_for_end() gets them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);

    server.token = options.token;
    server.unchecked = options.unchecked;
    server.faults.random = options.seed;
    server.messages.directory = options.sms_directory;
    uint16_t port = (uint16_t)options.port;
    if (!event_open(&server.events, options.accepted, error, sizeof error) ||
        !server_start(&server, &port, error, sizeof error)) {
        fprintf(stderr, "standin: %s\n", error);
        event_close(&server.events);
        return EXIT_FAILURE;
    }
    bool written =
        options.port_file == NULL || write_port(options.port_file, port, error, sizeof error);
    if (options.port_file == NULL) {
        printf("%u\n", port);
        fflush(stdout);
    }
    if (written) {
        wait_for_end(&signals, options.seconds);
        if (options.port_file != NULL) {
            unlink(options.port_file);
        }
    } else {
        fprintf(stderr, "standin: %s\n", error);
    }
    server_stop(&server);
    return written ? EXIT_SUCCESS : EXIT_FAILURE;
}
