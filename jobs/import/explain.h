/* SPDX-License-Identifier: MIT */
/* explain.h: what would be made of a file, for the person who made it: its header column by column,
 * and its first rows. No value is shown, and no ledger is changed or needed. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include "import/import.h"

enum { EXPLAIN_ROWS = 1000 };

/* EXIT_DONE; EXIT_PARTLY where a row would fail or cannot be read; EXIT_BAD_DATA where the
 * file is not understood; EXIT_RETRY. All is said. */
enum exit_code explain_file(struct job *job, const struct import_request *request);

#endif
