/* SPDX-License-Identifier: MIT */
/* title_lines.h: detects a report's title lines above the header. */
#ifndef TITLE_LINES_H
#define TITLE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "csv/records.h"
#include "values/header.h"

enum { TITLE_TEXT = 256 };

/* For a file whose header names nothing that its rows need. True: what was taken for the header
 * looks like a title; `text` says so, and in which line the header seems to be: that for which
 * `is_header` holds. Reads on in the records, which are of no use afterwards. */
bool title_found(struct records *records, const struct header_names *names,
                 bool (*is_header)(const struct header *header), char text[TITLE_TEXT]);

#endif
