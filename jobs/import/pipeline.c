/* SPDX-License-Identifier: MIT */
/* pipeline.c: see pipeline.h. */
#include "import/pipeline.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admission/deciding_columns.h"
#include "import/precheck.h"
#include "import/argon2_memory.h"
#include "values/time_units.h"
#include "values/moment.h"
#include "ledger/settings.h"
#include "run/stop.h"
#include "run/thread.h"

enum { CHUNKS = 6, MOST_WORKERS = 256, LOOK_UP_MS = 100 };

/* Chunks go round: taken [0, written) .. being written .. ready or hashing .. being filled. */
struct place {
    struct chunk chunk;
    size_t next; /* row that no worker has looked at yet */
    size_t left; /* hashes that are not done */
};

struct pipeline {
    struct pipeline_work work;
    struct precheck *precheck;       /* of the reading thread; likewise */
    const struct settings *settings; /* those that judge the chunk which is being read */
    pthread_mutex_t lock;            /* over all that follows */
    pthread_cond_t changed;
    pthread_cond_t to_hash; /* there is a hash to do */
    struct place places[CHUNKS];
    uint64_t written, read; /* chunks, since the beginning; the place is the number modulo CHUNKS */
    bool at_end, failed;
    bool cannot_hash;   /* then chunks that wait for a hash never get it; after any other failure
                           they do, and all that was read before it is written */
    atomic_bool ending; /* read without the lock, too */
    struct error error; /* the first */
    pthread_t reader, workers[MOST_WORKERS];
    bool reader_started;
    unsigned workers_started;
};

static void wake_all(struct pipeline *pipeline)
{
    pthread_cond_broadcast(&pipeline->changed);
    pthread_cond_broadcast(&pipeline->to_hash);
}

/* Returns false. */
static bool fail(struct pipeline *pipeline, const struct error *error)
{
    pthread_mutex_lock(&pipeline->lock);
    if (!pipeline->failed)
        pipeline->error = *error;
    pipeline->failed = true;
    wake_all(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
    return false;
}

/* Reading */

static bool is_ending(struct pipeline *pipeline)
{
    return atomic_load(&pipeline->ending);
}

/* Nothing of a confirmation may be missing. */
static bool may_lack(void *context, size_t column)
{
    const struct pipeline *pipeline = context;
    return !pipeline->work.confirmations &&
           deciding_may_lack(pipeline->settings,
                             &intake_header(pipeline->work.intake)->columns[column]);
}

/* True: the chunk is full or the file is at its end (`at_end`). False: failed. */
static bool fill(struct pipeline *pipeline, struct chunk *chunk, bool *at_end)
{
    const struct pipeline_work *work = &pipeline->work;
    struct record record;
    struct error error;
    while (!chunk_is_full(chunk, work->workers) && !stop_asked() && !is_ending(pipeline)) {
        bool added = true;
        switch (intake_next(work->intake, &record)) {
        case RECORDS_ROW:
            added = chunk_add_row(chunk, &record, intake_header(work->intake), work->confirmations,
                                  work->import_id);
            break;
        case RECORDS_REJECT:
            added = chunk_add_reject(chunk, &record,
                                     work->spill == NULL ? record.offset
                                                         : overlong_rejects_last(work->spill));
            break;
        case RECORDS_END:
            *at_end = true;
            return true;
        case RECORDS_FAILED:
            error = *intake_error(work->intake);
            error_at(&error, "%s %" PRIu64, intake_unit(work->intake), record.line);
            return fail(pipeline, &error);
        }
        if (!added) {
            error = chunk->error;
            error_at(&error, "%s %" PRIu64, intake_unit(work->intake), record.line);
            return fail(pipeline, &error);
        }
    }
    return true;
}

/* The next free place; NULL: all is to end. */
static struct place *free_place(struct pipeline *pipeline)
{
    struct place *place = NULL;
    pthread_mutex_lock(&pipeline->lock);
    while (!is_ending(pipeline) && !pipeline->failed &&
           pipeline->read - pipeline->written == CHUNKS)
        pthread_cond_wait(&pipeline->changed, &pipeline->lock);
    if (!is_ending(pipeline) && !pipeline->failed)
        place = &pipeline->places[pipeline->read % CHUNKS];
    pthread_mutex_unlock(&pipeline->lock);
    return place;
}

static bool read_chunk(struct pipeline *pipeline, struct place *place, bool *at_end)
{
    struct chunk *chunk = &place->chunk;
    struct error error;
    const struct settings *settings = precheck_settings(pipeline->precheck);
    if (settings == NULL) {
        precheck_error(pipeline->precheck, &error);
        return fail(pipeline, &error);
    }
    pipeline->settings = settings;
    chunk_restart(chunk, precheck_session(pipeline->precheck), settings, moment_now());
    if (!fill(pipeline, chunk, at_end))
        return false;
    if (pipeline->work.spare)
        precheck_spare_hashes(pipeline->precheck, chunk);
    /* A row whose subjects could not be found would be written as if it had none. */
    if (precheck_failed(pipeline->precheck)) {
        precheck_error(pipeline->precheck, &error);
        return fail(pipeline, &error);
    }
    chunk->has_prefix = pipeline->work.stream != NULL;
    if (chunk->has_prefix && chunk->count > 0)
        stream_advance(pipeline->work.stream, chunk->end, chunk->prefix);
    return true;
}

static void *read_file(void *argument)
{
    struct pipeline *pipeline = argument;
    struct place *place;
    bool at_end = false;
    while (!at_end && !stop_asked() && (place = free_place(pipeline)) != NULL &&
           read_chunk(pipeline, place, &at_end)) {
        pthread_mutex_lock(&pipeline->lock);
        place->next = 0;
        place->left = pipeline->work.hash ? place->chunk.hashes : 0;
        pipeline->read += place->chunk.count > 0;
        pipeline->at_end = at_end;
        pthread_cond_broadcast(&pipeline->changed);
        if (place->left > 0)
            pthread_cond_broadcast(&pipeline->to_hash);
        pthread_mutex_unlock(&pipeline->lock);
    }
    return NULL;
}

/* Hashing */

/* The first row in file order that wants a hash and that nobody has. Under the lock. */
static struct admission *next_hash(struct pipeline *pipeline, struct place **place)
{
    for (uint64_t i = pipeline->written; i < pipeline->read; i++) {
        *place = &pipeline->places[i % CHUNKS];
        while ((*place)->left > 0 && (*place)->next < (*place)->chunk.count) {
            struct admission *admission = chunk_to_hash(&(*place)->chunk, (*place)->next++);
            if (admission != NULL)
                return admission;
        }
    }
    return NULL;
}

static void *hash(void *argument)
{
    struct pipeline *pipeline = argument;
    struct place *place = NULL;
    struct error error;
    uint32_t memory = 0;
    pthread_mutex_lock(&pipeline->lock);
    while (!is_ending(pipeline) && !pipeline->cannot_hash) {
        struct admission *admission = next_hash(pipeline, &place);
        if (admission == NULL) {
            pthread_cond_wait(&pipeline->to_hash, &pipeline->lock);
            continue;
        }
        pthread_mutex_unlock(&pipeline->lock);
        if (memory != admission->settings->password_cost.memory_kib)
            argon2_memory_begin(memory = admission->settings->password_cost.memory_kib);
        bool hashed = admit_hash(admission);
        if (!hashed) {
            error_no_memory(&error, "hashing a password");
            fail(pipeline, &error);
        }
        pthread_mutex_lock(&pipeline->lock);
        pipeline->cannot_hash = pipeline->cannot_hash || !hashed;
        if (--place->left == 0)
            pthread_cond_broadcast(&pipeline->changed);
    }
    pthread_mutex_unlock(&pipeline->lock);
    argon2_memory_wipe();
    return NULL;
}

/* Taking */

/* Under the lock. */
static enum pipeline_result look(struct pipeline *pipeline, struct chunk **chunk)
{
    struct place *place = &pipeline->places[pipeline->written % CHUNKS];
    if (stop_asked())
        return PIPELINE_STOPPED;
    if (pipeline->written < pipeline->read && place->left == 0 && !pipeline->cannot_hash) {
        *chunk = &place->chunk;
        return PIPELINE_CHUNK;
    }
    if (pipeline->written < pipeline->read)
        return pipeline->cannot_hash ? PIPELINE_FAILED : PIPELINE_WAITING;
    return pipeline->failed ? PIPELINE_FAILED : pipeline->at_end ? PIPELINE_END : PIPELINE_WAITING;
}

/* A signal wakes nobody, so it is looked for from time to time. */
static void wait_a_while(struct pipeline *pipeline)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_UP_MS * (long)MILLISECOND_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_cond_timedwait(&pipeline->changed, &pipeline->lock, &until);
}

enum pipeline_result pipeline_take(struct pipeline *pipeline, struct chunk **chunk)
{
    enum pipeline_result result;
    pthread_mutex_lock(&pipeline->lock);
    while ((result = look(pipeline, chunk)) == PIPELINE_WAITING)
        wait_a_while(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
    return result;
}

enum pipeline_result pipeline_poll(struct pipeline *pipeline, struct chunk **chunk)
{
    enum pipeline_result result;
    pthread_mutex_lock(&pipeline->lock);
    /* A file's next chunk is read in a moment; a stream's may take for ever. */
    while ((result = look(pipeline, chunk)) == PIPELINE_WAITING && pipeline->work.stream == NULL &&
           pipeline->written == pipeline->read)
        wait_a_while(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
    return result;
}

void pipeline_give_back(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    pipeline->written++;
    pthread_cond_broadcast(&pipeline->changed);
    pthread_mutex_unlock(&pipeline->lock);
}

const char *pipeline_error(const struct pipeline *pipeline)
{
    return pipeline->error.text;
}

/* Beginning and end */

static bool start_threads(struct pipeline *pipeline)
{
    pipeline->reader_started = thread_start(&pipeline->reader, NULL, read_file, pipeline);
    while (pipeline->work.hash && pipeline->workers_started < pipeline->work.workers &&
           thread_start(&pipeline->workers[pipeline->workers_started], NULL, hash, pipeline))
        pipeline->workers_started++;
    return pipeline->reader_started && (!pipeline->work.hash || pipeline->workers_started > 0);
}

/* Its time-outs are those of a clock that nobody sets. */
static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct pipeline *pipeline_start(const struct pipeline_work *work, struct error *error)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL) {
        error_no_memory(error, NULL);
        return NULL;
    }
    pipeline->work = *work;
    if (pipeline->work.workers > MOST_WORKERS)
        pipeline->work.workers = MOST_WORKERS;
    intake_allow_short(work->intake, may_lack, pipeline);
    pthread_mutex_init(&pipeline->lock, NULL);
    init_condition(&pipeline->changed);
    pthread_cond_init(&pipeline->to_hash, NULL);
    bool room = true;
    for (int i = 0; i < CHUNKS; i++)
        room = chunk_begin(&pipeline->places[i].chunk, work->chunk_rows) && room;
    pipeline->precheck = precheck_open(work->job, error);
    if (!room)
        error_no_memory(error, NULL);
    else if (pipeline->precheck != NULL && start_threads(pipeline))
        return pipeline;
    else if (pipeline->precheck != NULL)
        error_set(error, ERROR_IO, "no thread can be started: is a limit of processes too low?");
    pipeline_end(pipeline);
    return NULL;
}

void pipeline_end(struct pipeline *pipeline)
{
    if (pipeline == NULL)
        return;
    pthread_mutex_lock(&pipeline->lock);
    atomic_store(&pipeline->ending, true);
    wake_all(pipeline);
    pthread_mutex_unlock(&pipeline->lock);
    if (pipeline->reader_started)
        pthread_join(pipeline->reader, NULL);
    for (unsigned i = 0; i < pipeline->workers_started; i++)
        pthread_join(pipeline->workers[i], NULL);
    for (int i = 0; i < CHUNKS; i++)
        chunk_end(&pipeline->places[i].chunk);
    precheck_close(pipeline->precheck);
    pthread_cond_destroy(&pipeline->changed);
    pthread_cond_destroy(&pipeline->to_hash);
    pthread_mutex_destroy(&pipeline->lock);
    free(pipeline);
}
