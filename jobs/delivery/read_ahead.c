#include "delivery/read_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

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
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    struct read_ahead *read_ahead = calloc(1, sizeof *read_ahead);
    if (read_ahead == NULL)
        return NULL;
    if (sqlite3_open_v2(job->config.ledger, &read_ahead->database, flags, NULL) != SQLITE_OK ||
        (read_ahead->session = session_open(read_ahead->database)) == NULL) {
        read_ahead_close(read_ahead);
        return NULL;
    }
    sqlite3_busy_timeout(read_ahead->database, (int)job->config.busy_timeout_ms);
    sqlite3_db_config(read_ahead->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
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

/* Signals are for the caller's thread: it decides what stops. */
bool read_ahead_start(struct read_ahead *read_ahead,
                      void (*read)(void *context, struct session *session), void *context)
{
    sigset_t all;
    sigset_t before;
    read_ahead->read = read;
    read_ahead->context = context;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    read_ahead->running = pthread_create(&read_ahead->thread, NULL, run, read_ahead) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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
