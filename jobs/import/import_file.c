/* SPDX-License-Identifier: MIT */
/* import_file.c: see import_file.h. */
#include "import/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "values/moment.h"
#include "values/text.h"
#include "run/say.h"
#include "run/stop.h"
#include "run/unchanged_file.h"

enum {
    NEVER_TOO_MUCH = 64 << 20, /* bytes that any file may unpack to */
    DISK_BLOCK = 512           /* of st_blocks, whatever the disk's are */
};

static void fail(struct import_file *file, enum exit_code status)
{
    file->status = job_worse(file->status, status);
    file->over = true;
}

/* What may come out of so many bytes on the disk. */
static uint64_t may_hold(const struct import_file *file, uint64_t bytes)
{
    uint64_t most;
    unsigned times = file->job->config.import.max_expansion;
    if (times == 0 || __builtin_mul_overflow(bytes, times, &most))
        return UINT64_MAX;
    return most > NEVER_TOO_MUCH ? most : NEVER_TOO_MUCH;
}

/* Holes are read as zeros: as much as a compressed file can grow to, for as little. */
static bool is_sparse(const struct import_file *file)
{
    return (uint64_t)file->facts.st_size >
           may_hold(file, (uint64_t)file->facts.st_blocks * DISK_BLOCK);
}

static void open_input(struct import_file *file)
{
    const char *path = file->request->path;
    char resolved[REJECTS_PATH];
    file->is_stream = strcmp(path, "-") == 0;
    if (file->is_stream) {
        file->input = STDIN_FILENO;
        text_escape(file->name, sizeof file->name,
                    file->request->name != NULL ? file->request->name : "standard input");
        return;
    }
    file->input = file->request->opened != NULL
                      ? fcntl(file->request->opened->descriptor, F_DUPFD_CLOEXEC, 3)
                      /* a FIFO must not hold us up */
                      : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file->input < 0 || fstat(file->input, &file->facts) != 0) {
        say_error("%s: %s", path, strerror(errno));
        fail(file, EXIT_RETRY);
    } else if (!S_ISREG(file->facts.st_mode)) {
        say_error("%s is a %s, not a file: use `-` to read from a pipe", path,
                  S_ISDIR(file->facts.st_mode) ? "folder" : "device or pipe");
        fail(file, EXIT_BAD_DATA);
    } else if (is_sparse(file)) {
        say_error("%s: %" PRId64 " bytes, but only %" PRId64
                  " on disk: too sparse for a file of sign-ups; not imported. If it is genuine, "
                  "raise max_expansion (now %u)",
                  path, (int64_t)file->facts.st_size, (int64_t)file->facts.st_blocks * DISK_BLOCK,
                  file->job->config.import.max_expansion);
        fail(file, EXIT_BAD_DATA);
    } else {
        file->packed = decompress_kind(path);
        const char *name = file->request->name != NULL     ? file->request->name
                           : file->request->opened != NULL ? file->request->opened->known_as
                                                           : realpath(path, resolved);
        text_escape(file->name, sizeof file->name, name != NULL ? name : path);
    }
}

bool import_file_rejects(const struct import_file *file, int64_t import_id, int *folder,
                         char path[REJECTS_PATH])
{
    const struct inbox_file *opened = file->request->opened;
    const char *beside = file->is_stream  ? file->job->beside
                         : opened != NULL ? opened->kept_as
                                          : file->request->path;
    *folder = opened != NULL ? opened->kept_in : AT_FDCWD;
    return snprintf(path, REJECTS_PATH, "%s.%s%" PRId64 ".rejects", beside,
                    file->is_stream ? "import-" : "", import_id) < REJECTS_PATH;
}

uint64_t import_file_most(const struct import_file *file)
{
    return may_hold(file, (uint64_t)file->facts.st_size);
}

bool import_file_is_unchanged(const struct import_file *file)
{
    return file->is_stream || unchanged_file(file->input, &file->facts);
}

void import_file_change(const struct import_file *file, char text[IMPORT_FILE_CHANGE])
{
    char again[64], then[DIGEST_TEXT], now[DIGEST_TEXT] = "unknown";
    unsigned char digest[DIGEST_SIZE], unused[DIGEST_SIZE];
    uint64_t bytes;
    bool marked;
    /* Opened once more: another thread is reading by the descriptor. */
    snprintf(again, sizeof again, "/proc/self/fd/%d", file->input);
    int descriptor = open(again, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0 && digest_file(descriptor, UINT64_MAX, digest, &bytes, unused, &marked))
        digest_text(digest, now);
    if (descriptor >= 0)
        close(descriptor);
    digest_text(file->digest, then);
    snprintf(text, IMPORT_FILE_CHANGE,
             "has changed while it was read (BLAKE2b %s then, %s now): what was committed of it "
             "stands",
             then, now);
}

/* What the ledger knows of it */

/* The last commit of an import: where to go on, and its sums. False: there is none. */
static bool read_progress(struct import_file *file, int64_t id, struct chunk_counts *counts)
{
    size_t length;
    enum {
        END_OFFSET,
        END_LINE,
        READ,
        SUCCESS,
        PENDING,
        FAILED,
        CONTINUED,
        REJECTED,
        REJECTS_BYTES,
        PREFIX,
        REJECTS_MET
    };
    static const char *const columns[] = {"end_offset",    "end_line", "read",        "success",
                                          "pending",       "failed",   "continued",   "rejected",
                                          "rejects_bytes", "prefix",   "rejects_met", NULL};
    struct ledger_statement *batch =
        ledger_select(file->job->session->ledger, STATEMENT_newest_batch, columns);
    ledger_set_integer(batch, ":import_id", id);
    if (!ledger_row(batch))
        return false;
    file->offset = (uint64_t)ledger_integer(batch, END_OFFSET);
    file->line = (uint64_t)ledger_integer(batch, END_LINE);
    *counts = (struct chunk_counts){
        (uint64_t)ledger_integer(batch, READ),      (uint64_t)ledger_integer(batch, SUCCESS),
        (uint64_t)ledger_integer(batch, PENDING),   (uint64_t)ledger_integer(batch, FAILED),
        (uint64_t)ledger_integer(batch, CONTINUED), (uint64_t)ledger_integer(batch, REJECTED)};
    file->rejects_bytes = (uint64_t)ledger_integer(batch, REJECTS_BYTES);
    file->rejects_met = (uint64_t)ledger_integer(batch, REJECTS_MET);
    const void *prefix = ledger_blob(batch, PREFIX, &length);
    if (prefix != NULL && length == DIGEST_SIZE) {
        memcpy(file->prefix, prefix, DIGEST_SIZE);
        file->has_prefix = true;
    }
    ledger_done(batch);
    return true;
}

bool import_file_counts(struct import_file *file, int64_t id, struct chunk_counts *counts)
{
    struct import_file unused = {.job = file->job};
    return read_progress(&unused, id, counts);
}

static int64_t continued_by(struct import_file *file, int64_t id)
{
    int64_t continues = 0;
    struct ledger_statement *before =
        ledger_use(file->job->session->ledger, STATEMENT_import_continues);
    ledger_set_integer(before, ":id", id);
    if (ledger_row(before)) {
        continues = ledger_integer(before, 0); /* NULL: 0 */
        ledger_done(before);
    }
    return continues;
}

/* A file that has grown goes on where the imports of its beginning ended; the last of them may have
 * found nothing but blank lines. Their rows are not ours to count, and their rejects are in a file
 * of their own. */
static void read_beginning(struct import_file *file, int64_t continues)
{
    struct chunk_counts ignored;
    while (continues != 0 && !read_progress(file, continues, &ignored)) {
        int64_t before = continued_by(file, continues);
        continues = before < continues ? before : 0; /* an import goes on with an earlier one */
    }
    file->earlier_rejects = file->rejects_bytes;
    file->rejects_bytes = file->rejects_met = 0;
}

/* An import of this very content: finished long ago, or stopped half-way. False where there is
 * none. */
static bool find_same_content(struct import_file *file)
{
    char when[MOMENT_SIZE];
    enum { ID, FINISHED_AT, TAKEN_ON };
    static const char *const columns[] = {"id", "finished_at", "taken_on", NULL};
    struct ledger_statement *same =
        ledger_select(file->job->session->ledger, STATEMENT_import_by_digest, columns);
    ledger_set_blob(same, ":digest", file->digest, DIGEST_SIZE);
    if (!ledger_row(same))
        return false;
    int64_t id = ledger_integer(same, ID), taken_on = ledger_integer(same, TAKEN_ON); /* NULL: 0 */
    bool finished = !ledger_is_null(same, FINISHED_AT);
    if (finished) {
        moment_format(ledger_integer(same, FINISHED_AT), when);
        say_note("%s: imported already (import %" PRId64 ", %s): nothing to do",
                 file->request->path, id, when);
        job_add(file->job, "import", "files_known", 1);
        file->over = true;
    }
    ledger_done(same);
    if (!finished && taken_on != 0) {
        say_error("%s: import %" PRId64 " of this file stopped half-way, and import %" PRId64
                  " continued it from a longer version: restore that version, or import this one "
                  "under another --name",
                  file->request->path, id, taken_on);
        fail(file, EXIT_BAD_DATA);
    } else if (!finished) {
        file->id = id;
        file->is_new = false;
        if (!read_progress(file, id, &file->counts))
            read_beginning(file, continued_by(file, id));
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

static bool find_same_name(struct import_file *file, bool committed, struct earlier *earlier)
{
    size_t length;
    memset(earlier, 0, sizeof *earlier);
    enum { ID, FINISHED_AT, DIGEST, BYTES };
    static const char *const columns[] = {"id", "finished_at", "digest", "bytes", NULL};
    struct ledger_statement *named =
        ledger_select(file->job->session->ledger, STATEMENT_import_by_name, columns);
    ledger_set_text(named, ":name", file->name);
    ledger_set_integer(named, ":committed", committed);
    if (!ledger_row(named))
        return false;
    earlier->id = ledger_integer(named, ID);
    earlier->finished = !ledger_is_null(named, FINISHED_AT);
    const void *digest = ledger_blob(named, DIGEST, &length);
    earlier->has_digest = digest != NULL && length == DIGEST_SIZE;
    if (earlier->has_digest)
        memcpy(earlier->digest, digest, DIGEST_SIZE);
    earlier->bytes = (uint64_t)ledger_integer(named, BYTES);
    ledger_done(named);
    return true;
}

void import_file_refuse_changed(struct import_file *file, int64_t id,
                                const unsigned char before[DIGEST_SIZE])
{
    char then[DIGEST_TEXT], now[DIGEST_TEXT];
    digest_text(before, then);
    digest_text(file->digest, now);
    say_error("%s: import %" PRId64 " of this file was stopped half-way, and the file has changed "
              "since (BLAKE2b %s then, %s now): restore it, or import it under another --name",
              file->request->path, id, then, now);
    fail(file, EXIT_BAD_DATA);
}

/* On a cluster several machines import, and two may come by the same file. False: `over`. The lock
 * of this host's imports is ours. */
static bool take_lease(struct import_file *file, const char *what)
{
    char host[JOB_OWNER_SIZE], holder[CLUSTER_OWNER_SIZE];
    struct ledger *ledger = file->job->session->ledger;
    if (!ledger_is_shared(ledger))
        return true;
    snprintf(host, sizeof host, "%s", file->job->owner);
    host[strcspn(host, ":") + 1] = '\0';
    snprintf(file->lease, sizeof file->lease, "import %s", what);
    if (ledger_take_lease(ledger, file->lease, host, holder))
        return true;
    file->lease[0] = '\0';
    if (ledger_failed(ledger)) {
        fail(file, job_ledger_failed(file->job, "taking a lease"));
    } else {
        say_error("%s: is being imported by %s", file->request->path, holder);
        fail(file, EXIT_LOCKED);
    }
    return false;
}

/* Known by content; grown since; the same name with another content; or new. */
static void identify_file(struct import_file *file)
{
    struct earlier earlier;
    unsigned char at_mark[DIGEST_SIZE];
    char digest[DIGEST_TEXT];
    bool marked = false;
    bool named = find_same_name(file, true, &earlier);
    uint64_t mark = named && earlier.has_digest ? earlier.bytes : UINT64_MAX;
    if (!digest_file(file->input, mark, file->digest, &file->bytes, at_mark, &marked)) {
        char why[128];
        stop_words(why, sizeof why);
        say_error("%s: %s", file->request->path,
                  errno != 0 ? strerror(errno) : why); /* 0: asked to stop */
        fail(file, EXIT_RETRY);
        return;
    }
    job_add_input(file->job, file->request->path, file->digest);
    digest_text(file->digest, digest);
    if (!take_lease(file, digest) || find_same_content(file) ||
        ledger_failed(file->job->session->ledger) || !named)
        return;
    bool grown =
        marked && file->bytes > earlier.bytes && memcmp(at_mark, earlier.digest, DIGEST_SIZE) == 0;
    if (!grown && !earlier.finished) {
        import_file_refuse_changed(file, earlier.id, earlier.digest);
    } else if (grown) {
        file->continues = earlier.id;
        file->cuts_short = !earlier.finished;
        read_beginning(file, earlier.id);
        say_note("%s: has grown since import %" PRId64 ": goes on at line %" PRIu64,
                 file->request->path, earlier.id, file->line);
    }
}

/* By a digest of the name, which may be long. */
static bool take_stream_lease(struct import_file *file)
{
    unsigned char digest[DIGEST_SIZE];
    char text[DIGEST_TEXT];
    crypto_generichash(digest, sizeof digest, (const unsigned char *)file->name, strlen(file->name),
                       NULL, 0);
    digest_text(digest, text);
    return take_lease(file, text);
}

static void identify_stream(struct import_file *file)
{
    struct earlier earlier;
    if (file->request->name == NULL || !take_stream_lease(file) ||
        !find_same_name(file, false, &earlier))
        return;
    if (earlier.finished) {
        say_note("standard input: `%s` was imported already (import %" PRId64 "): nothing to do",
                 file->name, earlier.id);
        file->over = true;
        return;
    }
    file->id = earlier.id;
    file->is_new = false;
    read_progress(file, earlier.id, &file->counts);
}

static void identify(struct import_file *file)
{
    struct ledger *ledger = file->job->session->ledger;
    file->is_new = true;
    if (file->is_stream)
        identify_stream(file);
    else
        identify_file(file);
    if (file->is_new && !file->over)
        file->id = ledger_number(ledger, STATEMENT_next_import, 0);
    if (ledger_failed(ledger))
        fail(file, job_ledger_failed(file->job, "looking for earlier imports"));
}

void import_file_look(struct import_file *file, struct job *job,
                      const struct import_request *request)
{
    memset(file, 0, sizeof *file);
    file->job = job;
    file->request = request;
    open_input(file);
}

void import_file_open(struct import_file *file, struct job *job,
                      const struct import_request *request)
{
    import_file_look(file, job, request);
    if (!file->over)
        identify(file);
}

void import_file_close(struct import_file *file)
{
    if (file->lease[0] != '\0')
        ledger_release_lease(file->job->session->ledger, file->lease);
    file->lease[0] = '\0';
    if (file->input > STDIN_FILENO)
        close(file->input);
    file->input = -1;
}
