/* SPDX-License-Identifier: MIT */
/*
 * cluster.h: a job whose ledger is on a cluster of rqlite nodes. What is special about it is here;
 * the rest of the job sees a ledger as any other.
 */
#ifndef RQLITE_CLUSTER_H
#define RQLITE_CLUSTER_H

#include "run/job.h"

/*
 * job_open() for such a ledger: looks at the nodes (is there a leader, which version, what do their
 * clocks show), at what the cluster holds, and whether the key is the ledger's. What is wrong has
 * been said: EXIT_CONFIG for what stays wrong, EXIT_RETRY for what may pass. `create`: there need
 * be no ledger yet.
 */
enum exit_code cluster_open(struct job *job, bool create);

/* The same for a command that only looks: on a copy that it takes for itself, a snapshot in the
 * state folder, which job_close() removes. The configured ledger is then that file. */
enum exit_code cluster_open_copy(struct job *job);

/* Marks the ledger with the key, where it has no mark yet; false: the ledger's error, also where
 * the mark is another key's. */
bool cluster_mark_key(struct job *job);

/* -- cluster_copy.c -- */

/* The whole ledger, as a node holds it, preferably one that does not lead, into a file. False:
 * error. */
bool cluster_copy(struct job *job, int descriptor, struct error *error);

/* Puts a file's ledger in the place of what the cluster holds. False: error. */
bool cluster_load(struct job *job, int descriptor, int64_t bytes, struct error *error);

/* -- cluster_fill.c -- */

/* Overwrites what is free of every node's log. False: error. */
bool cluster_fill_log(struct job *job, struct error *error);

/* -- cluster_copy.c, too -- */

/* Has every node let go of what it wrote before, its log, and overwrites that. False: error names a
 * node that did not, the last of them. */
bool cluster_forget_log(struct job *job, struct error *error);

#endif
