/* SPDX-License-Identifier: MIT */
/*
 * admit_writer.h: many sign-ups, one after the other: the verdicts and the rows of admit_write(),
 * faster, for a caller that owns the transaction.
 *
 * People whom nobody in the ledger can know are written many at a time (see newcomers.h). For all
 * others the statements of the rule `admit` run one by one, made from the same text; those that
 * have nothing to do are left out. New ids are counted instead of looked up. What is added to the
 * index of subjects is gathered and added in its order, reports are added together.
 */
#ifndef ADMIT_WRITER_H
#define ADMIT_WRITER_H

#include <stdint.h>

#include "admission/admit.h"
#include "admission/admit_keys.h"
#include "admission/admit_values.h"

struct admit_writer;

/* NULL: out of memory. One at a time on a connection. */
struct admit_writer *admit_writer_open(struct session *session);
void admit_writer_close(struct admit_writer *writer);

/* About so many rows are to come: then it may be worth knowing which keys the index has. Those are
 * to be learned before the first row is written; NULL: they are looked up one by one. */
struct admit_keys *admit_writer_expect(struct admit_writer *writer, uint64_t rows);

/* How much memory knowing them takes. */
size_t admit_writer_filter_bytes(const struct admit_writer *writer);

/* At the beginning of each transaction, and before it is committed. */
void admit_writer_begin(struct admit_writer *writer);
void admit_writer_flush(struct admit_writer *writer);

/* Something else has added attempts, or codes of attempts, within the transaction. */
void admit_writer_met(struct admit_writer *writer);

/* A sign-up that is written soon. Advice: each of its keys is found somewhere else in memory, and
 * the processor need not wait for what is fetched early. */
void admit_writer_fetch(const struct admit_writer *writer, const struct admit_values *values);

/* After an error of the ledger the verdict means nothing, the transaction is rolled back, and the
 * writer is closed. The values have been prepared; they, and the admission, stay where they are
 * until the writer is settled or flushed: only then is all that was written in the ledger's tables.
 * On a cluster the verdict is not known before the transaction is committed, and a row with a code
 * must be the only one of its transaction. */
struct admit_verdict admit_writer_write(struct admit_writer *writer,
                                        const struct admission *admission,
                                        struct admit_values *values);
void admit_writer_settle(struct admit_writer *writer);

#endif
