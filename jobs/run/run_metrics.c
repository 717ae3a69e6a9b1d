/* SPDX-License-Identifier: MIT */
#include "run/run_metrics.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "run/metrics.h"
#include "values/moment.h"
#include "run/say.h"

enum { RUNS_MOST = 32, RUN_COMMAND = 32 };

static void add_queues(struct job *job, struct metrics *metrics)
{
    static const struct {
        const char *name;
        const char *help;
        bool age;
    } families[] = {{"regjob_queue_items", "Items in a queue of the ledger.", false},
                    {"regjob_queue_oldest_seconds",
                     "How long the oldest item of a queue has waited; 0 where it is not due.",
                     true}};
    int64_t now = ledger_now(job->session->ledger);
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        metrics_family(metrics, families[i].name, METRICS_GAUGE, families[i].help);
        enum { STEP, NUMBER, OLDEST };
        static const char *const columns[] = {"step", "number", "oldest", NULL};
        struct ledger_statement *queue =
            ledger_select(job->session->ledger, STATEMENT_queue_state, columns);
        while (ledger_row(queue)) {
            struct metrics_label label = {"queue", ledger_word(queue, STEP)};
            double waited = ledger_is_null(queue, OLDEST) || ledger_integer(queue, OLDEST) > now
                                ? 0
                                : (double)(now - ledger_integer(queue, OLDEST)) / 1000;
            metrics_sample(metrics, &label, 1,
                           families[i].age ? waited : (double)ledger_integer(queue, NUMBER));
        }
    }
}

/* How far the newest entry is ahead of the clock, which has gone back then, or was wrong before. */
static void add_clock(struct job *job, struct metrics *metrics)
{
    int64_t newest =
        ledger_number(job->session->ledger, STATEMENT_newest_entry_or_run, 0) - moment_now();
    metrics_family(metrics, "regjob_clock_behind_seconds", METRICS_GAUGE,
                   "How far the clock is behind the ledger's newest entry.");
    metrics_sample(metrics, NULL, 0, newest > 0 ? (double)newest / 1000 : 0);
}

static void add_version(struct metrics *metrics)
{
    struct metrics_label version = {"version", REG_VERSION};
    metrics_family(metrics, "regjob_version", METRICS_GAUGE, "1; the version is a label.");
    metrics_sample(metrics, &version, 1, 1);
}

/* The last run of a command. */
struct run {
    int64_t id; /* 0: this one, which may not have come into the ledger */
    char command[RUN_COMMAND];
    double exit_code, seconds, end;
};

/* One file serves every command: a run each minute must not wipe out what the night has said. The
 * first `count` are there already. */
static size_t find_runs(struct job *job, struct run runs[RUNS_MOST], size_t count)
{
    enum { COMMAND, EXIT_CODE, SECONDS, ENDED, ID };
    static const char *const columns[] = {"command", "exit_code", "seconds", "ended", "id", NULL};
    struct ledger_statement *row =
        ledger_select(job->session->ledger, STATEMENT_other_runs, columns);
    ledger_set_text(row, ":command", job->options.command);
    while (ledger_row(row) && count < RUNS_MOST) {
        struct run *run = &runs[count++];
        snprintf(run->command, sizeof run->command, "%s", ledger_word(row, COMMAND));
        run->exit_code = ledger_real(row, EXIT_CODE);
        run->seconds = ledger_real(row, SECONDS);
        run->end = ledger_real(row, ENDED);
        run->id = ledger_integer(row, ID);
    }
    ledger_done(row);
    return count;
}

static void add_gauge(struct metrics *metrics, const struct run *runs, size_t count,
                      const char *name, const char *help, size_t member)
{
    metrics_family(metrics, name, METRICS_GAUGE, help);
    for (size_t i = 0; i < count; i++) {
        struct metrics_label command = {"command", runs[i].command};
        double value;
        memcpy(&value, (const char *)&runs[i] + member, sizeof value);
        metrics_sample(metrics, &command, 1, value);
    }
}

static void add_items(struct job *job, struct metrics *metrics, const struct run *run)
{
    struct metrics_label labels[] = {{"command", run->command}, {"step", NULL}, {"what", NULL}};
    enum { LABELS = sizeof labels / sizeof *labels };
    for (size_t i = 0; run->id == 0 && i < job->count_count; i++) {
        labels[1].value = job->counts[i].step;
        labels[2].value = job->counts[i].what;
        metrics_sample(metrics, labels, LABELS, (double)job->counts[i].number);
    }
    if (run->id == 0)
        return;
    enum { STEP, WHAT, NUMBER };
    static const char *const columns[] = {"step", "what", "number", NULL};
    struct ledger_statement *item =
        ledger_select(job->session->ledger, STATEMENT_run_items, columns);
    ledger_set_integer(item, ":id", run->id);
    while (ledger_row(item)) {
        labels[1].value = ledger_word(item, STEP);
        labels[2].value = ledger_word(item, WHAT);
        metrics_sample(metrics, labels, LABELS, (double)ledger_integer(item, NUMBER));
    }
}

static void add_successes(struct job *job, struct metrics *metrics)
{
    enum { COMMAND, ENDED };
    static const char *const columns[] = {"command", "ended", NULL};
    metrics_family(metrics, "regjob_run_success_timestamp_seconds", METRICS_GAUGE,
                   "When a command last did all its work (exit code 0 or 2), Unix time.");
    struct ledger_statement *row =
        ledger_select(job->session->ledger, STATEMENT_last_successes, columns);
    while (ledger_row(row)) {
        struct metrics_label command = {"command", ledger_word(row, COMMAND)};
        metrics_sample(metrics, &command, 1, ledger_real(row, ENDED));
    }
}

/* `runs` begins with `count` that the ledger may not have. */
static void add_runs(struct job *job, struct metrics *metrics, struct run runs[RUNS_MOST],
                     size_t count)
{
    count = find_runs(job, runs, count);
    add_gauge(metrics, runs, count, "regjob_run_exit_code", "Exit code of a command's last run.",
              offsetof(struct run, exit_code));
    add_gauge(metrics, runs, count, "regjob_run_seconds", "How long a command's last run took.",
              offsetof(struct run, seconds));
    add_gauge(metrics, runs, count, "regjob_run_end_timestamp_seconds",
              "When a command's last run ended, Unix time.", offsetof(struct run, end));
    add_successes(job, metrics);
    metrics_family(metrics, "regjob_run_items", METRICS_GAUGE,
                   "What a command's last run counted, by step.");
    for (size_t i = 0; i < count; i++)
        add_items(job, metrics, &runs[i]);
    add_queues(job, metrics);
    add_clock(job, metrics);
    add_version(metrics);
}

static enum exit_code failed(struct metrics *metrics, const struct error *error)
{
    say_error("metrics: %s", error->text);
    metrics_end(metrics);
    return EXIT_RETRY;
}

enum exit_code run_metrics_show(struct job *job)
{
    struct error error = {ERROR_NO_MEMORY, "out of memory"};
    struct metrics *metrics = metrics_start();
    struct run runs[RUNS_MOST];
    if (metrics != NULL)
        add_runs(job, metrics, runs, 0);
    const char *text = metrics == NULL ? NULL : metrics_text(metrics, &error);
    if (text == NULL)
        return failed(metrics, &error);
    say_document(text, strlen(text));
    metrics_end(metrics);
    return ledger_failed(job->session->ledger) ? job_ledger_failed(job, "reading the queues")
                                               : EXIT_DONE;
}

enum exit_code run_metrics_write(struct job *job, const char *path, enum exit_code status,
                                 double seconds)
{
    struct error error = {ERROR_NO_MEMORY, "out of memory"};
    struct metrics *metrics = metrics_start();
    if (metrics == NULL)
        return failed(NULL, &error);
    struct run runs[RUNS_MOST] = {
        {.exit_code = (double)status, .seconds = seconds, .end = (double)moment_now() / 1000}};
    snprintf(runs[0].command, sizeof runs[0].command, "%s", job->options.command);
    add_runs(job, metrics, runs, 1);
    ledger_forgive(job->session->ledger);
    if (!metrics_write(metrics, path, &error))
        return failed(metrics, &error);
    metrics_end(metrics);
    return EXIT_DONE;
}
