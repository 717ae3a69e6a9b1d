/* SPDX-License-Identifier: MIT */
/* completion.c: completions for bash, fish and zsh. Each shell has a writer; what they write comes
 * from the tables alone, so that a new option needs nothing here. */
#include "config/completion.h"
#include "config/options_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct script {
    FILE *text;
    const struct options_command *commands;
    size_t count;
};

/* --- The tables ----------------------------------------------------------------------------- */

static const struct command_row *find_row(const char *name)
{
    for (const struct command_row *row = command_rows; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

static const struct option_row *find_option(const char *name)
{
    for (const struct option_row *row = option_rows; row->name != NULL; row++)
        if (strcmp(row->name, name) == 0)
            return row;
    return NULL;
}

/* A value that is the name of a file. */
static bool is_file(const struct option_row *option)
{
    static const char *const files[] = {"FILE", "CONFIG", "LEDGER"};
    for (size_t i = 0; option->value != NULL && i < sizeof files / sizeof *files; i++)
        if (strcmp(option->value, files[i]) == 0)
            return true;
    return false;
}

static bool takes_files(const struct command_row *command)
{
    return strstr(command->arguments, "FILE") != NULL;
}

/* --- Texts ---------------------------------------------------------------------------------- */

/* Puts a backslash before each character of `special`, and ends and begins the single quotes around
 * a single quote. */
static void put_escaped(FILE *text, const char *words, const char *special)
{
    for (; *words != '\0'; words++) {
        if (*words == '\'')
            fputs("'\\''", text);
        else if (strchr(special, *words) != NULL)
            fprintf(text, "\\%c", *words);
        else
            fputc(*words, text);
    }
}

/* csv|json as csv json. */
static void put_words(FILE *text, const char *choices)
{
    for (; *choices != '\0'; choices++)
        fputc(*choices == '|' ? ' ' : *choices, text);
}

/* --- bash ----------------------------------------------------------------------------------- */

static void bash_names(FILE *text, const struct option_row *row, const char *before)
{
    if (row->letter != '\0')
        fprintf(text, "%s-%c | ", before, row->letter);
    fprintf(text, "%s--%s", before, row->name);
}

/* The options whose value is the next word. */
static void bash_skipped(struct script *script)
{
    const char *between = "";
    for (const struct option_row *row = option_rows; row->name != NULL; row++) {
        if (row->kind == OPTION_SWITCH)
            continue;
        fputs(between, script->text);
        bash_names(script->text, row, "");
        between = " | ";
    }
}

static void bash_value(FILE *text, const char *command, const struct option_row *row,
                       const char *choices)
{
    char before[64];
    snprintf(before, sizeof before, "%s/", command);
    fputs("    ", text);
    bash_names(text, row, before);
    fputs(") ", text);
    if (choices != NULL) {
        fputs("mapfile -t COMPREPLY < <(compgen -W '", text);
        put_words(text, choices);
        fputs("' -- \"$current\") ;;\n", text);
    } else {
        fputs(is_file(row) ? "mapfile -t COMPREPLY < <(compgen -f -- \"$current\") ;;\n"
                           : "return ;;\n",
              text);
    }
}

static void bash_values(struct script *script)
{
    for (size_t i = 0; i < script->count; i++) {
        const struct command_row *command = find_row(script->commands[i].name);
        for (const struct taken *taken = command->taken; taken->option != NULL; taken++) {
            const struct option_row *row = find_option(taken->option);
            if (row->kind != OPTION_SWITCH)
                bash_value(script->text, command->name, row, options_choices(row, taken));
        }
    }
    for (const struct option_row *row = option_rows; row->name != NULL; row++)
        if (row->general && row->kind != OPTION_SWITCH)
            bash_value(script->text, "*", row, options_choices(row, NULL));
}

static void bash_words(struct script *script)
{
    fputs("    local words='", script->text);
    for (const struct option_row *row = option_rows; row->name != NULL; row++)
        if (row->general)
            fprintf(script->text, "--%s ", row->name);
    fputs("'\n    case $command in\n    '') words+='", script->text);
    for (size_t i = 0; i < script->count; i++)
        fprintf(script->text, "%s ", script->commands[i].name);
    fputs("' ;;\n", script->text);
    for (size_t i = 0; i < script->count; i++) {
        const struct command_row *command = find_row(script->commands[i].name);
        fprintf(script->text, "    %s) words+='", command->name);
        for (const struct taken *taken = command->taken; taken->option != NULL; taken++)
            fprintf(script->text, "--%s ", taken->option);
        fprintf(script->text, "' files=%s ;;\n", takes_files(command) ? "yes" : "");
    }
    fputs("    esac\n", script->text);
}

static void put_bash(struct script *script)
{
    fputs("# bash completion for regjob; made by `regjob --completion bash`\n"
          "_regjob() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command='' files='' value='' word\n"
          "    COMPREPLY=()\n"
          "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "        if [ -n \"$value\" ]; then\n"
          "            value=''\n"
          "            continue\n"
          "        fi\n"
          "        case $word in\n        ",
          script->text);
    bash_skipped(script);
    fputs(") value=yes ;;\n"
          "        -*) ;;\n"
          "        *)\n"
          "            command=$word\n"
          "            break\n"
          "            ;;\n"
          "        esac\n"
          "    done\n"
          "    case $command/$before in\n",
          script->text);
    bash_values(script);
    fputs("    *) false ;;\n    esac && return\n", script->text);
    bash_words(script);
    fputs("    if [ -z \"$command\" ] || [[ $current == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
          "    elif [ -n \"$files\" ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _regjob regjob\n",
          script->text);
}

/* --- fish ----------------------------------------------------------------------------------- */

static void fish_option(FILE *text, const char *condition, const struct option_row *row,
                        const char *choices)
{
    fprintf(text, "complete -c regjob%s -l %s", condition, row->name);
    if (row->letter != '\0')
        fprintf(text, " -s %c", row->letter);
    if (row->kind != OPTION_SWITCH) {
        fputs(is_file(row) ? " -r -F" : " -x", text);
        if (choices != NULL) {
            fputs(" -a '", text);
            put_words(text, choices);
            fputc('\'', text);
        }
    }
    fputs(" -d '", text);
    put_escaped(text, row->help, "\\");
    fputs("'\n", text);
}

static void put_fish(struct script *script)
{
    char condition[96];
    fputs("# fish completion for regjob; made by `regjob --completion fish`\n"
          "complete -c regjob -f\n",
          script->text);
    for (const struct option_row *row = option_rows; row->name != NULL; row++)
        if (row->general)
            fish_option(script->text, "", row, options_choices(row, NULL));
    for (size_t i = 0; i < script->count; i++) {
        const struct command_row *command = find_row(script->commands[i].name);
        fprintf(script->text, "complete -c regjob -n __fish_use_subcommand -a %s -d '",
                command->name);
        put_escaped(script->text, command->help, "\\");
        fputs("'\n", script->text);
        snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from %s'",
                 command->name);
        if (takes_files(command))
            fprintf(script->text, "complete -c regjob%s -F\n", condition);
        for (const struct taken *taken = command->taken; taken->option != NULL; taken++)
            fish_option(script->text, condition, find_option(taken->option), taken->choices);
    }
}

/* --- zsh ------------------------------------------------------------------------------------ */

static void zsh_option(FILE *text, const struct option_row *row, const char *choices)
{
    if (row->letter != '\0')
        fprintf(text, "    '(-%c --%s)'{-%c,--%s%s}'[", row->letter, row->name, row->letter,
                row->name, row->kind == OPTION_SWITCH ? "" : "=");
    else
        fprintf(text, "    '--%s%s[", row->name, row->kind == OPTION_SWITCH ? "" : "=");
    put_escaped(text, row->help, "\\[]:");
    fputc(']', text);
    if (row->kind != OPTION_SWITCH) {
        fputc(':', text);
        put_escaped(text, row->value, "\\:");
        fputc(':', text);
        if (choices != NULL) {
            fputc('(', text);
            put_words(text, choices);
            fputc(')', text);
        } else if (is_file(row)) {
            fputs("_files", text);
        }
    }
    fputs("' \\\n", text);
}

static void zsh_command(struct script *script, const struct command_row *command)
{
    fprintf(script->text, "    (%s) _arguments \\\n", command->name);
    for (const struct taken *taken = command->taken; taken->option != NULL; taken++)
        zsh_option(script->text, find_option(taken->option), taken->choices);
    fprintf(script->text, "    '*:argument:%s' ;;\n", takes_files(command) ? "_files" : "");
}

static void put_zsh(struct script *script)
{
    fputs("#compdef regjob\n"
          "# zsh completion for regjob; made by `regjob --completion zsh`\n"
          "_regjob() {\n"
          "  local context state state_descr line\n"
          "  typeset -A opt_args\n"
          "  local -a commands=(\n",
          script->text);
    for (size_t i = 0; i < script->count; i++) {
        const struct command_row *command = find_row(script->commands[i].name);
        fprintf(script->text, "    '%s:", command->name);
        put_escaped(script->text, command->help, "\\:");
        fputs("'\n", script->text);
    }
    fputs("  )\n  _arguments -C \\\n", script->text);
    for (const struct option_row *row = option_rows; row->name != NULL; row++)
        if (row->general)
            zsh_option(script->text, row, options_choices(row, NULL));
    fputs("    '1:command:->command' \\\n"
          "    '*::argument:->argument'\n"
          "  case $state in\n"
          "  (command) _describe command commands ;;\n"
          "  (argument)\n"
          "    case $words[1] in\n",
          script->text);
    for (size_t i = 0; i < script->count; i++)
        zsh_command(script, find_row(script->commands[i].name));
    fputs("    esac ;;\n"
          "  esac\n"
          "}\n"
          "if [ \"$funcstack[1]\" = _regjob ]; then\n"
          "  _regjob \"$@\"\n"
          "else\n"
          "  compdef _regjob regjob\n"
          "fi\n",
          script->text);
}

/* -------------------------------------------------------------------------------------------- */

char *completion_script(const char *shell, const struct options_command *commands, size_t count)
{
    static const struct {
        const char *shell;
        void (*put)(struct script *script);
    } writers[] = {{"bash", put_bash}, {"fish", put_fish}, {"zsh", put_zsh}};
    struct script script = {.commands = commands, .count = count};
    char *made = NULL;
    size_t length = 0;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        if (strcmp(writers[i].shell, shell) != 0)
            continue;
        script.text = open_memstream(&made, &length);
        if (script.text == NULL)
            return NULL;
        writers[i].put(&script);
        bool failed = ferror(script.text) != 0;
        if (fclose(script.text) == 0 && !failed)
            return made;
        free(made);
        return NULL;
    }
    return NULL;
}
