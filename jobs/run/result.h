/* SPDX-License-Identifier: MIT */
/* result.h: what came of a command, as one object of JSON for the program that ran it. */
#ifndef RESULT_H
#define RESULT_H

#include "run/job.h"

/* Whether it was asked for, by --format json, and the command has no JSON of its own. */
bool result_is_wanted(const struct options *options);

/*
 * {"command", "run", "exit_code", "seconds", "counts", "inputs", "files", "output"} on standard
 * output. `output` has the lines that the command would have printed; "output_cut" is true where
 * there were too many.
 */
enum exit_code result_say(struct job *job, enum exit_code status, double seconds);

#endif
