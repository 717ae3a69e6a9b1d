/* SPDX-License-Identifier: MIT */
/* catalog.h: what the extension offers, as tables for a shell: reg_functions, reg_reasons,
 * reg_rules, reg_columns and reg_hash_formats. */
#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>

#include "ledger/session.h"
#include "host.h"

/* One row: the n-th, counted from 0, as `columns` texts, NULL where there is none. False after the
 * last. Texts need to live until the next call. */
typedef bool catalog_row(size_t n, const char *texts[]);

struct catalog {
    const char *declaration;
    int columns;
    int number; /* the column that holds numbers; -1: none does */
    catalog_row *row;
};

/* The client data of the module. */
struct catalog_module {
    const struct catalog *listing;
    struct session *session;
};

extern const sqlite3_module catalog_module;
extern const struct catalog listing_reasons;
extern const struct catalog listing_rules;
extern const struct catalog listing_columns;
extern const struct catalog listing_hash_formats;

#endif
