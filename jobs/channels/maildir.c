/* SPDX-License-Identifier: MIT */
/* maildir.c: see maildir.h. */
#include "channels/maildir.h"

#include "values/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NAME_SIZE = 192, RANDOM_BYTES = 8 };

struct maildir {
    char *directory; /* for messages */
    int tmp;
    int new;
    char host[64];
};

static int open_folder(int parent, const char *name)
{
    if (mkdirat(parent, name, 0700) != 0 && errno != EEXIST)
        return -1;
    /* Its own parts are no links; where it is itself is the operator's to say. */
    return openat(parent, name,
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC | (parent == AT_FDCWD ? 0 : O_NOFOLLOW));
}

struct maildir *maildir_open(const char *directory, struct error *error)
{
    bool good = false;
    int cur = -1;
    struct maildir *maildir = calloc(1, sizeof *maildir);
    if (!maildir) {
        error_no_memory(error, directory);
        return NULL;
    }
    maildir->tmp = maildir->new = -1;
    int top = open_folder(AT_FDCWD, directory);
    if (top < 0 || (maildir->tmp = open_folder(top, "tmp")) < 0 ||
        (maildir->new = open_folder(top, "new")) < 0 || (cur = open_folder(top, "cur")) < 0) {
        error_set(error, ERROR_IO, "%s: cannot be made or opened as a Maildir: %s", directory,
                  strerror(errno));
        goto out;
    }
    maildir->directory = strdup(directory);
    if (gethostname(maildir->host, sizeof maildir->host - 1) != 0 || !maildir->host[0])
        snprintf(maildir->host, sizeof maildir->host, "localhost");
    for (char *letter = maildir->host; *letter; letter++)
        if (*letter == '/' || *letter == ':')
            *letter = '-';
    good = maildir->directory != NULL;
    if (!good)
        error_no_memory(error, directory);
out:
    if (cur >= 0)
        close(cur);
    if (top >= 0)
        close(top);
    if (good)
        return maildir;
    maildir_close(maildir);
    return NULL;
}

void maildir_close(struct maildir *maildir)
{
    if (!maildir)
        return;
    if (maildir->tmp >= 0)
        close(maildir->tmp);
    if (maildir->new >= 0)
        close(maildir->new);
    free(maildir->directory);
    free(maildir);
}

static void make_name(const struct maildir *maildir, const char *suffix, char name[NAME_SIZE])
{
    unsigned char random[RANDOM_BYTES];
    char digits[2 * RANDOM_BYTES + 1];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(digits, sizeof digits, random, sizeof random);
    snprintf(name, NAME_SIZE, "%lld.M%06ldP%ldR%s.%s%s", (long long)now.tv_sec, now.tv_nsec / 1000,
             (long)getpid(), digits, maildir->host, suffix);
}

bool maildir_deliver(struct maildir *maildir, const char *bytes, size_t length, const char *suffix,
                     bool *uncertain, struct error *error)
{
    char name[NAME_SIZE];
    *uncertain = false;
    make_name(maildir, suffix, name);
    int file = openat(maildir->tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        error_set(error, ERROR_IO, "%s/tmp: %s", maildir->directory, strerror(errno));
        return false;
    }
    bool good = write_all(file, bytes, length) && fsync(file) == 0;
    int reason = errno;
    if (close(file) != 0 && good) {
        good = false;
        reason = errno;
    }
    if (good && renameat(maildir->tmp, name, maildir->new, name) != 0) {
        good = false;
        reason = errno;
    }
    if (!good) {
        unlinkat(maildir->tmp, name, 0);
        error_set(error, ERROR_IO, "%s: %s", maildir->directory, strerror(reason));
        return false;
    }
    if (fsync(maildir->new) == 0)
        return true;
    *uncertain = true;
    error_set(error, ERROR_IO, "%s/new: delivered, but perhaps not on disk: %s", maildir->directory,
              strerror(errno));
    return false;
}
