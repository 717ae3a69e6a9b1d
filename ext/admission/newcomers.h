/* SPDX-License-Identifier: MIT */
/*
 * newcomers.h: sign-ups of people whom nobody in the ledger can know, gathered, and as a table that
 * SQL reads.
 *
 * Most sign-ups of a file are of that kind. What the rule `admit` makes of one hangs on the sign-up
 * alone, so it is known without asking the ledger, and the rows of many are written by one
 * statement: INSERT INTO ... SELECT ... FROM reg_newcomer(:newcomers). That spares a statement's
 * beginning and end, and the binding of some sixty values, for each.
 */
#ifndef NEWCOMERS_H
#define NEWCOMERS_H

#include "admission/admit_values.h"
#include "host.h"

struct newcomers;

/* Offers the table `reg_newcomer` on the session's connection: a column for each parameter of the
 * rule `admit`, `fails`, and the hidden `newcomers` that says which. NULL: out of memory. */
struct newcomers *newcomers_open(struct session *session);
void newcomers_close(struct newcomers *newcomers);

/* What the rule makes of somebody whom nobody has met. */
enum admit_outcome newcomers_judge(const struct admit_values *values);

/* Gathers a sign-up, whose values stay where they are until it is written. False: there is no room
 * for another before that. */
bool newcomers_add(struct newcomers *newcomers, struct admit_values *values,
                   enum admit_outcome outcome);

/* Writes the attempts and persons of those gathered, and forgets them. */
void newcomers_write(struct newcomers *newcomers);
void newcomers_forget(struct newcomers *newcomers);

#endif
