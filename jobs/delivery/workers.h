/* SPDX-License-Identifier: MIT */
/* workers.h: threads that carry out the calls of a channel on which libcurl blocks.
 *
 * libcurl waits for a mail server's answer to the final dot inside curl_multi_perform(), which
 * would stop every other call to any destination for as long, and make mail's concurrency one. The
 * engine stays on its thread: it prepares a call, hands it over here, and takes it back when it has
 * ended; a handle belongs to one side at a time.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "delivery/http_handle.h"

struct workers;

/* Up to `most` threads, started as they are needed. `wake` is woken when a call ends. NULL: out of
 * memory. */
struct workers *workers_open(unsigned most, CURLM *wake);

/* Ends the threads; no call may be under way. */
void workers_close(struct workers *workers);

/* Hands a prepared call over. False: no thread could be started for it. */
bool workers_start(struct workers *workers, struct http_handle *handle);

/* A call that has ended, NULL: none at present. */
struct http_handle *workers_take(struct workers *workers);

#endif
