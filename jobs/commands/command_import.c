/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "csv/separator.h"
#include "import/explain.h"
#include "import/import.h"
#include "inbox/inbox.h"
#include "inbox/inbox_job.h"
#include "run/say.h"
#include "run/stop.h"

/* `N` or `N%`. */
static bool read_max_rejects(const char *text, struct import_request *request)
{
    char *end;
    if (text == NULL)
        return true;
    request->max_rejects = strtod(text, &end);
    request->limits_rejects = true;
    request->max_rejects_percent = strcmp(end, "%") == 0;
    bool number = text[0] >= '0' && text[0] <= '9' && strspn(text, "0123456789.%") == strlen(text);
    return number && (*end == '\0' || request->max_rejects_percent) &&
           request->max_rejects <= (request->max_rejects_percent ? 100 : 1e15);
}

static void take_configured_form(const struct config_import *config, bool confirmations,
                                 struct import_request *request)
{
    static const unsigned char separators[] = {[CONFIG_SEPARATOR_AUTO] = 0,
                                               [CONFIG_COMMA] = ',',
                                               [CONFIG_SEMICOLON] = ';',
                                               [CONFIG_TAB] = '\t'};
    request->encoding = (enum recode_encoding)config->encoding;
    request->separator = separators[config->separator];
    request->profile = confirmations || config->profile[0] == '\0' ? NULL : config->profile;
}

/* What files are read as, by the options before the configuration. */
static bool read_form(struct job *job, struct import_request *request)
{
    const struct options *options = &job->options;
    take_configured_form(&job->config.import, request->confirmations, request);
    if (options->profile != NULL)
        request->profile = options->profile;
    if (options->encoding != NULL && !recode_named(options->encoding, &request->encoding)) {
        say_error("--encoding %s: expected utf-8, utf-16le, utf-16be, windows-1252 or latin-1",
                  options->encoding);
        return false;
    }
    if (options->separator != NULL && !separator_named(options->separator, &request->separator)) {
        say_error("--separator %s: expected comma, semicolon, tab or one character",
                  options->separator);
        return false;
    }
    return true;
}

static bool is_folder(const char *path)
{
    struct stat facts;
    return strcmp(path, "-") != 0 && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

static enum exit_code take(struct job *job, const struct import_request *request)
{
    return request->explain ? explain_file(job, request) : import_one(job, request);
}

/* `context`: the request that is the same for all files of a folder. */
static enum exit_code import_one_of(struct job *job, const struct inbox_file *file, void *context)
{
    struct import_request request = *(const struct import_request *)context;
    request.path = file->path;
    request.opened = file;
    return take(job, &request);
}

/* A folder's files stay where they are: only the configured inbox is emptied. */
static enum exit_code import_all_in(struct job *job, struct import_request *like,
                                    const char *folder)
{
    struct error error;
    enum exit_code status = EXIT_RETRY;
    struct inbox inbox;
    if (!inbox_list(&inbox, folder, &error)) {
        say_error("%s", error.text);
    } else {
        if (inbox.count == 0)
            say_note("%s: no files of sign-ups (*.csv, *.json, *.jsonl, *.ndjson, also .gz, .zst) "
                     "in this folder",
                     folder);
        status = inbox_job_each(job, &inbox, import_one_of, like);
    }
    inbox_close(&inbox);
    return status;
}

static enum exit_code take_all(struct job *job, struct import_request *request)
{
    const struct options *options = &job->options;
    enum exit_code status = EXIT_DONE;
    for (size_t i = 0; i < options->argument_count; i++) {
        if (stop_asked()) {
            status =
                job_worse(status, job_stopped(options->arguments[i],
                                              "this file and those after it were not processed"));
            break;
        }
        request->path = options->arguments[i];
        status =
            job_worse(status, is_folder(request->path) ? import_all_in(job, request, request->path)
                                                       : take(job, request));
    }
    return status;
}

static enum exit_code import_files(struct job *job, bool confirmations)
{
    const struct options *options = &job->options;
    struct import_request request = {.name = options->name,
                                     .confirmations = confirmations,
                                     .strict = options->strict || job->config.import.strict,
                                     .dry_run = options->dry_run,
                                     .explain = options->explain};
    struct lock lock;
    if (options->name != NULL &&
        (options->argument_count != 1 || is_folder(options->arguments[0]))) {
        say_error("--name names one file, not %s",
                  options->argument_count == 1 ? "a folder" : "several");
        return EXIT_USAGE;
    }
    if (!read_max_rejects(options->max_rejects, &request)) {
        say_error("--max-rejects %s: expected a number of rows, or a percentage such as 0.5%%",
                  options->max_rejects);
        return EXIT_USAGE;
    }
    if (!read_form(job, &request))
        return EXIT_USAGE;
    if (request.explain)
        return take_all(job, &request);
    enum exit_code status = job_lock(job, "import", &lock);
    if (status != EXIT_DONE)
        return status;
    status = take_all(job, &request);
    lock_release(&lock);
    return status;
}

enum exit_code import_command(struct job *job)
{
    return import_files(job, false);
}

enum exit_code confirm_command(struct job *job)
{
    return import_files(job, true);
}

static enum exit_code take_in(struct job *job, const char *folder, bool confirmations)
{
    struct import_request request = {.confirmations = confirmations,
                                     .strict = job->config.import.strict};
    take_configured_form(&job->config.import, confirmations, &request);
    return inbox_job_run(job, "import", folder, import_one_of, &request);
}

enum exit_code import_inbox(struct job *job)
{
    return take_in(job, job->config.import.inbox, false);
}

enum exit_code confirm_inbox(struct job *job)
{
    return take_in(job, job->config.import.confirm_inbox, true);
}
