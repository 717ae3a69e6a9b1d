/* command_reconcile.c: dashboard exports against the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "inbox.h"
#include "moment.h"
#include "reconciled.h"
#include "say.h"
#include "stop.h"

static bool show(const char *format, const struct reconciled *all, size_t count)
{
    if (format == NULL)
        for (size_t i = 0; i < count; i++)
            reconciled_say(&all[i], false);
    return format == NULL                ? true
           : strcmp(format, "csv") == 0  ? reconciled_csv(all, count)
           : strcmp(format, "json") == 0 ? reconciled_json(all, count)
                                         : reconciled_html(all, count);
}

/* --as-of, where it was given. */
static bool read_as_of(const char *text, int64_t *as_of)
{
    if (text == NULL)
        return true;
    if (!moment_parse(text, as_of)) {
        say_error("--as-of %.80s: a moment is expected, as 2026-01-31T08:00:00Z or Unix time",
                  text);
        return false;
    }
    if (*as_of > moment_now()) {
        say_error("--as-of %.80s: it is in the future", text);
        return false;
    }
    return true;
}

enum status_code reconcile_command(struct job *job)
{
    const struct options *options = &job->options;
    enum status_code status = STATUS_DONE;
    int64_t as_of = 0;
    size_t count = 0;
    if (!read_as_of(options->as_of, &as_of))
        return STATUS_USAGE;
    struct reconciled *all = calloc(options->argument_count, sizeof *all);
    if (all == NULL) {
        say_error("out of memory");
        return STATUS_RETRY;
    }
    for (size_t i = 0; i < options->argument_count && !stop_asked(); i++) {
        enum status_code one = reconciled_read(&all[count], job, options->arguments[i],
                                               options->as_of != NULL ? &as_of : NULL);
        if (one == STATUS_DONE || one == STATUS_PARTLY)
            count++;
        else
            reconciled_end(&all[count]);
        status = job_worse(status, one);
    }
    if (stop_asked())
        status = job_worse(status, STATUS_RETRY);
    if (!show(options->format, all, count)) {
        say_error("out of memory for the result");
        status = job_worse(status, STATUS_RETRY);
    }
    while (count > 0)
        reconciled_end(&all[--count]);
    free(all);
    return status;
}

/* -- what lies ready at night -- */

static enum status_code reconcile_one(struct job *job, const struct inbox *inbox, const char *name)
{
    char path[INBOX_PATH], unused[INBOX_PATH], error[INBOX_PATH + 512];
    struct reconciled one;
    if (!inbox_paths(inbox, name, path, unused)) {
        say_error("%s/%s: the path is too long", inbox->folder, name);
        return STATUS_RETRY;
    }
    enum status_code status = reconciled_read(&one, job, path, NULL);
    bool compared = status == STATUS_DONE || status == STATUS_PARTLY;
    if (compared)
        reconciled_say(&one, true);
    if (status == STATUS_PARTLY)
        say_error("%s: not all of it is explained; `regjob reconcile` with the file, which is now "
                  "in %s/done, shows what",
                  path, inbox->folder);
    reconciled_end(&one);
    if (compared && !inbox_done(inbox, name, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    return status;
}

enum status_code reconcile_inbox(struct job *job)
{
    char error[INBOX_PATH + 512];
    struct inbox inbox;
    struct lock lock;
    if (job->config.reconcile.inbox[0] == '\0')
        return STATUS_DONE;
    enum status_code status = job_lock(job, "reconcile", &lock);
    if (status != STATUS_DONE)
        return status;
    if (!inbox_open(&inbox, job->config.reconcile.inbox, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    for (size_t i = 0; i < inbox.count && !stop_asked(); i++)
        status = job_worse(status, reconcile_one(job, &inbox, inbox.names[i]));
    unsigned removed = inbox_tidy(&inbox, job->config.import.done_keep_days);
    if (removed > 0)
        say_note("%s/done: %u files of more than %u days removed", inbox.folder, removed,
                 job->config.import.done_keep_days);
    inbox_close(&inbox);
    lock_release(&lock);
    return status;
}
