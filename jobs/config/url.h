/* SPDX-License-Identifier: MIT */
/* url.h: whether a configured URL is one that may be called. */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

/* What url_check() takes, in words: "https://HOST, or http:// to this machine alone (...)". */
void url_allowed(const char *schemes, char *words, size_t size);

/*
 * `schemes`: those allowed, separated by |. One in brackets, as in "https|(http)", only to a
 * loopback address: 127.0.0.0/8, ::1 or localhost. The others take SCHEME://HOST[:PORT][/...],
 * smtp and smtps nothing behind the port; `file` takes file:PATH. A user name or password in a URL
 * is refused: it would stand in logs and process lists. False: `error` says what is wrong, without
 * the URL.
 */
bool url_check(const char *url, const char *schemes, struct error *error);

/* Whether the host of a URL that url_check() takes is this machine. */
bool url_is_loopback(const char *url);

/* HOST[:PORT] of a URL that url_check() takes, or its folder. */
void url_server(const char *url, char *server, size_t size);

/* The path of a file: URL (it begins in `url`), NULL for every other one. */
const char *url_file_path(const char *url);

#endif
