/* SPDX-License-Identifier: MIT */
/* job.h: one run of the program: what was asked, the configuration, the ledger, and what came of
 * each step. */
#ifndef JOB_H
#define JOB_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "run/digest.h"
#include "ledger/cluster.h"
#include "ledger/session.h"
#include "run/lock.h"
#include "config/options.h"

struct job;

enum { JOB_COUNTS = 96, JOB_OWNER_SIZE = 128, JOB_ERROR_SIZE = 1024 };

/* Something that a step counted, for the run's row, the summary and the metrics. */
struct job_count {
    const char *step; /* "import", "send", ... */
    const char *what; /* "accepted", ...; both live as long as the program */
    uint64_t number;
};

/* A connection of its own to the job's ledger, for a thread that only reads. */
struct job_reader {
    struct sqlite3 *database;
    struct session *session;
    void *remote; /* of a ledger on a cluster: what it is talked to by */
};

/* How a ledger on a cluster is come by; rqlite/cluster.h. All zero: the ledger is a file. */
struct job_cluster {
    void *remote;
    void (*end)(void *remote);
    bool (*open_reader)(const struct job *job, struct job_reader *reader, struct error *error);
};

struct job {
    struct options options;
    struct config config;
    struct sqlite3 *database;
    struct session *session;
    struct job_cluster cluster;
    int64_t run_id;
    char owner[JOB_OWNER_SIZE];          /* HOST:PID, in the journal */
    char run_owner[CLUSTER_OWNER_SIZE];  /* HOST:PID:CHANCE, which no other run ever has */
    char beside[CONFIG_TEXT + NAME_MAX]; /* LEDGER: what lies beside it is called LEDGER.WHAT */
    struct job_count counts[JOB_COUNTS];
    size_t count_count;
    struct json_t *inputs; /* what was read, for the run's row; NULL: nothing */
    struct json_t *files;  /* what came of it, likewise */
};

/*
 * Opens the configured ledger (existing, unless `create`): WAL, busy timeout, foreign keys,
 * temporary data in memory, deleted bytes overwritten. Anything but EXIT_DONE has been said
 * already: EXIT_CONFIG for a newer ledger or a bad key file, EXIT_RETRY for one that cannot be
 * opened.
 */
enum exit_code job_open(struct job *job, bool create);
void job_close(struct job *job);

/* Who the job is, from its first use of the ledger on. */
void job_name_owner(struct job *job);

/* False: error. */
bool job_open_reader(const struct job *job, struct job_reader *reader, struct error *error);
void job_close_reader(const struct job *job, struct job_reader *reader);

/* Says where the clock is far from the newest entry of the ledger: one of them is wrong. */
void job_compare_clock(struct job *job);

/* Begins and ends the run's row in the ledger. */
enum exit_code job_begin_run(struct job *job);
void job_end_run(struct job *job, enum exit_code status);

/* Adds to a count; the first mention makes it. */
void job_add(struct job *job, const char *step, const char *what, uint64_t number);

/* Adds what another job has counted and read for this one. */
void job_add_all(struct job *job, const struct job *other);

/* The counts by step, {"import": {"read": 3, ...}, ...}; the caller's own. NULL: no memory. */
struct json_t *job_counts(const struct job *job);

/* Adds a file that was read, by name and digest. */
void job_add_input(struct job *job, const char *name, const unsigned char digest[DIGEST_SIZE]);

/* What came of an imported file, since its first row. */
struct job_file {
    const char *name;
    int64_t import_id; /* 0: refused before its first row */
    uint64_t read, failed, rejected;
    uint64_t noted;      /* attempts with notes */
    const char *unknown; /* its columns without a meaning, in words */
    const char *form;    /* what it was read as; "" or NULL: CSV as RFC 4180 has it */
};
void job_add_file(struct job *job, const struct job_file *file);

/* Says the ledger's error and clears it; the exit code that belongs to it: EXIT_CONFIG for the
 * key and a newer ledger, else EXIT_RETRY. */
enum exit_code job_ledger_failed(struct job *job, const char *doing);

/* Says that the ledger is a snapshot or a share, and is not written to; EXIT_CONFIG. */
enum exit_code job_refuse_copy(struct job *job);

/* Takes the lock of a step. EXIT_LOCKED (said as a note) where another run has it. */
enum exit_code job_lock(struct job *job, const char *step, struct lock *lock);

/* Where the run is to leave off: says why, and what of the step is left undone by it; EXIT_RETRY.
 * Else EXIT_DONE. */
enum exit_code job_stopped(const char *step, const char *left);

/* Reads a moment that an option gives, not in the future; NULL leaves `moment` as it is. False: it
 * has been said what is wrong. */
bool job_read_moment(struct job *job, const char *option, const char *text, int64_t *moment);

/* How much memory the ledger's pages may have from now on; what cannot be set stays as it is. */
void job_cache(struct job *job, size_t kib);

/* From now on the ledger is gone through from one end to the other: less of it is kept in memory.
 */
void job_read_lean(struct job *job);

/* Of two statuses the one that the run must end with: of 1 and 2 it is 1; any other failure before
 * those. */
enum exit_code job_worse(enum exit_code left, enum exit_code right);

#endif
