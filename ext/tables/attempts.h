/* SPDX-License-Identifier: MIT */
/* attempts.h: reg_attempts, the attempts of the ledger as of a moment, and the one door: INSERT. */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include "host.h"

extern const sqlite3_module attempts_module, attempts_read_only_module;

#endif
