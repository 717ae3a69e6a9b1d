/* SPDX-License-Identifier: MIT */
/* import.h: one file of sign-ups into the ledger, exactly once, however often it is started. */
#ifndef IMPORT_H
#define IMPORT_H

#include "csv/recode.h"
#include "inbox/inbox.h"
#include "run/job.h"

struct import_request {
    const char *path;                /* "-": standard input */
    const struct inbox_file *opened; /* that file, of a folder; NULL: it is opened by its path */
    const char *name;    /* what the file is known by; NULL: its path (standard input: nothing, it
                            cannot go on after a stop) */
    bool confirmations;  /* the file has confirmations (subject, code, ...) instead of sign-ups */
    bool strict;         /* unknown columns are refused */
    const char *profile; /* a built-in one's name, or a path; NULL: as is recognised */
    enum recode_encoding encoding; /* where no byte order mark says another */
    unsigned char separator;       /* of a CSV file; 0: as it says */
    bool limits_rejects;           /* it is given up with more rejects than: */
    bool max_rejects_percent;
    double max_rejects; /* a number of rows, or percent of those read, which is asked at commits */
    bool dry_run;       /* decides everything and writes nothing */
    bool explain;       /* tells the file's maker what would be made of it, see explain.h */
};

/* EXIT_DONE; EXIT_PARTLY with rejects; EXIT_BAD_DATA; EXIT_RETRY: stopped, or something
 * failed, and what was committed stands. All is said. */
enum exit_code import_one(struct job *job, const struct import_request *request);

#endif
