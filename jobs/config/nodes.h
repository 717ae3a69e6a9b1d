/* SPDX-License-Identifier: MIT */
/* nodes.h: a ledger that is no file but on a cluster: the list of its nodes, where `path` has
 * one. */
#ifndef NODES_H
#define NODES_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

enum { NODES_MOST = 16, NODES_URL = 512 };

struct nodes {
    size_t count;
    char url[NODES_MOST][NODES_URL]; /* http(s)://HOST[:PORT], whatever they were given as */
};

/* Whether a ledger's path is such a list: `https://n1:4001,https://n2:4001`, also http:// and
 * rqlite://. */
bool nodes_are(const char *path);

/*
 * Reads the list. http:// is for this machine alone; rqlite:// means http:// there, and https://
 * elsewhere. A node after the first may go without its scheme, which is that of the one before.
 * False: `error` says what is wrong.
 */
bool nodes_read(const char *path, struct nodes *nodes, struct error *error);

#endif
