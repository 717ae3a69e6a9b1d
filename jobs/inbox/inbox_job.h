/* SPDX-License-Identifier: MIT */
/* inbox_job.h: processes the files in an inbox (nightly). */
#ifndef INBOX_JOB_H
#define INBOX_JOB_H

#include "inbox/inbox.h"
#include "run/job.h"

/* Works on one file; `context` is the caller's. */
typedef enum exit_code inbox_job_file(struct job *job, const struct inbox_file *file,
                                      void *context);

/* Under the lock of that step: works on each file in turn, within its time, moves those into `done`
 * that are done with (EXIT_DONE, EXIT_PARTLY), and removes from there what has been kept long
 * enough. A file that may still be being written waits for the next run. Nothing where no folder is
 * configured (""). */
enum exit_code inbox_job_run(struct job *job, const char *step, const char *folder,
                             inbox_job_file *work, void *context);

/* The files of a listed folder, each within its time, wherever it comes from. Those that the run
 * has no time for are said. */
enum exit_code inbox_job_each(struct job *job, const struct inbox *inbox, inbox_job_file *work,
                              void *context);

#endif
