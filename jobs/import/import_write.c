/* SPDX-License-Identifier: MIT */
/* import_write.c: the rows of a file, as the pipeline gives them, into the ledger: batch by batch,
 * each committed with how far it brings the import. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admission/subject_index.h"
#include "import/import_inside.h"
#include "import/known_keys.h"
#include "indexes/index_merge.h"
#include "run/others_turn.h"
#include "run/stop.h"
#include "values/moment.h"
#include "values/time_units.h"

enum {
    BYTES_A_ROW = 200, /* a guess at a file's number of rows */
    SHARED_ROWS = 1500 /* in one request to a cluster: half a second, and a megabyte */
};

/* What a transaction has written, and is to be committed. */
struct batch {
    bool open;
    int64_t began;
    uint64_t rows;
    struct chunk_counts counts;
    uint64_t end, next_line;
    unsigned char prefix[DIGEST_SIZE];
};

static unsigned worker_count(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return config->import.workers != 0 ? config->import.workers : cores > 0 ? (unsigned)cores : 1;
}

static void set_counts(struct ledger_statement *insert, const struct import *import,
                       const struct chunk_counts *counts)
{
    ledger_set_integer(insert, ":import_id", import->file.id);
    ledger_set_integer(insert, ":recorded_at", ledger_now(import->ledger));
    ledger_set_integer(insert, ":success", (int64_t)counts->success);
    ledger_set_integer(insert, ":pending", (int64_t)counts->pending);
    ledger_set_integer(insert, ":failed", (int64_t)counts->failed);
    ledger_set_integer(insert, ":continued", (int64_t)counts->continued);
    ledger_set_integer(insert, ":rejected", (int64_t)counts->rejected);
    ledger_set_integer(insert, ":rejects_bytes", (int64_t)import->rejects.length);
}

static void insert_batch_row(struct import *import, const struct batch *batch)
{
    const struct chunk_counts *counts = &batch->counts;
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_batch);
    ledger_set_integer(insert, ":end_offset", (int64_t)batch->end);
    ledger_set_integer(insert, ":end_line", (int64_t)batch->next_line);
    ledger_set_integer(insert, ":read", (int64_t)counts->read);
    set_counts(insert, import, counts);
    if (import->file.is_stream)
        ledger_set_blob(insert, ":prefix", batch->prefix, DIGEST_SIZE);
    ledger_run(insert);
}

/* More rejects than the operator wants to see: in all, or of what has been read. */
static bool too_many_rejects(const struct import *import, const struct chunk_counts *counts)
{
    const struct import_request *request = import->file.request;
    double most = request->max_rejects_percent ? (double)counts->read * request->max_rejects / 100
                                               : request->max_rejects;
    return request->limits_rejects && (double)counts->rejected > most;
}

/* A transaction that cannot be kept. */
static void refuse_batch(struct import *import, const char *message)
{
    if (!ledger_failed(import->ledger))
        ledger_fail(import->ledger, 1 /* SQLITE_ERROR: rolls back */, "%s: %s",
                    import->file.request->path, message);
}

/* Nothing of the file is kept beyond its last commit. */
static void give_up_on_rejects(struct import *import, struct batch *batch)
{
    const struct import_request *request = import->file.request;
    refuse_batch(import, "too many rejects");
    ledger_end(import->ledger);
    ledger_forgive(import->ledger);
    batch->open = false;
    say_error("%s: stopped: %" PRIu64 " of %" PRIu64
              " rows are rejects (--max-rejects %g%s); nothing %s %s %" PRIu64 " was imported",
              request->path, batch->counts.rejected, batch->counts.read, request->max_rejects,
              request->max_rejects_percent ? "%" : "", import->file.line > 0 ? "from" : "after",
              import->unit, import->file.line > 0 ? import->file.line : 1);
    import_fail(import, EXIT_BAD_DATA);
}

/* A file that has changed, and rejects that are not on the disk, are not committed. */
static void make_sure(struct import *import)
{
    char message[REJECTS_PATH + IMPORT_FILE_CHANGE];
    if (!import_file_is_unchanged(&import->file)) {
        import_file_change(&import->file, message);
        refuse_batch(import, message);
    }
    if (!import->file.request->dry_run && !rejects_sync(&import->rejects)) {
        snprintf(message, sizeof message, "%s: %s", import->rejects.path, strerror(errno));
        refuse_batch(import, message);
    }
}

/* A dry run leaves no segments. What is not merged when the run is to end, the next import merges.
 */
static void merge_index(struct import *import)
{
    if (!import->file.request->dry_run && subject_index_is_split(import->ledger))
        index_merge(import->ledger);
    if (ledger_failed(import->ledger))
        import_fail_ledger(import, "import");
}

/* Commits what has been written, and how far it brings the import: or nothing of it. */
static void commit(struct import *import, struct batch *batch)
{
    if (!batch->open)
        return;
    if (too_many_rejects(import, &batch->counts)) {
        give_up_on_rejects(import, batch);
        return;
    }
    make_sure(import);
    admit_writer_flush(import->writer);
    insert_batch_row(import, batch);
    ledger_end(import->ledger);
    batch->open = false;
    if (ledger_failed(import->ledger)) {
        import_fail_ledger(import, "import");
        return;
    }
    import->counts = batch->counts;
    import->file.line = batch->next_line;
    merge_index(import);
}

/* After a commit that others follow. A file that needs no hashes would be written without a pause.
 */
static void give_way(const struct import *import, const struct batch *batch)
{
    if (!import->file.request->dry_run) /* which holds the ledger to the end */
        others_turn(batch->began, wal_checkpoint_waited(import->checkpoint));
}

static void begin(struct import *import, struct batch *batch)
{
    ledger_begin(import->ledger);
    batch->began = moment_monotonic();
    admit_writer_begin(import->writer);
    batch->open = true;
    batch->rows = 0;
    batch->counts = import->counts;
}

static struct chunk_target target_of(struct import *import)
{
    return (struct chunk_target){
        .session = import->job->session,
        .writer = import->writer,
        .import_id = import->file.id,
        .rejects = import->file.request->dry_run ? NULL : &import->rejects,
        .intake = import->input.intake,
        .input = import_input_can_be_read_again(&import->input) ? import->file.input
                                                                : import->spill.descriptor,
    };
}

static void write_chunk(struct import *import, struct batch *batch, struct chunk *chunk)
{
    const struct chunk_target target = target_of(import);
    if (!batch->open)
        begin(import, batch);
    if (!ledger_failed(import->ledger) &&
        !chunk_write(chunk, 0, chunk->count, &target, &batch->counts))
        refuse_batch(import, chunk->error.text);
    batch->rows += chunk->count;
    batch->end = chunk->end;
    batch->next_line = chunk->next_line;
    if (chunk->has_prefix)
        memcpy(batch->prefix, chunk->prefix, DIGEST_SIZE);
}

/* -- the rows of a ledger on a cluster -- */

/* How many of them there are, and so how far the import is, is added up where they are written. */
static void insert_counted_row(struct import *import, const struct chunk_part *part)
{
    const struct chunk_counts *counts = &import->counts;
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_batch_counted);
    ledger_set_integer(insert, ":line", (int64_t)part->line);
    ledger_set_integer(insert, ":end_offset", (int64_t)part->end);
    ledger_set_integer(insert, ":end_line", (int64_t)part->next_line);
    set_counts(insert, import, counts);
    if (part->prefix != NULL)
        ledger_set_blob(insert, ":prefix", part->prefix, DIGEST_SIZE);
    ledger_run(insert);
}

/* What they came to. */
static void read_counts(struct import *import, const struct chunk_part *part, uint64_t read)
{
    struct chunk_counts counts;
    if (!import_file_counts(&import->file, import->file.id, &counts) &&
        !ledger_failed(import->ledger))
        ledger_fail(import->ledger, 1 /* SQLITE_ERROR */, "the import's last batch is missing");
    if (!ledger_failed(import->ledger) && counts.read != read)
        ledger_fail(import->ledger, 1 /* SQLITE_ERROR */,
                    "the sum does not hold: %" PRIu64 " rows were read up to %s %" PRIu64
                    ", but the ledger has %" PRIu64,
                    read, import->unit, part->next_line, counts.read);
    if (ledger_failed(import->ledger)) {
        import_fail_ledger(import, "import");
        return;
    }
    import->counts = counts;
    import->file.line = part->next_line;
}

/* One transaction; again, with other ids, where others have written meanwhile. */
static void write_part(struct import *import, struct chunk *chunk, const struct chunk_part *part)
{
    const struct chunk_target target = target_of(import);
    const struct rejects before = import->rejects;
    struct batch batch;
    do {
        if (!rejects_go_back(&import->rejects, &before))
            refuse_batch(import, strerror(errno));
        begin(import, &batch);
        if (!ledger_failed(import->ledger) &&
            !chunk_write(chunk, part->from, part->to, &target, &batch.counts))
            refuse_batch(import, chunk->error.text);
        if (too_many_rejects(import, &batch.counts)) {
            give_up_on_rejects(import, &batch);
            return;
        }
        make_sure(import);
        insert_counted_row(import, part);
        ledger_end(import->ledger);
    } while (ledger_again(import->ledger));
    if (ledger_failed(import->ledger))
        import_fail_ledger(import, "import");
    else
        read_counts(import, part, batch.counts.read);
}

static bool write_shared_rows(struct import *import)
{
    struct chunk *chunk;
    enum pipeline_result result = PIPELINE_STOPPED;
    while (!import->over && (result = pipeline_take(import->pipeline, &chunk)) == PIPELINE_CHUNK) {
        struct chunk_part part = {.to = 0};
        while (!import->over && chunk_next_part(chunk, &part))
            write_part(import, chunk, &part);
        say_progress_step(&import->progress, chunk->end);
        pipeline_give_back(import->pipeline);
    }
    if (!import->over && result == PIPELINE_FAILED && !import_is_explained(import))
        import_fail_with(import, EXIT_RETRY, pipeline_error(import->pipeline));
    return result == PIPELINE_END && !import->over;
}

/* -- a ledger in a file -- */

/* The next chunk; what is written is committed before it is waited for, so that nobody else is kept
 * from the ledger by a hash. */
static enum pipeline_result next_chunk(struct import *import, struct batch *batch,
                                       struct chunk **chunk)
{
    if (batch->open) {
        enum pipeline_result result = pipeline_poll(import->pipeline, chunk);
        if (result == PIPELINE_CHUNK)
            return result;
        commit(import, batch);
        if (result != PIPELINE_WAITING || import->over)
            return result;
    }
    return pipeline_take(import->pipeline, chunk);
}

/* True when the file has been read to its end. */
static bool write_rows(struct import *import)
{
    struct batch batch = {.open = false};
    struct chunk *chunk;
    enum pipeline_result result = PIPELINE_STOPPED;
    while (!import->over && (result = next_chunk(import, &batch, &chunk)) == PIPELINE_CHUNK) {
        write_chunk(import, &batch, chunk);
        say_progress_step(&import->progress, chunk->end);
        pipeline_give_back(import->pipeline);
        if (batch.rows >= import->job->config.import.batch || ledger_failed(import->ledger) ||
            (!import->file.request->max_rejects_percent &&
             too_many_rejects(import, &batch.counts))) {
            commit(import, &batch);
            give_way(import, &batch);
        }
    }
    if (!import->over && result == PIPELINE_FAILED && !import_is_explained(import))
        import_fail_with(import, EXIT_RETRY, pipeline_error(import->pipeline));
    return result == PIPELINE_END && !import->over;
}

/* A request to a cluster has a chunk. */
static size_t chunk_rows(const struct import *import)
{
    size_t most = ledger_is_shared(import->ledger) ? SHARED_ROWS : CHUNK_ROWS,
           batch = import->job->config.import.batch;
    return batch < most ? batch : most;
}

/* What the filter of known identifiers takes, the page cache goes without: in a large ledger each
 * look that the filter spares would read pages that are in no cache. */
static void share_memory(struct import *import)
{
    enum { TOGETHER = 62 * 1024, LEAST = 20 * 1024, MOST = 40 * 1024 }; /* KiB */
    size_t filter = admit_writer_filter_bytes(import->writer) / 1024;
    size_t pages = filter < TOGETHER ? TOGETHER - filter : 0;
    job_cache(import->job, pages < LEAST ? LEAST : pages > MOST ? MOST : pages);
}

static void know_keys(struct import *import)
{
    struct admit_keys *keys = admit_writer_expect(import->writer, import->file.bytes / BYTES_A_ROW);
    if (keys != NULL)
        known_keys_learn(import->job, keys);
    share_memory(import);
}

bool import_write_rows(struct import *import)
{
    struct error error;
    bool whole = false;
    struct pipeline_work work = {
        .job = import->job,
        .intake = import->input.intake,
        .confirmations = import->file.request->confirmations,
        .stream = import->file.is_stream ? &import->input.stream : NULL,
        .spill = import_input_can_be_read_again(&import->input) ? NULL : &import->spill,
        .import_id = import->file.id,
        .chunk_rows = chunk_rows(import),
        .workers = worker_count(&import->job->config),
        .hash = !import->file.request->dry_run,
        .spare = !import->file.request->dry_run && !ledger_is_shared(import->ledger),
    };
    bool shared = ledger_is_shared(import->ledger);
    if (!shared)
        import->checkpoint =
            wal_checkpoint_start(import->job->database, import->job->config.ledger);
    import->writer = admit_writer_open(import->job->session);
    if (import->writer != NULL)
        know_keys(import);
    import->pipeline = pipeline_start(&work, &error);
    ledger_trust(import->ledger, true); /* what a row refers to has just been written by itself */
    if (import->writer == NULL || import->pipeline == NULL)
        import_fail_with(import, EXIT_RETRY,
                         import->pipeline == NULL ? error.text : "out of memory");
    else
        whole = shared ? write_shared_rows(import) : write_rows(import);
    pipeline_end(import->pipeline);
    ledger_trust(import->ledger, false);
    admit_writer_close(import->writer);
    return whole;
}
