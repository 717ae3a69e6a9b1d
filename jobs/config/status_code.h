/* status_code.h: what the job's exit code says; cron, systemd and scripts act on these numbers. */
#ifndef STATUS_CODE_H
#define STATUS_CODE_H

enum status_code {
    STATUS_DONE = 0,   /* all done */
    STATUS_RETRY = 1,  /* something failed and is to be retried, also a locked or full ledger */
    STATUS_PARTLY = 2, /* done, but with rejects, undeliverable codes, dead reports, an unexplained
                       mismatch, or a subject to forget that names nobody or several people */
    STATUS_USAGE = 64, /* wrong command line */
    STATUS_BAD_DATA = 65, /* a data file that cannot be read as what it should be */
    STATUS_LOCKED = 75,   /* another run holds that step's lock */
    STATUS_CONFIG = 78    /* bad configuration, key file, or a newer ledger */
};

#endif
