/* SPDX-License-Identifier: MIT */
/* suggestion.h: the known word that a mistyped one most likely stands for. */
#ifndef SUGGESTION_H
#define SUGGESTION_H

#include <stddef.h>

struct suggestion {
    const char *word; /* the best so far, NULL before the first; borrowed from the caller */
    size_t distance;
};

/* Offers one known word; the first of several equally near ones is kept. Starts from {0}. */
void suggestion_offer(struct suggestion *nearest, const char *typed, const char *known);

#endif
