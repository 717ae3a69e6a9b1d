#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/document.h"
#include "commands/commands.h"
#include "values/moment.h"
#include "run/run_metrics.h"
#include "run/say.h"

enum { QUEUES = 8, RUNS = 10, CELL = 256, QUEUE_CELLS = 3, RUN_CELLS = 6 };

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
    const char *cells[RUNS * RUN_CELLS];
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
    struct ledger_statement *queue = ledger_use(job->session->ledger, STATEMENT_queue_state);
    while (rows < QUEUES && ledger_row(queue)) {
        char(*cell)[CELL] = texts + QUEUE_CELLS * rows++;
        snprintf(cell[0], CELL, "%s", ledger_word(queue, 0));
        snprintf(cell[1], CELL, "%" PRId64, ledger_integer(queue, 2));
        format_time(queue, 3, cell[2]);
    }
    show("queues", "lrl", head, texts, rows);
}

static void show_runs(struct job *job)
{
    static const char *const head[] = {"run", "command", "started", "finished", "exit", "counts"};
    char texts[RUNS * RUN_CELLS][CELL];
    size_t rows = 0;
    struct ledger_statement *run = ledger_use(job->session->ledger, STATEMENT_last_runs);
    while (rows < RUNS && ledger_row(run)) {
        char(*cell)[CELL] = texts + RUN_CELLS * rows++;
        snprintf(cell[0], CELL, "%" PRId64, ledger_integer(run, 0));
        snprintf(cell[1], CELL, "%s", ledger_word(run, 1));
        format_time(run, 2, cell[2]);
        format_time(run, 3, cell[3]);
        cell[4][0] = '\0';
        if (!ledger_is_null(run, 4))
            snprintf(cell[4], CELL, "%" PRId64, ledger_integer(run, 4));
        snprintf(cell[5], CELL, "%s", ledger_is_null(run, 6) ? "" : ledger_text(run, 6));
    }
    show("last runs", "rlllrl", head, texts, rows);
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

static void show_json(struct job *job)
{
    json_t *status = json_object(), *queues = json_object(), *runs = json_array();
    struct ledger_statement *queue = ledger_use(job->session->ledger, STATEMENT_queue_state);
    while (ledger_row(queue)) {
        json_t *one = json_pack("{s:I}", "count", (json_int_t)ledger_integer(queue, 2));
        add_time(one, "oldest", queue, 3);
        json_object_set_new(queues, ledger_word(queue, 1), one);
    }
    struct ledger_statement *run = ledger_use(job->session->ledger, STATEMENT_last_runs);
    while (ledger_row(run)) {
        json_t *one = json_pack("{s:I, s:s}", "id", (json_int_t)ledger_integer(run, 0), "command",
                                ledger_word(run, 1));
        add_time(one, "started_at", run, 2);
        add_time(one, "finished_at", run, 3);
        json_object_set_new(one, "exit_code",
                            ledger_is_null(run, 4) ? json_null()
                                                   : json_integer(ledger_integer(run, 4)));
        json_object_set_new(one, "counts",
                            ledger_is_null(run, 5) ? json_null()
                                                   : json_loads(ledger_text(run, 5), 0, NULL));
        json_array_append_new(runs, one);
    }
    json_object_set_new(status, "queues", queues);
    json_object_set_new(status, "runs", runs);
    char *text = document_text(status, JSON_INDENT(2));
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    }
    free(text);
    json_decref(status);
}

enum status_code status_command(struct job *job)
{
    const char *format = job->options.format;
    if (format != NULL && strcmp(format, "openmetrics") == 0)
        return run_metrics_show(job);
    if (format != NULL && strcmp(format, "json") == 0) {
        show_json(job);
    } else {
        show_queues(job);
        show_runs(job);
    }
    return ledger_failed(job->session->ledger) ? job_ledger_failed(job, "reading the queues")
                                               : STATUS_DONE;
}
