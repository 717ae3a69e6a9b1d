/* SPDX-License-Identifier: MIT */
/* import_summary.h: what is said and counted at the end of a file. */
#ifndef IMPORT_SUMMARY_H
#define IMPORT_SUMMARY_H

#include "import/chunk.h"
#include "import/rejects.h"
#include "run/job.h"

struct import_summary {
    const char *path;
    int64_t import_id; /* 0: the file was refused before its first row */
    bool dry_run;
    bool whole;                 /* the file was read to its end */
    uint64_t noted;             /* attempts with notes, then */
    const char *unknown;        /* columns without a meaning, in words */
    const char *form, *unit;    /* what it is read as; what its rows are counted in. See intake.h */
    struct chunk_counts counts; /* of the import */
    struct chunk_counts before; /* what of it an earlier run had done */
    double seconds;
};

/* How many lines were rejected, the first of them, and where they are kept. */
void import_summary_say_rejects(struct job *job, const struct import_summary *summary,
                                const struct rejects *rejects);

/* Adds the file to the run's record. */
void import_summary_record(struct job *job, const struct import_summary *summary);

/* Adds this run's share to the run's counts and the file to its record, says where unusually many
 * sign-ups failed, and shows the tables: read, outcomes, failures by reason, rejects by kind;
 * columns with notes. */
void import_summarise(struct job *job, const struct import_summary *summary);

#endif
