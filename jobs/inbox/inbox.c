/* SPDX-License-Identifier: MIT */
/* inbox.c: the folders. See inbox_file.c for what lies in them. */
#include "inbox/inbox.h"
#include "inbox/inbox_name.h"
#include "values/time_units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

static int open_folder(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static DIR *list_folder(int folder)
{
    /* One that is open for reading the names alone: their place in it is kept by the opening. */
    int again = open_folder(folder, ".");
    DIR *listing = again < 0 ? NULL : fdopendir(again);
    if (listing == NULL && again >= 0)
        close(again);
    return listing;
}

/* After open_folder() failed: errno in words, and of a link what it is. */
static const char *why_not(int parent, const char *name)
{
    int reason = errno;
    struct stat facts;
    if (fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(facts.st_mode))
        return "it is a symbolic link, which is not followed here: name the folder itself";
    return strerror(reason);
}

static bool read_names(struct inbox *inbox, struct error *error)
{
    const struct dirent *entry;
    bool whole = true;
    DIR *listing = list_folder(inbox->descriptor);
    if (listing == NULL) {
        return error_set(error, ERROR_IO, "%s: %s", inbox->folder, strerror(errno));
    }
    while (whole && (entry = readdir(listing)) != NULL)
        if (inbox_name_is_sign_ups(entry->d_name) && !add_name(inbox, entry->d_name)) {
            error_no_memory(error, NULL);
            whole = false;
        }
    closedir(listing);
    if (inbox->count > 1)
        qsort(inbox->names, inbox->count, sizeof *inbox->names, by_name);
    return whole;
}

/* `flag`: O_NOFOLLOW or 0. */
static bool begin(struct inbox *inbox, const char *folder, int flag, struct error *error)
{
    memset(inbox, 0, sizeof *inbox);
    inbox->descriptor = inbox->done = -1;
    snprintf(inbox->folder, sizeof inbox->folder, "%s", folder);
    /* A / at its end would follow a link. */
    for (size_t end = strlen(inbox->folder); end > 1 && inbox->folder[end - 1] == '/';)
        inbox->folder[--end] = '\0';
    inbox->descriptor = open(inbox->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flag);
    if (inbox->descriptor < 0) {
        return error_set(error, ERROR_IO, "%s: %s", inbox->folder,
                         why_not(AT_FDCWD, inbox->folder));
    }
    if (realpath(inbox->folder, inbox->resolved) == NULL) {
        return error_set(error, ERROR_IO, "%s: %s", inbox->folder, strerror(errno));
    }
    return true;
}

/* It is ours alone: nobody else puts anything there, or takes anything away. */
static bool open_done(struct inbox *inbox, struct error *error)
{
    struct stat facts;
    const char *why = NULL;
    if (mkdirat(inbox->descriptor, "done", 0700) != 0 && errno != EEXIST)
        why = strerror(errno);
    else if ((inbox->done = open_folder(inbox->descriptor, "done")) < 0)
        why = why_not(inbox->descriptor, "done");
    else if (fstat(inbox->done, &facts) != 0)
        why = strerror(errno);
    else if (facts.st_uid != geteuid())
        why = "it belongs to another user: change its owner to the user who runs the job";
    else if ((facts.st_mode & 07777) != 0700 && fchmod(inbox->done, 0700) != 0)
        why = strerror(errno);
    if (why != NULL)
        error_set(error, ERROR_IO, "%s/done: %s; skipped the whole inbox", inbox->folder, why);
    return why == NULL;
}

bool inbox_list(struct inbox *inbox, const char *folder, struct error *error)
{
    return begin(inbox, folder, 0, error) && read_names(inbox, error);
}

bool inbox_open(struct inbox *inbox, const char *folder, struct error *error)
{
    return begin(inbox, folder, O_NOFOLLOW, error) && open_done(inbox, error) &&
           read_names(inbox, error);
}

void inbox_close(struct inbox *inbox)
{
    for (size_t i = 0; i < inbox->count; i++)
        free(inbox->names[i]);
    free(inbox->names);
    if (inbox->descriptor >= 0)
        close(inbox->descriptor);
    if (inbox->done >= 0)
        close(inbox->done);
    memset(inbox, 0, sizeof *inbox);
    inbox->descriptor = inbox->done = -1;
}

/* -- The newest -- */

struct newest {
    int descriptor;
    char *path;
    struct timespec written;
};

static bool is_newer(const struct newest *newest, const struct stat *facts, const char *path)
{
    if (newest->descriptor < 0)
        return true;
    if (facts->st_mtim.tv_sec != newest->written.tv_sec)
        return facts->st_mtim.tv_sec > newest->written.tv_sec;
    if (facts->st_mtim.tv_nsec != newest->written.tv_nsec)
        return facts->st_mtim.tv_nsec > newest->written.tv_nsec;
    return strcmp(path, newest->path) > 0;
}

static void offer(struct newest *newest, int folder, const char *folder_path, const char *name)
{
    char path[INBOX_PATH];
    struct stat facts;
    if (snprintf(path, sizeof path, "%s/%s", folder_path, name) >= INBOX_PATH ||
        fstatat(folder, name, &facts, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(facts.st_mode) ||
        !is_newer(newest, &facts, path))
        return;
    int file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file < 0 || fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        if (file >= 0)
            close(file);
        return;
    }
    if (newest->descriptor >= 0)
        close(newest->descriptor);
    newest->descriptor = file;
    newest->written = facts.st_mtim;
    snprintf(newest->path, INBOX_PATH, "%s", path);
}

static void offer_all(struct newest *newest, int folder, const char *path)
{
    const struct dirent *entry;
    DIR *listing = list_folder(folder);
    while (listing != NULL && (entry = readdir(listing)) != NULL)
        if (inbox_name_is_sign_ups(entry->d_name))
            offer(newest, folder, path, entry->d_name);
    if (listing != NULL)
        closedir(listing);
}

int inbox_newest(const char *folder, char path[INBOX_PATH])
{
    struct newest newest = {.descriptor = -1, .path = path};
    char done_path[INBOX_PATH];
    int inbox = open_folder(AT_FDCWD, folder);
    int done = inbox < 0 ? -1 : open_folder(inbox, "done");
    path[0] = '\0';
    if (inbox >= 0)
        offer_all(&newest, inbox, folder);
    if (done >= 0 && snprintf(done_path, sizeof done_path, "%s/done", folder) < INBOX_PATH)
        offer_all(&newest, done, done_path);
    if (inbox >= 0)
        close(inbox);
    if (done >= 0)
        close(done);
    return newest.descriptor;
}

/* -- Removing -- */

unsigned inbox_tidy(const struct inbox *inbox, unsigned days)
{
    const struct dirent *entry;
    struct stat facts;
    unsigned removed = 0;
    time_t oldest = time(NULL) - (time_t)days * DAY_SECONDS;
    DIR *listing = list_folder(inbox->done);
    if (listing == NULL)
        return 0;
    while ((entry = readdir(listing)) != NULL) {
        /* The change time is that of the move: how long it has been here. */
        if (inbox_name_is_done(entry->d_name) &&
            fstatat(inbox->done, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(facts.st_mode) && facts.st_ctime < oldest &&
            unlinkat(inbox->done, entry->d_name, 0) == 0)
            removed++;
    }
    closedir(listing);
    return removed;
}
