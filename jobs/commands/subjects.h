/* SPDX-License-Identifier: MIT */
/* subjects.h: texts that name people, one a line, from a file or standard input: so that they do
 * not stand on a command line, which every user of the machine can read. */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SUBJECTS_LONGEST = 1024, SUBJECTS_WINDOW = 4096 };

struct subjects {
    int descriptor;
    unsigned char window[SUBJECTS_WINDOW];
    size_t at, filled;
    bool ended;
    uint64_t line;                   /* of `text`, from 1 */
    char text[SUBJECTS_LONGEST + 1]; /* without blanks at its ends */
};

enum subjects_next {
    SUBJECTS_ONE,     /* in `text` */
    SUBJECTS_BAD,     /* a line that is longer than any subject, or has a NUL: passed over */
    SUBJECTS_END,     /* there are no more */
    SUBJECTS_FAILED,  /* errno says why */
    SUBJECTS_STOPPED, /* the run is to stop (stop.h) */
};

/* An open descriptor, which stays the caller's. */
void subjects_begin(struct subjects *subjects, int descriptor);

/* The next line that is not blank. Lines end with LF or CR LF, the last one need not; a byte order
 * mark at the beginning is passed over. Waits for a pipe no longer than until the run is to stop.
 */
enum subjects_next subjects_next(struct subjects *subjects);

#endif
