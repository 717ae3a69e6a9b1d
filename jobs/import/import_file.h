/* SPDX-License-Identifier: MIT */
/* import_file.h: which file an import is of: opened, known by its content or name, new or gone on
 * with. */
#ifndef IMPORT_FILE_H
#define IMPORT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "import/chunk.h"
#include "run/digest.h"
#include "import/import.h"
#include "source/decompress.h"

struct import_file {
    struct job *job;
    const struct import_request *request;
    char name[REJECTS_PATH];
    int input;
    bool is_stream;
    enum decompress_kind packed; /* by its name */
    struct stat facts;           /* when its digest was taken */
    unsigned char digest[DIGEST_SIZE];
    uint64_t bytes;
    int64_t id; /* of the import */
    bool is_new;
    int64_t continues;                 /* the import of its beginning, where it has grown since */
    bool cuts_short;                   /* which was stopped, and does not go on itself */
    uint64_t earlier_rejects;          /* what that has kept of them */
    uint64_t offset, line;             /* where to begin; offset 0: after the header */
    unsigned char prefix[DIGEST_SIZE]; /* of a stream that goes on */
    bool has_prefix;
    struct chunk_counts counts;          /* of what earlier runs have done */
    uint64_t rejects_bytes, rejects_met; /* kept, and of all of them */
    char lease[96]; /* on a cluster: nobody else imports it meanwhile; "": not taken */
    enum exit_code status;
    bool over; /* nothing is left to do: refused, failed or imported already; said, with `status` */
};

/* Opens the file and asks no ledger about it. The caller closes it. */
void import_file_look(struct import_file *file, struct job *job,
                      const struct import_request *request);

/* Opens the file and finds out what it is. The caller closes it. */
void import_file_open(struct import_file *file, struct job *job,
                      const struct import_request *request);
void import_file_close(struct import_file *file);

/* What the last commit of an import has counted. False: there is none, or the ledger failed. */
bool import_file_counts(struct import_file *file, int64_t id, struct chunk_counts *counts);

/* False: it has been written to since its digest was taken. */
bool import_file_is_unchanged(const struct import_file *file);

/* Where the rejects of an import of it go: beside it, or into `done` of its inbox; for
 * rejects_begin(). False: the path is too long. */
bool import_file_rejects(const struct import_file *file, int64_t import_id, int *folder,
                         char path[REJECTS_PATH]);

/* How many bytes there may be in it, where it is compressed. */
uint64_t import_file_most(const struct import_file *file);

enum { IMPORT_FILE_CHANGE = 256 };
/* What there is to say of that: the digest then and the one now. */
void import_file_change(const struct import_file *file, char text[IMPORT_FILE_CHANGE]);

/* Says that a file that was stopped half-way is not what it was then: the digest now is
 * file->digest.
 */
void import_file_refuse_changed(struct import_file *file, int64_t id,
                                const unsigned char before[DIGEST_SIZE]);

#endif
