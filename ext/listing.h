/* listing.h: what the extension offers, as tables for a shell: reg_functions, reg_reasons
 * and reg_columns. */
#ifndef LISTING_H
#define LISTING_H

#include <stddef.h>

#include "door.h"
#include "host.h"

/* One row: the n-th, counted from 0, as `columns` texts, NULL where there is none. False after the
 * last. Texts need to live until the next call. */
typedef bool listing_row(size_t n, const char *texts[]);

struct listing {
    const char *declaration;
    int columns;
    int number; /* the column that holds numbers; -1: none does */
    listing_row *row;
};

/* The client data of the module. */
struct listing_module {
    const struct listing *listing;
    struct door *door;
};

extern const sqlite3_module listing_module;
extern const struct listing listing_reasons;
extern const struct listing listing_columns;

#endif
