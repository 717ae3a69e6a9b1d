/* SPDX-License-Identifier: MIT */
/* chunk.h: some consecutive records of a file on their way through the import: read and checked by
 * one thread, hashed by several, written in file order by one. */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admission/admit.h"
#include "admission/admit_writer.h"
#include "run/digest.h"
#include "intake/intake.h"
#include "import/rejects.h"
#include "values/error.h"

struct session;
struct settings;

/* What became of the rows of a file, from its first row on. The law of the sum: read is all the
 * others together. */
struct chunk_counts {
    uint64_t read, success, pending, failed, continued, rejected;
};

enum { CHUNK_ROWS = 250, CHUNK_MOST_BYTES = 2 << 20, CHUNK_HASHES_PER_WORKER = 32 };

struct chunk_row;

struct chunk {
    struct chunk_row *rows; /* [0, capacity): texts and admissions are reused */
    size_t count, capacity;
    size_t hashes;                     /* rows that want a hash */
    size_t bytes;                      /* of texts held */
    uint64_t end, next_line;           /* where reading goes on after the last row */
    bool has_prefix;                   /* of a stream: */
    unsigned char prefix[DIGEST_SIZE]; /* the digest of all up to `end` */
    struct session *session;           /* of the thread that reads */
    const struct settings *settings;   /* that judge these rows */
    int64_t now;
    struct error error;
};

/* False when out of memory. */
bool chunk_begin(struct chunk *chunk, size_t capacity);
void chunk_end(struct chunk *chunk);

/* Wipes what it had, and is to be filled anew. */
void chunk_restart(struct chunk *chunk, struct session *session, const struct settings *settings,
                   int64_t now);

/* Adds a record (copied) and checks it; adds a reject. Of confirmations, a row without a code is
 * one all the same. False: `error` (out of memory, or a file that the settings name cannot be
 * read). */
bool chunk_add_row(struct chunk *chunk, const struct record *record, const struct header *header,
                   bool confirmations, int64_t import_id);
/* kept_at: where the bytes of a reject that is too long to be held are found in the target's
 * `input`.
 */
bool chunk_add_reject(struct chunk *chunk, const struct record *record, uint64_t kept_at);

bool chunk_is_full(const struct chunk *chunk, unsigned workers);

/* The admission of a row that wants a hash; NULL for any other. */
struct admission *chunk_to_hash(struct chunk *chunk, size_t row);

/* That row's hash would be wasted: an identifier of it is, or will be, a customer's. The write
 * makes sure of it. */
void chunk_spare_hash(struct chunk *chunk, size_t row);

/* Where written rows and rejects go. */
struct chunk_target {
    struct session *session;
    struct admit_writer *writer;
    int64_t import_id;
    struct rejects *rejects;     /* NULL: a rehearsal, rejects go nowhere */
    const struct intake *intake; /* for the header of the rejects */
    int input;                   /* where rejects that are not held are found */
};

/* Some consecutive rows that one transaction can write on a cluster. The second request of a
 * two-step sign-up is one alone: what it goes on with must be there. */
struct chunk_part {
    size_t from, to;
    uint64_t line, end, next_line; /* of its first row; where reading goes on after its last */
    const unsigned char *prefix;   /* of a stream, where it ends with the chunk; NULL: not known */
};

/* The part after this one; begin with all zero. False: there is none. */
bool chunk_next_part(const struct chunk *chunk, struct chunk_part *part);

/*
 * Decides and writes the rows [from, to) in order, within the caller's transaction, and adds to
 * `counts`. False: the ledger's error is set, or `error` is.
 */
bool chunk_write(struct chunk *chunk, size_t from, size_t to, const struct chunk_target *target,
                 struct chunk_counts *counts);

#endif
