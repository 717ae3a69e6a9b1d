/* SPDX-License-Identifier: MIT */
#include "delivery/read_ahead.h"

#include <pthread.h>
#include <stdlib.h>

#include "run/thread.h"

struct read_ahead {
    const struct job *job;
    struct job_reader reader;
    void (*read)(void *context, struct session *session);
    void *context;
    pthread_t thread;
    bool running;
};

struct read_ahead *read_ahead_open(const struct job *job)
{
    struct error error;
    struct read_ahead *read_ahead = calloc(1, sizeof *read_ahead);
    if (read_ahead == NULL)
        return NULL;
    read_ahead->job = job;
    if (job_open_reader(job, &read_ahead->reader, &error))
        return read_ahead;
    read_ahead_close(read_ahead);
    return NULL;
}

static void *run(void *argument)
{
    struct read_ahead *read_ahead = argument;
    read_ahead->read(read_ahead->context, read_ahead->reader.session);
    return NULL;
}

bool read_ahead_start(struct read_ahead *read_ahead,
                      void (*read)(void *context, struct session *session), void *context)
{
    read_ahead->read = read;
    read_ahead->context = context;
    read_ahead->running = thread_start(&read_ahead->thread, NULL, run, read_ahead);
    return read_ahead->running;
}

void read_ahead_wait(struct read_ahead *read_ahead)
{
    if (read_ahead == NULL || !read_ahead->running)
        return;
    pthread_join(read_ahead->thread, NULL);
    read_ahead->running = false;
    ledger_forgive(read_ahead->reader.session->ledger);
}

void read_ahead_close(struct read_ahead *read_ahead)
{
    if (read_ahead == NULL)
        return;
    read_ahead_wait(read_ahead);
    job_close_reader(read_ahead->job, &read_ahead->reader);
    free(read_ahead);
}
