/* import_columns.h: what the columns of a file mean, by its header. */
#ifndef IMPORT_COLUMNS_H
#define IMPORT_COLUMNS_H

#include "import/chunk.h"
#include "import/import.h"

/* One for each column of the file; the caller frees them. Unknown ones are said, or refused where
 * the request is strict. NULL: said why, with the status in which to end. */
struct chunk_column *import_columns(const struct import_request *request,
                                    const struct records *records, enum status_code *status);

#endif
