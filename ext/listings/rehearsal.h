/* SPDX-License-Identifier: MIT */
/*
 * rehearsal.h: a rehearsal beside the ledger. A running SELECT cannot write and take it back (a
 * savepoint cannot be opened there), so a private ledger in memory is made, under the same rules,
 * with the same settings, salt and key; before each sign-up it is given whatever of the real ledger
 * that sign-up can meet. Verdicts are then those of the one door, given by the steps of its rule as
 * an import runs them, and nothing real is written.
 */
#ifndef REHEARSAL_H
#define REHEARSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "admission/admit.h"
#include "ledger/session.h"

struct rehearsal;

/* Of a ledger that must stay open. NULL: the real ledger's error is set. The real ledger is read as
 * it stands now, whatever others write meanwhile. */
struct rehearsal *rehearsal_open(struct session *real);
void rehearsal_close(struct rehearsal *rehearsal);

/* The settings in force; NULL with the real ledger's error set. */
const struct settings *rehearsal_settings(struct rehearsal *rehearsal);

enum { TWIN_DETAIL = 64 };

struct rehearsal_verdict {
    enum admit_outcome outcome;
    const char *reasons;      /* JSON, until the next call; "[]" where there are none */
    char detail[TWIN_DETAIL]; /* what a row that continues came to */
};

/* What the sign-up would come to. False: the real ledger's error is set. */
bool rehearsal_admit(struct rehearsal *rehearsal, struct admission *admission,
                     struct rehearsal_verdict *verdict);

#endif
