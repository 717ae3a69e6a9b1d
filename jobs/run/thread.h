/* SPDX-License-Identifier: MIT */
/* thread.h: how a thread is started. */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* Starts a thread with every signal blocked: signals are for the main thread, which decides what
 * stops. `attributes` may be NULL. False: it could not be started. */
bool thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *),
                  void *context);

#endif
