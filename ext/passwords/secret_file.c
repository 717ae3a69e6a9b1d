/* SPDX-License-Identifier: MIT */
#include "passwords/secret_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS = 077, MORE_THAN_GROUP_READS = 037 };

static bool is_ours(const struct stat *facts)
{
    return facts->st_uid == 0 || facts->st_uid == geteuid();
}

/* Whether it is the file of that name in the folder of credentials, and nobody else's folder. */
static bool is_credential(const struct stat *file, const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY"), *slash = strrchr(path, '/');
    char name[PATH_MAX];
    struct stat around, named;
    if (folder == NULL || folder[0] != '/' || stat(folder, &around) != 0 || !is_ours(&around) ||
        (around.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return false;
    int length = snprintf(name, sizeof name, "%s/%s", folder, slash == NULL ? path : slash + 1);
    return length < (int)sizeof name && lstat(name, &named) == 0 && named.st_dev == file->st_dev &&
           named.st_ino == file->st_ino;
}

bool secret_file_is_private(int descriptor, const char *what, const char *path, struct error *error)
{
    struct stat file;
    if (fstat(descriptor, &file) != 0)
        return error_set(error, ERROR_IO, "%s%s: %s", what, path, strerror(errno));
    if (!S_ISREG(file.st_mode))
        return error_set(error, ERROR_INVALID, "%s%s is not a regular file", what, path);
    if (!is_ours(&file))
        return error_set(
            error, ERROR_INVALID,
            "%s%s belongs to user %lu, who can change it: it must be root's or that of the "
            "user who runs this (%lu)",
            what, path, (unsigned long)file.st_uid, (unsigned long)geteuid());
    unsigned refused = is_credential(&file, path) ? MORE_THAN_GROUP_READS : OTHERS;
    if ((file.st_mode & refused) != 0)
        return error_set(error, ERROR_INVALID,
                         "%s%s can be used by others (mode %03o): chmod 600 it", what, path,
                         (unsigned)file.st_mode & 0777U);
    return true;
}
