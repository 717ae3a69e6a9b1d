/* SPDX-License-Identifier: MIT */
/* exit_code.h: what the job's exit code says; cron, systemd and scripts act on these numbers. */
#ifndef EXIT_CODE_H
#define EXIT_CODE_H

enum exit_code {
    EXIT_DONE = 0,      /* all done */
    EXIT_RETRY = 1,     /* something failed and is to be retried, also a locked or full ledger */
    EXIT_PARTLY = 2,    /* done, but with rejects, undeliverable codes, dead reports, an unexplained
                          mismatch, or a subject to forget that names nobody or several people */
    EXIT_USAGE = 64,    /* wrong command line */
    EXIT_BAD_DATA = 65, /* a data file that cannot be read as what it should be */
    EXIT_LOCKED = 75,   /* another run holds that step's lock */
    EXIT_CONFIG = 78    /* bad configuration, key file, or a newer ledger */
};

#endif
