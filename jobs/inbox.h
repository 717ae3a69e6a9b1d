/* inbox.h: a folder in which files arrive, and its `done` folder, in which they are kept for some
 * days. */
#ifndef INBOX_H
#define INBOX_H

#include <stdbool.h>
#include <stddef.h>

enum { INBOX_PATH = 4096 };

struct inbox {
    char folder[INBOX_PATH];
    char **names; /* of its *.csv, *.csv.gz and *.csv.zst, in the order of their names */
    size_t count;
};

/* Lists the folder. False with a message. */
bool inbox_list(struct inbox *inbox, const char *folder, char *error, size_t error_size);

/* Lists the folder and sees to its `done` folder (0700). A folder that is not there is an empty
 * one. False with a message. */
bool inbox_open(struct inbox *inbox, const char *folder, char *error, size_t error_size);
void inbox_close(struct inbox *inbox);

/* FOLDER/NAME, and where its rejects go: FOLDER/done/NAME.rejects. False where a path is too long.
 */
bool inbox_paths(const struct inbox *inbox, const char *name, char path[INBOX_PATH],
                 char rejects[INBOX_PATH]);

/* Moves a file into `done` under its date, 0600; nothing there is ever overwritten. False with a
 * message. */
bool inbox_done(const struct inbox *inbox, const char *name, char *error, size_t error_size);

/* The *.csv that was last written, of a folder and its `done` folder; of equal ones the last by
 * name. False where there is none, or a path is too long. Changes nothing. */
bool inbox_newest(const char *folder, char path[INBOX_PATH]);

/* Removes from `done` what has been there for more than `days`. How many files. */
unsigned inbox_tidy(const struct inbox *inbox, unsigned days);

#endif
