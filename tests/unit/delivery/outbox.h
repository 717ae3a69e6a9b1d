/* SPDX-License-Identifier: MIT */
/* outbox.h: ledgers with due reports, opened by runs of several hosts, for unit tests. Wants
 * folder.h. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <sqlite3.h>

#include "run/job.h"
#include "values/moment.h"

static char outbox_path[FOLDER_PATH];

__attribute__((format(printf, 2, 3))) static void outbox_run(struct job *job, const char *format,
                                                             ...)
{
    char sql[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sql, sizeof sql, format, arguments);
    va_end(arguments);
    char *error = NULL;
    if (sqlite3_exec(job->database, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", sql, error);
}

/* The first column of the first row; NULL reads as -1. */
static int64_t outbox_number(struct job *job, const char *sql)
{
    sqlite3_stmt *statement;
    int64_t number = -1;
    assert_int_equal(sqlite3_prepare_v2(job->database, sql, -1, &statement, NULL), SQLITE_OK);
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_type(statement, 0) != SQLITE_NULL)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* A run on that host, on the test's ledger, which waits for nobody. */
static struct job *outbox_open(const char *owner)
{
    struct job *job = calloc(1, sizeof *job);
    assert_non_null(job);
    config_defaults(&job->config);
    job->config.busy_timeout_ms = 0;
    job->config.fraud.patience.tries = 2;
    snprintf(job->config.ledger, sizeof job->config.ledger, "%s", outbox_path);
    assert_int_equal(job_open(job, true), EXIT_DONE);
    assert_true(session_init(job->session, false) > 0);
    snprintf(job->owner, sizeof job->owner, "%s", owner);
    return job;
}

static void outbox_close(struct job *job)
{
    assert_false(ledger_failed(job->session->ledger));
    job_close(job);
    config_end(&job->config);
    free(job);
}

/* A ledger of its own for a test, with so many reports that have been due for a second. */
static struct job *outbox_make(const char *owner, int reports)
{
    static int number;
    snprintf(outbox_path, sizeof outbox_path, "%s/%d.db", folder, ++number);
    struct job *job = outbox_open(owner);
    int64_t since = moment_now() - 1000;
    outbox_run(job, "BEGIN");
    for (int i = 1; i <= reports; i++)
        outbox_run(job,
                   "INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, "
                   "customer_id, has_password) VALUES (%d, 1, 1, 1, 'success', %d, 0);"
                   "INSERT INTO report (id, attempt_id, outcome, recorded_at, next_try_at) "
                   "VALUES (%d, %d, 'success', %lld, %lld)",
                   i, i, i, i, (long long)since, (long long)since);
    outbox_run(job, "COMMIT");
    return job;
}

#endif
