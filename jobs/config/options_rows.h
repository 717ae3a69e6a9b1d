/* SPDX-License-Identifier: MIT */
/* options_rows.h: the rows of the two tables that the command line is parsed by, for whoever else
 * makes something of them. The tables are in options.c. */
#ifndef OPTIONS_ROWS_H
#define OPTIONS_ROWS_H

#include <stdbool.h>
#include <stddef.h>

enum { OPTIONS_TAKEN = 9 };

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

/* Both tables as they are listed; the commands include some that this program may not have. */
const struct option_row *options_option_rows(void);
const struct command_row *options_command_rows(void);

/* The values that the option may have, separated by |; NULL: any. `taken`: how a command takes it,
 * NULL for a general option. */
const char *options_choices(const struct option_row *row, const struct taken *taken);

#endif
