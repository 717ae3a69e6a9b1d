/* SPDX-License-Identifier: MIT */
/* column_fates.h: per column, how many values were accepted, changed or refused, with the line of
 * an example. */
#ifndef COLUMN_FATES_H
#define COLUMN_FATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fate {
    FATE_EMPTY,
    FATE_AS_GIVEN,
    FATE_TRIMMED,
    FATE_NORMALISED,
    FATE_MISSING,
    FATE_LEFT_OUT,
    FATE_REFUSED,
    FATES
};

/* The values of one column. */
struct fates {
    uint64_t rows[FATES];
    int64_t lines[FATES]; /* of the first with that fate */
};

/* By the word of a note; FATES: none. */
enum fate fate_of_note(const char *done);

void fates_add(struct fates *fates, enum fate fate, uint64_t rows, int64_t line);

/* A table of columns: some cells of each, and then its fates, without those that no column has. */
struct fates_table {
    const char *title;
    const char *const *head;  /* of the cells before the fates */
    const char *const *cells; /* column by column */
    size_t cell_count;        /* of a column, at most 4 */
    const struct fates *fates;
    size_t count;  /* of columns */
    uint64_t rows; /* fates are shown as shares of so many; 0: as numbers */
    bool summary;  /* shown where a summary is, see say.h; else always */
};

/* False: out of memory. */
bool fates_show(const struct fates_table *table);

#endif
