/* SPDX-License-Identifier: MIT */
/* cluster_look.c: a job that only looks at a ledger on a cluster does so on a copy of its own,
 * which is gone when it ends. */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/connection.h"
#include "ledger/snapshot.h"
#include "rqlite/cluster.h"
#include "run/draft.h"
#include "run/say.h"
#include "values/moment.h"

enum { LOOKS_MOST = 32 /* at once */ };

static void remove_copy(void *context)
{
    draft_close(context);
    free(context);
}

/* What a killed run left behind is removed by the next. */
static enum exit_code begin_copy(const struct job *job, struct draft *draft)
{
    struct error error = {ERROR_NONE, ""};
    enum draft_result result = DRAFT_HELD;
    for (int i = 1; i <= LOOKS_MOST && result == DRAFT_HELD; i++) {
        char name[32];
        snprintf(name, sizeof name, "look-%d", i);
        result = draft_open(draft, job->beside, name, &error);
    }
    if (result == DRAFT_OPEN)
        return EXIT_DONE;
    say_error("%s", error.text);
    return error.code == ERROR_INVALID ? EXIT_CONFIG : EXIT_RETRY;
}

/* As `regjob snapshot` does: it says of itself what it is, so that nothing is written to it. */
static bool mark(const struct job *job, const char *path, int64_t taken_at, struct error *error)
{
    struct sqlite3 *database = connection_open(path, CONNECTION_DRAFT, 0, error);
    struct ledger *ledger = database == NULL ? NULL : ledger_open(database);
    if (database != NULL && ledger == NULL)
        error_no_memory(error, NULL);
    if (ledger != NULL)
        ledger_mark_snapshot(ledger, job->config.ledger, taken_at);
    bool marked = ledger != NULL && !ledger_failed(ledger);
    if (ledger != NULL && !marked)
        error_set(error, ERROR_IO, "%s", ledger_error(ledger));
    ledger_close(ledger);
    sqlite3_close(database);
    return marked;
}

static enum exit_code fill(struct job *job, struct draft *draft)
{
    struct error error = {ERROR_NONE, ""};
    int64_t taken_at = moment_now();
    if (cluster_copy(job, draft->descriptor, &error) && mark(job, draft->path, taken_at, &error))
        return EXIT_DONE;
    say_error("%s: cannot be copied: %s", job->config.ledger, error.text);
    return error.code == ERROR_INVALID ? EXIT_CONFIG : EXIT_RETRY;
}

enum exit_code cluster_open_copy(struct job *job)
{
    enum exit_code status = cluster_open(job, false);
    struct draft *draft = status == EXIT_DONE ? calloc(1, sizeof *draft) : NULL;
    if (status != EXIT_DONE)
        return status;
    if (draft == NULL) {
        say_error("out of memory");
        return EXIT_RETRY;
    }
    draft->descriptor = -1;
    status = begin_copy(job, draft);
    if (status == EXIT_DONE)
        status = fill(job, draft);
    job_close(job);
    job->cluster = (struct job_cluster){.remote = draft, .end = remove_copy};
    if (status != EXIT_DONE)
        return status;
    char beside[sizeof job->beside];
    memcpy(beside, job->beside, sizeof beside);
    snprintf(job->config.ledger, sizeof job->config.ledger, "%.*s", CONFIG_TEXT - 1, draft->path);
    status = job_open(job, false);
    memcpy(job->beside, beside, sizeof beside); /* the copy has no locks of its own */
    return status;
}
