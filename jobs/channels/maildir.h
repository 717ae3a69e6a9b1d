/* SPDX-License-Identifier: MIT */
/* maildir.h: delivery into a folder, whole or not at all. */
#ifndef MAILDIR_H
#define MAILDIR_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

struct maildir;

/* Opens DIR with tmp/, new/ and cur/; makes what is missing, mode 0700. NULL: error filled. */
struct maildir *maildir_open(const char *directory, struct error *error);
void maildir_close(struct maildir *maildir);

/* Writes a file (0600) into tmp/, brings it to disk, renames it into new/, brings that to disk.
 * `suffix` ends its name, e.g. ".txt" or "". False: error filled, and nothing is in new/ unless
 * `uncertain` is set. */
bool maildir_deliver(struct maildir *maildir, const char *bytes, size_t length, const char *suffix,
                     bool *uncertain, struct error *error);

#endif
