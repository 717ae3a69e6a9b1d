/* SPDX-License-Identifier: MIT */
/* import_columns.h: what the columns of a file mean, by its header. */
#ifndef IMPORT_COLUMNS_H
#define IMPORT_COLUMNS_H

#include "import/chunk.h"
#include "import/import.h"

enum { IMPORT_UNKNOWN = 1024 };

/* Unknown ones are said and listed, or refused where the request is strict. False: said why, with
 * the status in which to end; then the rows have been read on. */
bool import_columns(const struct import_request *request, struct intake *intake,
                    char unknown[IMPORT_UNKNOWN], enum exit_code *status);

/* The same of members that mean nothing, which are known when all of a JSON file has been read. */
void import_columns_met(const struct import_request *request, struct intake *intake,
                        char unknown[IMPORT_UNKNOWN]);

/* What the columns of such a file may be called, which of them it needs, and those in words. */
const struct header_names *import_columns_names(const struct import_request *request);
bool (*import_columns_are_header(const struct import_request *request))(const struct header *);
const char *import_columns_expected(const struct import_request *request);

/* The name of ours that a column without a meaning most likely stands for; NULL: none is near. */
const char *import_columns_nearest(const struct import_request *request, const char *cell);

#endif
