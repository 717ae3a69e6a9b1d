#include "aside.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

struct aside {
    struct sqlite3 *database;
    struct door *door;
    void (*read)(void *context, struct door *door);
    void *context;
    pthread_t thread;
    bool running;
};

struct aside *aside_open(const struct job *job)
{
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    struct aside *aside = calloc(1, sizeof *aside);
    if (aside == NULL)
        return NULL;
    if (sqlite3_open_v2(job->config.ledger, &aside->database, flags, NULL) != SQLITE_OK ||
        (aside->door = door_open(aside->database)) == NULL) {
        aside_close(aside);
        return NULL;
    }
    sqlite3_busy_timeout(aside->database, (int)job->config.busy_timeout_ms);
    sqlite3_db_config(aside->database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    snprintf(aside->door->key_file, sizeof aside->door->key_file, "%s", job->config.key_file);
    return aside;
}

static void *run(void *argument)
{
    struct aside *aside = argument;
    aside->read(aside->context, aside->door);
    return NULL;
}

/* Signals are for the caller's thread: it decides what stops. */
bool aside_start(struct aside *aside, void (*read)(void *context, struct door *door), void *context)
{
    sigset_t all;
    sigset_t before;
    aside->read = read;
    aside->context = context;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    aside->running = pthread_create(&aside->thread, NULL, run, aside) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return aside->running;
}

void aside_wait(struct aside *aside)
{
    if (aside == NULL || !aside->running)
        return;
    pthread_join(aside->thread, NULL);
    aside->running = false;
    ledger_forgive(aside->door->ledger);
}

void aside_close(struct aside *aside)
{
    if (aside == NULL)
        return;
    aside_wait(aside);
    door_release(aside->door);
    sqlite3_close(aside->database);
    free(aside);
}
