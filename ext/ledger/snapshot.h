/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h: a copy of a ledger in one file, which says of itself that it is one.
 *
 * Everything that reads works on it as on the ledger. Whatever writes is refused, as what it wrote
 * would be in no ledger: ledger_begin() sees to that. Only a rehearsal goes on, and what makes the
 * snapshot a ledger again, after the ledger itself has been lost.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum { SNAPSHOT_SOURCE_SIZE = 512 };

/* Whether the database is one. */
bool ledger_is_snapshot(struct ledger *ledger);

/* Whether it is a share: the facts of a ledger with pseudonyms, made for others (sql/share.sql).
 * It is read as a snapshot is, and never becomes a ledger; sign-ups are not judged by it. */
bool ledger_is_share(struct ledger *ledger);

/* Whether it is one of them. */
bool ledger_is_copy(struct ledger *ledger);

/* When a share was made. */
int64_t ledger_share_made_at(struct ledger *ledger);

/* Marks the database as a share. `options`: JSON, how it was made. */
void ledger_mark_share(struct ledger *ledger, int64_t made_at, const char *options);

/* Sets the error where the database is a share. True: it is one. */
bool ledger_refuse_share(struct ledger *ledger);

/* Which ledger a snapshot was taken of, harmless to show, and when. */
void ledger_snapshot_source(struct ledger *ledger, char source[SNAPSHOT_SOURCE_SIZE],
                            int64_t *taken_at);

/* Sets the error where the database is a snapshot or a share: it is not to be written to. True: it
 * is one. */
bool ledger_refuse_copy(struct ledger *ledger);

/*
 * Writes the whole database, as it is at this moment, into a new or empty file (VACUUM INTO). Not
 * by SQLite's backup, which copies pages and is twice as fast: this leaves out what was erased, and
 * what was free; it reads every record, so that damage is found now and not when the copy is
 * needed; and the copy is not in WAL mode, so that it is one file and can be read where nothing can
 * be written. Nobody is kept from writing to the ledger meanwhile. The file is not synced.
 */
void ledger_copy_into(struct ledger *ledger, const char *path);

/* Marks the database, a copy of the ledger at `source`, as a snapshot. */
void ledger_mark_snapshot(struct ledger *ledger, const char *source, int64_t taken_at);

/* Looks a database over, page by page (PRAGMA quick_check). False: the error says what is wrong. */
bool ledger_is_sound(struct ledger *ledger);

/* ledger_begin(), for a ledger that comes from a backup: a snapshot is one no more if this is
 * committed. Before that, and if it fails as well, the journal is a write-ahead log again. */
void ledger_begin_restored(struct ledger *ledger);

#endif
