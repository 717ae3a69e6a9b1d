/* SPDX-License-Identifier: MIT */
/* refusals.h: distinguishes setup errors, where the refusal is about us, from refusals of one
 * recipient.
 *
 * A relay that does not know us, a sender that is not allowed or a request that a gateway does not
 * understand is refused to everybody in the same words. So a refusal is held back until the other
 * side has taken something, which makes it the item's own, or until enough different recipients
 * have been refused alike in a row, which makes it ours. Pure.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include "delivery/transfer.h"

enum {
    REFUSALS_FEW = 3,   /* different recipients in a row, while nothing was taken in this run */
    REFUSALS_MANY = 10, /* the same once something was: our set-up is good, or has been */
    REFUSALS_HELD = 32, /* most that are held, of however few recipients */
    REFUSALS_WORDS = 128,
};

struct refusal {
    struct transfer_item *item; /* with the refusal in its answer */
    const char *recipient;      /* NULL: one of its own; lives as long as the item is out */
};

struct refusals {
    struct refusal held[REFUSALS_HELD];
    unsigned count;
    unsigned recipients; /* different ones among them */
    bool taken;          /* the other side has taken something in this run */
    char words[REFUSALS_WORDS];
};

/* Whether one more can be held, and says the same as those that are. */
bool refusals_can_hold(const struct refusals *refusals, const struct transfer_answer *answer);

/* Holds it. True: they are about us. */
bool refusals_hold(struct refusals *refusals, const struct refusal *refusal);

/* Forgets those that are held. */
void refusals_clear(struct refusals *refusals);

#endif
