/* SPDX-License-Identifier: MIT */
/* reconciled.c: reading and comparing, and the tables for people. */
#include "page/reconcile_report.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fraud/vendor_export.h"
#include "values/moment.h"
#include "values/text.h"
#include "run/say.h"

enum { CELL = 24, COLUMNS = 9, CAUSE_COLUMNS = 4 };

static void set_names(struct export_names *names, const struct config_reconcile *config)
{
    const char *const given[EXPORT_COLUMNS] = {
        [EXPORT_DATE] = config->date_column,       [EXPORT_OUTCOME] = config->outcome_column,
        [EXPORT_COUNT] = config->count_column,     [EXPORT_SUCCESS] = config->success_column,
        [EXPORT_FAILURE] = config->failure_column,
    };
    for (int i = 0; i < EXPORT_COLUMNS; i++)
        snprintf(names->text[i], EXPORT_NAME, "%s", given[i]);
}

static void set_zone(struct reconcile_report *one)
{
    struct tm parts;
    time_t now = time(NULL);
    const char *zone = getenv("TZ");
    if (zone == NULL || zone[0] == '\0')
        zone = localtime_r(&now, &parts) != NULL ? parts.tm_zone : "UTC";
    text_escape(one->zone, sizeof one->zone, zone);
}

static void count(struct job *job, const struct reconcile *result)
{
    uint64_t verdicts[] = {0, 0, 0};
    for (size_t i = 0; i < result->count; i++)
        verdicts[result->rows[i].verdict]++;
    for (int i = 0; i < 3; i++)
        job_add(job, "reconcile", reconcile_verdict_name((enum reconcile_verdict)i), verdicts[i]);
}

static void note_left_out(const struct reconcile_report *one)
{
    const char *const outcomes[] = {"failure", "success"};
    for (int i = 0; i < 2; i++)
        if (one->result.count > 0 && one->result.left_out[i])
            say_error("%s: the export has no rows for outcome %s, so it was not compared",
                      one->name, outcomes[i]);
    if (one->result.count == 0)
        say_error("%s: the export contains no days: nothing was compared", one->name);
}

static enum exit_code compare(struct reconcile_report *one, struct job *job,
                              const struct export *export, const int64_t *as_of)
{
    char moment[MOMENT_SIZE];
    int64_t at = as_of != NULL ? *as_of : export->modified;
    one->as_of_given = as_of != NULL;
    if (at > ledger_now(job->session->ledger)) {
        moment_format(at, moment);
        say_error("%s: it was last written at %s, which is in the future: say with --as-of when it "
                  "was exported",
                  one->name, moment);
        return EXIT_BAD_DATA;
    }
    if (!reconcile_run(&one->result, job->session, export, at))
        return job_ledger_failed(job, one->name);
    count(job, &one->result);
    note_left_out(one);
    for (size_t i = 0; i < one->result.count; i++)
        if (one->result.rows[i].verdict == RECONCILE_UNEXPLAINED)
            return EXIT_PARTLY;
    return EXIT_DONE;
}

/* The very bytes that are read: its digest goes into the run's row. */
static void note_digest(struct job *job, int file, const char *path)
{
    unsigned char digest[DIGEST_SIZE], unused[DIGEST_SIZE];
    uint64_t bytes;
    bool marked;
    if (digest_file(file, UINT64_MAX, digest, &bytes, unused, &marked))
        job_add_input(job, path, digest);
}

enum exit_code reconcile_report_read(struct reconcile_report *one, struct job *job, int file,
                                     const char *path, const int64_t *as_of)
{
    struct error error;
    struct export export;
    struct export_names names;
    memset(one, 0, sizeof *one);
    text_escape(one->name, sizeof one->name, path);
    set_zone(one);
    set_names(&names, &job->config.reconcile);
    const struct export_file source = {
        .descriptor = file < 0 ? export_open(path, &error) : file, .path = path, .may_quote = true};
    bool fits = source.descriptor >= 0 && export_fits(&source, &error);
    if (fits) /* what cannot be read is said below */
        note_digest(job, source.descriptor, path);
    memset(&export, 0, sizeof export);
    enum exit_code status;
    if (fits && export_read_file(&export, &source, &names, &error)) {
        status = compare(one, job, &export, as_of);
    } else {
        say_error("%s", error.text);
        status = error.code == ERROR_INVALID ? EXIT_BAD_DATA : EXIT_RETRY;
    }
    export_end(&export);
    if (file < 0 && source.descriptor >= 0)
        close(source.descriptor);
    return status;
}

void reconcile_report_end(struct reconcile_report *one)
{
    reconcile_end(&one->result);
}

/* -- for people -- */

void reconcile_report_causes(const struct reconcile_row *row, char text[RECONCILED_CAUSES])
{
    int length = 0;
    text[0] = '\0';
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (row->causes[i] != 0)
            length += snprintf(text + length, (size_t)(RECONCILED_CAUSES - length),
                               "%s%s %+" PRId64, length > 0 ? ", " : "",
                               outcome_cause_name((enum outcome_cause)i), row->causes[i]);
}

struct row_texts {
    char cell[COLUMNS - 1][CELL];
    char causes[RECONCILED_CAUSES];
};

static void row_texts(const struct reconcile_row *row, struct row_texts *texts)
{
    const int64_t counts[] = {row->vendor, row->ledger, row->certain, row->possible};
    char day[16];
    export_day_text(row->day, day);
    snprintf(texts->cell[0], CELL, "%s", day);
    snprintf(texts->cell[1], CELL, "%s", row->success ? "success" : "failure");
    for (int i = 0; i < 4; i++)
        snprintf(texts->cell[2 + i], CELL, "%" PRId64, counts[i]);
    snprintf(texts->cell[6], CELL, "%+" PRId64, row->vendor - row->ledger);
    if (row->vendor == row->ledger)
        snprintf(texts->cell[6], CELL, "0");
    snprintf(texts->cell[7], CELL, "%s", reconcile_verdict_name(row->verdict));
    reconcile_report_causes(row, texts->causes);
}

static void say_rows(const struct reconcile_report *one, const char *title,
                     void (*say)(const struct say_table *table))
{
    static const char *const head[] = {"day",      "outcome",    "vendor",  "ledger", "certain",
                                       "possible", "difference", "verdict", "causes"};
    size_t count = one->result.count;
    struct row_texts *texts = calloc(count + 1, sizeof *texts);
    const char **cells = calloc(COLUMNS * (count + 1), sizeof *cells);
    if (texts == NULL || cells == NULL) {
        say_error("%s: out of memory for the table", one->name);
    } else {
        for (size_t i = 0; i < count; i++) {
            row_texts(&one->result.rows[i], &texts[i]);
            for (size_t k = 0; k < COLUMNS - 1; k++)
                cells[COLUMNS * i + k] = texts[i].cell[k];
            cells[COLUMNS * i + COLUMNS - 1] = texts[i].causes;
        }
        struct say_table table = {
            .title = title, .align = "llrrrrrll", .head = head, .cells = cells, .rows = count};
        say(&table);
    }
    free(texts);
    free(cells);
}

static void say_causes(const struct reconcile_report *one,
                       void (*say)(const struct say_table *table))
{
    static const char *const head[] = {"cause", "units", "rows", "what it means"};
    const char *cells[CAUSE_COUNT * CAUSE_COLUMNS];
    char texts[CAUSE_COUNT][2][CELL];
    size_t rows = 0;
    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct reconcile_total *total = &one->result.totals[i];
        if (total->places == 0)
            continue;
        snprintf(texts[rows][0], CELL, "%+" PRId64, total->units);
        snprintf(texts[rows][1], CELL, "%" PRId64, total->rows);
        cells[CAUSE_COLUMNS * rows] = outcome_cause_name((enum outcome_cause)i);
        cells[CAUSE_COLUMNS * rows + 1] = texts[rows][0];
        cells[CAUSE_COLUMNS * rows + 2] = texts[rows][1];
        cells[CAUSE_COLUMNS * rows + 3] = outcome_cause_help((enum outcome_cause)i);
        rows++;
    }
    struct say_table table = {
        .title = "causes", .align = "lrrl", .head = head, .cells = cells, .rows = rows};
    if (rows > 0)
        say(&table);
}

static void say_queries(const struct reconcile_report *one)
{
    bool first = true;
    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct reconcile_total *total = &one->result.totals[i];
        if (total->places == 0)
            continue;
        char *sql = reconcile_rows_sql(&one->result, (enum outcome_cause)i);
        if (first)
            say_line("-- The rows behind the causes, for the sqlite3 shell with TZ=%s in its "
                     "environment:",
                     one->zone);
        first = false;
        say_line("-- %s %+" PRId64 ", rows %" PRId64 ": %s",
                 outcome_cause_name((enum outcome_cause)i), total->units, total->rows,
                 outcome_cause_help((enum outcome_cause)i));
        say_line("%s", sql == NULL ? "-- out of memory" : sql);
        sqlite3_free(sql);
    }
}

void reconcile_report_say(const struct reconcile_report *one, bool summary)
{
    char title[3 * RECONCILED_NAME], as_of[MOMENT_SIZE], offset[16];
    void (*say)(const struct say_table *table) = summary ? say_summary : say_table;
    moment_format(one->result.as_of, as_of);
    reconcile_offset_text(&one->result, offset);
    snprintf(title, sizeof title, "%s, as of %s%s, by the days of TZ=%s%s%s", one->name, as_of,
             one->as_of_given ? "" : " (when the file was last written)", one->zone,
             one->result.shifted ? "; the vendor's days seem to be those of UTC" : "", offset);
    if (one->result.count == 0)
        return;
    say_rows(one, title, say);
    say_causes(one, say);
    if (!summary)
        say_queries(one);
}
