/* import_summary.h: what is said and counted at the end of a file. */
#ifndef IMPORT_SUMMARY_H
#define IMPORT_SUMMARY_H

#include "import/chunk.h"
#include "run/job.h"

struct import_summary {
    const char *path;
    int64_t import_id;
    bool dry_run;
    struct chunk_counts counts; /* of the import */
    struct chunk_counts before; /* what of it an earlier run had done */
    double seconds;
};

/* Adds this run's share to the run's counts, and shows the table: read, outcomes, failures by
 * reason, rejects by kind. */
void import_summarise(struct job *job, const struct import_summary *summary);

#endif
