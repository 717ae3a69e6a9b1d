#include "delivery/read_ahead.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "ledger/connection.h"
#include "run/thread.h"

struct read_ahead {
    struct sqlite3 *database;
    struct session *session;
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
    read_ahead->database =
        connection_open(job->config.ledger, CONNECTION_READER, job->config.busy_timeout_ms, &error);
    if (read_ahead->database == NULL ||
        (read_ahead->session = session_open(read_ahead->database)) == NULL) {
        read_ahead_close(read_ahead);
        return NULL;
    }
    snprintf(read_ahead->session->key_file, sizeof read_ahead->session->key_file, "%s",
             job->config.key_file);
    return read_ahead;
}

static void *run(void *argument)
{
    struct read_ahead *read_ahead = argument;
    read_ahead->read(read_ahead->context, read_ahead->session);
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
    ledger_forgive(read_ahead->session->ledger);
}

void read_ahead_close(struct read_ahead *read_ahead)
{
    if (read_ahead == NULL)
        return;
    read_ahead_wait(read_ahead);
    session_release(read_ahead->session);
    sqlite3_close(read_ahead->database);
    free(read_ahead);
}
