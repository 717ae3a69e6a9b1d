/* SPDX-License-Identifier: MIT */
/* commands.h: the commands of the program, one file in jobs/commands/ each. All but init_command
 * run in an open job. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include "run/job.h"

options_function init_command, import_command, confirm_command, send_command, settle_command,
    report_command, nightly_command, status_command, reconcile_command, dashboard_command,
    forget_command, settings_command, check_command, tidy_command;

/* What `check` does without --data; opens the ledger itself, to say what is wrong with it. */
enum exit_code check_setup(struct job *job);

/* Imports what lies in the configured inboxes: sign-ups, confirmations. */
enum exit_code import_inbox(struct job *job);
enum exit_code confirm_inbox(struct job *job);

/* Reconciles the exports that lie in the configured inbox. */
enum exit_code reconcile_inbox(struct job *job);

/* The steps of `nightly`, as their commands do them without options. */
enum exit_code send_step(struct job *job);
enum exit_code settle_step(struct job *job);
enum exit_code report_step(struct job *job);
enum exit_code tidy_step(struct job *job);

/* After erasing: what was erased must not stand in the log either. */
enum exit_code forget_truncate_wal(struct job *job);

#endif
