/* SPDX-License-Identifier: MIT */
/*
 * origin_index.h: the index of where attempts came from (sql/upgrades/9.sql), built behind the
 * writes: what others have written since the last time is read in the order of its values on a
 * connection of its own, and added in short transactions. Whoever is stopped leaves the rest to the
 * next; answers are the same with and without it.
 */
#ifndef ORIGIN_INDEX_H
#define ORIGIN_INDEX_H

#include <stdbool.h>

#include "values/error.h"

struct job;

/* Goes on until all attempts are in it, but for so few that reading them takes less than adding
 * them would, or until stop_asked(), which is no failure. False: the job's ledger has failed, or
 * `error` says why the other connection has (its text is "" otherwise). */
bool origin_index_build(const struct job *job, struct error *error);

#endif
