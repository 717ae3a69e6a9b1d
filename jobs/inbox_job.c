#include "inbox_job.h"

#include "inbox.h"
#include "say.h"
#include "stop.h"

static enum status_code run_one(struct job *job, const struct inbox *inbox, const char *name,
                                inbox_job_file *work)
{
    char path[INBOX_PATH], rejects[INBOX_PATH], error[INBOX_PATH + 512];
    if (!inbox_paths(inbox, name, path, rejects)) {
        say_error("%s/%s: the path is too long", inbox->folder, name);
        return STATUS_RETRY;
    }
    enum status_code status = work(job, path, rejects, inbox->folder);
    if (status != STATUS_DONE && status != STATUS_PARTLY)
        return status;
    if (!inbox_done(inbox, name, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    return status;
}

enum status_code inbox_job_run(struct job *job, const char *step, const char *folder,
                               inbox_job_file *work)
{
    char error[INBOX_PATH + 512];
    struct inbox inbox;
    struct lock lock;
    if (folder[0] == '\0')
        return STATUS_DONE;
    enum status_code status = job_lock(job, step, &lock);
    if (status != STATUS_DONE)
        return status;
    if (!inbox_open(&inbox, folder, error, sizeof error)) {
        say_error("%s", error);
        status = STATUS_RETRY;
    }
    for (size_t i = 0; i < inbox.count && !stop_asked(); i++)
        status = job_worse(status, run_one(job, &inbox, inbox.names[i], work));
    unsigned removed = inbox_tidy(&inbox, job->config.import.done_keep_days);
    if (removed > 0)
        say_note("%s/done: %u files of more than %u days removed", inbox.folder, removed,
                 job->config.import.done_keep_days);
    inbox_close(&inbox);
    lock_release(&lock);
    return status;
}
