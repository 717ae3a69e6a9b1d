/* SPDX-License-Identifier: MIT */
/* options.h: the command line: which commands there are, what each takes, and what was given. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "values/error.h"
#include "config/exit_code.h"

/* What a command works on; main.c says what is in it. */
struct job;
typedef enum exit_code options_function(struct job *job);

/* A command that this program has. Its options, arguments and help stand in options_rows.c, which
 * knows every name; a name it does not know is a mistake of the program and is never matched. */
struct options_command {
    const char *name;
    options_function *function;
};

/* What was given. All texts are those of argv. */
struct options {
    const char *config;     /* -c, --config; NULL: not given, as all texts below */
    const char *ledger;     /* -l, --ledger */
    const char *metrics;    /* --metrics */
    bool verbose;           /* -v, --verbose */
    bool quiet;             /* -q, --quiet */
    bool help;              /* --help: options_help() is all that is asked for */
    bool version;           /* --version: likewise the version */
    const char *log_format; /* --log-format: "text" or "json" */
    const char *completion; /* --completion: likewise the completions for that shell */

    bool restored;            /* init */
    bool dry_run;             /* import, send, report, tidy */
    bool strict;              /* import */
    bool explain;             /* import */
    bool retry_dead;          /* report */
    bool retry_undeliverable; /* send */
    bool all;                 /* forget */
    bool by_id;               /* forget: --id */
    const char *name;         /* import */
    const char *max_rejects;  /* import: N or N% */
    const char *profile;      /* import: a name or a path */
    const char *encoding;     /* import, confirm */
    const char *separator;    /* import, confirm */
    const char *only;         /* send: "email" or "sms" */
    const char *format; /* reconcile: "csv", "json" or "html"; status: "json" or "openmetrics" */
    const char *as_of;  /* reconcile: not looked at here */
    const char *output; /* dashboard: -o, --output */
    bool replace;       /* snapshot, share, export */
    const char *emails, *phones, *usernames, *names, *addresses, *devices; /* share */
    const char *since, *columns;                                           /* export */
    bool personal;                                                         /* export */
    bool stable;                                                           /* share */
    bool patch;                                                            /* settings */
    const char *from;                                                      /* forget, init */
    bool data;                                                             /* check */
    const char *vendor_export;                                             /* check: --export */
    uint64_t limit; /* send, report: 1 or more; 0: not given */

    const char *command; /* NULL with --help and --version, where none was given */
    options_function *function;
    char **arguments; /* what is neither option nor command, in order */
    size_t argument_count;
};

/*
 * Reads the command line; options may stand before or after the command, `--` ends them. Moves
 * the arguments to the front of `argv`. False: `error` is one line that says what is allowed (exit
 * code EXIT_USAGE).
 */
bool options_parse(struct options *options, int argc, char **argv,
                   const struct options_command *commands, size_t command_count,
                   struct error *error);

/* The help text, of the whole program or of `options->command`; the caller frees it. NULL: no
 * memory. */
char *options_help(const struct options *options, const struct options_command *commands,
                   size_t command_count);

#endif
