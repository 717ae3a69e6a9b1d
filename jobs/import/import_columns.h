/* import_columns.h: what the columns of a file mean, by its header. */
#ifndef IMPORT_COLUMNS_H
#define IMPORT_COLUMNS_H

#include "import/chunk.h"
#include "import/import.h"

enum { IMPORT_UNKNOWN = 1024 };

/* Unknown ones are said and listed, or refused where the request is strict. False: said why, with
 * the status in which to end; then the records have been read on. header_end() frees it in any
 * case. */
bool import_columns(struct header *header, const struct import_request *request,
                    struct records *records, char unknown[IMPORT_UNKNOWN], enum exit_code *status);

/* The name of ours that a column without a meaning most likely stands for; NULL: none is near. */
const char *import_columns_nearest(const struct import_request *request, const char *cell);

#endif
