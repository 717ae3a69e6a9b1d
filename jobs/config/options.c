/* SPDX-License-Identifier: MIT */
/* options.c: parses the command line by the two tables of options_rows.h. */
#include "config/options.h"
#include "config/options_rows.h"
#include "config/suggestion.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_LIST = 512 };

/* --- Looking up ---------------------------------------------------------------------------- */

static const struct option_row *find_option(const char *name, size_t length)
{
    for (const struct option_row *row = option_rows; row->name != NULL; row++) {
        if (strlen(row->name) == length && strncmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

const char *options_choices(const struct option_row *row, const struct taken *taken)
{
    if (taken != NULL) {
        return taken->choices;
    }
    return row->general && row->value != NULL && strchr(row->value, '|') != NULL ? row->value
                                                                                 : NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (const struct option_row *row = option_rows; row->name != NULL; row++) {
        if (row->letter != '\0' && row->letter == letter) {
            return row;
        }
    }
    return NULL;
}

static const struct command_row *find_command(const char *name)
{
    for (const struct command_row *row = command_rows; row->name != NULL; row++) {
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct taken *find_taken(const struct command_row *command, const char *option)
{
    for (const struct taken *taken = command->taken; taken->option != NULL; taken++) {
        if (strcmp(taken->option, option) == 0) {
            return taken;
        }
    }
    return NULL;
}

/* --- Usage lines --------------------------------------------------------------------------- */

static void append(char *list, size_t size, const char *before, const char *text)
{
    size_t used = strlen(list);
    /* Cut short rather than overrun; the lists of the tables above fit. */
    snprintf(list + used, size - used, "%s%s", before, text);
}

static void list_commands(char *list, size_t size, const struct options_command *commands,
                          size_t count)
{
    list[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        append(list, size, i == 0 ? "" : ", ", commands[i].name);
    }
}

/* The command's own options and arguments: `send [--only email|sms] [--limit N]`. */
static void list_usage(char *list, size_t size, const struct command_row *command)
{
    list[0] = '\0';
    append(list, size, "", command->name);
    for (const struct taken *taken = command->taken; taken->option != NULL; taken++) {
        const struct option_row *row = find_option(taken->option, strlen(taken->option));
        append(list, size, taken->needed ? " --" : " [--", row->name);
        if (row->value != NULL) {
            append(list, size, " ", taken->choices != NULL ? taken->choices : row->value);
        }
        append(list, size, taken->needed ? "" : "]", "");
    }
    append(list, size, command->arguments[0] == '\0' ? "" : " ", command->arguments);
}

/* --- Reading ------------------------------------------------------------------------------- */

struct parse {
    struct options *options;
    char **argv;
    int argc, next;
    bool given[OPTIONS_MOST]; /* as option_rows */
    struct error *error;
};

static bool set_number(struct parse *parse, const struct option_row *row, const char *value)
{
    char *end;
    unsigned long long number = strtoull(value, &end, 10);

    if (value[strspn(value, "0123456789")] != '\0' || end == value || number == 0 ||
        strlen(value) > 18) {
        error_set(parse->error, ERROR_INVALID, "--%s %.80s: expected a whole number, 1 or more",
                  row->name, value);
        return false;
    }
    *(uint64_t *)((char *)parse->options + row->offset) = number;
    return true;
}

/* `value` is what was attached to the option; if it is NULL, the next word is the value. */
static bool set_option(struct parse *parse, const struct option_row *row, const char *value)
{
    char *member = (char *)parse->options + row->offset;
    bool *given = &parse->given[row - option_rows];

    if (row->kind == OPTION_SWITCH) {
        if (value != NULL) {
            error_set(parse->error, ERROR_INVALID, "--%s takes no value", row->name);
            return false;
        }
        *(bool *)member = true;
        *given = true;
        return true;
    }
    if (value == NULL && parse->next < parse->argc) {
        value = parse->argv[parse->next++];
    }
    if (value == NULL || *value == '\0') {
        error_set(parse->error, ERROR_INVALID, "--%s needs a value: --%s %s", row->name, row->name,
                  row->value);
        return false;
    }
    if (*given) {
        error_set(parse->error, ERROR_INVALID, "--%s is given twice", row->name);
        return false;
    }
    *given = true;
    if (row->kind == OPTION_NUMBER) {
        return set_number(parse, row, value);
    }
    *(const char **)member = value;
    return true;
}

static bool take_long(struct parse *parse, const char *word)
{
    struct suggestion nearest = {0};
    size_t length = strcspn(word, "=");

    const struct option_row *row = find_option(word, length);
    if (row != NULL) {
        return set_option(parse, row, word[length] == '=' ? word + length + 1 : NULL);
    }
    for (row = option_rows; row->name != NULL; row++) {
        suggestion_offer(&nearest, word, row->name);
    }
    error_set(parse->error, ERROR_INVALID,
              "unknown option --%.*s: did you mean --%s? (see regjob --help)",
              (int)(length < 80 ? length : 80), word, nearest.word);
    return false;
}

/* -v, -vq, -c FILE or -cFILE. */
static bool take_letters(struct parse *parse, const char *word)
{
    while (*word != '\0') {
        const struct option_row *row = find_letter(*word);
        if (row == NULL) {
            error_set(parse->error, ERROR_INVALID,
                      "unknown option -%c: there are -c, -l, -o, -v, -q and -h (see regjob --help)",
                      *word);
            return false;
        }
        word++;
        if (row->kind != OPTION_SWITCH) {
            return set_option(parse, row, *word == '\0' ? NULL : word);
        }
        if (!set_option(parse, row, NULL)) {
            return false;
        }
    }
    return true;
}

/* Parses options into `options` and moves all other words to the front of argv, in order. */
static bool take_words(struct parse *parse, size_t *word_count)
{
    bool ended = false;

    *word_count = 0;
    while (parse->next < parse->argc) {
        char *word = parse->argv[parse->next++];
        if (!ended && strcmp(word, "--") == 0) {
            ended = true;
        } else if (!ended && strncmp(word, "--", 2) == 0) {
            if (!take_long(parse, word + 2)) {
                return false;
            }
        } else if (!ended && word[0] == '-' && word[1] != '\0') {
            if (!take_letters(parse, word + 1)) {
                return false;
            }
        } else {
            parse->argv[1 + (*word_count)++] = word;
        }
    }
    return true;
}

static bool set_command(struct parse *parse, const char *name,
                        const struct options_command *commands, size_t count)
{
    struct suggestion nearest = {0};
    char list[OPTIONS_LIST];

    for (size_t i = 0; i < count; i++) {
        if (strcmp(commands[i].name, name) == 0 && find_command(name) != NULL) {
            parse->options->command = commands[i].name;
            parse->options->function = commands[i].function;
            return true;
        }
        suggestion_offer(&nearest, name, commands[i].name);
    }
    list_commands(list, sizeof list, commands, count);
    error_set(parse->error, ERROR_INVALID, "unknown command %.80s: did you mean %s? (one of %s)",
              name, nearest.word == NULL ? "--help" : nearest.word, list);
    return false;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (;;) {
        size_t width = strcspn(choices, "|");
        if (width == length && strncmp(choices, value, width) == 0) {
            return true;
        }
        if (choices[width] == '\0') {
            return false;
        }
        choices += width + 1;
    }
}

/* Checks that the command accepts the given options and has those it needs. */
static bool check_options(struct parse *parse, const struct command_row *command)
{
    char usage[OPTIONS_LIST];

    list_usage(usage, sizeof usage, command);
    for (const struct option_row *row = option_rows; row->name != NULL; row++) {
        const struct taken *taken = find_taken(command, row->name);
        const bool given = parse->given[row - option_rows];
        const char *text = NULL;
        if (row->kind == OPTION_TEXT) {
            text = *(const char **)((char *)parse->options + row->offset);
        }
        if (given && taken == NULL && !row->general) {
            error_set(parse->error, ERROR_INVALID, "%s takes no --%s: regjob %s", command->name,
                      row->name, usage);
            return false;
        }
        if (!given && taken != NULL && taken->needed) {
            error_set(parse->error, ERROR_INVALID, "%s needs --%s: regjob %s", command->name,
                      row->name, usage);
            return false;
        }
        const char *choices = options_choices(row, taken);
        if (choices != NULL && text != NULL && !is_choice(choices, text)) {
            error_set(parse->error, ERROR_INVALID, "--%s %.80s: expected %s", row->name, text,
                      choices);
            return false;
        }
    }
    return true;
}

static bool check_arguments(struct parse *parse, const struct command_row *command)
{
    char usage[OPTIONS_LIST];
    size_t count = parse->options->argument_count;
    size_t least =
        parse->options->from != NULL ? 0 : command->least; /* the file may hold them all */

    if (count >= least && count <= command->most) {
        return true;
    }
    list_usage(usage, sizeof usage, command);
    if (count < command->least) {
        error_set(parse->error, ERROR_INVALID, "%s needs %s: regjob %s", command->name,
                  command->arguments, usage);
    } else {
        error_set(parse->error, ERROR_INVALID, "%.80s is one argument too many: regjob %s",
                  parse->options->arguments[command->most], usage);
    }
    return false;
}

bool options_parse(struct options *options, int argc, char **argv,
                   const struct options_command *commands, size_t command_count,
                   struct error *error)
{
    struct parse parse = {
        .options = options, .argv = argv, .argc = argc, .next = 1, .error = error};
    char list[OPTIONS_LIST];
    size_t words;

    memset(options, 0, sizeof *options);
    if (!take_words(&parse, &words)) {
        return false;
    }
    if (words > 0 && !set_command(&parse, argv[1], commands, command_count)) {
        return false;
    }
    if (options->help || options->version || options->completion != NULL) {
        return true;
    }
    if (words == 0) {
        list_commands(list, sizeof list, commands, command_count);
        error_set(error, ERROR_INVALID, "expected a command: one of %s (see regjob --help)", list);
        return false;
    }
    if (options->verbose && options->quiet) {
        error_set(error, ERROR_INVALID, "--verbose and --quiet do not go together");
        return false;
    }
    if (options->explain && options->format != NULL) {
        error_set(error, ERROR_INVALID, "--explain and --format do not go together");
        return false;
    }
    options->arguments = argv + 2;
    options->argument_count = words - 1;
    const struct command_row *command = find_command(options->command);
    return check_options(&parse, command) && check_arguments(&parse, command);
}

/* --- Help ---------------------------------------------------------------------------------- */

static void put_option(FILE *text, const struct option_row *row, const char *choices)
{
    char left[64];
    const char *value = row->value == NULL ? "" : choices != NULL ? choices : row->value;

    if (row->letter != '\0') {
        snprintf(left, sizeof left, "-%c, --%s %s", row->letter, row->name, value);
    } else {
        snprintf(left, sizeof left, "    --%s %s", row->name, value);
    }
    fprintf(text, "  %-28s %s\n", left, row->help);
}

static void put_command_help(FILE *text, const struct command_row *command)
{
    char usage[OPTIONS_LIST];

    list_usage(usage, sizeof usage, command);
    fprintf(text, "Usage: regjob %s\n\n%s: %s.\n\n", usage, command->name, command->help);
    for (const struct taken *taken = command->taken; taken->option != NULL; taken++) {
        put_option(text, find_option(taken->option, strlen(taken->option)), taken->choices);
    }
}

static void put_help(FILE *text, const struct options_command *commands, size_t count)
{
    fputs("Usage: regjob [-c CONFIG] [-l LEDGER] [-v] [-q] [--metrics FILE] COMMAND "
          "[ARGUMENT...]\n\nThe batch job of a registration ledger. Commands:\n\n",
          text);
    for (size_t i = 0; i < count; i++) {
        const struct command_row *row = find_command(commands[i].name);
        if (row != NULL) {
            char left[64];
            snprintf(left, sizeof left, "%s %s", row->name, row->arguments);
            fprintf(text, "  %-28s %s\n", left, row->help);
        }
    }
    fputs(
        "\nregjob COMMAND --help shows the options of one command. Options for every command:\n\n",
        text);
}

char *options_help(const struct options *options, const struct options_command *commands,
                   size_t command_count)
{
    char *help = NULL;
    size_t length = 0;

    FILE *text = open_memstream(&help, &length);
    if (text == NULL) {
        return NULL;
    }
    if (options->command != NULL) {
        put_command_help(text, find_command(options->command));
    } else {
        put_help(text, commands, command_count);
    }
    for (const struct option_row *row = option_rows; row->name != NULL; row++) {
        if (row->general) {
            put_option(text, row, NULL);
        }
    }
    fputs("\nExit codes: 0 all done; 1 something failed, run again; 2 done, but with rejects,\n"
          "undeliverable codes, dead reports, an unexplained mismatch, or a person to forget who "
          "was not\nfound; 64 wrong command line; 65 a data file that cannot be read, or settings "
          "that are refused;\n75 another run holds the lock; 78 wrong configuration, key file or "
          "ledger version, or the\nledger is a snapshot.\n",
          text);
    bool failed = ferror(text) != 0;
    if (fclose(text) != 0 || failed) {
        free(help);
        return NULL;
    }
    return help;
}
