/* SPDX-License-Identifier: MIT */
/* wal_checkpoint.h: the write-ahead log is copied into the ledger by a thread of its own, on a
 * connection of its own, while the next batch is being written: half of what a large import writes.
 * (https://www.sqlite.org/wal.html: a PASSIVE checkpoint waits for nobody, and nobody for it.) */
#ifndef WAL_CHECKPOINT_H
#define WAL_CHECKPOINT_H

#include <sqlite3.h>
#include <stdint.h>

struct wal_checkpoint;

/* From now on `database`, which writes, does not do it itself: each of its commits asks for it, and
 * waits for it where the log has grown large, so that the log begins anew. NULL: there is no memory
 * or no thread, and it goes on as ever. */
struct wal_checkpoint *wal_checkpoint_start(sqlite3 *database, const char *ledger);

/* How long the last commit has waited for it, in milliseconds. The ledger was free meanwhile. */
int64_t wal_checkpoint_waited(const struct wal_checkpoint *checkpoint);

/* What has been begun is done; `database` sees to it by itself again. */
void wal_checkpoint_end(struct wal_checkpoint *checkpoint);

#endif
