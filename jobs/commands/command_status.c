/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/document.h"
#include "commands/commands.h"
#include "ledger/snapshot.h"
#include "values/moment.h"
#include "run/run_metrics.h"
#include "run/say.h"

enum { QUEUES = 8, RUNS = 10, CELL = 256, QUEUE_CELLS = 3, RUN_CELLS = 6 };

enum { QUEUE_WHAT, QUEUE_STEP, QUEUE_NUMBER, QUEUE_OLDEST };
static const char *const queue_columns[] = {"what", "step", "number", "oldest", NULL};

enum { RUN_ID, RUN_COMMAND, RUN_STARTED, RUN_FINISHED, RUN_EXIT_CODE, RUN_COUNTS, RUN_COUNTED };
static const char *const run_columns[] = {"id",        "command", "started_at", "finished_at",
                                          "exit_code", "counts",  "counted",    NULL};

enum { FILES = 10, FILE_CELLS = 7 };
enum {
    FILE_ID,
    FILE_NAME,
    FILE_ROWS,
    FILE_FAILED,
    FILE_REJECTED,
    FILE_NOTED,
    FILE_UNKNOWN,
    FILE_NUMBERS = FILE_UNKNOWN - FILE_ROWS
};
static const char *const file_columns[] = {"id",       "name",  "rows",    "failed",
                                           "rejected", "noted", "unknown", NULL};

static void format_time(struct ledger_statement *row, int column, char text[CELL])
{
    if (ledger_is_null(row, column))
        text[0] = '\0';
    else
        moment_format(ledger_integer(row, column), text);
}

static void show(const char *title, const char *align, const char *const *head, char (*texts)[CELL],
                 size_t rows)
{
    const char *cells[RUNS * FILE_CELLS];
    size_t columns = strlen(align);
    for (size_t i = 0; i < rows * columns; i++)
        cells[i] = texts[i];
    struct say_table table = {
        .title = title, .align = align, .head = head, .cells = cells, .rows = rows};
    say_table(&table);
}

static void show_queues(struct job *job)
{
    static const char *const head[] = {"what", "how many", "oldest"};
    char texts[QUEUES * QUEUE_CELLS][CELL];
    size_t rows = 0;
    struct ledger_statement *queue =
        ledger_select(job->session->ledger, STATEMENT_queue_state, queue_columns);
    while (rows < QUEUES && ledger_row(queue)) {
        char(*cell)[CELL] = texts + QUEUE_CELLS * rows++;
        snprintf(cell[0], CELL, "%s", ledger_word(queue, QUEUE_WHAT));
        snprintf(cell[1], CELL, "%" PRId64, ledger_integer(queue, QUEUE_NUMBER));
        format_time(queue, QUEUE_OLDEST, cell[2]);
    }
    show("queues", "lrl", head, texts, rows);
}

static void show_runs(struct job *job)
{
    static const char *const head[] = {"run", "command", "started", "finished", "exit", "counts"};
    char texts[RUNS * RUN_CELLS][CELL];
    size_t rows = 0;
    struct ledger_statement *run =
        ledger_select(job->session->ledger, STATEMENT_last_runs, run_columns);
    while (rows < RUNS && ledger_row(run)) {
        char(*cell)[CELL] = texts + RUN_CELLS * rows++;
        snprintf(cell[0], CELL, "%" PRId64, ledger_integer(run, RUN_ID));
        snprintf(cell[1], CELL, "%s", ledger_word(run, RUN_COMMAND));
        format_time(run, RUN_STARTED, cell[2]);
        format_time(run, RUN_FINISHED, cell[3]);
        cell[4][0] = '\0';
        if (!ledger_is_null(run, RUN_EXIT_CODE))
            snprintf(cell[4], CELL, "%" PRId64, ledger_integer(run, RUN_EXIT_CODE));
        snprintf(cell[5], CELL, "%s",
                 ledger_is_null(run, RUN_COUNTED) ? "" : ledger_text(run, RUN_COUNTED));
    }
    show("last runs", "rlllrl", head, texts, rows);
}

/* What is asked in the morning: which files came in the night, and whether they were in order. */
static void show_files(struct job *job)
{
    static const char *const head[] = {"import",   "file",  "rows",           "failed",
                                       "rejected", "noted", "unknown columns"};
    char texts[FILES * FILE_CELLS][CELL];
    size_t rows = 0;
    struct ledger_statement *file =
        ledger_select(job->session->ledger, STATEMENT_last_files, file_columns);
    while (rows < FILES && ledger_row(file)) {
        char(*cell)[CELL] = texts + FILE_CELLS * rows++;
        snprintf(cell[0], CELL, "none");
        if (!ledger_is_null(file, FILE_ID))
            snprintf(cell[0], CELL, "%" PRId64, ledger_integer(file, FILE_ID));
        snprintf(cell[1], CELL, "%s", ledger_word(file, FILE_NAME));
        for (int i = 0; i < FILE_NUMBERS; i++)
            snprintf(cell[2 + i], CELL, "%" PRId64, ledger_integer(file, FILE_ROWS + i));
        snprintf(cell[2 + FILE_NUMBERS], CELL, "%s", ledger_word(file, FILE_UNKNOWN));
    }
    if (rows > 0)
        show("last files", "rlrrrrl", head, texts, rows);
}

static void add_time(json_t *object, const char *member, struct ledger_statement *row, int column)
{
    char text[MOMENT_SIZE];
    if (ledger_is_null(row, column)) {
        json_object_set_new(object, member, json_null());
        return;
    }
    moment_format(ledger_integer(row, column), text);
    json_object_set_new(object, member, json_string(text));
}

static void add_files(struct job *job, json_t *status)
{
    json_t *files = json_array();
    struct ledger_statement *file =
        ledger_select(job->session->ledger, STATEMENT_last_files, file_columns);
    while (ledger_row(file)) {
        json_t *one = json_object();
        for (int i = 0; i < FILE_CELLS; i++)
            json_object_set_new(
                one, file_columns[i],
                i == FILE_NAME || i == FILE_UNKNOWN ? json_string(ledger_word(file, i))
                : ledger_is_null(file, i)           ? json_null()
                                          : json_integer((json_int_t)ledger_integer(file, i)));
        json_array_append_new(files, one);
    }
    json_object_set_new(status, "files", files);
}

/* Of which ledger this is a snapshot, and of when; false: of none. */
static bool read_snapshot(struct job *job, char source[SNAPSHOT_SOURCE_SIZE],
                          char moment[MOMENT_SIZE])
{
    int64_t taken_at;
    if (!ledger_is_snapshot(job->session->ledger))
        return false;
    ledger_snapshot_source(job->session->ledger, source, &taken_at);
    moment_format(taken_at, moment);
    return true;
}

/* When this share was made; false: it is none. */
static bool read_share(struct job *job, char moment[MOMENT_SIZE])
{
    if (!ledger_is_share(job->session->ledger))
        return false;
    moment_format(ledger_share_made_at(job->session->ledger), moment);
    return true;
}

static void show_copy(struct job *job)
{
    char source[SNAPSHOT_SOURCE_SIZE], moment[MOMENT_SIZE];
    if (read_share(job, moment))
        say_line("a share of a ledger, made at %s", moment);
    if (read_snapshot(job, source, moment))
        say_line("a snapshot of %s, taken at %s", source, moment);
}

static void add_copy(struct job *job, json_t *status)
{
    char source[SNAPSHOT_SOURCE_SIZE], moment[MOMENT_SIZE];
    if (read_share(job, moment))
        json_object_set_new(status, "share", json_pack("{s:s}", "made_at", moment));
    if (read_snapshot(job, source, moment))
        json_object_set_new(status, "snapshot",
                            json_pack("{s:s, s:s}", "source", source, "taken_at", moment));
}

static void show_json(struct job *job)
{
    json_t *status = json_object(), *queues = json_object(), *runs = json_array();
    struct ledger_statement *queue =
        ledger_select(job->session->ledger, STATEMENT_queue_state, queue_columns);
    while (ledger_row(queue)) {
        json_t *one = json_pack("{s:I}", "count", (json_int_t)ledger_integer(queue, QUEUE_NUMBER));
        add_time(one, "oldest", queue, QUEUE_OLDEST);
        json_object_set_new(queues, ledger_word(queue, QUEUE_STEP), one);
    }
    struct ledger_statement *run =
        ledger_select(job->session->ledger, STATEMENT_last_runs, run_columns);
    while (ledger_row(run)) {
        json_t *one = json_pack("{s:I, s:s}", "id", (json_int_t)ledger_integer(run, RUN_ID),
                                "command", ledger_word(run, RUN_COMMAND));
        add_time(one, "started_at", run, RUN_STARTED);
        add_time(one, "finished_at", run, RUN_FINISHED);
        json_object_set_new(one, "exit_code",
                            ledger_is_null(run, RUN_EXIT_CODE)
                                ? json_null()
                                : json_integer(ledger_integer(run, RUN_EXIT_CODE)));
        json_object_set_new(one, "counts",
                            ledger_is_null(run, RUN_COUNTS)
                                ? json_null()
                                : json_loads(ledger_text(run, RUN_COUNTS), 0, NULL));
        json_array_append_new(runs, one);
    }
    json_object_set_new(status, "queues", queues);
    json_object_set_new(status, "runs", runs);
    add_files(job, status);
    add_copy(job, status);
    char *text = document_text(status, JSON_INDENT(2));
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    }
    free(text);
    json_decref(status);
}

enum exit_code status_command(struct job *job)
{
    const char *format = job->options.format;
    if (format != NULL && strcmp(format, "openmetrics") == 0)
        return run_metrics_show(job);
    if (format != NULL && strcmp(format, "json") == 0) {
        show_json(job);
    } else {
        show_copy(job);
        show_queues(job);
        show_runs(job);
        show_files(job);
    }
    return ledger_failed(job->session->ledger) ? job_ledger_failed(job, "reading the queues")
                                               : EXIT_DONE;
}
