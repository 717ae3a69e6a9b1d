/* SPDX-License-Identifier: MIT */
/*
 * pipeline.h: the import's threads. One reads bytes to records to checked sign-ups, others spend
 * the hashes, and the caller's, which owns the ledger, takes the chunks in file order and writes
 * them. Between them stand a few chunks, so that memory is the same for any file.
 *
 * The reading thread has a connection of its own, on which it only looks: at the settings in force,
 * and at who is a customer already, so that no hash is spent on what fails anyway. What comes out
 * does not depend on the number of threads.
 */
#ifndef PIPELINE_H
#define PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/chunk.h"
#include "values/error.h"
#include "import/overlong_rejects.h"
#include "source/stream.h"

/* What the pipeline works on; everything outlives it. While it runs, the intake and the stream are
 * its own. */
struct pipeline_work {
    const struct job *job; /* whose ledger is looked at */
    struct intake *intake;
    bool confirmations;
    struct stream *stream; /* NULL: a file */
    struct overlong_rejects
        *spill; /* keeps rejects too long to be held; NULL: they are found in the file */
    int64_t import_id;
    size_t chunk_rows;
    unsigned workers;
    bool hash;  /* false in a rehearsal */
    bool spare; /* hashes that the ledger says would be wasted */
};

enum pipeline_result {
    PIPELINE_CHUNK,   /* the next one, to be given back */
    PIPELINE_WAITING, /* the next one is not done yet (pipeline_poll only) */
    PIPELINE_END,     /* of the file */
    PIPELINE_STOPPED, /* by a signal or the time limit */
    PIPELINE_FAILED   /* pipeline_error() */
};

struct pipeline;

/* NULL: `error`. */
struct pipeline *pipeline_start(const struct pipeline_work *work, struct error *error);

/* The next chunk; _poll does not wait for hashes, nor for a stream. */
enum pipeline_result pipeline_take(struct pipeline *pipeline, struct chunk **chunk);
enum pipeline_result pipeline_poll(struct pipeline *pipeline, struct chunk **chunk);
void pipeline_give_back(struct pipeline *pipeline);

/* What failed, and at which line. */
const char *pipeline_error(const struct pipeline *pipeline);

/* Ends and joins all threads, whatever they are doing, and frees. NULL is allowed. */
void pipeline_end(struct pipeline *pipeline);

#endif
