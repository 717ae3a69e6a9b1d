/* SPDX-License-Identifier: MIT */
#include "run/result.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "run/say.h"
#include "values/document.h"

enum { SECONDS_DIGITS = 6 };

bool result_is_wanted(const struct options *options)
{
    static const char *const own[] = {"status", "reconcile", "check", "export"};
    if (options->format == NULL || strcmp(options->format, "json") != 0)
        return false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(options->command, own[i]) == 0)
            return false;
    /* Settings that are only shown are JSON as they are. */
    return strcmp(options->command, "settings") != 0 || options->argument_count > 0;
}

static json_t *output(void)
{
    json_t *lines = json_array();
    size_t count;
    const char *const *kept = say_kept(&count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(lines, json_string(kept[i]));
    return lines;
}

static json_t *or_empty(json_t *array)
{
    return array == NULL ? json_array() : json_incref(array);
}

enum exit_code result_say(struct job *job, enum exit_code status, double seconds)
{
    json_t *result =
        json_pack("{s:s, s:o, s:i, s:f, s:o, s:o, s:o, s:o}", "command", job->options.command,
                  "run", job->run_id == 0 ? json_null() : json_integer((json_int_t)job->run_id),
                  "exit_code", (int)status, "seconds", seconds, "counts", job_counts(job), "inputs",
                  or_empty(job->inputs), "files", or_empty(job->files), "output", output());
    if (say_kept_is_cut())
        json_object_set_new(result, "output_cut", json_true());
    char *text = result == NULL
                     ? NULL
                     : document_text(result, JSON_INDENT(2) | JSON_REAL_PRECISION(SECONDS_DIGITS));
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    } else {
        say_error("out of memory for the result");
        status = job_worse(status, EXIT_RETRY);
    }
    free(text);
    json_decref(result);
    return status;
}
