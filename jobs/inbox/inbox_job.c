/* SPDX-License-Identifier: MIT */
#include "inbox/inbox_job.h"

#include <inttypes.h>

#include "run/say.h"
#include "run/stop.h"

enum { OPEN_ENDED_TIMES = 30 };

static void say_left(const struct inbox *inbox, size_t left)
{
    char why[128];
    stop_words(why, sizeof why);
    say_error("%s: %s: %zu file%s left for the next run", inbox->folder, why, left,
              left == 1 ? " is" : "s are");
}

enum exit_code inbox_job_each(struct job *job, const struct inbox *inbox, inbox_job_file *work,
                              void *context)
{
    struct error error;
    enum exit_code status = EXIT_DONE;
    for (size_t i = 0; i < inbox->count; i++) {
        struct inbox_file file;
        if (stop_asked()) {
            say_left(inbox, inbox->count - i);
            return job_worse(status, EXIT_RETRY);
        }
        enum exit_code one = inbox_take(&file, inbox, inbox->names[i], &error);
        if (one != EXIT_DONE) {
            say_error("%s", error.text);
        } else {
            stop_file_deadline(job->config.import.file_seconds);
            one = work(job, &file, context);
            stop_file_deadline(0);
        }
        inbox_leave(&file);
        status = job_worse(status, one);
    }
    return status;
}

/* What a run does with each. */
struct night {
    const char *step;
    inbox_job_file *work;
    void *context;
};

/* A line without its end may be the half of one, and be somebody with half a password: whoever
 * writes there gets more time. Many programs write no end after the last line, so that it is but
 * time. */
static bool waits(struct job *job, const char *step, const struct inbox_file *file)
{
    unsigned settle = job->config.import.settle_seconds;
    bool open_ended = inbox_is_open_ended(file);
    int64_t age = inbox_age(file);
    if (age >= (int64_t)settle * (open_ended ? OPEN_ENDED_TIMES : 1))
        return false;
    say_error("%s: was written to %" PRId64
              " seconds ago%s, and may not be whole yet: it waits for "
              "the next run (settle_seconds = %u)",
              file->path, age, open_ended ? ", its last line has no end" : "", settle);
    job_add(job, step, "files_waiting", 1);
    return true;
}

static enum exit_code run_one(struct job *job, const struct inbox_file *file, void *context)
{
    struct error error;
    const struct night *night = context;
    if (waits(job, night->step, file))
        return EXIT_DONE;
    enum exit_code status = night->work(job, file, night->context);
    if (status != EXIT_DONE && status != EXIT_PARTLY)
        return status;
    if (!inbox_done(file, &error)) {
        say_error("%s", error.text);
        status = EXIT_RETRY;
    }
    return status;
}

enum exit_code inbox_job_run(struct job *job, const char *step, const char *folder,
                             inbox_job_file *work, void *context)
{
    struct error error;
    struct night night = {step, work, context};
    struct inbox inbox;
    struct lock lock;
    if (folder[0] == '\0')
        return EXIT_DONE;
    enum exit_code status = job_lock(job, step, &lock);
    if (status != EXIT_DONE)
        return status;
    if (inbox_open(&inbox, folder, &error)) {
        status = inbox_job_each(job, &inbox, run_one, &night);
        unsigned removed = inbox_tidy(&inbox, job->config.import.done_keep_days);
        if (removed > 0)
            say_note("%s/done: %u files of more than %u days removed", inbox.folder, removed,
                     job->config.import.done_keep_days);
    } else {
        say_error("%s", error.text);
        status = EXIT_RETRY;
    }
    inbox_close(&inbox);
    lock_release(&lock);
    return status;
}
