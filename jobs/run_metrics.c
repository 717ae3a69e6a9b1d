#include "run_metrics.h"

#include <stdio.h>
#include <string.h>

#include "metrics.h"
#include "moment.h"
#include "say.h"

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
    int64_t now = moment_now();
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        metrics_family(metrics, families[i].name, METRICS_GAUGE, families[i].help);
        struct ledger_statement *queue = ledger_use(job->door->ledger, STATEMENT_queue_state);
        while (ledger_row(queue)) {
            struct metrics_label label = {"queue", ledger_text(queue, 1)};
            double waited = ledger_is_null(queue, 3) || ledger_integer(queue, 3) > now
                                ? 0
                                : (double)(now - ledger_integer(queue, 3)) / 1000;
            metrics_sample(metrics, &label, 1,
                           families[i].age ? waited : (double)ledger_integer(queue, 2));
        }
    }
}

static void add_run(struct job *job, struct metrics *metrics, enum status_code status,
                    double seconds)
{
    struct metrics_label command = {"command", job->options.command};
    metrics_family(metrics, "regjob_run_exit_code", METRICS_GAUGE, "Exit code of the last run.");
    metrics_sample(metrics, &command, 1, (double)status);
    metrics_family(metrics, "regjob_run_seconds", METRICS_GAUGE, "How long the last run took.");
    metrics_sample(metrics, &command, 1, seconds);
    metrics_family(metrics, "regjob_run_end_timestamp_seconds", METRICS_GAUGE,
                   "When the last run ended, Unix time.");
    metrics_sample(metrics, &command, 1, (double)moment_now() / 1000);
    metrics_family(metrics, "regjob_run_items", METRICS_GAUGE,
                   "What the last run counted, by step.");
    for (size_t i = 0; i < job->count_count; i++) {
        struct metrics_label labels[] = {{"step", job->counts[i].step},
                                         {"what", job->counts[i].what}};
        metrics_sample(metrics, labels, 2, (double)job->counts[i].number);
    }
}

static enum status_code failed(struct metrics *metrics, const char *error)
{
    say_error("metrics: %s", error);
    metrics_end(metrics);
    return STATUS_RETRY;
}

enum status_code run_metrics_show(struct job *job)
{
    char error[512] = "out of memory";
    struct metrics *metrics = metrics_start();
    if (metrics != NULL)
        add_queues(job, metrics);
    const char *text = metrics == NULL ? NULL : metrics_text(metrics, error, sizeof error);
    if (text == NULL)
        return failed(metrics, error);
    say_document(text, strlen(text));
    metrics_end(metrics);
    return ledger_failed(job->door->ledger) ? job_ledger_failed(job, "reading the queues")
                                            : STATUS_DONE;
}

enum status_code run_metrics_write(struct job *job, const char *path, enum status_code status,
                                   double seconds)
{
    char error[512] = "out of memory";
    struct metrics *metrics = metrics_start();
    if (metrics == NULL)
        return failed(NULL, error);
    add_run(job, metrics, status, seconds);
    add_queues(job, metrics);
    ledger_forgive(job->door->ledger);
    if (!metrics_write(metrics, path, error, sizeof error))
        return failed(metrics, error);
    metrics_end(metrics);
    return STATUS_DONE;
}
