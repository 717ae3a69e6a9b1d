/* SPDX-License-Identifier: MIT */
/* options_rows.h: the two tables that the command line is parsed by, for whoever else makes
 * something of them. */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_TAKEN = 9 /* by a command */, OPTIONS_MOST = 64 /* rows, the last included */ };

enum option_kind { OPTION_SWITCH, OPTION_TEXT, OPTION_NUMBER };

struct option_row {
    const char *name; /* after --; NULL ends the table */
    char letter;      /* after -, '\0': none */
    enum option_kind kind;
    size_t offset;     /* of the member in struct options */
    const char *value; /* what help calls its value, NULL for a switch; of a general option: its
                          values, where they are separated by | */
    const char *help;
    bool general; /* every command takes it */
};

struct taken {
    const char *option;  /* NULL ends the list */
    const char *choices; /* its values separated by |; NULL: any */
    bool needed;
};

struct command_row {
    const char *name;      /* NULL ends the table */
    const char *arguments; /* as help shows them */
    size_t least, most;    /* how many */
    struct taken taken[OPTIONS_TAKEN + 1];
    const char *help;
};

/* Both tables as they are listed; the commands include some that a program may not have. */
extern const struct option_row option_rows[];
extern const struct command_row command_rows[];

/* The values that the option may have, separated by |; NULL: any. `taken`: how a command takes it,
 * NULL for a general option. */
const char *options_choices(const struct option_row *row, const struct taken *taken);

#endif
