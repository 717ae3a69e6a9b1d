/* SPDX-License-Identifier: MIT */
/* known_keys.h: reads which identifiers a ledger knows, before an import, by two threads: sixty
 * million keys take one of them four seconds. */
#ifndef KNOWN_KEYS_H
#define KNOWN_KEYS_H

#include "admission/admit_keys.h"
#include "run/job.h"

/* Has them learn all keys of the attempts that there are now. Where that fails, the job's ledger
 * has failed. */
void known_keys_learn(struct job *job, struct admit_keys *keys);

#endif
