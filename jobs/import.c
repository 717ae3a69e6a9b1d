#include "import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "digest.h"
#include "import_summary.h"
#include "moment.h"
#include "say.h"
#include "settings.h"
#include "stop.h"
#include "stream.h"

/* One file under way. */
struct import {
    struct job *job;
    const struct import_request *request;
    struct ledger *ledger;
    char name[REJECTS_PATH];
    int input;
    bool is_stream;
    struct stat facts; /* when its digest was taken */
    unsigned char digest[DIGEST_SIZE];
    uint64_t bytes;
    int64_t id;
    bool is_new;
    int64_t continues;
    uint64_t offset, line;             /* where to begin; offset 0: after the header */
    unsigned char prefix[DIGEST_SIZE]; /* of a stream that goes on */
    bool has_prefix;
    struct stream stream;
    struct input_descriptor holder;
    struct records *records;
    struct batch_column *columns;
    struct batch batch;
    struct batch_counts counts;
    struct rejects rejects;
    struct say_progress progress;
    enum status_code status;
    bool over; /* nothing is left to do */
};

static void fail(struct import *import, enum status_code status)
{
    import->status = job_worse(import->status, status);
    import->over = true;
}

static void fail_ledger(struct import *import, const char *doing)
{
    char what[REJECTS_PATH + 128];
    if (import->line == 0)
        snprintf(what, sizeof what, "%s of %s", doing, import->request->path);
    else
        snprintf(what, sizeof what, "%s of %s, which goes on at line %" PRIu64, doing,
                 import->request->path, import->line);
    fail(import, job_ledger_failed(import->job, what));
}

/* The file */

static void open_input(struct import *import)
{
    const char *path = import->request->path;
    char resolved[REJECTS_PATH];
    import->is_stream = strcmp(path, "-") == 0;
    if (import->is_stream) {
        import->input = STDIN_FILENO;
        snprintf(import->name, sizeof import->name, "%s",
                 import->request->name != NULL ? import->request->name : "standard input");
        return;
    }
    import->input = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not hold us up */
    if (import->input < 0 || fstat(import->input, &import->facts) != 0) {
        say_error("%s: %s", path, strerror(errno));
        fail(import, STATUS_RETRY);
    } else if (!S_ISREG(import->facts.st_mode)) {
        say_error("%s is a %s, not a file: use `-` to read from a pipe", path,
                  S_ISDIR(import->facts.st_mode) ? "folder" : "device or pipe");
        fail(import, STATUS_BAD_DATA);
    } else {
        const char *name =
            import->request->name != NULL ? import->request->name : realpath(path, resolved);
        snprintf(import->name, sizeof import->name, "%s", name != NULL ? name : path);
    }
}

static bool is_unchanged(const struct import *import)
{
    struct stat now;
    return import->is_stream ||
           (fstat(import->input, &now) == 0 && now.st_size == import->facts.st_size &&
            now.st_mtim.tv_sec == import->facts.st_mtim.tv_sec &&
            now.st_mtim.tv_nsec == import->facts.st_mtim.tv_nsec);
}

/* What the ledger knows of it */

/* The last commit of an import: where to go on, and its sums. */
static void read_progress(struct import *import, int64_t id, struct batch_counts *counts,
                          uint64_t *rejects_bytes)
{
    size_t length;
    struct ledger_statement *batch = ledger_use(import->ledger, STATEMENT_newest_batch);
    ledger_set_integer(batch, ":import_id", id);
    if (!ledger_row(batch))
        return;
    import->offset = (uint64_t)ledger_integer(batch, 0);
    import->line = (uint64_t)ledger_integer(batch, 1);
    *counts = (struct batch_counts){
        (uint64_t)ledger_integer(batch, 2), (uint64_t)ledger_integer(batch, 3),
        (uint64_t)ledger_integer(batch, 4), (uint64_t)ledger_integer(batch, 5),
        (uint64_t)ledger_integer(batch, 6), (uint64_t)ledger_integer(batch, 7)};
    *rejects_bytes = (uint64_t)ledger_integer(batch, 8);
    const void *prefix = ledger_blob(batch, 9, &length);
    if (prefix != NULL && length == DIGEST_SIZE) {
        memcpy(import->prefix, prefix, DIGEST_SIZE);
        import->has_prefix = true;
    }
    ledger_done(batch);
}

/* An import of this very content: finished long ago, or stopped half-way. False where there is
 * none. */
static bool find_same_content(struct import *import, uint64_t *rejects_bytes)
{
    char when[MOMENT_SIZE];
    struct ledger_statement *same = ledger_use(import->ledger, STATEMENT_import_by_digest);
    ledger_set_blob(same, ":digest", import->digest, DIGEST_SIZE);
    if (!ledger_row(same))
        return false;
    int64_t id = ledger_integer(same, 0);
    bool finished = !ledger_is_null(same, 1);
    if (finished) {
        moment_format(ledger_integer(same, 1), when);
        say_note("%s: imported already (import %" PRId64 ", %s): nothing to do",
                 import->request->path, id, when);
        job_add(import->job, "import", "files_known", 1);
        import->over = true;
    }
    ledger_done(same);
    if (!finished) {
        import->id = id;
        import->is_new = false;
        read_progress(import, id, &import->counts, rejects_bytes);
    }
    return true;
}

struct earlier {
    int64_t id;
    bool finished;
    bool has_digest;
    unsigned char digest[DIGEST_SIZE];
    uint64_t bytes;
};

static bool find_same_name(struct import *import, struct earlier *earlier)
{
    size_t length;
    memset(earlier, 0, sizeof *earlier);
    struct ledger_statement *named = ledger_use(import->ledger, STATEMENT_import_by_name);
    ledger_set_text(named, ":name", import->name);
    if (!ledger_row(named))
        return false;
    earlier->id = ledger_integer(named, 0);
    earlier->finished = !ledger_is_null(named, 1);
    const void *digest = ledger_blob(named, 2, &length);
    earlier->has_digest = digest != NULL && length == DIGEST_SIZE;
    if (earlier->has_digest)
        memcpy(earlier->digest, digest, DIGEST_SIZE);
    earlier->bytes = (uint64_t)ledger_integer(named, 3);
    ledger_done(named);
    return true;
}

static void refuse_changed(struct import *import, const struct earlier *earlier)
{
    char before[DIGEST_TEXT], now[DIGEST_TEXT];
    digest_text(earlier->digest, before);
    digest_text(import->digest, now);
    say_error("%s: import %" PRId64 " of this file was stopped half-way, and the file has changed "
              "since (BLAKE2b %s then, %s now): restore it, or "
              "import it under another --name",
              import->request->path, earlier->id, before, now);
    fail(import, STATUS_BAD_DATA);
}

/* Known by content; grown since; the same name with another content; or new. */
static void identify_file(struct import *import, uint64_t *rejects_bytes)
{
    struct earlier earlier;
    struct batch_counts ignored;
    unsigned char at_mark[DIGEST_SIZE];
    bool marked = false;
    bool named = find_same_name(import, &earlier);
    uint64_t mark = named && earlier.has_digest ? earlier.bytes : UINT64_MAX;
    if (!digest_file(import->input, mark, import->digest, &import->bytes, at_mark, &marked)) {
        if (errno != 0)
            say_error("%s: %s", import->request->path, strerror(errno));
        fail(import, STATUS_RETRY);
        return;
    }
    if (find_same_content(import, rejects_bytes) || ledger_failed(import->ledger) || !named)
        return;
    if (!earlier.finished) {
        refuse_changed(import, &earlier);
    } else if (marked && import->bytes > earlier.bytes &&
               memcmp(at_mark, earlier.digest, DIGEST_SIZE) == 0) {
        import->continues = earlier.id;
        read_progress(import, earlier.id, &ignored, rejects_bytes);
        say_note("%s: has grown since import %" PRId64 ": goes on at line %" PRIu64,
                 import->request->path, earlier.id, import->line);
    }
}

static void identify_stream(struct import *import, uint64_t *rejects_bytes)
{
    struct earlier earlier;
    if (import->request->name == NULL || !find_same_name(import, &earlier))
        return;
    if (earlier.finished) {
        say_note("standard input: `%s` was imported already (import %" PRId64 "): nothing to do",
                 import->name, earlier.id);
        import->over = true;
        return;
    }
    import->id = earlier.id;
    import->is_new = false;
    read_progress(import, earlier.id, &import->counts, rejects_bytes);
}

static void identify(struct import *import)
{
    char path[REJECTS_PATH];
    uint64_t rejects_bytes = 0;
    import->is_new = true;
    if (import->is_stream)
        identify_stream(import, &rejects_bytes);
    else
        identify_file(import, &rejects_bytes);
    if (import->is_new)
        import->id = ledger_number(import->ledger, STATEMENT_next_import, 0);
    if (ledger_failed(import->ledger))
        fail_ledger(import, "looking for earlier imports");
    if (import->request->rejects != NULL)
        snprintf(path, sizeof path, "%s", import->request->rejects);
    else if (import->is_stream)
        snprintf(path, sizeof path, "%s.import-%" PRId64 ".rejects", import->job->config.ledger,
                 import->id);
    else
        snprintf(path, sizeof path, "%s.rejects", import->request->path);
    rejects_begin(&import->rejects, path, import->is_new ? 0 : rejects_bytes);
}

/* The header */

/* A confirmation is the second request of a sign-up, whose subject may be a phone number or a
 * username as well. */
static int confirmation_column(const char *header)
{
    static const struct {
        const char *name;
        enum signup_column column;
    } columns[] = {{"subject", SIGNUP_email},           {"code", SIGNUP_email_confirm_code},
                   {"entered_at", SIGNUP_attempted_at}, {"device_id", SIGNUP_device_id},
                   {"password", SIGNUP_password},       {"password_md5", SIGNUP_password_md5}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        if (strcmp(header, columns[i].name) == 0)
            return (int)columns[i].column;
    return -1;
}

static bool map_column(struct import *import, size_t at, const char *header)
{
    struct batch_column *column = &import->columns[at];
    bool confirmations = import->request->confirmations;
    column->column = confirmations ? confirmation_column(header) : signup_column_named(header);
    column->keep_empty = confirmations && column->column == SIGNUP_email_confirm_code;
    column->consent = column->column < 0 && !confirmations ? signup_consent_named(header) : NULL;
    if (column->column < 0 && column->consent == NULL) {
        if (import->request->strict)
            say_error("%s: column %zu, `%s`, has no meaning here: --strict refuses it",
                      import->request->path, at + 1, header);
        else
            say_note("%s: column %zu, `%s`, has no meaning here and is left out",
                     import->request->path, at + 1, header);
        return !import->request->strict;
    }
    for (size_t i = 0; i < at; i++)
        if (column->column >= 0 ? import->columns[i].column == column->column
                                : import->columns[i].consent != NULL &&
                                      strcmp(import->columns[i].consent, column->consent) == 0) {
            say_error("%s: columns %zu and %zu both mean `%s`: remove one", import->request->path,
                      i + 1, at + 1,
                      column->column >= 0 ? signup_column_name((enum signup_column)column->column)
                                          : header);
            return false;
        }
    return true;
}

static bool has_column(const struct import *import, enum signup_column column)
{
    for (size_t i = 0; i < records_columns(import->records); i++)
        if (import->columns[i].column == (int)column)
            return true;
    return false;
}

static void map_columns(struct import *import)
{
    size_t count = records_columns(import->records), known = 0;
    const char *const *header = records_header(import->records);
    import->columns = calloc(count, sizeof *import->columns);
    if (import->columns == NULL) {
        say_error("out of memory");
        fail(import, STATUS_RETRY);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (!map_column(import, i, header[i])) {
            fail(import, STATUS_BAD_DATA);
            return;
        }
        known += import->columns[i].column >= 0;
    }
    if (import->request->confirmations
            ? !has_column(import, SIGNUP_email) || !has_column(import, SIGNUP_email_confirm_code)
            : known == 0) {
        say_error("%s: %s", import->request->path,
                  import->request->confirmations
                      ? "the columns `subject` and `code` are expected"
                      : "no column of its first line is a sign-up's; `email` is expected, for one");
        fail(import, STATUS_BAD_DATA);
    }
}

static void open_records(struct import *import)
{
    char error[512];
    bool unreadable = false;
    struct records_limits limits = {.max_field_bytes = import->job->config.import.max_field_bytes};
    struct input_source source;
    if (import->is_stream) {
        stream_begin(&import->stream, import->input, import->offset);
        source = stream_source(&import->stream);
    } else {
        source = input_from_descriptor(&import->holder, import->input);
    }
    import->records = records_open(&source, &limits, &unreadable, error, sizeof error);
    if (import->records == NULL) {
        say_error("%s: %s", import->request->path, error);
        fail(import, unreadable ? STATUS_BAD_DATA : STATUS_RETRY);
        return;
    }
    map_columns(import);
}

static void resume(struct import *import)
{
    const char *message;
    unsigned char digest[DIGEST_SIZE];
    if (import->offset == 0)
        return;
    if (!records_resume(import->records, import->offset, import->line, &message)) {
        say_error("%s: cannot go on at byte %" PRIu64 ": %s", import->request->path, import->offset,
                  message);
        fail(import, STATUS_BAD_DATA);
        return;
    }
    if (!import->is_stream || !import->has_prefix)
        return;
    stream_advance(&import->stream, import->offset, digest);
    if (memcmp(digest, import->prefix, DIGEST_SIZE) != 0) {
        struct earlier earlier = {.id = import->id};
        memcpy(earlier.digest, import->prefix, DIGEST_SIZE);
        memcpy(import->digest, digest, DIGEST_SIZE);
        refuse_changed(import, &earlier);
    }
}

/* Registered before its first row, so that every row can name it. A rehearsal registers as well: it
 * is undone as a whole. */
static void register_import(struct import *import)
{
    if (!import->is_new)
        return;
    if (!import->request->dry_run && !rejects_set_aside(&import->rejects)) {
        say_error("%s: an earlier import's cannot be set aside: %s", import->rejects.path,
                  strerror(errno));
        fail(import, STATUS_RETRY);
        return;
    }
    ledger_begin(import->ledger);
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_import);
    ledger_set_integer(insert, ":id", import->id);
    if (import->job->run_id != 0) /* a rehearsal leaves no run */
        ledger_set_integer(insert, ":run_id", import->job->run_id);
    ledger_set_text(insert, ":name", import->name);
    if (!import->is_stream) {
        ledger_set_blob(insert, ":digest", import->digest, DIGEST_SIZE);
        ledger_set_integer(insert, ":bytes", (int64_t)import->bytes);
    }
    if (import->continues != 0)
        ledger_set_integer(insert, ":continues", import->continues);
    ledger_set_integer(insert, ":started_at", moment_now());
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

/* Reads and checks rows until the batch is full, the file ends, or it is time to leave off. True at
 * the end of the file. */
static bool fill_batch(struct import *import, unsigned workers)
{
    struct record record;
    size_t columns = records_columns(import->records);
    while (!batch_is_full(&import->batch, workers) && !stop_asked()) {
        bool added = true;
        switch (records_next(import->records, &record)) {
        case RECORDS_ROW:
            added = batch_add_row(&import->batch, &record, import->columns, columns, import->id);
            break;
        case RECORDS_REJECT:
            added = batch_add_reject(&import->batch, &record);
            break;
        case RECORDS_END:
            import->batch.end = record.end;
            import->batch.next_line = record.line;
            return true;
        case RECORDS_FAILED:
            say_error("%s: line %" PRIu64 ": %s", import->request->path, record.line,
                      record.message);
            fail(import, STATUS_RETRY);
            return false;
        }
        if (!added) {
            say_error("%s: line %" PRIu64 ": %s", import->request->path, record.line,
                      import->batch.error);
            fail(import, STATUS_RETRY);
            return false;
        }
    }
    return false;
}

static void insert_batch_row(struct import *import, const struct batch_counts *counts)
{
    unsigned char prefix[DIGEST_SIZE];
    struct ledger_statement *insert = ledger_use(import->ledger, STATEMENT_insert_batch);
    ledger_set_integer(insert, ":import_id", import->id);
    ledger_set_integer(insert, ":recorded_at", import->batch.now);
    ledger_set_integer(insert, ":end_offset", (int64_t)import->batch.end);
    ledger_set_integer(insert, ":end_line", (int64_t)import->batch.next_line);
    ledger_set_integer(insert, ":read", (int64_t)counts->read);
    ledger_set_integer(insert, ":success", (int64_t)counts->success);
    ledger_set_integer(insert, ":pending", (int64_t)counts->pending);
    ledger_set_integer(insert, ":failed", (int64_t)counts->failed);
    ledger_set_integer(insert, ":continued", (int64_t)counts->continued);
    ledger_set_integer(insert, ":rejected", (int64_t)counts->rejected);
    ledger_set_integer(insert, ":rejects_bytes", (int64_t)import->rejects.length);
    if (import->is_stream) {
        stream_advance(&import->stream, import->batch.end, prefix);
        ledger_set_blob(insert, ":prefix", prefix, DIGEST_SIZE);
    }
    ledger_run(insert);
}

/* One transaction: the rows, and how far they bring the import. */
static void commit_batch(struct import *import)
{
    struct batch_counts counts = import->counts;
    struct rejects *rejects = import->request->dry_run ? NULL : &import->rejects;
    ledger_begin(import->ledger);
    bool written = !ledger_failed(import->ledger) &&
                   batch_write(&import->batch, import->job->door, import->id, &counts, rejects,
                               import->records, import->is_stream ? -1 : import->input);
    if (written && !is_unchanged(import)) {
        written = false;
        snprintf(import->batch.error, sizeof import->batch.error,
                 "has changed while it was read: what was committed of it stands");
    }
    if (written)
        insert_batch_row(import, &counts);
    else if (!ledger_failed(import->ledger))
        ledger_fail(import->ledger, 1 /* SQLITE_ERROR: rolls back */, "%s: %s",
                    import->request->path, import->batch.error);
    ledger_end(import->ledger);
    if (ledger_failed(import->ledger))
        fail_ledger(import, "import");
    else {
        import->counts = counts;
        import->line = import->batch.next_line;
    }
}

static bool prepare_batch(struct import *import, unsigned workers)
{
    if (import->request->dry_run || batch_hash(&import->batch, import->job->door, workers))
        return true;
    if (ledger_failed(import->ledger)) {
        fail_ledger(import, "import");
    } else {
        say_error("%s: %s", import->request->path, import->batch.error);
        fail(import, STATUS_RETRY);
    }
    return false;
}

/* True when the file has been read to its end. */
static bool read_rows(struct import *import)
{
    unsigned workers = worker_count(&import->job->config);
    bool at_end = false;
    if (!batch_begin(&import->batch, import->job->config.import.batch)) {
        say_error("out of memory");
        fail(import, STATUS_RETRY);
    }
    while (!import->over && !at_end && !stop_asked()) {
        if (!batch_restart(&import->batch, import->job->door, moment_now())) {
            fail_ledger(import, "reading the settings for the import");
            break;
        }
        at_end = fill_batch(import, workers);
        if (import->over || import->batch.count == 0)
            break;
        if (prepare_batch(import, workers))
            commit_batch(import);
        say_progress_step(&import->progress, import->batch.end);
    }
    batch_end(&import->batch);
    return at_end && !import->over;
}

/* The end */

/* Law of the sum: what was counted on the way, against what is there. */
static bool sum_holds(struct import *import)
{
    const struct batch_counts *counts = &import->counts;
    struct batch_counts found = {0, 0, 0, 0, 0, 0};
    struct ledger_statement *sum = ledger_use(import->ledger, STATEMENT_import_sum);
    ledger_set_integer(sum, ":import_id", import->id);
    if (ledger_row(sum)) {
        found = (struct batch_counts){0,
                                      (uint64_t)ledger_integer(sum, 0),
                                      (uint64_t)ledger_integer(sum, 1),
                                      (uint64_t)ledger_integer(sum, 2),
                                      (uint64_t)ledger_integer(sum, 3),
                                      (uint64_t)ledger_integer(sum, 4)};
        ledger_done(sum);
    }
    found.read = found.success + found.pending + found.failed + found.continued + found.rejected;
    if (ledger_failed(import->ledger) || memcmp(counts, &found, sizeof found) == 0)
        return !ledger_failed(import->ledger);
    say_error("%s: the sum does not hold: read %" PRIu64 " = success %" PRIu64 " + pending %" PRIu64
              " + failed %" PRIu64 " + continued %" PRIu64 " + rejected %" PRIu64
              " was counted, but import %" PRId64 " has %" PRIu64 " = %" PRIu64 " + %" PRIu64
              " + %" PRIu64 " + %" PRIu64 " + %" PRIu64 " in the ledger",
              import->request->path, counts->read, counts->success, counts->pending, counts->failed,
              counts->continued, counts->rejected, import->id, found.read, found.success,
              found.pending, found.failed, found.continued, found.rejected);
    return false;
}

static void finish(struct import *import)
{
    unsigned char digest[DIGEST_SIZE];
    if (!sum_holds(import)) {
        if (ledger_failed(import->ledger))
            fail_ledger(import, "adding up the import");
        fail(import, STATUS_RETRY);
        return;
    }
    ledger_begin(import->ledger);
    struct ledger_statement *statement = ledger_use(import->ledger, STATEMENT_finish_import);
    ledger_set_integer(statement, ":id", import->id);
    ledger_set_integer(statement, ":finished_at", moment_now());
    if (import->is_stream) {
        stream_advance(&import->stream, UINT64_MAX, digest);
        ledger_set_blob(statement, ":digest", digest, DIGEST_SIZE);
        ledger_set_integer(statement, ":bytes", (int64_t)import->stream.hashed);
    }
    ledger_run(statement);
    ledger_end(import->ledger);
    if (ledger_failed(import->ledger))
        fail_ledger(import, "finishing the import");
    else if (import->counts.rejected > 0)
        import->status = job_worse(import->status, STATUS_PARTLY);
}

static void run(struct import *import)
{
    char why[128];
    int64_t began = moment_now();
    struct batch_counts before = import->counts;
    if (import->request->dry_run)
        ledger_rehearse(import->ledger);
    register_import(import);
    say_progress_start(&import->progress, import->request->path,
                       import->is_stream ? 0 : import->bytes);
    bool whole = !import->over && read_rows(import);
    say_progress_end(&import->progress);
    if (whole) {
        finish(import);
    } else if (!import->over) {
        stop_words(why, sizeof why);
        say_error("%s: %s before line %" PRIu64 ": the next import of it goes on there",
                  import->request->path, why, import->line);
        import->status = job_worse(import->status, STATUS_RETRY);
    }
    struct import_summary summary = {.path = import->request->path,
                                     .import_id = import->id,
                                     .dry_run = import->request->dry_run,
                                     .counts = import->counts,
                                     .before = before,
                                     .seconds = (double)(moment_now() - began) / 1000};
    import_summarise(import->job, &summary);
    if (import->request->dry_run)
        ledger_undo(import->ledger);
}

enum status_code import_file(struct job *job, const struct import_request *request)
{
    struct import import = {
        .job = job, .request = request, .ledger = job->door->ledger, .input = -1};
    import.rejects.descriptor = -1;
    open_input(&import);
    if (!import.over)
        identify(&import);
    if (!import.over)
        open_records(&import);
    if (!import.over)
        resume(&import);
    if (!import.over)
        run(&import);
    records_close(import.records);
    stream_end(&import.stream);
    rejects_end(&import.rejects);
    free(import.columns);
    if (import.input > STDIN_FILENO)
        close(import.input);
    return import.status;
}
