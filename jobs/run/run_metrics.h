/* SPDX-License-Identifier: MIT */
/* run_metrics.h: what a run did and what waits, as OpenMetrics text. */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include "run/job.h"

/* To standard output, with the last run of each command. */
enum exit_code run_metrics_show(struct job *job);

/* To a file (write, fsync, rename), with counts, duration and exit code of this run and of the last
 * one of each other command. */
enum exit_code run_metrics_write(struct job *job, const char *path, enum exit_code status,
                                 double seconds);

#endif
