/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "codes/customer.h"
#include "rqlite/cluster.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/subject.h"
#include "commands/subjects.h"

enum { PLACE_SIZE = 512 };

/* What tries once more to empty the log. */
static const char *again(const struct job *job)
{
    return job->options.function == forget_command ? "forget" : "tidy";
}

/* Nor in a node's log. */
static enum exit_code truncate_logs(struct job *job)
{
    struct error error = {ERROR_NONE, ""};
    if (cluster_forget_log(job, &error))
        return EXIT_DONE;
    say_error("%s: erased, but a node's log still holds what was written before (%s): run `regjob "
              "%s` again when all nodes are up",
              job->config.ledger, error.text, again(job));
    return EXIT_RETRY;
}

/* What was erased must not stand in the WAL either. Readers at work can hold that up: then it is
 * said, and the next checkpoint does it. */
enum exit_code forget_truncate_wal(struct job *job)
{
    int left = 0;
    if (ledger_is_shared(job->session->ledger))
        return truncate_logs(job);
    if (sqlite3_wal_checkpoint_v2(job->database, "main", SQLITE_CHECKPOINT_TRUNCATE, &left, NULL) ==
        SQLITE_OK)
        return EXIT_DONE;
    say_error("%s: erased, but the write-ahead log still holds old pages (%s): run `regjob %s` "
              "again when nobody reads the ledger",
              job->config.ledger, sqlite3_errmsg(job->database), again(job));
    return EXIT_RETRY;
}

/* --id: an attempt's number, 0: none. */
static int64_t read_number(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 18 && text[digits] == '\0' ? strtoll(text, NULL, 10) : 0;
}

static void say_erased(const char *who, const struct customer_forgotten *forgotten)
{
    char codes[64] = "";
    if (forgotten->codes > 0)
        snprintf(codes, sizeof codes, " and %" PRId64 " code%s", forgotten->codes,
                 forgotten->codes == 1 ? "" : "s");
    if (forgotten->people.apart || forgotten->people.customers > 1)
        say_line("%s: %" PRId64 " attempt%s%s erased, of several people: %s", who,
                 forgotten->attempts, forgotten->attempts == 1 ? "" : "s", codes,
                 forgotten->people.names);
    else
        say_note("%s: %" PRId64 " attempt%s%s erased", who, forgotten->attempts,
                 forgotten->attempts == 1 ? "" : "s", codes);
}

/* The person's own text is shown with most of it hidden: what is to be forgotten does not belong
 * into a log. `place`: where it stands. */
static enum exit_code forget_one(struct job *job, const char *place, const char *subject)
{
    struct ledger *ledger = job->session->ledger;
    struct customer_forgotten forgotten;
    char masked[SUBJECT_SIZE], who[PLACE_SIZE + SUBJECT_SIZE];
    subject_mask(subject, masked, sizeof masked);
    snprintf(who, sizeof who, "%s%s", place, job->options.by_id ? subject : masked);
    do {
        ledger_begin(ledger);
        if (job->options.by_id)
            customer_forget_attempt(job->session, read_number(subject), &forgotten);
        else
            customer_forget(job->session, subject, job->options.all, &forgotten);
        ledger_end(ledger);
    } while (ledger_again(ledger));
    if (ledger_failed(ledger))
        return job_ledger_failed(job, "erasing");
    job_add(job, "forget", "attempts", (uint64_t)forgotten.attempts);
    job_add(job, "forget", "codes", (uint64_t)forgotten.codes);
    if (forgotten.refused) {
        job_add(job, "forget", "refused", 1);
        say_error("%s: matches several people: %s; nothing was erased: --all erases them all, --id "
                  "one of them",
                  who, forgotten.people.names);
        return EXIT_PARTLY;
    }
    if (forgotten.attempts == 0 && forgotten.codes == 0) {
        job_add(job, "forget", "nobody", 1);
        say_error("%s: matches nobody; nothing was erased", who);
        return EXIT_PARTLY;
    }
    say_erased(who, &forgotten);
    return EXIT_DONE;
}

/* `name`: as it is shown. */
static enum exit_code forget_lines(struct job *job, int descriptor, const char *name)
{
    struct subjects subjects;
    char place[PLACE_SIZE], words[128];
    enum exit_code status = EXIT_DONE;
    enum subjects_next next;
    bool any = false;
    subjects_begin(&subjects, descriptor);
    while ((next = subjects_next(&subjects)) == SUBJECTS_ONE || next == SUBJECTS_BAD) {
        any = true;
        snprintf(place, sizeof place, "%.400s:%" PRIu64 ": ", name, subjects.line);
        if (next == SUBJECTS_ONE) {
            status = job_worse(status, forget_one(job, place, subjects.text));
        } else {
            say_error("%stoo long for a subject, or contains a NUL byte; nothing was erased for "
                      "this line",
                      place);
            status = job_worse(status, EXIT_PARTLY);
        }
    }
    if (next == SUBJECTS_FAILED) {
        say_error("%s: %s", name, strerror(errno));
        return EXIT_RETRY;
    }
    if (next == SUBJECTS_STOPPED) {
        stop_words(words, sizeof words);
        say_error("%s: %s after line %" PRIu64 ": the remaining lines were not erased", name, words,
                  subjects.line);
        return EXIT_RETRY;
    }
    if (!any) {
        say_error("%s: contains no subjects; nothing was erased", name);
        status = EXIT_PARTLY;
    }
    return status;
}

static enum exit_code forget_file(struct job *job, const char *path)
{
    struct stat facts;
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    enum exit_code status;
    if (descriptor < 0 || fstat(descriptor, &facts) != 0) {
        say_error("%s: %s", path, strerror(errno));
        status = EXIT_RETRY;
    } else if (!S_ISREG(facts.st_mode)) {
        say_error("%s is not a regular file: use `-` to read from a pipe", path);
        status = EXIT_BAD_DATA;
    } else {
        status = forget_lines(job, descriptor, path);
    }
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

enum exit_code forget_command(struct job *job)
{
    const struct options *options = &job->options;
    char place[PLACE_SIZE] = "", words[128];
    enum exit_code status = options->from == NULL ? EXIT_DONE : forget_file(job, options->from);
    for (size_t i = 0; i < options->argument_count; i++) {
        if (stop_asked()) {
            stop_words(words, sizeof words);
            say_error("%s before argument %zu: the remaining lines were not erased", words, i + 1);
            status = job_worse(status, EXIT_RETRY);
            break;
        }
        if (options->argument_count > 1)
            snprintf(place, sizeof place, "argument %zu: ", i + 1);
        status = job_worse(status, strcmp(options->arguments[i], "-") == 0
                                       ? forget_lines(job, STDIN_FILENO, "standard input")
                                       : forget_one(job, place, options->arguments[i]));
    }
    return job_worse(status, forget_truncate_wal(job));
}
