/* SPDX-License-Identifier: MIT */
/* header.h: which columns of a file are which of ours. */
#ifndef HEADER_H
#define HEADER_H

#include <stdbool.h>
#include <stddef.h>

/* Names, and the columns that they name. */
struct header_names {
    const struct header_name {
        const char *name;
        int column;
    } * list;
    size_t count;
    const char *prefix; /* what follows it is a further column's own name; NULL: none */
    /* NULL, or names of another kind of file, which count where the list has none, and what their
     * columns are here; -1: nothing. */
    const struct header_names *others;
    int (*meaning)(int column);
};

/* What a column of the file is to us. */
struct header_column {
    int column;     /* by its name; -1: none */
    char *suffix;   /* what follows the prefix; NULL: none */
    size_t same_as; /* an earlier column that means the same, from 1; 0: none */
};

struct header {
    struct header_column *columns; /* one for each of the file */
    size_t count;
    size_t prefixed; /* how many have the prefix */
};

/* Case, blanks, `_`, `-`, `.` and byte order marks do not matter: `E-Mail Address` is
 * `email_address`. */
bool header_same_name(const char *left, const char *right);

/* The column of that name, -1: none. */
int header_find(const struct header_names *names, const char *name);

/* False: out of memory. header_end() in either case. */
bool header_read(struct header *header, const struct header_names *names, const char *const *cells,
                 size_t count);
/* The place, from 1, of the column that such a cell is: one that means the same, or a new one at
 * the end; 0 where there are `most` already. False: out of memory. */
bool header_learn(struct header *header, const struct header_names *names, const char *cell,
                  size_t most, size_t *place);
bool header_has(const struct header *header, int column);
void header_end(struct header *header);

#endif
