/* batch.h: a batch of an import: records read and checked, hashed on all cores, then written in
 * file order in one transaction. */
#ifndef BATCH_H
#define BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admit.h"
#include "records.h"
#include "rejects.h"

struct door;

/* What became of the rows of a file, from its first row on. The law of the sum: read is all the
 * others together. */
struct batch_counts {
    uint64_t read, success, pending, failed, continued, rejected;
};

/* What a column of the file is to us. */
struct batch_column {
    int column;          /* enum signup_column; -1: a consent, or unknown */
    const char *consent; /* its name; NULL: none */
    bool keep_empty;     /* an empty field is an empty text and not a missing one: a row of
                            confirmations always confirms */
};

struct batch_row;

struct batch {
    struct batch_row *rows; /* [0, capacity): texts and admissions are reused from batch to batch */
    size_t count, capacity;
    size_t hashes;             /* rows that want a hash */
    size_t bytes;              /* of texts held */
    uint64_t end, next_line;   /* where reading goes on after the last row */
    struct settings *settings; /* that judge this batch */
    int64_t now;
    char error[512];
};

enum {
    BATCH_MOST_BYTES = 16 << 20,
    BATCH_HASHES_PER_WORKER = 64 /* about a second and a half, so that a signal is soon obeyed */
};

/* False when out of memory. */
bool batch_begin(struct batch *batch, size_t capacity);
void batch_end(struct batch *batch);

/* Starts anew, under the settings in force. False: the ledger's error is set. */
bool batch_restart(struct batch *batch, struct door *door, int64_t now);

/* Adds a record (copied) and checks it; adds a reject. False: `error` (out of memory, or a file
 * that the settings name cannot be read). */
bool batch_add_row(struct batch *batch, const struct record *record,
                   const struct batch_column *columns, size_t column_count, int64_t import_id);
bool batch_add_reject(struct batch *batch, const struct record *record);

bool batch_is_full(const struct batch *batch, unsigned workers);

/* Spends the hashes on `workers` threads, save for sign-ups whose identifier a customer has
 * already. */
bool batch_hash(struct batch *batch, struct door *door, unsigned workers);

/*
 * Decides and writes every row in order, within the caller's transaction, and adds to `counts`. The
 * reject's bytes go to `rejects` (NULL: nowhere). False: the ledger's error is set, or `error` is.
 */
bool batch_write(struct batch *batch, struct door *door, int64_t import_id,
                 struct batch_counts *counts, struct rejects *rejects,
                 const struct records *records, int input);

#endif
