/* SPDX-License-Identifier: MIT */
/* secret.h: a password or token, from where an operator may keep one. */
#ifndef SECRET_H
#define SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

/*
 * Reads the secret that is the only line of the file `path` into `secret`, which the caller wipes.
 * A file of the same name in $CREDENTIALS_DIRECTORY goes before it: one configuration then serves
 * the units, each with a folder of credentials of its own, and whoever runs a command by hand.
 * The file must be secret_file_is_private(). False:
 * `error` says which file and what to do, never what stands in it; `secret` is then "".
 */
bool secret_from_file(char *secret, size_t size, const char *path, struct error *error);

/* The same from the environment variable `name`. */
bool secret_from_environment(char *secret, size_t size, const char *name, struct error *error);

#endif
