/* SPDX-License-Identifier: MIT */
/* delivery_run.h: one round of a step: what is due in its queues is taken, sent to its
 * destinations, side by side, and recorded; and what came of it is counted and said.
 */
#ifndef DELIVERY_RUN_H
#define DELIVERY_RUN_H

#include "delivery/journal.h"

struct delivery_lane {
    const char *channel; /* "email", "sms", "fraud API": in messages */
    const char *section; /* of the configuration */
    const char *url;     /* where it goes; in the configuration */
    struct queue queue;
    struct take_cargo cargo;
    struct transfer_channel transfer;
    struct config_pace pace;
};

/* What the step's things are called. */
struct delivery_words {
    const char *step;     /* "send", "report" */
    const char *item;     /* "code", "report" */
    const char *given_up; /* "undeliverable", "dead" */
};

/*
 * Carries everything that is due in queues with one `handed`, `*limit` items at the most (NULL: no
 * limit). The step's lock is held and leftover tries are finished. Adds to `*given_up` how many
 * were. EXIT_RETRY where something is to be tried again, or was left; all has been said.
 */
enum exit_code delivery_run(struct job *job, const struct delivery_words *words,
                            const struct delivery_lane *lanes, size_t count, uint64_t *limit,
                            uint64_t *given_up);

/* Finishes the tries that an earlier run left without an answer, counted and noted. Adds to
 * `*given_up` how many items that was the last try of. */
enum exit_code delivery_leftovers(const struct delivery_words *words, const struct queue *queue,
                                  uint64_t *given_up);

#endif
