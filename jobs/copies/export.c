/* SPDX-License-Identifier: MIT */
/* export.c: attempts, codes, reports or outcomes as CSV or JSON, as they are or were at a moment,
 * row by row. */
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "config/suggestion.h"
#include "copies/copies.h"
#include "copies/rows.h"
#include "copies/sink.h"
#include "run/say.h"
#include "run/stop.h"

enum { MOST_COLUMNS = 96, ROWS_BETWEEN_LOOKS = 1024, PERSONAL = 1, DOCUMENT = 2 };

/* A column that needs to be treated with care: PERSONAL, or a DOCUMENT in JSON, or both. What
 * regjob forget erases is personal, free text therefore as well. */
struct marked {
    const char *name;
    int marks;
};

struct subject {
    const char *name;
    const char *table, *then; /* now, and as of :as_of where that is another one */
    enum statement count;     /* of its rows */
    const char *since;        /* the condition of --since, with :since */
    const struct marked *marked;
};

static const struct marked of_attempts[] = {
    {"email", PERSONAL},
    {"username", PERSONAL},
    {"phone", PERSONAL},
    {"name", PERSONAL},
    {"given_name", PERSONAL},
    {"family_name", PERSONAL},
    {"birth_date", PERSONAL},
    {"birth_place", PERSONAL},
    {"gender", PERSONAL},
    {"uuid", PERSONAL},
    {"custom_id", PERSONAL},
    {"identity_subject", PERSONAL},
    {"device_id", PERSONAL},
    {"ip_address", PERSONAL},
    {"latitude", PERSONAL},
    {"longitude", PERSONAL},
    {"user_agent", PERSONAL},
    {"source_id", PERSONAL},
    {"account_group_id", PERSONAL},
    {"device_type", PERSONAL},
    {"manufacturer", PERSONAL},
    {"model", PERSONAL},
    {"os", PERSONAL},
    {"language", PERSONAL},
    {"app_name", PERSONAL},
    {"app_domain", PERSONAL},
    {"captcha", PERSONAL},
    {"told_reason", PERSONAL},
    {"steps", PERSONAL | DOCUMENT},
    {"consents", DOCUMENT},
    {"reasons", DOCUMENT},
    {"notes", DOCUMENT},
    {NULL, 0},
};
static const struct marked of_codes[] = {
    {"subject", PERSONAL},
    {"username", PERSONAL},
    {"phone", PERSONAL},
    {"account_group_id", PERSONAL},
    {"device_id", PERSONAL},
    {"last_error", PERSONAL},
    {NULL, 0},
};
static const struct marked of_reports[] = {
    {"last_error", PERSONAL}, {"payload", PERSONAL | DOCUMENT}, {NULL, 0}};
static const struct marked of_outcomes[] = {{NULL, 0}};

/* Of the days that have attempts, each counted by itself: nothing is sorted. A view of now has no
 * as_of, with which the tables have more to compare. */
#define OUTCOMES(as_of)                                                                            \
    "(WITH RECURSIVE days(low) AS ("                                                               \
    "SELECT (SELECT min(attempted_at) FROM attempt) / 86400000 * 86400000 UNION ALL "              \
    "SELECT (SELECT min(attempted_at) FROM attempt WHERE attempted_at >= d.low + 86400000) / "     \
    "86400000 * 86400000 FROM days d WHERE d.low IS NOT NULL), "                                   \
    "counted AS MATERIALIZED (SELECT d.low, "                                                      \
    "(SELECT json_array(count(*), coalesce(sum(a.outcome = 'success'), 0), "                       \
    "coalesce(sum(a.outcome = 'pending'), 0), coalesce(sum(a.outcome = 'failure'), 0)) "           \
    "FROM reg_attempts a WHERE " as_of "a.attempted_at_ms >= d.low "                               \
    "AND a.attempted_at_ms < d.low + 86400000) AS counts FROM days d WHERE d.low IS NOT NULL) "    \
    "SELECT date(low / 1000, 'unixepoch') AS day, counts ->> 0 AS attempts, "                      \
    "counts ->> 1 AS success, counts ->> 2 AS pending, counts ->> 3 AS failure, low AS day_ms "    \
    "FROM counted WHERE counts ->> 0 > 0)"
static const char outcomes_table[] = OUTCOMES(""),
                  outcomes_then_table[] = OUTCOMES("a.as_of = :as_of AND ");

static const struct subject subjects[] = {
    {"attempts", "reg_attempts", NULL, STATEMENT_attempts_count,
     "(recorded_at_ms >= :since OR decided_at_ms >= :since OR erased_at_ms >= :since)",
     of_attempts},
    {"codes", "reg_codes", NULL, STATEMENT_codes_count,
     "(request_timestamp_ms >= :since OR handed_over_at_ms >= :since OR verified_at_ms >= :since)",
     of_codes},
    {"reports", "reg_reports", NULL, STATEMENT_reports_count,
     "(due_at_ms >= :since OR acknowledged_at_ms >= :since)", of_reports},
    {"outcomes", outcomes_table, outcomes_then_table, STATEMENT_COUNT, "day_ms + 86400000 > :since",
     of_outcomes},
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

struct export
{
    struct job *job;
    const struct subject *subject;
    int64_t as_of, since;
    sqlite3_stmt *rows;
    bool is_json[MOST_COLUMNS]; /* of each column that is exported */
    uint64_t done;
};

/* -- what is asked for -- */

static const struct subject *find_subject(const char *name)
{
    struct suggestion nearest = {0};
    for (int i = 0; i < SUBJECTS; i++) {
        if (strcmp(subjects[i].name, name) == 0)
            return &subjects[i];
        suggestion_offer(&nearest, name, subjects[i].name);
    }
    say_error("export %.80s: expected attempts, codes, reports or outcomes: did you mean %s?", name,
              nearest.word);
    return NULL;
}

static int marks_of(const struct subject *subject, const char *column)
{
    for (const struct marked *marked = subject->marked; marked->name != NULL; marked++)
        if (strcmp(marked->name, column) == 0)
            return marked->marks;
    return 0;
}

/* The columns that there are: of outcomes without the number by which days are told apart. */
static sqlite3_stmt *list_columns(struct export *export)
{
    sqlite3_stmt *columns = NULL;
    char *sql = export->subject->count == STATEMENT_COUNT
                    ? sqlite3_mprintf("SELECT column1 FROM (VALUES ('day'), ('attempts'), "
                                      "('success'), ('pending'), ('failure'))")
                    : sqlite3_mprintf("SELECT name FROM pragma_table_xinfo(%Q) WHERE hidden = 0",
                                      export->subject->table);
    if (sql == NULL ||
        sqlite3_prepare_v2(export->job->database, sql, -1, &columns, NULL) != SQLITE_OK)
        say_error("%s: %s", export->job->config.ledger,
                  sql == NULL ? "out of memory" : sqlite3_errmsg(export->job->database));
    sqlite3_free(sql);
    return columns;
}

static void append_column(struct export *export, sqlite3_str *list, int *count, const char *column)
{
    if (*count < MOST_COLUMNS)
        export->is_json[*count] = (marks_of(export->subject, column) & DOCUMENT) != 0;
    sqlite3_str_appendf(list, "%s\"%w\"", *count > 0 ? ", " : "", column);
    ++*count;
}

/* One of the given columns. False: it has been said what is wrong with it. */
static bool append_given(struct export *export, sqlite3_str *list, int *count, const char *given,
                         size_t length)
{
    char name[64];
    bool found = false;
    snprintf(name, sizeof name, "%.*s", (int)length, given);
    sqlite3_stmt *columns = list_columns(export);
    if (columns == NULL)
        return false;
    while (!found && sqlite3_step(columns) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(columns, 0);
        found = column != NULL && strcmp(column, name) == 0;
    }
    sqlite3_finalize(columns);
    bool personal = (marks_of(export->subject, name) & PERSONAL) != 0;
    if (!found)
        say_error("--columns %s: %s have no such column (see man reg)", name,
                  export->subject->name);
    else if (personal && !export->job->options.personal)
        say_error("--columns %s: it is personal: say --personal, too", name);
    else if (*count >= MOST_COLUMNS)
        say_error("--columns: at most %d columns", (int)MOST_COLUMNS);
    else
        append_column(export, list, count, name);
    return found && (!personal || export->job->options.personal) && *count <= MOST_COLUMNS;
}

static bool append_all_given(struct export *export, sqlite3_str *list, const char *given)
{
    int count = 0;
    for (;;) {
        size_t length = strcspn(given, ",");
        if (!append_given(export, list, &count, given, length))
            return false;
        if (given[length] == '\0')
            return true;
        given += length + 1;
    }
}

static bool append_standard(struct export *export, sqlite3_str *list)
{
    int count = 0;
    sqlite3_stmt *columns = list_columns(export);
    if (columns == NULL)
        return false;
    while (sqlite3_step(columns) == SQLITE_ROW) {
        const char *column = (const char *)sqlite3_column_text(columns, 0);
        if (column != NULL &&
            (export->job->options.personal || (marks_of(export->subject, column) & PERSONAL) == 0))
            append_column(export, list, &count, column);
    }
    return sqlite3_finalize(columns) == SQLITE_OK;
}

/* -- the rows -- */

static char *statement_of(struct export *export)
{
    const struct options *options = &export->job->options;
    sqlite3_str *sql = sqlite3_str_new(export->job->database);
    bool days = export->subject->count == STATEMENT_COUNT;
    sqlite3_str_appendall(sql, "SELECT ");
    bool known = options->columns != NULL ? append_all_given(export, sql, options->columns)
                                          : append_standard(export, sql);
    bool then = options->as_of != NULL;
    sqlite3_str_appendf(sql, " FROM %s WHERE %s",
                        then && days ? export->subject->then : export->subject->table,
                        then && !days ? "as_of = :as_of" : "1");
    if (options->since != NULL)
        sqlite3_str_appendf(sql, " AND %s", export->subject->since);
    sqlite3_str_appendall(sql, days ? " ORDER BY day_ms" : " ORDER BY id");
    char *text = sqlite3_str_finish(sql);
    if (known)
        return text;
    sqlite3_free(text);
    return NULL;
}

static enum exit_code failed(struct export *export)
{
    if (stop_asked())
        return job_stopped("export", "it is not whole");
    say_error("%s: export: %s", export->job->config.ledger, sqlite3_errmsg(export->job->database));
    return EXIT_RETRY;
}

static enum exit_code prepare(struct export *export)
{
    char *sql = statement_of(export);
    if (sql == NULL)
        return EXIT_USAGE;
    int code = sqlite3_prepare_v2(export->job->database, sql, -1, &export->rows, NULL);
    sqlite3_free(sql);
    if (code != SQLITE_OK)
        return failed(export);
    int as_of = sqlite3_bind_parameter_index(export->rows, ":as_of"),
        since = sqlite3_bind_parameter_index(export->rows, ":since");
    if (as_of > 0)
        sqlite3_bind_int64(export->rows, as_of, export->as_of);
    if (since > 0)
        sqlite3_bind_int64(export->rows, since, export->since);
    return EXIT_DONE;
}

enum format { FORMAT_CSV, FORMAT_JSON, FORMAT_NDJSON };

/* One document, whose columns with JSON are part of it; or a line for each row, in which every
 * column is there and of one type, as readers for Parquet want them. */
static void put_row(struct export *export, FILE *stream, enum format format)
{
    if (format == FORMAT_CSV) {
        rows_put_csv(stream, export->rows);
        return;
    }
    if (format == FORMAT_JSON)
        fputs(export->done > 0 ? ",\n" : "[\n", stream);
    rows_put_json(stream, export->rows, format == FORMAT_JSON ? export->is_json : NULL);
    if (format == FORMAT_NDJSON)
        fputc('\n', stream);
}

static enum exit_code put_rows(struct export *export, FILE *stream, enum format format)
{
    struct say_progress progress;
    struct ledger *ledger = export->job->session->ledger;
    int64_t total = export->subject->count == STATEMENT_COUNT
                        ? 0
                        : ledger_number(ledger, export->subject->count, 0);
    say_progress_start(&progress, "exporting", total > 0 ? (uint64_t)total : 0);
    if (format == FORMAT_CSV)
        rows_put_csv_names(stream, export->rows);
    while (ferror(stream) == 0 && sqlite3_step(export->rows) == SQLITE_ROW) {
        put_row(export, stream, format);
        if (++export->done % ROWS_BETWEEN_LOOKS != 0)
            continue;
        say_progress_step(&progress, export->done);
        if (stop_asked())
            break;
    }
    if (format == FORMAT_JSON)
        fputs(export->done > 0 ? "\n]\n" : "[]\n", stream);
    say_progress_end(&progress);
    int code = sqlite3_reset(export->rows);
    return stop_asked() || code != SQLITE_OK ? failed(export) : EXIT_DONE;
}

static enum exit_code write_rows(struct export *export)
{
    static struct sink sink; /* some kilobytes of paths */
    const struct options *options = &export->job->options;
    enum format format = options->format == NULL || strcmp(options->format, "csv") == 0 ? FORMAT_CSV
                         : strcmp(options->format, "json") == 0 ? FORMAT_JSON
                                                                : FORMAT_NDJSON;
    enum exit_code status = sink_open(&sink, options->output);
    if (status != EXIT_DONE)
        return status;
    status = put_rows(export, sink.stream, format);
    enum exit_code closed = sink_close(&sink, status == EXIT_DONE, options->replace);
    if (status == EXIT_DONE && closed == EXIT_DONE)
        say_note("%" PRIu64 " %s exported", export->done, export->subject->name);
    return job_worse(status, closed);
}

enum exit_code export_command(struct job *job)
{
    struct export export = {.job = job, .subject = find_subject(job->options.arguments[0])};
    if (export.subject == NULL)
        return EXIT_USAGE;
    export.as_of = ledger_now(job->session->ledger);
    if (!job_read_moment(job, "--as-of", job->options.as_of, &export.as_of) ||
        !job_read_moment(job, "--since", job->options.since, &export.since))
        return EXIT_USAGE;
    job_read_lean(job);
    enum exit_code status = prepare(&export);
    if (status == EXIT_DONE)
        status = write_rows(&export);
    sqlite3_finalize(export.rows);
    return status;
}
