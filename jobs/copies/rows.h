/* SPDX-License-Identifier: MIT */
/*
 * rows.h: the rows of any query, written as CSV or JSON, a row at a time.
 *
 * The module copies/: copies of the ledger, or of parts of it, for others: a snapshot, a share, an
 * export. It uses the extension, run/ and config/.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stdio.h>

struct sqlite3_stmt;

/*
 * A line of CSV (RFC 4180, CRLF): the names of the columns, or the values of the row at hand. NULL
 * is an empty cell, an empty text a quoted one. A text that a spreadsheet would take for a formula
 * is made harmless (functions/cell.h).
 */
void rows_put_csv_names(FILE *stream, struct sqlite3_stmt *row);
void rows_put_csv(FILE *stream, struct sqlite3_stmt *row);

/* One JSON object with a member for every column, on one line, without a line end. What is no UTF-8
 * in a text becomes U+FFFD, and a blob its hex digits. `is_json`: of a column, whether its text is
 * JSON, which then stands as it is; NULL: of none. */
void rows_put_json(FILE *stream, struct sqlite3_stmt *row, const bool *is_json);

#endif
