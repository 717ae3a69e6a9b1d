/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "commands/commands.h"
#include "fraud/kept_days.h"
#include "indexes/index_merge.h"
#include "indexes/origin_index.h"
#include "run/say.h"
#include "run/stop.h"

/* What imports have appended to the index of subjects; see indexes/index_merge.h. */
static enum exit_code merge_index(struct job *job)
{
    if (index_merge(job->session->ledger))
        return EXIT_DONE;
    return ledger_failed(job->session->ledger)
               ? job_ledger_failed(job, "merging the index of subjects")
               : job_stopped("sums", "look-ups take longer until the index of subjects is merged");
}

/* What attempts since the last night came from; see indexes/origin_index.h. */
static enum exit_code index_origins(struct job *job)
{
    if (origin_index_build(job->session->ledger))
        return EXIT_DONE;
    return ledger_failed(job->session->ledger)
               ? job_ledger_failed(job, "indexing devices, addresses and mail domains")
               : job_stopped("sums", "attempts since the last night are read one by one where a "
                                     "device, an address or a mail domain is asked for");
}

/* The days that are over, for questions about months. Days that are left out are read from the
 * facts. */
static enum exit_code sum_days(struct job *job)
{
    struct kept_days_done done;
    enum exit_code status = EXIT_DONE;
    if (!kept_days_refresh(job->session->ledger, stop_asked, &done))
        status = job_ledger_failed(job, "summing days");
    else if (!done.all)
        status = job_stopped("sums", "the remaining days are read from their attempts until then");
    job_add(job, "sums", "days", done.summed);
    return status;
}

static enum exit_code keep_sums(struct job *job)
{
    struct lock lock;
    if (ledger_is_shared(job->session->ledger)) /* which has neither sums nor such indexes */
        return EXIT_DONE;
    enum exit_code status = job_lock(job, "sums", &lock);
    if (status != EXIT_DONE)
        return status;
    job_read_lean(job); /* long stretches, each read once and in order */
    status = merge_index(job);
    if (status == EXIT_DONE)
        status = index_origins(job);
    if (status == EXIT_DONE)
        status = sum_days(job);
    lock_release(&lock);
    return status;
}

/* In this order; each runs even where an earlier one failed, and has the time of a run for itself.
 */
static const struct {
    const char *name;
    enum exit_code (*run)(struct job *job);
} steps[] = {
    {"import", import_inbox}, {"confirm", confirm_inbox},     {"send", send_step},
    {"settle", settle_step},  {"report", report_step},        {"tidy", tidy_step},
    {"sums", keep_sums},      {"reconcile", reconcile_inbox},
};

enum { STEPS = sizeof steps / sizeof *steps };

/* A signal ends the night; what it had before it is named. */
static enum exit_code leave_out(size_t first)
{
    char why[128], names[128] = "";
    size_t used = 0;
    stop_words(why, sizeof why);
    for (size_t i = first; i < STEPS; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i == first ? "" : ", ",
                                 steps[i].name);
    say_error("nightly: %s; left out: %s", why, names);
    return EXIT_RETRY;
}

enum exit_code nightly_command(struct job *job)
{
    enum exit_code status = EXIT_DONE;
    for (size_t i = 0; i < STEPS; i++) {
        if (stop_reason() == STOP_SIGNAL)
            return job_worse(status, leave_out(i));
        stop_deadline(job->config.run_seconds);
        enum exit_code step = steps[i].run(job);
        if (step != EXIT_DONE)
            say_note("%s ended with exit code %d", steps[i].name, (int)step);
        if (stop_reason() == STOP_DEADLINE && step == EXIT_RETRY)
            say_error("nightly: %s ran out of time (run_seconds = %u)", steps[i].name,
                      job->config.run_seconds);
        /* A step that another run is doing is being done. */
        status = job_worse(status, step == EXIT_LOCKED ? EXIT_DONE : step);
    }
    return status;
}
