#include "inbox.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

static bool is_sign_ups(const char *name)
{
    return name[0] != '.' &&
           (ends_with(name, ".csv") || ends_with(name, ".csv.gz") || ends_with(name, ".csv.zst"));
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static bool add_name(struct inbox *inbox, const char *name)
{
    char **longer = realloc(inbox->names, (inbox->count + 1) * sizeof *longer);
    if (longer == NULL)
        return false;
    inbox->names = longer;
    inbox->names[inbox->count] = strdup(name);
    return inbox->names[inbox->count] != NULL && ++inbox->count > 0;
}

static bool make_done(const struct inbox *inbox, char *error, size_t error_size)
{
    char done[INBOX_PATH + 8];
    snprintf(done, sizeof done, "%s/done", inbox->folder);
    if ((mkdir(done, 0700) == 0 || errno == EEXIST) && chmod(done, 0700) == 0)
        return true;
    snprintf(error, error_size, "%s: %s", done, strerror(errno));
    return false;
}

bool inbox_list(struct inbox *inbox, const char *folder, char *error, size_t error_size)
{
    const struct dirent *entry;
    bool whole = true;
    memset(inbox, 0, sizeof *inbox);
    snprintf(inbox->folder, sizeof inbox->folder, "%s", folder);
    DIR *listing = opendir(folder);
    if (listing == NULL) {
        snprintf(error, error_size, "%s: %s", folder, strerror(errno));
        return false;
    }
    while (whole && (entry = readdir(listing)) != NULL)
        if (is_sign_ups(entry->d_name) && !add_name(inbox, entry->d_name)) {
            snprintf(error, error_size, "out of memory");
            whole = false;
        }
    closedir(listing);
    if (inbox->count > 1)
        qsort(inbox->names, inbox->count, sizeof *inbox->names, by_name);
    return whole;
}

bool inbox_open(struct inbox *inbox, const char *folder, char *error, size_t error_size)
{
    if (!inbox_list(inbox, folder, error, error_size))
        return errno == ENOENT && inbox->count == 0;
    return make_done(inbox, error, error_size);
}

void inbox_close(struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->count; i++)
        free(inbox->names[i]);
    free(inbox->names);
    memset(inbox, 0, sizeof *inbox);
}

bool inbox_paths(const struct inbox *inbox, const char *name, char path[INBOX_PATH],
                 char rejects[INBOX_PATH])
{
    return snprintf(path, INBOX_PATH, "%s/%s", inbox->folder, name) < INBOX_PATH &&
           snprintf(rejects, INBOX_PATH, "%s/done/%s.rejects", inbox->folder, name) < INBOX_PATH;
}

bool inbox_done(const struct inbox *inbox, const char *name, char *error, size_t error_size)
{
    char from[INBOX_PATH + 256], to[INBOX_PATH + 320], date[32];
    struct tm day;
    time_t now = time(NULL);
    snprintf(from, sizeof from, "%s/%s", inbox->folder, name);
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &day));
    chmod(from, 0600); /* it holds passwords; a file that is not ours stays as it is */
    for (unsigned turn = 0; turn < 10000; turn++) {
        if (turn == 0)
            snprintf(to, sizeof to, "%s/done/%s.%s", inbox->folder, date, name);
        else
            snprintf(to, sizeof to, "%s/done/%s.%u.%s", inbox->folder, date, turn, name);
        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    snprintf(error, error_size, "%s: done with, but it cannot be moved to done/: %s", from,
             strerror(errno));
    return false;
}

/* Offers the files of one folder; `newest` is that of the file in `path`. */
static void offer_newest(const char *folder, char path[INBOX_PATH], struct timespec *newest)
{
    char candidate[INBOX_PATH];
    const struct dirent *entry;
    struct stat facts;
    DIR *listing = opendir(folder);
    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (!is_sign_ups(entry->d_name) ||
            fstatat(dirfd(listing), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
            !S_ISREG(facts.st_mode) ||
            snprintf(candidate, sizeof candidate, "%s/%s", folder, entry->d_name) >= INBOX_PATH)
            continue;
        bool later = facts.st_mtim.tv_sec != newest->tv_sec ? facts.st_mtim.tv_sec > newest->tv_sec
                     : facts.st_mtim.tv_nsec != newest->tv_nsec
                         ? facts.st_mtim.tv_nsec > newest->tv_nsec
                         : strcmp(candidate, path) > 0;
        if (path[0] == '\0' || later) {
            snprintf(path, INBOX_PATH, "%s", candidate);
            *newest = facts.st_mtim;
        }
    }
    if (listing != NULL)
        closedir(listing);
}

bool inbox_newest(const char *folder, char path[INBOX_PATH])
{
    char done[INBOX_PATH];
    struct timespec newest = {0, 0};
    path[0] = '\0';
    offer_newest(folder, path, &newest);
    if (snprintf(done, sizeof done, "%s/done", folder) < INBOX_PATH)
        offer_newest(done, path, &newest);
    return path[0] != '\0';
}

unsigned inbox_tidy(const struct inbox *inbox, unsigned days)
{
    char done[INBOX_PATH + 8];
    const struct dirent *entry;
    struct stat facts;
    unsigned removed = 0;
    time_t oldest = time(NULL) - (time_t)days * 86400;
    snprintf(done, sizeof done, "%s/done", inbox->folder);
    DIR *listing = opendir(done);
    if (listing == NULL)
        return 0;
    while ((entry = readdir(listing)) != NULL) {
        /* The change time is that of the move: how long it has been here. */
        if (fstatat(dirfd(listing), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(facts.st_mode) && facts.st_ctime < oldest &&
            unlinkat(dirfd(listing), entry->d_name, 0) == 0)
            removed++;
    }
    closedir(listing);
    return removed;
}
