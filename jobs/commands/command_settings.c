/* SPDX-License-Identifier: MIT */
/* command_settings.c: the registration settings, from a file as reg_settings() has them in SQL. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/commands.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/document.h"

enum {
    LONGEST = 1 << 20 /* bytes of a document of settings; the longest in use has a few thousand */
};

/* -- reading -- */

/* Up to `size` bytes; -1: errno, -2: the run is to stop. */
static ssize_t read_some(int descriptor, char *text, size_t size)
{
    for (;;) {
        struct pollfd wait[] = {{.fd = descriptor, .events = POLLIN},
                                {.fd = stop_descriptor(), .events = POLLIN}};
        if (poll(wait, 2, stop_wait_milliseconds(-1)) < 0 && errno != EINTR)
            return -1;
        if (stop_asked())
            return -2;
        if (wait[0].revents == 0)
            continue;
        ssize_t got = read(descriptor, text, size);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN))
            return got;
    }
}

static enum exit_code refuse(const char *name, const char *what)
{
    say_error("%s: %s; the settings were not changed", name, what);
    return EXIT_BAD_DATA;
}

/* All of it, which ends with NUL. */
static enum exit_code read_text(int descriptor, const char *name, char text[LONGEST + 1])
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t length = 0;
    ssize_t got;
    while (length <= LONGEST &&
           (got = read_some(descriptor, text + length, LONGEST + 1 - length)) != 0) {
        if (got == -2)
            return job_stopped(name, "the settings were not changed");
        if (got < 0) {
            say_error("%s: %s", name, strerror(errno));
            return EXIT_RETRY;
        }
        length += (size_t)got;
    }
    if (length > LONGEST)
        return refuse(name, "no settings are longer than 1 MiB");
    if (memchr(text, '\0', length) != NULL)
        return refuse(name, "it has a NUL byte");
    text[length] = '\0';
    if (strncmp(text, mark, 3) == 0)
        memmove(text, text + 3, length - 2);
    return EXIT_DONE;
}

static enum exit_code read_file(const char *path, char text[LONGEST + 1])
{
    struct stat facts;
    enum exit_code status = EXIT_RETRY;
    if (strcmp(path, "-") == 0)
        return read_text(STDIN_FILENO, "standard input", text);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0 || fstat(descriptor, &facts) != 0)
        say_error("%s: %s", path, strerror(errno));
    else if (!S_ISREG(facts.st_mode))
        status = refuse(path, "it is no regular file: use `-` to read from a pipe");
    else
        status = read_text(descriptor, path, text);
    if (descriptor >= 0)
        close(descriptor);
    return status;
}

/* -- showing and changing -- */

static enum exit_code show(struct job *job)
{
    const struct settings *settings = session_settings(job->session);
    if (settings == NULL)
        return job_ledger_failed(job, "reading the settings");
    char *text = settings_lines(settings);
    if (text == NULL) {
        say_error("out of memory for the settings");
        return EXIT_RETRY;
    }
    say_document(text, strlen(text));
    say_document("\n", 1);
    free(text);
    return EXIT_DONE;
}

/* What reg_settings() shows beside them. */
static void say_warnings(const char *name, const struct settings *settings)
{
    struct error error;
    size_t i;
    json_t *warning;
    char *text = settings_text(settings);
    json_t *shown = text == NULL ? NULL : document_parse(text, 0, NULL, &error);
    json_array_foreach(json_object_get(shown, "warnings"), i, warning)
    {
        say_error("%s: %s", name, json_string_value(warning));
    }
    json_decref(shown);
    free(text);
}

static enum exit_code change(struct job *job, const char *name, const char *text)
{
    bool refused;
    struct settings *changed =
        session_change_settings(job->session, text, job->options.patch, &refused);
    if (changed == NULL && !refused)
        return job_ledger_failed(job, "changing the settings");
    if (changed == NULL) {
        enum exit_code status = refuse(name, ledger_error(job->session->ledger));
        ledger_forgive(job->session->ledger);
        return status;
    }
    say_warnings(name, changed);
    settings_free(changed);
    job_add(job, "settings", job->options.patch ? "patched" : "replaced", 1);
    say_note("%s: the settings were %s", name, job->options.patch ? "patched" : "replaced");
    return EXIT_DONE;
}

enum exit_code settings_command(struct job *job)
{
    const struct options *options = &job->options;
    if (options->argument_count == 0 && options->patch) {
        say_error("settings --patch needs FILE: regjob settings --patch FILE");
        return EXIT_USAGE;
    }
    if (options->argument_count == 0)
        return show(job);
    const char *path = options->arguments[0];
    char *text = malloc(LONGEST + 1);
    if (text == NULL) {
        say_error("out of memory for the settings");
        return EXIT_RETRY;
    }
    enum exit_code status = read_file(path, text);
    if (status == EXIT_DONE)
        status = change(job, strcmp(path, "-") == 0 ? "standard input" : path, text);
    free(text);
    return status;
}
