/* SPDX-License-Identifier: MIT */
/* precheck.h: looks up sign-ups in the ledger before they are written, on its own connection, which
 * a thread other than the ledger's may use. Only a hint: the write decides. */
#ifndef PRECHECK_H
#define PRECHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "import/chunk.h"
#include "run/job.h"
#include "values/error.h"

struct precheck;

/* NULL: `error`. */
struct precheck *precheck_open(const struct job *job, struct error *error);
void precheck_close(struct precheck *precheck);
/* Whether anything below, or its session, has failed; of what. The latter returns false. */
bool precheck_failed(const struct precheck *precheck);
bool precheck_error(const struct precheck *precheck, struct error *error);

/* Of the thread that reads. */
struct session *precheck_session(struct precheck *precheck);

/* The settings in force; NULL: precheck_error(). They live until precheck_close(), since sign-ups
 * that they judged are under way. */
const struct settings *precheck_settings(struct precheck *precheck);

/* Spares hashes that would be wasted: of sign-ups with an identifier that a customer has already,
 * or that an earlier row of the file takes. */
void precheck_spare_hashes(struct precheck *precheck, struct chunk *chunk);

#endif
