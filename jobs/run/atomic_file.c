/* SPDX-License-Identifier: MIT */
/* atomic_file.c: write, sync, rename. */
#include "run/atomic_file.h"
#include "values/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fill(int descriptor, const void *bytes, size_t length, mode_t mode)
{
    bool done = fchmod(descriptor, mode) == 0 && write_all(descriptor, bytes, length) &&
                fsync(descriptor) == 0;
    int saved = errno;
    if (close(descriptor) != 0 && done) {
        return false;
    }
    errno = saved;
    return done;
}

bool atomic_file_write(const char *path, const void *bytes, size_t length, mode_t mode,
                       struct error *error)
{
    char temporary[PATH_MAX];

    /* The process number keeps two runs that share the file from writing into each other's. */
    int width = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (width < 0 || (size_t)width >= sizeof temporary) {
        return error_set(error, ERROR_INVALID, "%.80s...: the path is too long", path);
    }
    (void)unlink(temporary); /* left by a killed run that had this number */
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (descriptor < 0) {
        return error_set(error, ERROR_IO, "%s cannot be created: %s", temporary, strerror(errno));
    }
    if (!fill(descriptor, bytes, length, mode) || rename(temporary, path) != 0 ||
        !sync_name(path)) {
        error_set(error, ERROR_IO, "%s cannot be written: %s", path, strerror(errno));
        (void)unlink(temporary);
        return false;
    }
    return true;
}
