/* SPDX-License-Identifier: MIT */
#include "import/rejects.h"

#include "values/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_ASIDE = 10000 };

void rejects_begin(struct rejects *rejects, int folder, const char *path, uint64_t kept,
                   uint64_t met, uint64_t most)
{
    const char *slash = folder == AT_FDCWD ? NULL : strrchr(path, '/');
    memset(rejects, 0, sizeof *rejects);
    rejects->descriptor = -1;
    rejects->folder = folder;
    rejects->name = slash == NULL ? 0 : (size_t)(slash + 1 - path);
    rejects->length = rejects->kept = kept;
    rejects->met = met;
    rejects->most = most;
    snprintf(rejects->path, sizeof rejects->path, "%s", path);
}

void rejects_end(struct rejects *rejects)
{
    if (rejects->descriptor >= 0)
        close(rejects->descriptor);
    rejects->descriptor = -1;
}

static bool append(struct rejects *rejects, const void *bytes, size_t length)
{
    if (!write_all(rejects->descriptor, bytes, length))
        return false;
    rejects->length += length;
    return true;
}

static bool ends_line(const void *bytes, size_t length)
{
    return length > 0 && ((const char *)bytes)[length - 1] == '\n';
}

static bool append_line(struct rejects *rejects, const void *bytes, size_t length)
{
    return append(rejects, bytes, length) && (ends_line(bytes, length) || append(rejects, "\n", 1));
}

bool rejects_set_aside(const struct rejects *rejects)
{
    char read_ahead[REJECTS_PATH + 16];
    const char *name = rejects->path + rejects->name;
    for (unsigned turn = 1; turn < MOST_ASIDE; turn++) {
        snprintf(read_ahead, sizeof read_ahead, "%s.%u", name, turn);
        if (renameat2(rejects->folder, name, rejects->folder, read_ahead, RENAME_NOREPLACE) == 0 ||
            errno == ENOENT)
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

bool rejects_have_room(struct rejects *rejects, uint64_t length, uint64_t line)
{
    rejects->met += length;
    if (rejects->met <= rejects->most)
        return true;
    if (rejects->left_out++ == 0)
        rejects->left_out_from = line;
    return false;
}

/* What a stopped run has left: this user's, under this name alone, and no shorter than the last
 * commit knows of. Anything else somebody has put there, or has mended and moved on. */
static int open_what_stands(const struct rejects *rejects)
{
    struct stat facts;
    int descriptor = openat(rejects->folder, rejects->path + rejects->name,
                            O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 ||
        (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1 &&
         facts.st_uid == geteuid() && (uint64_t)facts.st_size >= rejects->kept))
        return descriptor;
    close(descriptor);
    return -1;
}

bool rejects_trim(const struct rejects *rejects)
{
    int descriptor = open_what_stands(rejects);
    if (descriptor < 0)
        return true; /* there is none */
    bool done = rejects->kept > 0
                    ? ftruncate(descriptor, (off_t)rejects->kept) == 0 && fsync(descriptor) == 0
                    : unlinkat(rejects->folder, rejects->path + rejects->name, 0) == 0;
    int reason = errno;
    close(descriptor);
    errno = reason;
    return done;
}

static int open_new(struct rejects *rejects)
{
    rejects->length = rejects->kept = 0;
    if (!rejects_set_aside(rejects))
        return -1;
    return openat(rejects->folder, rejects->path + rejects->name,
                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool open_file(struct rejects *rejects, const char *header, size_t header_length)
{
    if (rejects->descriptor >= 0)
        return true;
    rejects->descriptor = open_what_stands(rejects);
    if (rejects->descriptor < 0)
        rejects->descriptor = open_new(rejects);
    if (rejects->descriptor < 0 || fchmod(rejects->descriptor, 0600) != 0 ||
        ftruncate(rejects->descriptor, (off_t)rejects->kept) != 0 ||
        lseek(rejects->descriptor, 0, SEEK_END) < 0)
        return false;
    rejects->unnamed = rejects->kept == 0;
    return rejects->kept > 0 || header_length == 0 || append_line(rejects, header, header_length);
}

bool rejects_add(struct rejects *rejects, const char *header, size_t header_length, const void *raw,
                 size_t length)
{
    return open_file(rejects, header, header_length) && append_line(rejects, raw, length);
}

bool rejects_copy(struct rejects *rejects, const char *header, size_t header_length, int input,
                  uint64_t offset, uint64_t length)
{
    char block[65536];
    size_t last = 0;
    if (!open_file(rejects, header, header_length))
        return false;
    while (length > 0) {
        ssize_t got = pread(input, block, length < sizeof block ? (size_t)length : sizeof block,
                            (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0)
            errno = 0; /* it was longer when it was read first */
        if (got <= 0 || !append(rejects, block, (size_t)got))
            return false;
        offset += (uint64_t)got;
        length -= (uint64_t)got;
        last = (size_t)got;
    }
    return ends_line(block, last) || append(rejects, "\n", 1);
}

bool rejects_go_back(struct rejects *rejects, const struct rejects *before)
{
    int descriptor = rejects->descriptor;
    bool opened = descriptor >= 0 && before->descriptor < 0;
    bool done = descriptor < 0 || (ftruncate(descriptor, (off_t)before->length) == 0 &&
                                   lseek(descriptor, 0, SEEK_END) >= 0);
    *rejects = *before;
    /* What was opened since is opened again, and has nothing then but what it had. */
    if (opened)
        close(descriptor);
    return done;
}

static bool sync_own_name(const struct rejects *rejects)
{
    return rejects->folder == AT_FDCWD ? sync_name(rejects->path) : fsync(rejects->folder) == 0;
}

bool rejects_sync(struct rejects *rejects)
{
    if (rejects->descriptor < 0)
        return true;
    if (fsync(rejects->descriptor) != 0 || (rejects->unnamed && !sync_own_name(rejects)))
        return false;
    rejects->unnamed = false;
    return true;
}
