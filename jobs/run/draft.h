/* SPDX-License-Identifier: MIT */
/*
 * draft.h: a large file that is written by somebody else (SQLite) under a name of its own, and has
 * its final name once it is whole.
 *
 * The draft lies in the folder of the target, and so does its journal while SQLite writes it. What
 * a killed run left there is removed by the next one. SQLite opens both by their names, so a folder
 * in which every user may make files is refused.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include <limits.h>
#include <stdbool.h>

#include "values/error.h"

struct draft {
    char target[PATH_MAX];
    char path[PATH_MAX]; /* of the draft; never begins with `file:` */
    int descriptor;      /* of the draft, locked; -1: there is none */
};

enum draft_result {
    DRAFT_OPEN,
    DRAFT_HELD, /* another process is writing the same draft */
    DRAFT_FAILED
};

/* Begins an empty draft of `target`, mode 0600, called NAME.part, in the folder of the target. The
 * error says what is wrong unless DRAFT_OPEN. */
enum draft_result draft_open(struct draft *draft, const char *target, const char *name,
                             struct error *error);

/* Syncs it and gives it its final name: only where there is nothing of that name, unless `replace`.
 * ERROR_INVALID: there is. After an error the draft is still there. */
bool draft_publish(struct draft *draft, bool replace, struct error *error);

/* Removes a draft that was not published, and lets go of it. */
void draft_close(struct draft *draft);

#endif
