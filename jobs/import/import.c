/* import.c: the way of one file into the ledger: opened, read by the pipeline, written and
 * committed here, added up. */
#include "import/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "import/wal_checkpoint.h"
#include "import/import_columns.h"
#include "import/import_file.h"
#include "import/import_input.h"
#include "import/import_summary.h"
#include "values/time_units.h"
#include "values/moment.h"
#include "import/pipeline.h"
#include "run/say.h"
#include "run/stop.h"

/* One file under way. */
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

enum { BYTES_A_ROW = 200 }; /* a guess at a file's number of rows */

/* SQLite looks every 100 ms whether a lock is free that it waits for
 * (sqlite3_busy_timeout()). */
enum { OTHERS_TURN_MS = 110, OTHERS_SHARE = 30 };

/* What a transaction has written, and is to be committed. */
struct batch {
    bool open;
    int64_t began;
    uint64_t rows;
    struct chunk_counts counts;
    uint64_t end, next_line;
    unsigned char prefix[DIGEST_SIZE];
};

static void fail(struct import *import, enum exit_code status)
{
    import->status = job_worse(import->status, status);
    import->over = true;
}

static void fail_ledger(struct import *import, const char *doing)
{
    char what[REJECTS_PATH + 128];
    if (import->file.line == 0)
        snprintf(what, sizeof what, "%s of %s", doing, import->file.request->path);
    else
        snprintf(what, sizeof what, "%s of %s, which goes on at %s %" PRIu64, doing,
                 import->file.request->path, import->unit, import->file.line);
    fail(import, job_ledger_failed(import->job, what));
}

static void fail_with(struct import *import, enum exit_code status, const char *message)
{
    say_error("%s: %s", import->file.request->path, message);
    fail(import, status);
}

/* Reading begins */

/* The run or the file's time is over. */
static void say_stopped(struct import *import)
{
    char why[128];
    stop_words(why, sizeof why);
    say_error("%s: %s before %s %" PRIu64 "; the next import continues there",
              import->file.request->path, why, import->unit,
              import->file.line == 0 ? 1 : import->file.line);
    fail(import, EXIT_RETRY);
}

/* What ended the reading is no fault of the records: said. */
static bool is_explained(struct import *import)
{
    char text[160];
    const char *fault = import_input_fault(&import->input, text);
    if (fault != NULL) {
        say_error("%s: %s: what was committed of it stands", import->file.request->path, fault);
        fail(import, EXIT_BAD_DATA);
    } else if (stop_asked()) {
        say_stopped(import);
    }
    return import->over;
}

static void fail_reading(struct import *import, const struct error *error)
{
    if (!is_explained(import))
        fail_with(import, error->code == ERROR_INVALID ? EXIT_BAD_DATA : EXIT_RETRY, error->text);
}

/* A document is read to its end before anything of it is taken, unless that was done before. */
static void open_rows(struct import *import)
{
    struct error error;
    if (!import_input_open(&import->input, &import->file, false, &error) ||
        (import->file.offset == 0 && !import_input_check(&import->input, &error))) {
        fail_reading(import, &error);
        return;
    }
    import->unit = intake_unit(import->input.intake);
    intake_form(import->input.intake, import->form);
    if (import->form[0] != '\0')
        say_note("%s: read as %s", import->file.request->path, import->form);
    import->over = !import_columns(import->file.request, import->input.intake, import->unknown,
                                   &import->status);
}

/* Half of a file read one way and half another would be neither. */
static bool goes_on_alike(struct import *import)
{
    char before[INTAKE_FORM] = "";
    static const char *const columns[] = {"form", NULL};
    int64_t id = import->file.is_new ? import->file.continues : import->file.id;
    struct ledger_statement *row = ledger_select(import->ledger, STATEMENT_import_form, columns);
    ledger_set_integer(row, ":id", id);
    if (ledger_row(row)) {
        snprintf(before, sizeof before, "%s", ledger_text(row, 0));
        ledger_done(row);
    }
    if (ledger_failed(import->ledger)) {
        fail_ledger(import, "continuing the import");
    } else if (!intake_same_form(before, import->form)) {
        say_error("%s: import %" PRId64 " read the beginning of this file as %s, and now it would "
                  "be read as %s: name the same profile, encoding and separator",
                  import->file.request->path, id, before[0] == '\0' ? "plain CSV" : before,
                  import->form[0] == '\0' ? "plain CSV" : import->form);
        fail(import, EXIT_BAD_DATA);
    }
    return !import->over;
}

static void resume(struct import *import)
{
    unsigned char digest[DIGEST_SIZE];
    if (import->file.offset == 0 || !goes_on_alike(import))
        return;
    if (!intake_resume(import->input.intake, import->file.offset, import->file.line)) {
        if (is_explained(import))
            return;
        say_error("%s: cannot go on at byte %" PRIu64 ": %s", import->file.request->path,
                  import->file.offset, intake_error(import->input.intake)->text);
        fail(import, EXIT_BAD_DATA);
        return;
    }
    if (!import->file.is_stream || !import->file.has_prefix)
        return;
    stream_advance(&import->input.stream, import->file.offset, digest);
    if (memcmp(digest, import->file.prefix, DIGEST_SIZE) != 0) {
        memcpy(import->file.digest, digest, DIGEST_SIZE);
        import_file_refuse_changed(&import->file, import->file.id, import->file.prefix);
        fail(import, import->file.status);
    }
}

static void place_rejects(struct import *import)
{
    const struct import_file *file = &import->file;
    char path[REJECTS_PATH];
    int folder;
    if (!import_file_rejects(file, file->id, &folder, path)) {
        fail_with(import, EXIT_BAD_DATA, "the path is too long for that of its rejects");
        return;
    }
    rejects_begin(&import->rejects, folder, path, file->is_new ? 0 : file->rejects_bytes,
                  file->is_new ? 0 : file->rejects_met,
                  import->job->config.import.max_rejects_bytes);
    overlong_rejects_begin(&import->spill, &import->rejects);
    if (!import_input_can_be_read_again(&import->input) && !file->request->dry_run)
        intake_spill(import->input.intake, spill_keep, &import->spill);
}

/* The rejects that an import which is taken on had met after its last commit are met again here. */
static void trim_earlier(struct import *import)
{
    const struct import_file *file = &import->file;
    struct rejects earlier;
    char path[REJECTS_PATH];
    int folder;
    if (!import_file_rejects(file, file->continues, &folder, path))
        return;
    rejects_begin(&earlier, folder, path, file->earlier_rejects, 0, 0);
    if (!rejects_trim(&earlier))
        say_error("%s: cannot shorten the rejects file: %s; import %" PRId64
                  " will list some of its lines again",
                  path, strerror(errno), file->id);
}

/* Registered before its first row, so that every row can name it. A rehearsal registers as well: it
 * is undone as a whole. */
static void register_import(struct import *import)
{
    if (!import->file.is_new)
        return;
    if (import->file.cuts_short && !import->file.request->dry_run)
        trim_earlier(import);
    if (!import->file.request->dry_run && !rejects_set_aside(&import->rejects)) {
        say_error("%s: cannot move an earlier import's rejects file out of the way: %s; nothing "
                  "was imported",
                  import->rejects.path, strerror(errno));
        fail(import, EXIT_RETRY);
        return;
    }
    ledger_begin(import->ledger);
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_import);
    ledger_set_integer(insert, ":id", import->file.id);
    if (import->job->run_id != 0) /* a rehearsal leaves no run */
        ledger_set_integer(insert, ":run_id", import->job->run_id);
    ledger_set_text(insert, ":name", import->file.name);
    if (!import->file.is_stream) {
        ledger_set_blob(insert, ":digest", import->file.digest, DIGEST_SIZE);
        ledger_set_integer(insert, ":bytes", (int64_t)import->file.bytes);
    }
    if (import->file.continues != 0)
        ledger_set_integer(insert, ":continues", import->file.continues);
    if (import->form[0] != '\0')
        ledger_set_text(insert, ":form", import->form);
    ledger_set_integer(insert, ":started_at", ledger_now(import->ledger));
    ledger_run(insert);
    ledger_end(import->ledger);
    if (ledger_failed(import->ledger))
        fail_ledger(import, "beginning the import");
}

/* The rows */

static unsigned worker_count(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return config->import.workers != 0 ? config->import.workers : cores > 0 ? (unsigned)cores : 1;
}

static void insert_batch_row(struct import *import, const struct batch *batch)
{
    const struct chunk_counts *counts = &batch->counts;
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_batch);
    ledger_set_integer(insert, ":import_id", import->file.id);
    ledger_set_integer(insert, ":recorded_at", ledger_now(import->ledger));
    ledger_set_integer(insert, ":end_offset", (int64_t)batch->end);
    ledger_set_integer(insert, ":end_line", (int64_t)batch->next_line);
    ledger_set_integer(insert, ":read", (int64_t)counts->read);
    ledger_set_integer(insert, ":success", (int64_t)counts->success);
    ledger_set_integer(insert, ":pending", (int64_t)counts->pending);
    ledger_set_integer(insert, ":failed", (int64_t)counts->failed);
    ledger_set_integer(insert, ":continued", (int64_t)counts->continued);
    ledger_set_integer(insert, ":rejected", (int64_t)counts->rejected);
    ledger_set_integer(insert, ":rejects_bytes", (int64_t)import->rejects.length);
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
    fail(import, EXIT_BAD_DATA);
}

/* Commits what has been written, and how far it brings the import: or nothing of it. */
static void commit(struct import *import, struct batch *batch)
{
    char message[REJECTS_PATH + IMPORT_FILE_CHANGE];
    if (!batch->open)
        return;
    if (too_many_rejects(import, &batch->counts)) {
        give_up_on_rejects(import, batch);
        return;
    }
    if (!import_file_is_unchanged(&import->file)) {
        import_file_change(&import->file, message);
        refuse_batch(import, message);
    }
    if (!import->file.request->dry_run && !rejects_sync(&import->rejects)) {
        snprintf(message, sizeof message, "%s: %s", import->rejects.path, strerror(errno));
        refuse_batch(import, message);
    }
    admit_writer_flush(import->writer);
    insert_batch_row(import, batch);
    ledger_end(import->ledger);
    batch->open = false;
    if (ledger_failed(import->ledger)) {
        fail_ledger(import, "import");
        return;
    }
    import->counts = batch->counts;
    import->file.line = batch->next_line;
}

/* A file that needs no hashes is written without a pause: nobody else would ever find the ledger
 * free. A thirtieth of the time that it was held is theirs. */
static void give_way(const struct batch *batch)
{
    int64_t pause = (moment_monotonic() - batch->began) / OTHERS_SHARE;
    pause = pause > OTHERS_TURN_MS ? OTHERS_TURN_MS : pause;
    if (pause > 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)pause * MILLISECOND_NS}, NULL);
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

static void write_chunk(struct import *import, struct batch *batch, struct chunk *chunk)
{
    struct chunk_target target = {
        .session = import->job->session,
        .writer = import->writer,
        .import_id = import->file.id,
        .rejects = import->file.request->dry_run ? NULL : &import->rejects,
        .intake = import->input.intake,
        .input = import_input_can_be_read_again(&import->input) ? import->file.input
                                                                : import->spill.descriptor,
    };
    if (!batch->open)
        begin(import, batch);
    if (!ledger_failed(import->ledger) && !chunk_write(chunk, &target, &batch->counts))
        refuse_batch(import, chunk->error.text);
    batch->rows += chunk->count;
    batch->end = chunk->end;
    batch->next_line = chunk->next_line;
    if (chunk->has_prefix)
        memcpy(batch->prefix, chunk->prefix, DIGEST_SIZE);
}

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
            if (!import->file.request->dry_run) /* which holds it to the end */
                give_way(&batch);
        }
    }
    if (!import->over && result == PIPELINE_FAILED && !is_explained(import))
        fail_with(import, EXIT_RETRY, pipeline_error(import->pipeline));
    return result == PIPELINE_END && !import->over;
}

/* True when the file has been read to its end. */
static bool import_rows(struct import *import)
{
    struct error error;
    bool whole = false;
    struct pipeline_work work = {
        .ledger = import->job->config.ledger,
        .busy_timeout_ms = import->job->config.busy_timeout_ms,
        .intake = import->input.intake,
        .confirmations = import->file.request->confirmations,
        .stream = import->file.is_stream ? &import->input.stream : NULL,
        .spill = import_input_can_be_read_again(&import->input) ? NULL : &import->spill,
        .import_id = import->file.id,
        .chunk_rows = import->job->config.import.batch,
        .workers = worker_count(&import->job->config),
        .hash = !import->file.request->dry_run,
    };
    import->checkpoint = wal_checkpoint_start(import->job->database, import->job->config.ledger);
    import->writer = admit_writer_open(import->job->session);
    if (import->writer != NULL)
        admit_writer_expect(import->writer, import->file.bytes / BYTES_A_ROW);
    import->pipeline = pipeline_start(&work, &error);
    ledger_trust(import->ledger, true); /* what a row refers to has just been written by itself */
    if (import->writer == NULL || import->pipeline == NULL)
        fail_with(import, EXIT_RETRY, import->pipeline == NULL ? error.text : "out of memory");
    else
        whole = write_rows(import);
    pipeline_end(import->pipeline);
    wal_checkpoint_end(import->checkpoint);
    ledger_trust(import->ledger, false);
    admit_writer_close(import->writer);
    return whole;
}

/* The end */

/* Law of the sum: what was counted on the way, against what is there. */
static bool sum_holds(struct import *import)
{
    const struct chunk_counts *counts = &import->counts;
    struct chunk_counts found = {0, 0, 0, 0, 0, 0};
    enum { SUCCESS, PENDING, FAILED, CONTINUED, REJECTED, NOTED };
    static const char *const columns[] = {"success",  "pending", "failed", "continued",
                                          "rejected", "noted",   NULL};
    struct ledger_statement *sum = ledger_select(import->ledger, STATEMENT_import_sum, columns);
    ledger_set_integer(sum, ":import_id", import->file.id);
    if (ledger_row(sum)) {
        found = (struct chunk_counts){0,
                                      (uint64_t)ledger_integer(sum, SUCCESS),
                                      (uint64_t)ledger_integer(sum, PENDING),
                                      (uint64_t)ledger_integer(sum, FAILED),
                                      (uint64_t)ledger_integer(sum, CONTINUED),
                                      (uint64_t)ledger_integer(sum, REJECTED)};
        import->noted = (uint64_t)ledger_integer(sum, NOTED);
        ledger_done(sum);
    }
    found.read = found.success + found.pending + found.failed + found.continued + found.rejected;
    if (ledger_failed(import->ledger) || memcmp(counts, &found, sizeof found) == 0)
        return !ledger_failed(import->ledger);
    say_error("%s: the sum does not hold: read %" PRIu64 " = success %" PRIu64 " + pending %" PRIu64
              " + failed %" PRIu64 " + continued %" PRIu64 " + rejected %" PRIu64
              " was counted, but import %" PRId64 " has %" PRIu64 " = %" PRIu64 " + %" PRIu64
              " + %" PRIu64 " + %" PRIu64 " + %" PRIu64 " in the ledger",
              import->file.request->path, counts->read, counts->success, counts->pending,
              counts->failed, counts->continued, counts->rejected, import->file.id, found.read,
              found.success, found.pending, found.failed, found.continued, found.rejected);
    return false;
}

static void finish(struct import *import)
{
    unsigned char digest[DIGEST_SIZE];
    if (!sum_holds(import)) {
        if (ledger_failed(import->ledger))
            fail_ledger(import, "adding up the import");
        fail(import, EXIT_RETRY);
        return;
    }
    ledger_begin(import->ledger);
    struct ledger_statement *statement = ledger_use(import->ledger, STATEMENT_finish_import);
    ledger_set_integer(statement, ":id", import->file.id);
    ledger_set_integer(statement, ":finished_at", ledger_now(import->ledger));
    if (import->file.is_stream) {
        stream_advance(&import->input.stream, UINT64_MAX, digest);
        job_add_input(import->job, import->file.request->path, digest);
        ledger_set_blob(statement, ":digest", digest, DIGEST_SIZE);
        ledger_set_integer(statement, ":bytes", (int64_t)import->input.stream.hashed);
    }
    ledger_run(statement);
    ledger_end(import->ledger);
    if (ledger_failed(import->ledger))
        fail_ledger(import, "finishing the import");
    else if (import->counts.rejected > 0)
        import->status = job_worse(import->status, EXIT_PARTLY);
}

static void run(struct import *import)
{
    int64_t began = moment_monotonic();
    struct chunk_counts before = import->counts;
    if (import->file.request->dry_run)
        ledger_rehearse(import->ledger);
    register_import(import);
    say_progress_start(&import->progress, import->file.request->path,
                       import_input_can_be_read_again(&import->input) ? import->file.bytes : 0);
    bool whole = !import->over && import_rows(import);
    say_progress_end(&import->progress);
    import_columns_met(import->file.request, import->input.intake, import->unknown);
    if (whole) {
        finish(import);
    } else if (!import->over) {
        say_stopped(import);
    }
    struct import_summary summary = {.path = import->file.request->path,
                                     .import_id = import->file.id,
                                     .dry_run = import->file.request->dry_run,
                                     .whole = whole,
                                     .noted = import->noted,
                                     .unknown = import->unknown,
                                     .form = import->form,
                                     .unit = import->unit,
                                     .counts = import->counts,
                                     .before = before,
                                     .seconds = (double)(moment_monotonic() - began) / 1000};
    import_summary_say_rejects(import->job, &summary, &import->rejects);
    import_summarise(import->job, &summary);
    if (import->file.request->dry_run)
        ledger_undo(import->ledger);
}

/* A file of which nothing was taken in this time: who reads the record in the morning looks for it
 * there. */
static void record_refused(const struct import *import)
{
    const struct import_summary summary = {.path = import->file.request->path,
                                           .import_id = import->file.is_new ? 0 : import->file.id,
                                           .unknown = import->unknown,
                                           .form = import->form,
                                           .unit = import->unit,
                                           .counts = import->counts};
    if (import->status != EXIT_DONE && !import->file.request->dry_run)
        import_summary_record(import->job, &summary);
}

enum exit_code import_one(struct job *job, const struct import_request *request)
{
    struct import import = {.job = job, .ledger = job->session->ledger, .unit = "line"};
    import.rejects.descriptor = import.spill.descriptor = -1;
    import_file_open(&import.file, job, request);
    import.status = import.file.status;
    import.over = import.file.over;
    import.counts = import.file.counts;
    if (!import.over)
        open_rows(&import);
    if (!import.over)
        resume(&import);
    if (!import.over)
        place_rejects(&import);
    if (import.over)
        record_refused(&import);
    else
        run(&import);
    import_input_close(&import.input);
    overlong_rejects_end(&import.spill);
    rejects_end(&import.rejects);
    import_file_close(&import.file);
    return import.status;
}
