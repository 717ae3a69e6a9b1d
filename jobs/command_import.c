#include <inttypes.h>
#include <stdio.h>

#include "commands.h"
#include "import.h"
#include "inbox.h"
#include "say.h"
#include "stop.h"

static enum status_code import_files(struct job *job, bool confirmations)
{
    const struct options *options = &job->options;
    struct lock lock;
    if (options->name != NULL && options->argument_count != 1) {
        say_error("--name names one file, not %zu", options->argument_count);
        return STATUS_USAGE;
    }
    enum status_code status = job_lock(job, "import", &lock);
    for (size_t i = 0; i < options->argument_count && status != STATUS_LOCKED && !stop_asked();
         i++) {
        struct import_request request = {.path = options->arguments[i],
                                         .name = options->name,
                                         .confirmations = confirmations,
                                         .strict = options->strict || job->config.import.strict,
                                         .dry_run = options->dry_run};
        status = job_worse(status, import_file(job, &request));
    }
    lock_release(&lock);
    return status;
}

enum status_code import_command(struct job *job)
{
    return import_files(job, false);
}

enum status_code confirm_command(struct job *job)
{
    return import_files(job, true);
}

static enum status_code import_one(struct job *job, const struct inbox *inbox, const char *name,
                                   bool confirmations)
{
    char path[INBOX_PATH], rejects[INBOX_PATH], error[INBOX_PATH + 512];
    if (!inbox_paths(inbox, name, path, rejects)) {
        say_error("%s/%s: the path is too long", inbox->folder, name);
        return STATUS_RETRY;
    }
    struct import_request request = {.path = path,
                                     .rejects = rejects,
                                     .confirmations = confirmations,
                                     .strict = job->config.import.strict};
    enum status_code status = import_file(job, &request);
    if (status != STATUS_DONE && status != STATUS_PARTLY)
        return status;
    if (!inbox_done(inbox, name, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    return status;
}

static enum status_code import_folder(struct job *job, const char *folder, bool confirmations)
{
    char error[INBOX_PATH + 512];
    struct inbox inbox;
    struct lock lock;
    if (folder[0] == '\0')
        return STATUS_DONE;
    enum status_code status = job_lock(job, "import", &lock);
    if (status != STATUS_DONE)
        return status;
    if (!inbox_open(&inbox, folder, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    for (size_t i = 0; i < inbox.count && !stop_asked(); i++)
        status = job_worse(status, import_one(job, &inbox, inbox.names[i], confirmations));
    unsigned removed = inbox_tidy(&inbox, job->config.import.done_keep_days);
    if (removed > 0)
        say_note("%s/done: %u files of more than %u days removed", inbox.folder, removed,
                 job->config.import.done_keep_days);
    inbox_close(&inbox);
    lock_release(&lock);
    return status;
}

enum status_code import_inbox(struct job *job)
{
    return import_folder(job, job->config.import.inbox, false);
}

enum status_code confirm_inbox(struct job *job)
{
    return import_folder(job, job->config.import.confirm_inbox, true);
}
