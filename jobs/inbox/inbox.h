/* SPDX-License-Identifier: MIT */
/* inbox.h: a folder in which files arrive, and its `done` folder, in which they are kept for some
 * days.
 *
 * Others write to it: folders and files are opened once, without following links, and then known by
 * their descriptors; what lies under a name is looked at before and after it is moved. `done` is
 * this user's alone, and only what was put there by this program is ever removed.
 */
#ifndef INBOX_H
#define INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "config/exit_code.h"
#include "values/error.h"

enum { INBOX_PATH = 4096, INBOX_LONGEST_NAME = 200 /* more is added to it in `done` */ };

struct inbox {
    char folder[INBOX_PATH];   /* as it was named */
    char resolved[INBOX_PATH]; /* without links on the way there */
    int descriptor, done;      /* -1: not open */
    char **names; /* of its *.csv, *.csv.gz and *.csv.zst, in the order of their names */
    size_t count;
};

struct inbox_file {
    char path[INBOX_PATH];     /* FOLDER/NAME, to be shown */
    char known_as[INBOX_PATH]; /* the same by the resolved folder */
    char kept_as[INBOX_PATH];  /* what its rejects are named after, to be shown */
    int kept_in;               /* their folder: `done`, or the file's own where there is none */
    const struct inbox *inbox;
    const char *name;
    int descriptor;
    struct stat facts; /* when it was opened */
};

/* Opens and lists a folder that somebody has named on the command line, be it by a link. False with
 * a message. inbox_close() in either case, here and below. */
bool inbox_list(struct inbox *inbox, const char *folder, struct error *error);

/* Opens and lists a configured one, which is no link, and its `done` folder, which is made where it
 * is missing (0700). False with a message: also where there is none. */
bool inbox_open(struct inbox *inbox, const char *folder, struct error *error);
void inbox_close(struct inbox *inbox);

/* Opens a file of the folder. EXIT_BAD_DATA: its name or kind is not that of a file of sign-ups;
 * EXIT_RETRY: it cannot be opened; with a message. inbox_leave() in either case. */
enum exit_code inbox_take(struct inbox_file *file, const struct inbox *inbox, const char *name,
                          struct error *error);
void inbox_leave(struct inbox_file *file);

/* Seconds since it was last written to. Where that is in the future: since it was last changed in
 * any way, which nobody can set; and where that is, too, by more than clocks differ, INT64_MAX: the
 * clock went back. */
int64_t inbox_age(const struct inbox_file *file);

/* Whether its last line has no end, as where somebody is still writing it. Of a compressed file
 * that is not asked: it has an end of its own. */
bool inbox_is_open_ended(const struct inbox_file *file);

/* Moves the file that was taken into `done` under the date, 0600; nothing there is ever
 * overwritten. False with a message: also where it has been written to or replaced since, and then
 * it is left for the next run. */
bool inbox_done(const struct inbox_file *file, struct error *error);

/* The *.csv that was last written, of a folder and its `done` folder; of equal ones the last by
 * name. Its descriptor and path; -1 where there is none. Changes nothing. */
int inbox_newest(const char *folder, char path[INBOX_PATH]);

/* Removes from `done` what the job has put there, and what has been there for more than `days`. How
 * many files. */
unsigned inbox_tidy(const struct inbox *inbox, unsigned days);

#endif
