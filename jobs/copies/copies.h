/* SPDX-License-Identifier: MIT */
/* copies.h: the commands that make copies of the ledger, or of parts of it, for others. */
#ifndef COPIES_H
#define COPIES_H

#include "run/job.h"

options_function snapshot_command, share_command, export_command;

#endif
