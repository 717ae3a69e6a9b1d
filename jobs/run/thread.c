/* SPDX-License-Identifier: MIT */
#include "run/thread.h"

#include <signal.h>

bool thread_start(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *),
                  void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* a new thread inherits it */
    bool started = pthread_create(thread, attributes, work, context) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}
