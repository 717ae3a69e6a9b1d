/* SPDX-License-Identifier: MIT */
/* secret_file.h: checks owner and mode of an open secret file; checks the descriptor, not the name,
 * so nobody can swap the file in between. */
#ifndef SECRET_FILE_H
#define SECRET_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

/*
 * A regular file of root's or of the user we act as, that nobody else may use. A file in the folder
 * $CREDENTIALS_DIRECTORY may be readable by its group: systemd gives us access to it by an ACL,
 * whose mask stands there. False: `error` says what is wrong and what to do; `what` and `path` name
 * the file in it.
 */
bool secret_file_is_private(int descriptor, const char *what, const char *path,
                            struct error *error);

#endif
