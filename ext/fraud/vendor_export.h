/* SPDX-License-Identifier: MIT */
/*
 * vendor_export.h: a vendor's dashboard export, a CSV file of counts by day and outcome, read
 * strictly and as a whole: either every row is good, or nothing is given.
 *
 * Two shapes, told by their header (names in any order, as header.h compares them, further columns
 * are ignored): `date,success,failure` with a row a day, and `date,outcome,count` with a row for
 * each day and outcome. `day` is understood for `date`. Values are read as a sign-up's are: days by
 * moment_read_counted_day(), outcomes by signup_read_outcome(), counts by count_read().
 */
#ifndef VENDOR_EXPORT_H
#define VENDOR_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/error.h"

enum export_column {
    EXPORT_DATE,
    EXPORT_OUTCOME,
    EXPORT_COUNT,
    EXPORT_SUCCESS,
    EXPORT_FAILURE,
    EXPORT_COLUMNS
};

enum { EXPORT_NAME = 128, EXPORT_MOST_ROWS = 200000, EXPORT_MOST_BYTES = 64 << 20 };

/* What the vendor calls its columns; "": as above. */
struct export_names {
    char text[EXPORT_COLUMNS][EXPORT_NAME];
};

/* The same from JSON: {"date": "Day", "success": "Accepted"}. False with what is wrong. */
bool export_names_parse(struct export_names *names, const char *json, struct error *error);

struct export_row {
    int64_t day; /* since 1970-01-01, of whatever time zone the vendor counts in */
    bool success;
    int64_t count;
    uint64_t line;
};

struct export
{
    struct export_row *rows; /* in the file's order; no day and outcome twice */
    size_t count;
    int64_t modified; /* when the file was last written, Unix milliseconds */
};

/*
 * Reads a regular file. False: `error` names file, line, column and what is expected, and quotes
 * nothing from the file: who calls a function may not be who may read the file. export_end() in
 * either case.
 */
bool export_read(struct export *export, const char *path, const struct export_names *names,
                 struct error *error);

/* An open file, for one who does more with it than read an export. `path` is for messages;
 * `may_quote`: they may quote the file, to somebody who may read it. */
struct export_file {
    int descriptor;
    const char *path;
    bool may_quote;
};

/* The same in steps. A descriptor of -1, false: as above. */
int export_open(const char *path, struct error *error);
bool export_fits(const struct export_file *file, struct error *error);
bool export_read_file(struct export *export, const struct export_file *file,
                      const struct export_names *names, struct error *error);
void export_end(struct export *export);

/* `2026-01-31`. */
void export_day_text(int64_t day, char text[16]);

#endif
