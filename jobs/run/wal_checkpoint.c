/* SPDX-License-Identifier: MIT */
/* wal_checkpoint.c: see wal_checkpoint.h. */
#include "run/wal_checkpoint.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "ledger/connection.h"
#include "run/thread.h"
#include "values/moment.h"

/* In pages. To wait for a log of 256 MiB takes less time than to write beyond its end, where the
 * file system must find room for it. */
enum { LARGE_LOG = 1 << 15, DEFAULT_PAGES = 1000 /* SQLite's */ };

struct wal_checkpoint {
    sqlite3 *writer, *database; /* the one of the import, and this thread's */
    pthread_t thread;
    pthread_mutex_t lock; /* over what follows */
    pthread_cond_t changed;
    bool asked, at_work, ending;
    int64_t waited; /* the writer's, of its last commit */
};

static void *work(void *argument)
{
    struct wal_checkpoint *checkpoint = argument;
    pthread_mutex_lock(&checkpoint->lock);
    while (!checkpoint->ending || checkpoint->asked) {
        if (!checkpoint->asked) {
            pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
            continue;
        }
        checkpoint->asked = false;
        checkpoint->at_work = true;
        pthread_mutex_unlock(&checkpoint->lock);
        /* What a reader still needs stays in the log, for the checkpoint after this. */
        sqlite3_wal_checkpoint_v2(checkpoint->database, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL);
        pthread_mutex_lock(&checkpoint->lock);
        checkpoint->at_work = false;
        pthread_cond_broadcast(&checkpoint->changed);
    }
    pthread_mutex_unlock(&checkpoint->lock);
    return NULL;
}

static int after_commit(void *context, sqlite3 *database, const char *name, int log_pages)
{
    struct wal_checkpoint *checkpoint = context;
    (void)database;
    (void)name;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->asked = true;
    pthread_cond_broadcast(&checkpoint->changed);
    int64_t began = moment_monotonic();
    while (log_pages > LARGE_LOG && (checkpoint->asked || checkpoint->at_work))
        pthread_cond_wait(&checkpoint->changed, &checkpoint->lock);
    checkpoint->waited = moment_monotonic() - began;
    pthread_mutex_unlock(&checkpoint->lock);
    return SQLITE_OK;
}

struct wal_checkpoint *wal_checkpoint_start(sqlite3 *database, const char *ledger)
{
    struct wal_checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    if (checkpoint == NULL)
        return NULL;
    checkpoint->writer = database;
    pthread_mutex_init(&checkpoint->lock, NULL);
    pthread_cond_init(&checkpoint->changed, NULL);
    /* Its pages are read but once, and go by way of a buffer of their own. */
    struct error error;
    checkpoint->database = connection_open(ledger, CONNECTION_CHECKPOINT, 0, &error);
    if (checkpoint->database != NULL && thread_start(&checkpoint->thread, NULL, work, checkpoint)) {
        sqlite3_wal_hook(database, after_commit, checkpoint); /* in place of its own */
        return checkpoint;
    }
    sqlite3_close(checkpoint->database);
    pthread_cond_destroy(&checkpoint->changed);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint);
    return NULL;
}

int64_t wal_checkpoint_waited(const struct wal_checkpoint *checkpoint)
{
    return checkpoint == NULL ? 0 : checkpoint->waited;
}

void wal_checkpoint_end(struct wal_checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    pthread_mutex_lock(&checkpoint->lock);
    checkpoint->ending = true;
    pthread_cond_broadcast(&checkpoint->changed);
    pthread_mutex_unlock(&checkpoint->lock);
    pthread_join(checkpoint->thread, NULL);
    sqlite3_close(checkpoint->database);
    sqlite3_wal_autocheckpoint(checkpoint->writer, DEFAULT_PAGES);
    pthread_cond_destroy(&checkpoint->changed);
    pthread_mutex_destroy(&checkpoint->lock);
    free(checkpoint);
}
