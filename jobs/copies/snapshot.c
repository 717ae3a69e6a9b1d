/* SPDX-License-Identifier: MIT */
/* snapshot.c: a copy of the whole ledger, which is looked over before it has its name. */
#include "ledger/snapshot.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#include "copies/copies.h"
#include "copies/copy.h"
#include "rqlite/cluster.h"
#include "values/moment.h"

static const struct copy_kind snapshot = {"snapshot", ledger_is_snapshot, 0600};

/* As one of its nodes holds it. */
static enum exit_code take_from_cluster(struct copy *copy)
{
    struct ledger *ledger = copy->job->session->ledger;
    struct error error = {ERROR_NONE, ""};
    if (cluster_copy(copy->job, copy->draft.descriptor, &error))
        return EXIT_DONE;
    ledger_fail_as(ledger, &error);
    enum exit_code status = copy_failed(copy, ledger);
    return error.code == ERROR_INVALID ? EXIT_CONFIG : status;
}

static enum exit_code take(struct copy *copy)
{
    struct job *job = copy->job;
    struct ledger *ledger = job->session->ledger;
    struct stat facts;
    if (ledger_is_shared(ledger))
        return take_from_cluster(copy);
    uint64_t bytes = stat(job->config.ledger, &facts) == 0 ? (uint64_t)facts.st_size : 0;
    say_progress_start(&copy->progress, "copying the ledger", bytes);
    sqlite3_progress_handler(job->database, COPY_STEPS_BETWEEN_LOOKS, copy_look_up, copy);
    ledger_copy_into(ledger, copy->draft.path);
    sqlite3_progress_handler(job->database, 0, NULL, NULL);
    say_progress_end(&copy->progress);
    return ledger_failed(ledger) ? copy_failed(copy, ledger) : EXIT_DONE;
}

static void mark(struct copy *copy, struct ledger *draft, void *taken_at)
{
    const struct job *job = copy->job;
    const char *source = ledger_is_shared(job->session->ledger)
                             ? job->config.ledger
                             : sqlite3_db_filename(job->database, "main");
    ledger_mark_snapshot(draft, source, *(const int64_t *)taken_at);
}

/* Of the bytes as they were written, by another connection than that which wrote them. */
static void look_over(struct copy *copy, struct ledger *draft, void *context)
{
    const unsigned char *ours = ledger_uuid(copy->job->session->ledger),
                        *its = ledger_ready(draft) ? ledger_uuid(draft) : NULL;
    (void)context;
    if (its != NULL &&
        (ours == NULL || memcmp(ours, its, LEDGER_UUID_SIZE) != 0 || !ledger_is_snapshot(draft)))
        ledger_fail(draft, SQLITE_CORRUPT, "the copy is not that of the ledger");
    ledger_is_sound(draft);
}

static enum exit_code publish(struct copy *copy, int64_t taken_at)
{
    char moment[MOMENT_SIZE];
    int64_t bytes;
    enum exit_code status = copy_publish(copy, &bytes);
    moment_format(taken_at, moment);
    if (status == EXIT_DONE)
        say_note("%s: the ledger as it stood at %s, %" PRId64 " bytes", copy->draft.target, moment,
                 bytes);
    return status;
}

enum exit_code snapshot_command(struct job *job)
{
    static struct copy copy; /* some kilobytes of paths */
    enum exit_code status = copy_open(&copy, &snapshot, job);
    if (status != EXIT_DONE)
        return status;
    job_read_lean(job);
    int64_t taken_at = moment_now();
    status = take(&copy);
    if (status == EXIT_DONE)
        status = copy_do(&copy, CONNECTION_DRAFT, mark, &taken_at);
    if (status == EXIT_DONE)
        status = copy_do(&copy, CONNECTION_READER, look_over, NULL);
    if (status == EXIT_DONE)
        status = publish(&copy, taken_at);
    copy_close(&copy);
    return status;
}
