/* SPDX-License-Identifier: MIT */
#include "run/unchanged_file.h"

static bool is_same_time(struct timespec one, struct timespec other)
{
    return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool unchanged_content(int descriptor, const struct stat *then)
{
    struct stat now;
    return fstat(descriptor, &now) == 0 && now.st_size == then->st_size &&
           is_same_time(now.st_mtim, then->st_mtim);
}

bool unchanged_file(int descriptor, const struct stat *then)
{
    struct stat now;
    return unchanged_content(descriptor, then) && fstat(descriptor, &now) == 0 &&
           (is_same_time(now.st_ctim, then->st_ctim) || now.st_nlink == 0);
}
