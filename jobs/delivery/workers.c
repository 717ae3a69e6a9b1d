/* SPDX-License-Identifier: MIT */
/* workers.c: see workers.h. */
#include "delivery/workers.h"

#include "run/thread.h"

#include <pthread.h>
#include <stdlib.h>

enum { STACK_BYTES = 512 * 1024 };

struct workers {
    CURLM *wake;
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t work;
    struct http_handle *waiting; /* lists by handle->next */
    struct http_handle *ended;
    unsigned idle; /* threads that wait, less the calls that wait for them */
    bool closing;
    unsigned count;
    unsigned most;
    pthread_t threads[];
};

struct workers *workers_open(unsigned most, CURLM *wake)
{
    struct workers *workers = calloc(1, sizeof *workers + most * sizeof(pthread_t));
    if (!workers)
        return NULL;
    workers->wake = wake;
    workers->most = most;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->work, NULL);
    return workers;
}

static void *work(void *argument)
{
    struct workers *workers = argument;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        while (!workers->waiting && !workers->closing)
            pthread_cond_wait(&workers->work, &workers->lock);
        struct http_handle *handle = workers->waiting;
        if (!handle)
            break;
        workers->waiting = handle->next;
        pthread_mutex_unlock(&workers->lock);
        handle->code = curl_easy_perform(handle->call.easy);
        pthread_mutex_lock(&workers->lock);
        handle->next = workers->ended;
        workers->ended = handle;
        workers->idle++;
        curl_multi_wakeup(workers->wake);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

static bool start_thread(struct workers *workers)
{
    pthread_attr_t attributes;
    if (workers->count == workers->most || pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    bool good = thread_start(&workers->threads[workers->count], &attributes, work, workers);
    pthread_attr_destroy(&attributes);
    workers->count += good;
    return good;
}

bool workers_start(struct workers *workers, struct http_handle *handle)
{
    bool good = true;
    pthread_mutex_lock(&workers->lock);
    if (workers->idle > 0)
        workers->idle--;
    else
        good = start_thread(workers);
    if (good) {
        handle->next = workers->waiting;
        workers->waiting = handle;
        pthread_cond_signal(&workers->work);
    }
    pthread_mutex_unlock(&workers->lock);
    return good;
}

struct http_handle *workers_take(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    struct http_handle *handle = workers->ended;
    if (handle)
        workers->ended = handle->next;
    pthread_mutex_unlock(&workers->lock);
    return handle;
}

void workers_close(struct workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->closing = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}
