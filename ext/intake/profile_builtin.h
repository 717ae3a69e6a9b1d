/* SPDX-License-Identifier: MIT */
/* profile_builtin.h: the profiles of samples/profiles, which the build puts into the program. */
#ifndef PROFILE_BUILTIN_H
#define PROFILE_BUILTIN_H

struct profile_builtin {
    const char *file; /* its name, without .ini */
    const char *text;
};

extern const struct profile_builtin profile_builtins[]; /* ends with NULL */

#endif
