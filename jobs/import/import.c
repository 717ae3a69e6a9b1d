/* SPDX-License-Identifier: MIT */
/* import.c: the way of one file into the ledger: opened, read by the pipeline, written and
 * committed here, added up. */
#include "import/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_inside.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/moment.h"
#include "values/time_units.h"

void import_fail(struct import *import, enum exit_code status)
{
    import->status = job_worse(import->status, status);
    import->over = true;
}

void import_fail_ledger(struct import *import, const char *doing)
{
    char what[REJECTS_PATH + 128];
    if (import->file.line == 0)
        snprintf(what, sizeof what, "%s of %s", doing, import->file.request->path);
    else
        snprintf(what, sizeof what, "%s of %s, which goes on at %s %" PRIu64, doing,
                 import->file.request->path, import->unit, import->file.line);
    import_fail(import, job_ledger_failed(import->job, what));
}

void import_fail_with(struct import *import, enum exit_code status, const char *message)
{
    say_error("%s: %s", import->file.request->path, message);
    import_fail(import, status);
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
    import_fail(import, EXIT_RETRY);
}

/* What ended the reading is no fault of the records: said. */
bool import_is_explained(struct import *import)
{
    char text[160];
    const char *fault = import_input_fault(&import->input, text);
    if (fault != NULL) {
        say_error("%s: %s: what was committed of it stands", import->file.request->path, fault);
        import_fail(import, EXIT_BAD_DATA);
    } else if (stop_asked()) {
        say_stopped(import);
    }
    return import->over;
}

static void fail_reading(struct import *import, const struct error *error)
{
    if (!import_is_explained(import))
        import_fail_with(import, error->code == ERROR_INVALID ? EXIT_BAD_DATA : EXIT_RETRY,
                         error->text);
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
        import_fail_ledger(import, "continuing the import");
    } else if (!intake_same_form(before, import->form)) {
        say_error("%s: import %" PRId64 " read the beginning of this file as %s, and now it would "
                  "be read as %s: name the same profile, encoding and separator",
                  import->file.request->path, id, before[0] == '\0' ? "plain CSV" : before,
                  import->form[0] == '\0' ? "plain CSV" : import->form);
        import_fail(import, EXIT_BAD_DATA);
    }
    return !import->over;
}

static void resume(struct import *import)
{
    unsigned char digest[DIGEST_SIZE];
    if (import->file.offset == 0 || !goes_on_alike(import))
        return;
    if (!intake_resume(import->input.intake, import->file.offset, import->file.line)) {
        if (import_is_explained(import))
            return;
        say_error("%s: cannot go on at byte %" PRIu64 ": %s", import->file.request->path,
                  import->file.offset, intake_error(import->input.intake)->text);
        import_fail(import, EXIT_BAD_DATA);
        return;
    }
    if (!import->file.is_stream || !import->file.has_prefix)
        return;
    stream_advance(&import->input.stream, import->file.offset, digest);
    if (memcmp(digest, import->file.prefix, DIGEST_SIZE) != 0) {
        memcpy(import->file.digest, digest, DIGEST_SIZE);
        import_file_refuse_changed(&import->file, import->file.id, import->file.prefix);
        import_fail(import, import->file.status);
    }
}

static void place_rejects(struct import *import)
{
    const struct import_file *file = &import->file;
    char path[REJECTS_PATH];
    int folder;
    if (!import_file_rejects(file, file->id, &folder, path)) {
        import_fail_with(import, EXIT_BAD_DATA, "the path is too long for that of its rejects");
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

static void insert_import(struct import *import)
{
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
}

/* Another machine may have been quicker, and have its number: the rejects have the next one in
 * their name. Within the transaction, so that nobody takes that before it is written. */
static void place_anew(struct import *import)
{
    import->file.id = ledger_number(import->ledger, STATEMENT_next_import, 0);
    place_rejects(import);
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
        import_fail(import, EXIT_RETRY);
        return;
    }
    do {
        ledger_begin(import->ledger);
        if (ledger_is_shared(import->ledger))
            place_anew(import);
        insert_import(import);
        ledger_end(import->ledger);
    } while (ledger_again(import->ledger));
    if (ledger_failed(import->ledger))
        import_fail_ledger(import, "beginning the import");
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
            import_fail_ledger(import, "adding up the import");
        import_fail(import, EXIT_RETRY);
        return;
    }
    if (import->file.is_stream) {
        stream_advance(&import->input.stream, UINT64_MAX, digest);
        job_add_input(import->job, import->file.request->path, digest);
    }
    do {
        ledger_begin(import->ledger);
        struct ledger_statement *statement = ledger_use(import->ledger, STATEMENT_finish_import);
        ledger_set_integer(statement, ":id", import->file.id);
        ledger_set_integer(statement, ":finished_at", ledger_now(import->ledger));
        if (import->file.is_stream) {
            ledger_set_blob(statement, ":digest", digest, DIGEST_SIZE);
            ledger_set_integer(statement, ":bytes", (int64_t)import->input.stream.hashed);
        }
        ledger_run(statement);
        ledger_end(import->ledger);
    } while (ledger_again(import->ledger));
    if (ledger_failed(import->ledger))
        import_fail_ledger(import, "finishing the import");
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
    bool whole = !import->over && import_write_rows(import);
    say_progress_end(&import->progress);
    import_columns_met(import->file.request, import->input.intake, import->unknown);
    if (whole) {
        finish(import);
    } else if (!import->over) {
        say_stopped(import);
    }
    wal_checkpoint_end(import->checkpoint); /* beside the adding up */
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
