/* SPDX-License-Identifier: MIT */
#include "run/draft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "values/write_all.h"

enum { NAME_LENGTH = 200 };

/* SQLite would take a name that begins with `file:` for a URI. */
static bool name_draft(struct draft *draft, const char *target, const char *name,
                       struct error *error)
{
    const char *slash = strrchr(target, '/');
    int folder = slash == NULL ? 0 : (int)(slash - target) + 1;
    int length = snprintf(draft->path, sizeof draft->path, "%s%.*s%.*s.part",
                          target[0] == '/' ? "" : "./", folder, target, NAME_LENGTH, name);
    if (length < 0 || (size_t)length >= sizeof draft->path ||
        snprintf(draft->target, sizeof draft->target, "%s", target) >= (int)sizeof draft->target)
        return error_set(error, ERROR_INVALID, "%.80s...: the path is too long", target);
    return true;
}

static bool folder_is_safe(const struct draft *draft, struct error *error)
{
    char folder[PATH_MAX];
    struct stat facts;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(draft->path, '/') - draft->path) + 1,
             draft->path);
    if (stat(folder, &facts) != 0)
        return error_set(error, ERROR_IO, "%s cannot be created: %s", draft->target,
                         strerror(errno));
    if ((facts.st_mode & S_IWOTH) != 0)
        return error_set(error, ERROR_INVALID,
                         "%s: every user may make files in its folder, and exchange them: choose "
                         "one that only its owner or group may write to",
                         draft->target);
    return true;
}

/* One that a killed process left: SQLite removes it beside an empty file, but that is not left to
 * it. False: errno. */
static bool remove_journal(const struct draft *draft)
{
    char journal[PATH_MAX + sizeof "-journal"];
    snprintf(journal, sizeof journal, "%s-journal", draft->path);
    return unlink(journal) == 0 || errno == ENOENT;
}

/* A draft that nobody holds was left by a process that was killed. */
static enum draft_result remove_leftover(const struct draft *draft, struct error *error)
{
    int left = open(draft->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool none = left < 0 && errno == ENOENT;
    bool held = left >= 0 && flock(left, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    bool gone = !held && (none || unlink(draft->path) == 0) && remove_journal(draft);
    int reason = errno;
    if (left >= 0)
        close(left);
    if (held)
        error_set(error, ERROR_IO, "%s is being written by another process", draft->path);
    else if (!gone)
        error_set(error, ERROR_IO, "%s is in the way and cannot be removed: %s", draft->path,
                  strerror(reason));
    return held ? DRAFT_HELD : gone ? DRAFT_OPEN : DRAFT_FAILED;
}

enum draft_result draft_open(struct draft *draft, const char *target, const char *name,
                             struct error *error)
{
    draft->descriptor = -1;
    if (!name_draft(draft, target, name, error) || !folder_is_safe(draft, error))
        return DRAFT_FAILED;
    enum draft_result result = remove_leftover(draft, error);
    if (result != DRAFT_OPEN)
        return result;
    int made = open(draft->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (made < 0) {
        error_set(error, ERROR_IO, "%s cannot be created: %s", draft->path, strerror(errno));
        return DRAFT_FAILED;
    }
    draft->descriptor = made;
    if (fchmod(made, 0600) != 0 || flock(made, LOCK_EX | LOCK_NB) != 0) {
        error_set(error, ERROR_IO, "%s cannot be locked: %s", draft->path, strerror(errno));
        draft_close(draft);
        return DRAFT_FAILED;
    }
    return DRAFT_OPEN;
}

/* Whether what has the draft's name is what we have made. */
static bool is_ours(const struct draft *draft)
{
    struct stat ours, named;
    return fstat(draft->descriptor, &ours) == 0 && lstat(draft->path, &named) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

static bool move(const struct draft *draft, bool replace)
{
    if (replace)
        return rename(draft->path, draft->target) == 0;
    if (renameat2(AT_FDCWD, draft->path, AT_FDCWD, draft->target, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    /* A file system that has no such move may still have links. */
    return link(draft->path, draft->target) == 0 && unlink(draft->path) == 0;
}

bool draft_publish(struct draft *draft, bool replace, struct error *error)
{
    if (!is_ours(draft))
        return error_set(error, ERROR_IO, "%s was removed or exchanged meanwhile", draft->path);
    if (fsync(draft->descriptor) != 0)
        return error_set(error, ERROR_IO, "%s cannot be written: %s", draft->path, strerror(errno));
    if (!move(draft, replace))
        return errno == EEXIST
                   ? error_set(error, ERROR_INVALID, "%s is there already", draft->target)
                   : error_set(error, ERROR_IO, "%s cannot be put in place: %s", draft->target,
                               strerror(errno));
    close(draft->descriptor);
    draft->descriptor = -1;
    if (!sync_name(draft->target))
        return error_set(error, ERROR_IO, "%s: its name cannot be synced: %s", draft->target,
                         strerror(errno));
    return true;
}

void draft_close(struct draft *draft)
{
    if (draft->descriptor < 0)
        return;
    if (is_ours(draft)) {
        unlink(draft->path);
        remove_journal(draft);
    }
    close(draft->descriptor);
    draft->descriptor = -1;
}
