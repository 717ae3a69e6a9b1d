/* SPDX-License-Identifier: MIT */
/* inbox_file.c: one file of an inbox: taken, and done with. */
#include "inbox/inbox.h"

#include "inbox/inbox_name.h"
#include "run/unchanged_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "values/text.h"

enum {
    MOST_OF_A_DAY = 10000,
    CLOCKS_DIFFER = 60 /* seconds, between this machine and one that keeps its files */
};

static const char *kind_of(mode_t mode)
{
    return S_ISLNK(mode)    ? "symbolic link"
           : S_ISDIR(mode)  ? "folder"
           : S_ISFIFO(mode) ? "pipe"
           : S_ISSOCK(mode) ? "socket"
                            : "device";
}

static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static bool is_plain(const char *name)
{
    char shown[4 * NAME_MAX + 1];
    return strcmp(text_escape(shown, sizeof shown, name), name) == 0;
}

/* False, with a message: no regular file, or one that is known by other names, too, of which nobody
 * can tell whose they are. */
static bool is_a_file(const struct inbox_file *file, const struct stat *facts, struct error *error)
{
    if (!S_ISREG(facts->st_mode))
        error_set(error, ERROR_INVALID, "%s is a %s, not a file: move it out of the inbox",
                  file->path, kind_of(facts->st_mode));
    else if (facts->st_nlink != 1)
        error_set(error, ERROR_INVALID,
                  "%s has other names, too (hard links): put a copy in its place", file->path);
    else
        return true;
    return false;
}

static bool name_file(struct inbox_file *file, const struct inbox *inbox, const char *name)
{
    bool fits = snprintf(file->path, INBOX_PATH, "%s/%s", inbox->folder, name) < INBOX_PATH &&
                snprintf(file->known_as, INBOX_PATH, "%s/%s", inbox->resolved, name) < INBOX_PATH &&
                snprintf(file->kept_as, INBOX_PATH, "%s%s/%s", inbox->folder,
                         inbox->done >= 0 ? "/done" : "", name) < INBOX_PATH - 64;
    file->kept_in = inbox->done >= 0 ? inbox->done : inbox->descriptor;
    file->inbox = inbox;
    file->name = name;
    return fits;
}

enum exit_code inbox_take(struct inbox_file *file, const struct inbox *inbox, const char *name,
                          struct error *error)
{
    struct stat facts;
    memset(file, 0, sizeof *file);
    file->descriptor = -1;
    if (!name_file(file, inbox, name) || strlen(name) > INBOX_LONGEST_NAME) {
        error_set(error, ERROR_INVALID,
                  "%s: the name is longer than %d bytes: give it a shorter one", file->path,
                  INBOX_LONGEST_NAME);
        return EXIT_BAD_DATA;
    }
    if (!is_plain(name)) {
        error_set(error, ERROR_INVALID,
                  "%s: the name has control characters or is not UTF-8: give it another one",
                  file->path);
        return EXIT_BAD_DATA;
    }
    /* Looked at before it is opened, which is not without effect on a device or pipe. */
    if (fstatat(inbox->descriptor, name, &facts, AT_SYMLINK_NOFOLLOW) != 0)
        goto failed;
    if (!is_a_file(file, &facts, error))
        return EXIT_BAD_DATA;
    file->descriptor =
        openat(inbox->descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file->descriptor < 0 || fstat(file->descriptor, &file->facts) != 0)
        goto failed;
    return is_a_file(file, &file->facts, error) ? EXIT_DONE : EXIT_BAD_DATA;
failed:
    error_set(error, ERROR_IO, "%s: %s", file->path, strerror(errno));
    return EXIT_RETRY;
}

void inbox_leave(struct inbox_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}

int64_t inbox_age(const struct inbox_file *file)
{
    int64_t now = time(NULL);
    int64_t written = file->facts.st_mtim.tv_sec, changed = file->facts.st_ctim.tv_sec;
    int64_t last = written <= now ? written : changed;
    if (last <= now)
        return now - last;
    return last - now <= CLOCKS_DIFFER ? 0 : INT64_MAX;
}

bool inbox_is_open_ended(const struct inbox_file *file)
{
    char last;
    if (inbox_name_is_compressed(file->name) || file->facts.st_size == 0)
        return false;
    return pread(file->descriptor, &last, 1, file->facts.st_size - 1) == 1 && last != '\n' &&
           last != '\r';
}

static bool is_under(int folder, const char *name, const struct inbox_file *file)
{
    struct stat facts;
    return fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
           is_same_file(&facts, &file->facts);
}

/* Renames `old` to BEGIN.NAME in another folder, or to BEGIN.1.NAME, ...; without BEGIN to NAME,
 * 1.NAME, ... The name that it has then is in `new`. False with errno. */
static bool move(int from, const char *old, int to, const char *begin, const char *name,
                 char new[NAME_MAX + 1])
{
    for (unsigned turn = 0; turn < MOST_OF_A_DAY; turn++) {
        if (turn == 0)
            snprintf(new, NAME_MAX + 1, "%s%s", begin, name);
        else
            snprintf(new, NAME_MAX + 1, "%s%u.%s", begin, turn, name);
        if (renameat2(from, old, to, new, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            return false;
    }
    return false;
}

bool inbox_done(const struct inbox_file *file, struct error *error)
{
    const struct inbox *inbox = file->inbox;
    static const char replaced[] = "it was replaced while it was read: what is there now is left "
                                   "for the next run",
                      written[] = "it was written to while it was read: it is left for the next "
                                  "run";
    char date[32], kept[NAME_MAX + 1], back[NAME_MAX + 1];
    struct tm day;
    time_t now = time(NULL);
    const char *why = NULL;
    strftime(date, sizeof date, "%Y-%m-%d.", gmtime_r(&now, &day));
    if (!is_under(inbox->descriptor, file->name, file))
        why = replaced;
    else if (!unchanged_file(file->descriptor, &file->facts))
        why = written;
    if (why != NULL) {
        return error_set(error, ERROR_IO, "%s: %s", file->path, why);
    }
    (void)fchmod(file->descriptor, 0600); /* it holds passwords; one that is not ours stays so */
    if (!move(inbox->descriptor, file->name, inbox->done, date, file->name, kept)) {
        return error_set(error, ERROR_IO, "%s: done with, but it cannot be moved to done/: %s",
                         file->path, strerror(errno));
    }
    /* In the moment before. */
    if (!is_under(inbox->done, kept, file))
        why = replaced;
    else if (!unchanged_content(file->descriptor, &file->facts))
        why = written;
    if (why == NULL)
        return true;
    if (move(inbox->done, kept, inbox->descriptor, "", file->name, back))
        error_set(error, ERROR_IO, "%s: %s", file->path, why);
    else
        error_set(error, ERROR_IO,
                  "%s: it has changed while it was read, is now done/%s, and "
                  "cannot be moved back: %s",
                  file->path, kept, strerror(errno));
    return false;
}
