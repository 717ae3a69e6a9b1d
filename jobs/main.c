/* SPDX-License-Identifier: MIT */
/* The commands, and the way of one run: options, configuration, ledger, command, record. */
#include <curl/curl.h>
#include <errno.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "config/completion.h"
#include "config/nodes.h"
#include "copies/copies.h"
#include "ledger/snapshot.h"
#include "reg.h"
#include "values/moment.h"
#include "values/time_units.h"
#include "run/result.h"
#include "rqlite/cluster.h"
#include "run/run_metrics.h"
#include "run/say.h"
#include "run/stop.h"

static const char system_config[] = "/etc/regjob/regjob.conf";

static const struct options_command commands[] = {
    {"init", init_command},         {"import", import_command},
    {"confirm", confirm_command},   {"send", send_command},
    {"settle", settle_command},     {"report", report_command},
    {"nightly", nightly_command},   {"reconcile", reconcile_command},
    {"status", status_command},     {"dashboard", dashboard_command},
    {"forget", forget_command},     {"snapshot", snapshot_command},
    {"settings", settings_command}, {"check", check_command},
    {"share", share_command},       {"export", export_command},
    {"tidy", tidy_command},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static enum exit_code show_help(const struct options *options)
{
    char *help = options_help(options, commands, COMMANDS);
    if (help == NULL)
        return EXIT_RETRY;
    say_document(help, strlen(help));
    free(help);
    return EXIT_DONE;
}

static enum exit_code show_completion(const struct options *options)
{
    char *script = completion_script(options->completion, commands, COMMANDS);
    if (script == NULL) {
        say_error("--completion %.80s: expected bash, fish or zsh", options->completion);
        return EXIT_USAGE;
    }
    say_document(script, strlen(script));
    free(script);
    return EXIT_DONE;
}

/* -c, else the system's file where there is one, else the defaults; -l and --metrics go before what
 * a file says. */
static bool read_config(struct job *job, struct error *error)
{
    const struct options *options = &job->options;
    const char *path = options->config != NULL            ? options->config
                       : access(system_config, F_OK) == 0 ? system_config
                                                          : NULL;
    config_defaults(&job->config);
    if (path != NULL && !config_read(&job->config, path, error))
        return false;
    const struct {
        const char *given;
        char *to;
    } overrides[] = {{options->ledger, job->config.ledger},
                     {options->metrics, job->config.metrics}};
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++)
        if (overrides[i].given != NULL &&
            snprintf(overrides[i].to, CONFIG_TEXT, "%s", overrides[i].given) >= CONFIG_TEXT) {
            return error_set(error, ERROR_INVALID, "%.80s...: the path is too long",
                             overrides[i].given);
        }
    return true;
}

/* A copy of the ledger for others. */
static bool copies(const struct options *options)
{
    return options->function == snapshot_command || options->function == share_command;
}

/* What is asked in SQL, with the tables of the extension at hand. */
static bool asks(const struct options *options)
{
    return options->function == check_command || options->function == export_command;
}

/* A command that only looks leaves no row. Nor does a snapshot, which can be taken where the ledger
 * may not be written to, or its disk is full. */
static bool only_looks(const struct options *options)
{
    return options->function == status_command || options->function == dashboard_command ||
           copies(options) || asks(options) || options->dry_run || options->explain ||
           (options->function == settings_command && options->argument_count == 0);
}

/* What does not change a snapshot or a share may look at one; `reconcile` then leaves no row. */
static bool may_see_a_copy(const struct options *options)
{
    return options->function == reconcile_command || (only_looks(options) && !copies(options));
}

/* Whoever makes a file may ask what would become of it where there is no ledger. */
static bool can_do_without(const struct job *job)
{
    return job->options.explain && !nodes_are(job->config.ledger) &&
           access(job->config.ledger, F_OK) != 0 && errno == ENOENT;
}

/* Of a ledger on a cluster: what would ask it for more than a copy costs. */
static bool looks_at_a_copy(const struct options *options)
{
    return options->function == share_command || options->function == export_command ||
           (may_see_a_copy(options) && options->function != settings_command);
}

/* What is done on a ledger that is on a cluster itself. */
static bool works_on_a_cluster(const struct options *options)
{
    options_function *const commands_there[] = {
        import_command,  confirm_command, send_command, settle_command,   report_command,
        nightly_command, forget_command,  tidy_command, snapshot_command, settings_command};
    for (size_t i = 0; i < sizeof commands_there / sizeof *commands_there; i++)
        if (options->function == commands_there[i])
            return true;
    return false;
}

static enum exit_code refuse_cluster(const struct job *job)
{
    say_error("%s: %s is not done on a cluster; take a snapshot, and use that", job->config.ledger,
              job->options.command);
    return EXIT_CONFIG;
}

static enum exit_code open_ledger(struct job *job)
{
    if (!nodes_are(job->config.ledger))
        return job_open(job, false);
    if (looks_at_a_copy(&job->options))
        return cluster_open_copy(job);
    return works_on_a_cluster(&job->options) ? cluster_open(job, false) : refuse_cluster(job);
}

static enum exit_code offer_tables(struct job *job)
{
    char *error = NULL;
    if (!asks(&job->options) || sqlite3_reg_init(job->database, &error, NULL) == SQLITE_OK)
        return EXIT_DONE;
    say_error("%s: %s", job->config.ledger, error == NULL ? "out of memory" : error);
    sqlite3_free(error);
    return EXIT_RETRY;
}

static enum exit_code run_recorded(struct job *job)
{
    int64_t began = moment_monotonic();
    if (can_do_without(job))
        return job->options.function(job);
    bool shared = nodes_are(job->config.ledger); /* a copy of it is our own */
    enum exit_code status = open_ledger(job);
    if (status != EXIT_DONE)
        return status;
    bool copy = ledger_is_copy(job->session->ledger);
    if (copy && !shared && !may_see_a_copy(&job->options))
        return job_refuse_copy(job);
    if (!copy)
        job_compare_clock(job);
    bool leaves_a_row = !copy && !only_looks(&job->options);
    if (leaves_a_row)
        status = job_begin_run(job);
    if (status != EXIT_DONE)
        return status;
    status = offer_tables(job);
    if (status == EXIT_DONE)
        status = job->options.function(job);
    if (leaves_a_row)
        job_end_run(job, status);
    if (job->config.metrics[0] != '\0' && (leaves_a_row || copies(&job->options)))
        status = job_worse(status, run_metrics_write(job, job->config.metrics, status,
                                                     (double)(moment_monotonic() - began) / 1000));
    return status;
}

/* SQLite's accounts of its memory cost a lock at each allocation, and nobody reads them. */
static bool start_libraries(void)
{
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK && sodium_init() >= 0 &&
           curl_global_init(CURL_GLOBAL_DEFAULT) == 0;
}

/* Commands that open the ledger themselves: one makes it, one looks what is wrong with it. */
static bool opens_ledger(const struct options *options)
{
    return options->function == init_command ||
           (options->function == check_command && !options->data);
}

static enum exit_code run_command(struct job *job)
{
    stop_deadline(job->config.run_seconds);
    return opens_ledger(&job->options) ? job->options.function(job) : run_recorded(job);
}

static enum exit_code run(struct job *job)
{
    struct error error;
    enum exit_code status = EXIT_CONFIG;
    int64_t began = moment_monotonic();
    if (result_is_wanted(&job->options))
        say_keep();
    if (!read_config(job, &error)) {
        say_error("%s", error.text);
    } else if (!stop_start(&error)) {
        say_error("%s", error.text);
        status = EXIT_RETRY;
    } else {
        status = run_command(job);
    }
    if (result_is_wanted(&job->options))
        status = result_say(job, status, (double)(moment_monotonic() - began) / SECOND_MS);
    job_close(job);
    config_end(&job->config);
    return status;
}

/* Passwords, codes and the key pass through our memory: no core file of it, and no other process of
 * this user looks into it. (The sanitizers' search for leaks has to.) */
static void keep_memory_private(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
    static struct job job; /* some kilobytes of configuration */
    struct error error;
    enum exit_code status = EXIT_DONE;
    keep_memory_private();
    say_start(false, false);
    umask(077); /* ledger, key, rejects, messages: nobody else's business */
    if (!options_parse(&job.options, argc, argv, commands, COMMANDS, &error)) {
        say_error("%s", error.text);
        return EXIT_USAGE;
    }
    say_start(job.options.quiet, job.options.verbose);
    say_log_json(job.options.log_format != NULL && strcmp(job.options.log_format, "json") == 0);
    say_run(job.options.command, 0);
    if (job.options.help) {
        status = show_help(&job.options);
    } else if (job.options.completion != NULL) {
        status = show_completion(&job.options);
    } else if (job.options.version) {
        say_line("regjob %s", REG_VERSION);
    } else if (!start_libraries()) {
        say_error("SQLite, libsodium or libcurl cannot be started");
        status = EXIT_RETRY;
    } else {
        status = run(&job);
    }
    if (!say_end())
        status = job_worse(status, EXIT_RETRY);
    return (int)status;
}
