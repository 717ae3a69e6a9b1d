/* SPDX-License-Identifier: MIT */
/* command_check.c: whether the ledger keeps the product's laws: each is a query of sql/checks/ that
 * gives the rows that break it. */
#include <inttypes.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "copies/rows.h"
#include "indexes/fingerprint.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/document.h"

enum {
    EXAMPLES = 3, /* rows that are shown of each check */
    STEPS_BETWEEN_LOOKS = 100000,
    CHECK_CELLS = 3,
    NUMBER_SIZE = 24,
};

/* What came of one check. */
struct finding {
    const char *name; /* of its file */
    const char *law;
    bool skipped;
    uint64_t rows;            /* that break the law */
    char *examples[EXAMPLES]; /* the first of them, as JSON; NULL: no more */
};

struct check {
    struct job *job;
    struct say_progress progress;
    uint64_t done;
    struct finding findings[STATEMENT_CHECKS];
};

static int look_up(void *context)
{
    struct check *check = context;
    say_progress_step(&check->progress, check->done);
    return stop_asked();
}

static void forget(struct check *check)
{
    for (int i = 0; i < STATEMENT_CHECKS; i++)
        for (int k = 0; k < EXAMPLES; k++)
            free(check->findings[i].examples[k]);
}

/* -- one check -- */

static void keep_example(struct finding *finding, sqlite3_stmt *row)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = finding->rows < EXAMPLES ? open_memstream(&text, &length) : NULL;
    if (stream == NULL)
        return;
    rows_put_json(stream, row, NULL);
    if (fclose(stream) == 0)
        finding->examples[finding->rows] = text;
    else
        free(text);
}

/* The only parameter that a check may have is the vendor's export. False: it has one, and none is
 * given. */
static bool bind_export(struct check *check, sqlite3_stmt *query)
{
    int parameter = sqlite3_bind_parameter_index(query, ":export");
    const char *file = check->job->options.vendor_export;
    if (parameter == 0)
        return true;
    return file != NULL &&
           sqlite3_bind_text(query, parameter, file, -1, SQLITE_STATIC) == SQLITE_OK;
}

static enum exit_code failed(struct check *check, const struct finding *finding)
{
    if (stop_asked())
        return job_stopped(finding->name, "this check and those after it were not made");
    say_error("%s: %s: %s", check->job->config.ledger, finding->name,
              sqlite3_errmsg(check->job->database));
    return EXIT_RETRY;
}

/* Checks that look up each row of an index, and what tells in one pass that they will find nothing.
 */
static const struct {
    enum statement check, same;
} shortcuts[] = {
    {STATEMENT_check_origins_are_those_of_people, STATEMENT_same_origins},
    {STATEMENT_check_people_are_indexed, STATEMENT_same_subjects},
};

static bool is_the_same(struct check *check, enum statement name)
{
    sqlite3_stmt *same = NULL;
    bool holds = false;
    for (size_t i = 0; i < sizeof shortcuts / sizeof *shortcuts; i++)
        if (shortcuts[i].check == name &&
            sqlite3_prepare_v2(check->job->database, statement_text[shortcuts[i].same], -1, &same,
                               NULL) == SQLITE_OK)
            holds = sqlite3_step(same) == SQLITE_ROW && sqlite3_column_int(same, 0) == 1;
    sqlite3_finalize(same);
    return holds;
}

/* Where a shortcut cannot tell, for whatever reason, the check itself does, and says what is wrong.
 */
static enum exit_code run(struct check *check, struct finding *finding, enum statement name)
{
    if (is_the_same(check, name))
        return EXIT_DONE;
    sqlite3_stmt *query = NULL;
    sqlite3 *database = check->job->database;
    int code = sqlite3_prepare_v2(database, statement_text[name], -1, &query, NULL);
    if (code == SQLITE_OK)
        finding->skipped = !bind_export(check, query);
    while (code == SQLITE_OK && !finding->skipped && sqlite3_step(query) == SQLITE_ROW) {
        keep_example(finding, query);
        finding->rows++;
    }
    enum exit_code status =
        code == SQLITE_OK && sqlite3_reset(query) == SQLITE_OK ? EXIT_DONE : failed(check, finding);
    sqlite3_finalize(query);
    return status;
}

/* All look at the same ledger, whatever is written meanwhile. */
static enum exit_code run_all(struct check *check)
{
    sqlite3 *database = check->job->database;
    enum exit_code status = EXIT_DONE;
    say_progress_start(&check->progress, "checking the data", STATEMENT_CHECKS);
    sqlite3_progress_handler(database, STEPS_BETWEEN_LOOKS, look_up, check);
    fingerprint_offer(database);
    ledger_look(check->job->session->ledger);
    for (int i = 0; i < STATEMENT_CHECKS && status == EXIT_DONE; i++) {
        struct finding *finding = &check->findings[i];
        finding->name = statement_name[statement_checks[i].query] + strlen("check_");
        finding->law = statement_checks[i].law;
        status = run(check, finding, statement_checks[i].query);
        check->done++;
    }
    sqlite3_progress_handler(database, 0, NULL, NULL);
    ledger_undo(check->job->session->ledger);
    say_progress_end(&check->progress);
    return status;
}

/* -- what is said of them -- */

static void show_table(const struct check *check)
{
    static const char *const head[] = {"check", "rows", "law"};
    static char numbers[STATEMENT_CHECKS][NUMBER_SIZE];
    const char *cells[STATEMENT_CHECKS * CHECK_CELLS];
    for (int i = 0; i < STATEMENT_CHECKS; i++) {
        const struct finding *finding = &check->findings[i];
        snprintf(numbers[i], NUMBER_SIZE, "%" PRIu64, finding->rows);
        cells[i * CHECK_CELLS] = finding->name;
        cells[i * CHECK_CELLS + 1] = finding->skipped ? "-" : numbers[i];
        cells[i * CHECK_CELLS + 2] = finding->law;
    }
    struct say_table table = {
        .align = "lrl", .head = head, .cells = cells, .rows = STATEMENT_CHECKS};
    say_table(&table);
    for (int i = 0; i < STATEMENT_CHECKS; i++)
        for (int k = 0; k < EXAMPLES && check->findings[i].examples[k] != NULL; k++)
            say_line("%s: %s", check->findings[i].name, check->findings[i].examples[k]);
}

static bool show_json(const struct check *check)
{
    json_t *all = json_array();
    for (int i = 0; i < STATEMENT_CHECKS; i++) {
        const struct finding *finding = &check->findings[i];
        json_t *examples = json_array();
        for (int k = 0; k < EXAMPLES && finding->examples[k] != NULL; k++)
            json_array_append_new(examples, json_loads(finding->examples[k], 0, NULL));
        json_array_append_new(
            all,
            json_pack("{s:s, s:s, s:o, s:o}", "check", finding->name, "law", finding->law, "rows",
                      finding->skipped ? json_null() : json_integer((json_int_t)finding->rows),
                      "examples", examples));
    }
    json_t *document = json_pack("{s:o}", "checks", all);
    char *text = document == NULL ? NULL : document_text(document, JSON_INDENT(2));
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    }
    json_decref(document);
    free(text);
    return text != NULL;
}

static enum exit_code show(const struct check *check)
{
    bool broken = false;
    for (int i = 0; i < STATEMENT_CHECKS; i++)
        broken = broken || check->findings[i].rows > 0;
    if (check->job->options.format != NULL) {
        if (!show_json(check)) {
            say_error("out of memory for the result");
            return EXIT_RETRY;
        }
    } else if (broken || say_is_verbose()) {
        show_table(check);
    }
    return broken ? EXIT_PARTLY : EXIT_DONE;
}

static enum exit_code check_data(struct job *job)
{
    static struct check check;
    check.job = job;
    job_read_lean(job);
    enum exit_code status = run_all(&check);
    if (status == EXIT_DONE)
        status = show(&check);
    forget(&check);
    return status;
}

enum exit_code check_command(struct job *job)
{
    if (job->options.data)
        return check_data(job);
    if (job->options.vendor_export != NULL) {
        say_error("check --export needs --data: regjob check --data --export FILE");
        return EXIT_USAGE;
    }
    return check_setup(job);
}
