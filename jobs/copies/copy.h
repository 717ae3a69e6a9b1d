/* SPDX-License-Identifier: MIT */
/*
 * copy.h: a database that is written aside, looked over and then named: what a snapshot and a share
 * have in common.
 */
#ifndef COPY_H
#define COPY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ledger/connection.h"
#include "ledger/ledger.h"
#include "run/draft.h"
#include "run/job.h"
#include "run/say.h"

/* What kind of copy, in words and by what it says of itself. */
struct copy_kind {
    const char *name;               /* "snapshot" */
    bool (*is)(struct ledger *one); /* whether a database is one */
    mode_t mode;                    /* of the file */
};

struct copy {
    const struct copy_kind *kind;
    struct job *job;
    struct draft draft;
    struct say_progress progress;
};

enum { COPY_STEPS_BETWEEN_LOOKS = 20000 /* of SQLite's machine: some milliseconds */ };

/*
 * Begins a draft of the file that the command line names: of a name where nothing is, or, with
 * --replace, where an older copy of its kind is. What is wrong has been said unless EXIT_DONE.
 */
enum exit_code copy_open(struct copy *copy, const struct copy_kind *kind, struct job *job);

/* Says how far it has come, and whether to leave off: for sqlite3_progress_handler(), with the
 * copy. */
int copy_look_up(void *copy);

/* Says why it cannot be made, by the error of a ledger, and clears that. */
enum exit_code copy_failed(struct copy *copy, struct ledger *ledger);

/* Does something to the draft, in a connection of its own; an error is the ledger's. */
typedef void copy_work(struct copy *copy, struct ledger *draft, void *context);
enum exit_code copy_do(struct copy *copy, enum connection_use use, copy_work *work, void *context);

/* Syncs it, gives it its mode and its name, and counts its bytes for the run; they are given. */
enum exit_code copy_publish(struct copy *copy, int64_t *bytes);

/* Removes what was not published. */
void copy_close(struct copy *copy);

#endif
