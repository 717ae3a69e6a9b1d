/* SPDX-License-Identifier: MIT */
/* say.h: the only file that speaks to the user.
 *
 * Whatever it is given may come from outside: it is shown as text_escape() writes it, so that
 * nothing can drive a terminal or begin a line of its own. To be used from one thread.
 */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Quiet: errors alone. Otherwise notes, summaries and progress are shown with -v or on a terminal.
 * Before this is called: as by say_start(false, false). */
void say_start(bool quiet, bool verbose);

/*
 * Messages as lines of JSON: {"time", "level": "error" or "info", "command", "run", "message"};
 * command and run are null until say_run() has told them. Where standard error is systemd's
 * journal, each line of either form begins with its priority of syslog, <3> or <6>.
 */
void say_log_json(bool json);
/* `command` is borrowed; `id` is that of the run's row, 0: none. */
void say_run(const char *command, int64_t id);

/* From now on what goes to standard output is a document: lines of say_line() are kept, up to some
 * thousands, tables and summaries left out. Lines are those that people would see. */
void say_keep(void);
const char *const *say_kept(size_t *count);
bool say_kept_is_cut(void);

/* Are notes shown? Lets a caller spare the work of making one. */
bool say_is_verbose(void);

/* `regjob: ...` on standard error, one line. */
void say_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, where notes are shown. */
void say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of a command's result on standard output, always. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A result in a format of its own that has been made safe where it was made (JSON, HTML, CSV, a
 * help text): as it is, except that on a terminal control characters other than line ends and tabs
 * are shown as \xNN. */
void say_document(const char *text, size_t length);

/* A table; every text is borrowed. */
struct say_table {
    const char *title;        /* its own line above; NULL for none */
    const char *align;        /* one letter a column: l or r; its length is the number of columns */
    const char *const *head;  /* one text a column, NULL for no head */
    const char *const *cells; /* row by row; NULL is an empty cell */
    size_t rows;
};

/* As a command's result: always. */
void say_table(const struct say_table *table);

/* As the summary of a run: where notes are shown (with -v, or where standard output is a terminal).
 */
void say_summary(const struct say_table *table);

/* A line that shows how far work has come, once it has taken a second, on a terminal alone. */
struct say_progress {
    const char *what; /* "importing signups.csv", borrowed */
    uint64_t total;   /* 0: not known */
    int64_t started;  /* monotonic milliseconds */
    int64_t shown;    /* when the line was last drawn, 0: never */
};

void say_progress_start(struct say_progress *progress, const char *what, uint64_t total);
/* `done` so far, in the unit of `total`. Cheap enough to call for every item. */
void say_progress_step(struct say_progress *progress, uint64_t done);
/* Clears the line. */
void say_progress_end(struct say_progress *progress);

/* False: something could not be written to standard output (a full disk, a closed pipe), which was
 * said on standard error. To be asked before the process ends. */
bool say_end(void);

#endif
