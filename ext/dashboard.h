/*
 * dashboard.h: a vendor's dashboard export, a CSV file of counts by day and outcome, read strictly
 * and as a whole: either every row is good, or nothing is given.
 *
 * Two shapes, told by their header (names in any order, case does not matter, further columns are
 * ignored): `date,success,failure` with a row a day, and `date,outcome,count` with a row for each
 * day and outcome. `day` is understood for `date`.
 */
#ifndef DASHBOARD_H
#define DASHBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dashboard_column {
    DASHBOARD_DATE,
    DASHBOARD_OUTCOME,
    DASHBOARD_COUNT,
    DASHBOARD_SUCCESS,
    DASHBOARD_FAILURE,
    DASHBOARD_COLUMNS
};

enum { DASHBOARD_NAME = 128, DASHBOARD_MOST_ROWS = 200000, DASHBOARD_ERROR = 768 };

/* What the vendor calls its columns; "": as above. */
struct dashboard_names {
    char text[DASHBOARD_COLUMNS][DASHBOARD_NAME];
};

/* The same from JSON: {"date": "Day", "success": "Accepted"}. False with what is wrong. */
bool dashboard_names_parse(struct dashboard_names *names, const char *json, char *error,
                           size_t error_size);

struct dashboard_row {
    int64_t day; /* since 1970-01-01, of whatever time zone the vendor counts in */
    bool success;
    int64_t count;
    uint64_t line;
};

struct dashboard {
    struct dashboard_row *rows; /* in the file's order; no day and outcome twice */
    size_t count;
    int64_t modified; /* when the file was last written, Unix milliseconds */
};

/*
 * Reads a regular file. False: `error` names file, line, column and what is expected;
 * `*unreadable`: the file is at fault, so that trying again is of no use. dashboard_end() in either
 * case.
 */
bool dashboard_read(struct dashboard *dashboard, const char *path,
                    const struct dashboard_names *names, bool *unreadable,
                    char error[DASHBOARD_ERROR]);
void dashboard_end(struct dashboard *dashboard);

/* `2026-01-31`. */
void dashboard_day_text(int64_t day, char text[16]);

#endif
