/* SPDX-License-Identifier: MIT */
/* command_reconcile.c: dashboard exports against the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "inbox/inbox_job.h"
#include "values/moment.h"
#include "page/reconcile_report.h"
#include "rqlite/cluster.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/zone.h"

static bool show(const char *format, const struct reconcile_report *all, size_t count)
{
    if (format == NULL)
        for (size_t i = 0; i < count; i++)
            reconcile_report_say(&all[i], false);
    return format == NULL                ? true
           : strcmp(format, "csv") == 0  ? reconcile_report_csv(all, count)
           : strcmp(format, "json") == 0 ? reconcile_report_json(all, count)
                                         : reconcile_report_html(all, count);
}

/* Days are counted by TZ. */
static bool knows_zone(void)
{
    struct error error;
    if (zone_is_known(&error))
        return true;
    say_error("reconcile: %s", error.text);
    return false;
}

enum exit_code reconcile_command(struct job *job)
{
    const struct options *options = &job->options;
    enum exit_code status = EXIT_DONE;
    int64_t as_of = 0;
    size_t count = 0;
    if (!job_read_moment(job, "--as-of", options->as_of, &as_of))
        return EXIT_USAGE;
    if (!knows_zone())
        return EXIT_CONFIG;
    job_read_lean(job);
    struct reconcile_report *all = calloc(options->argument_count, sizeof *all);
    if (all == NULL) {
        say_error("out of memory");
        return EXIT_RETRY;
    }
    for (size_t i = 0; i < options->argument_count; i++) {
        if (stop_asked()) {
            status =
                job_worse(status, job_stopped(options->arguments[i],
                                              "this file and those after it were not compared"));
            break;
        }
        enum exit_code one = reconcile_report_read(&all[count], job, -1, options->arguments[i],
                                                   options->as_of != NULL ? &as_of : NULL);
        if (one == EXIT_DONE || one == EXIT_PARTLY)
            count++;
        else
            reconcile_report_end(&all[count]);
        status = job_worse(status, one);
    }
    if (!show(options->format, all, count)) {
        say_error("out of memory for the result");
        status = job_worse(status, EXIT_RETRY);
    }
    while (count > 0)
        reconcile_report_end(&all[--count]);
    free(all);
    return status;
}

/* -- what lies ready at night -- */

/* On a cluster the night's own job writes there, and what is read comes from a copy. */
static enum exit_code read_copy(struct reconcile_report *one, struct job *job,
                                const struct inbox_file *file)
{
    static struct job copy; /* some kilobytes of configuration */
    copy = (struct job){.options = job->options, .config = job->config};
    memset(one, 0, sizeof *one);
    enum exit_code status = cluster_open_copy(&copy);
    if (status == EXIT_DONE)
        status = reconcile_report_read(one, &copy, file->descriptor, file->path, NULL);
    job_add_all(job, &copy);
    job_close(&copy);
    config_end(&copy.config);
    return status;
}

static enum exit_code reconcile_one(struct job *job, const struct inbox_file *file, void *context)
{
    struct reconcile_report one;
    (void)context;
    enum exit_code status =
        ledger_is_shared(job->session->ledger)
            ? read_copy(&one, job, file)
            : reconcile_report_read(&one, job, file->descriptor, file->path, NULL);
    if (status == EXIT_DONE || status == EXIT_PARTLY)
        reconcile_report_say(&one, true);
    if (status == EXIT_PARTLY)
        say_error("%s: some differences are unexplained: run `regjob reconcile` on the file, which "
                  "is now in %s/done",
                  file->path, file->inbox->folder);
    reconcile_report_end(&one);
    return status;
}

enum exit_code reconcile_inbox(struct job *job)
{
    if (job->config.reconcile.inbox[0] != '\0' && !knows_zone())
        return EXIT_CONFIG;
    return inbox_job_run(job, "reconcile", job->config.reconcile.inbox, reconcile_one, NULL);
}
