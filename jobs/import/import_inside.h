/* SPDX-License-Identifier: MIT */
/* import_inside.h: one file under way, for import.c, which opens and ends it, and import_write.c,
 * which writes its rows. */
#ifndef IMPORT_INSIDE_H
#define IMPORT_INSIDE_H

#include "import/import_columns.h"
#include "import/import_file.h"
#include "import/import_input.h"
#include "import/import_summary.h"
#include "import/overlong_rejects.h"
#include "import/pipeline.h"
#include "run/say.h"
#include "run/wal_checkpoint.h"

struct import {
    struct job *job;
    struct ledger *ledger;
    struct import_file file;
    struct import_input input;
    struct overlong_rejects spill;
    char unknown[IMPORT_UNKNOWN]; /* columns */
    char form[INTAKE_FORM];       /* what it is read as */
    const char *unit;             /* what its rows are counted in: "line", "record" */
    uint64_t noted;               /* attempts with notes, once the file is read to its end */
    struct pipeline *pipeline;
    struct admit_writer *writer;
    struct wal_checkpoint *checkpoint;
    struct chunk_counts counts; /* as committed */
    struct rejects rejects;
    struct say_progress progress;
    enum exit_code status;
    bool over; /* nothing is left to do */
};

/* What ends it has been said, or is said here. */
void import_fail(struct import *import, enum exit_code status);
void import_fail_ledger(struct import *import, const char *doing);
void import_fail_with(struct import *import, enum exit_code status, const char *message);
/* What ended the reading is no fault of the records: said. */
bool import_is_explained(struct import *import);

/* Writes the rows. True when the file has been read to its end. The checkpoint goes on. */
bool import_write_rows(struct import *import);

#endif
