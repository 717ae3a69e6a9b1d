/* SPDX-License-Identifier: MIT */
/*
 * measure.c: runs a command and adds a line to a file: seconds, largest resident memory in KiB,
 * page faults. Ends as the command does.
 *
 *   measure FILE COMMAND [ARGUMENT...]
 */
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int count, char **words)
{
    struct timespec began, ended;
    struct rusage usage;
    pid_t child;
    int status;
    if (count < 3) {
        fputs("usage: measure FILE COMMAND [ARGUMENT...]\n", stderr);
        return 64;
    }
    clock_gettime(CLOCK_MONOTONIC, &began);
    int failed = posix_spawnp(&child, words[2], NULL, NULL, words + 2, environ);
    if (failed != 0) {
        fprintf(stderr, "measure: %s: %s\n", words[2], strerror(failed));
        return 127;
    }
    if (wait4(child, &status, 0, &usage) != child) {
        perror("measure: wait4");
        return 127;
    }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    FILE *file = fopen(words[1], "ae");
    if (file == NULL) {
        perror(words[1]);
        return 127;
    }
    fprintf(file, "%.6f %ld %ld\n",
            (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9,
            usage.ru_maxrss, usage.ru_minflt);
    if (fclose(file) != 0) {
        perror(words[1]);
        return 127;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
