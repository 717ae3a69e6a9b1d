/* SPDX-License-Identifier: MIT */
/* stop.h: when to stop: a signal (SIGTERM, SIGINT or SIGHUP), the run's time limit or a file's time
 * limit.
 *
 * The first signal asks to finish the batch in hand; a second one ends the process at once, by that
 * signal. SIGPIPE is ignored: writing to a closed pipe is an error like any other. A signal that
 * the caller of the process ignores (SIGHUP under nohup, SIGINT of a background job) stays ignored.
 * The state is the process's: there is one of it.
 */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

enum stop_reason { STOP_NOT, STOP_SIGNAL, STOP_DEADLINE, STOP_FILE };

/* Begins to listen; to be called once, before any thread is started. False: no descriptor could be
 * had, `error` says why. */
bool stop_start(struct error *error);

/* From now on `seconds` may pass; 0: no limit. */
void stop_deadline(unsigned seconds);

/* From now on `seconds` may pass with one file; 0: no limit, as for what comes after it. */
void stop_file_deadline(unsigned seconds);

/* Why to leave off, STOP_NOT while work may go on. Cheap; may be asked by any thread. */
enum stop_reason stop_reason(void);
bool stop_asked(void);

/* Is readable from the first signal on and stays so: for poll() and curl_multi_poll(). Never read
 * it. -1 before stop_start(). */
int stop_descriptor(void);

/* How long a poll may wait: `longest` milliseconds (negative: for ever), or less where the deadline
 * comes first. */
int stop_wait_milliseconds(int longest);

/* What to say: "stopped by SIGTERM", "the time limit of 3600 seconds is over", "the time for one
 * file is over (file_seconds = 900)", "" while going on. */
void stop_words(char *words, size_t size);

/* Puts the signals back as they were. */
void stop_end(void);

#endif
