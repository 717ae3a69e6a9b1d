/* SPDX-License-Identifier: MIT */
/* builtin.h: the message templates that the program brings with it: those of samples/templates, as
 * they were when it was built. */
#ifndef BUILTIN_H
#define BUILTIN_H

struct builtin_file {
    const char *name; /* "email.en.txt" */
    const char *text;
};

/* NULL names the end. */
extern const struct builtin_file builtin_files[];

#endif
