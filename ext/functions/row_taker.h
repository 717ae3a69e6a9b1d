/* SPDX-License-Identifier: MIT */
/*
 * row_taker.h: reg_take(TAKER, ...), by which a statement hands its rows to C while it runs. To
 * have millions handed out one by one takes as long again as to read them.
 *
 * As `SELECT count(*), count(reg_take(:taker, ...))` it takes the rows that are counted, in the
 * order in which SQLite comes to them, whatever that is. As a condition it may be asked of rows
 * that another condition would turn away.
 *
 * No analyst has a use for it: without a pointer, which only C can bind, it is an error. So it is
 * not listed among what the extension offers.
 */
#ifndef ROW_TAKER_H
#define ROW_TAKER_H

#include <stdbool.h>
#include <stdint.h>

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

/* Binds a taker to the statement's parameter :taker, for once. */
void row_taker_bind(struct ledger_statement *statement, const struct row_taker *taker);

/* A value, as ledger_text(), ledger_word() and ledger_integer() give it of a row. `column` names it
 * where it is refused. */
const char *row_taker_text(struct ledger *ledger, sqlite3_value *value);
const char *row_taker_word(struct ledger *ledger, sqlite3_value *value, const char *column);
int64_t row_taker_integer(struct ledger *ledger, sqlite3_value *value, const char *column);

#endif
