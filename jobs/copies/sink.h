/* SPDX-License-Identifier: MIT */
/* sink.h: where an export goes: standard output, or a file that has its name once it is whole. */
#ifndef SINK_H
#define SINK_H

#include <stdbool.h>
#include <stdio.h>

#include "config/exit_code.h"
#include "run/draft.h"

struct sink {
    FILE *stream; /* to be written to; ferror() tells that it is in vain */
    bool is_file;
    struct draft draft;
};

/* `path` NULL: standard output. What is wrong has been said unless EXIT_DONE. */
enum exit_code sink_open(struct sink *sink, const char *path);

/* Ends it: `whole` gives a file its name, in place of another one if `replace`; else it is removed.
 * What is wrong has been said unless EXIT_DONE. */
enum exit_code sink_close(struct sink *sink, bool whole, bool replace);

#endif
