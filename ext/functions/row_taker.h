/* SPDX-License-Identifier: MIT */
/*
 * row_taker.h: reg_take(TAKER, ...), by which a statement hands its rows to C while it runs. To
 * have millions handed out one by one takes as long again as to read them.
 *
 * No analyst has a use for it: without a pointer, which only C can bind, it is an error. So it is
 * not listed among what the extension offers.
 */
#ifndef ROW_TAKER_H
#define ROW_TAKER_H

#include <stdbool.h>

#include "ledger/ledger.h"
#include "host.h"

struct row_taker {
    struct ledger *ledger; /* where that fails, the statement ends */
    /* The arguments behind TAKER. What the function gives is whether this is true. */
    bool (*take)(void *context, sqlite3_value **values);
    void *context;
};

/* For a connection; SQLite's code. */
int row_taker_offer(sqlite3 *database);
void row_taker_withdraw(sqlite3 *database);

/* Binds a taker to the statement's parameter :taker, until it has run. */
void row_taker_bind(struct ledger_statement *statement, const struct row_taker *taker);

#endif
