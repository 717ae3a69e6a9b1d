/* SPDX-License-Identifier: MIT */
/* notes.h: what was done to the values of a sign-up, beside the verdict: one note a column. */
#ifndef NOTES_H
#define NOTES_H

#include <stddef.h>
#include <stdint.h>

#include "values/rule.h"
#include "values/signup.h"

struct admission;

/* The rule that each column met last: what weighs more comes later. */
struct notes {
    uint64_t columns; /* bits by enum signup_column: those that have one */
    unsigned char rules[SIGNUP_COLUMN_COUNT];
};

enum { NOTES_TEXT = 4096 };

/* The n-th rule, from 0: its name, what is done by it, and a sentence. False after the last. */
bool notes_rule(size_t n, const char **name, const char **done, const char **sentence);

/* A rule's sentence; RULE_as_given has none. */
const char *notes_sentence(enum rule rule);

/* What was done to the value of a column of a sign-up that has been checked, in the words of
 * notes_text() below. NULL: it was taken as it is, or there was none. */
const char *notes_done(const struct admission *admission, int column);

void notes_add(struct notes *notes, int column, enum rule rule);

/*
 * As the ledger keeps them: [{"column":"phone","done":"left_out","rule":"phone"}, ...] in the
 * columns' order, never a value. `done` is `trimmed` or `normalised` (taken in another form),
 * `missing` (the first that a short row lacks), `left_out` (not taken, and nobody fails for it) or
 * `refused` (one of the reasons why the attempt failed: the rule is the hint). NULL where there are
 * none.
 */
const char *notes_text(const struct admission *admission, char text[NOTES_TEXT]);

#endif
