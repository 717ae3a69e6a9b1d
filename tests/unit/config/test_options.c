/* SPDX-License-Identifier: MIT */
/* test_options.c: the command line: what is taken, and the one line that a mistake gets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 16 };

static enum exit_code run(struct job *job)
{
    (void)job;
    return EXIT_DONE;
}

static enum exit_code run_other(struct job *job)
{
    (void)job;
    return EXIT_RETRY;
}

static const struct options_command commands[] = {
    {"init", run},   {"import", run_other}, {"confirm", run},   {"send", run},
    {"settle", run}, {"report", run},       {"reconcile", run}, {"nightly", run},
    {"status", run}, {"dashboard", run},    {"forget", run},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static struct options options;
static struct error error;
static char line_copy[512];
static char *words[WORDS + 1];

/* Reads a command line given as one text of words separated by blanks. */
static bool parse(const char *line)
{
    int count = 0;
    char *rest = NULL;

    snprintf(line_copy, sizeof line_copy, "%s", line);
    for (char *word = strtok_r(line_copy, " ", &rest); word != NULL && count < WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    words[count] = NULL;
    error = (struct error){0};
    return options_parse(&options, count, words, commands, COMMANDS, &error);
}

static void accepted(const char *line)
{
    if (!parse(line)) {
        fail_msg("%s: %s", line, error.text);
    }
}

static void refused(const char *line, const char *message)
{
    if (parse(line)) {
        fail_msg("%s is accepted", line);
    }
    assert_string_equal(error.text, message);
}

static void the_general_options_stand_anywhere(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "regjob -c my.conf -l my.db -v --metrics m.prom import a.csv b.csv",
        "regjob import a.csv -v b.csv --config=my.conf --ledger my.db --metrics=m.prom",
        "regjob -vcmy.conf import -lmy.db a.csv --metrics m.prom -- b.csv",
    };
    for (size_t i = 0; i < 3; i++) {
        accepted(lines[i]);
        assert_string_equal(options.config, "my.conf");
        assert_string_equal(options.ledger, "my.db");
        assert_string_equal(options.metrics, "m.prom");
        assert_true(options.verbose);
        assert_false(options.quiet);
        assert_string_equal(options.command, "import");
        assert_ptr_equal(options.function, run_other);
        assert_int_equal(options.argument_count, 2);
        assert_string_equal(options.arguments[0], "a.csv");
        assert_string_equal(options.arguments[1], "b.csv");
    }
}

static void nothing_given_is_nothing_set(void **state)
{
    (void)state;
    accepted("regjob settle");
    assert_null(options.config);
    assert_null(options.ledger);
    assert_null(options.metrics);
    assert_null(options.format);
    assert_false(options.verbose || options.quiet || options.dry_run || options.help);
    assert_int_equal(options.limit, 0);
    assert_int_equal(options.argument_count, 0);
}

static void every_command_takes_its_own(void **state)
{
    (void)state;
    accepted("regjob init --restored");
    assert_true(options.restored);
    accepted("regjob import --dry-run --strict --name daily -");
    assert_true(options.dry_run && options.strict);
    assert_string_equal(options.name, "daily");
    assert_string_equal(options.arguments[0], "-");
    accepted("regjob confirm a.csv");
    accepted("regjob --limit 5 send --only sms --dry-run");
    assert_int_equal(options.limit, 5);
    assert_string_equal(options.only, "sms");
    assert_true(options.dry_run);
    accepted("regjob send --only email");
    accepted("regjob report --retry-dead --limit=999999999999999999 --dry-run");
    assert_true(options.retry_dead);
    assert_int_equal(options.limit, 999999999999999999);
    accepted("regjob reconcile --format html --as-of 2026-01-31T00:00Z a.csv b.csv");
    assert_string_equal(options.format, "html");
    assert_string_equal(options.as_of, "2026-01-31T00:00Z");
    accepted("regjob reconcile --format csv a.csv");
    accepted("regjob nightly -q");
    assert_true(options.quiet);
    accepted("regjob status --format openmetrics");
    accepted("regjob status --format json");
    accepted("regjob dashboard -o page.html");
    assert_string_equal(options.output, "page.html");
    accepted("regjob forget --from people");
    assert_string_equal(options.from, "people");
    assert_int_equal(options.argument_count, 0);
    accepted("regjob forget --id 7 8 -");
    assert_true(options.by_id);
    assert_int_equal(options.argument_count, 3);
    accepted("regjob forget --all -- -odd@example.com");
    assert_true(options.all);
    assert_string_equal(options.arguments[0], "-odd@example.com");
}

static void mistakes_get_one_line_that_says_what_is_allowed(void **state)
{
    (void)state;
    refused("regjob", "expected a command: one of init, import, confirm, send, settle, report, "
                      "reconcile, nightly, status, dashboard, forget (see regjob --help)");
    refused("regjob sned", "unknown command sned: did you mean send? (one of init, import, "
                           "confirm, send, settle, report, reconcile, nightly, status, dashboard, "
                           "forget)");
    refused("regjob import",
            "import needs FILE...: regjob import [--dry-run] [--explain] [--strict] [--name "
            "NAME] [--profile NAME|FILE] [--encoding NAME] [--separator C] "
            "[--max-rejects N|N%] [--format json] FILE...");
    refused("regjob settle now", "now is one argument too many: regjob settle [--format json]");
    refused("regjob forget", "forget needs SUBJECT...: regjob forget [--all] [--id] [--from FILE] "
                             "[--format json] SUBJECT...");
    refused("regjob settle b", "b is one argument too many: regjob settle [--format json]");
    refused("regjob dashboard",
            "dashboard needs --output: regjob dashboard --output FILE [--format json]");
    refused("regjob settle --limit 3", "settle takes no --limit: regjob settle [--format json]");
    refused("regjob --dry-run init",
            "init takes no --dry-run: regjob init [--restored] [--from FILE] [--format json]");
    refused("regjob send --only fax", "--only fax: expected email|sms");
    refused("regjob status --format csv", "--format csv: expected json|openmetrics");
    refused("regjob send --limit 0", "--limit 0: expected a whole number, 1 or more");
    refused("regjob send --limit -1", "--limit -1: expected a whole number, 1 or more");
    refused("regjob send --limit 1x", "--limit 1x: expected a whole number, 1 or more");
    refused("regjob send --limit 99999999999999999999",
            "--limit 99999999999999999999: expected a whole number, 1 or more");
    refused("regjob send --limit", "--limit needs a value: --limit N");
    refused("regjob send -c", "--config needs a value: --config CONFIG");
    refused("regjob send --config=", "--config needs a value: --config CONFIG");
    refused("regjob send --verbose=yes", "--verbose takes no value");
    refused("regjob send -l a -l b", "--ledger is given twice");
    refused("regjob send -v -q", "--verbose and --quiet do not go together");
    refused("regjob send --dryrun", "unknown option --dryrun: did you mean --dry-run? (see "
                                    "regjob --help)");
    refused("regjob send --dry", "unknown option --dry: did you mean --dry-run? (see regjob "
                                 "--help)");
    refused("regjob send -x",
            "unknown option -x: there are -c, -l, -o, -v, -q and -h (see regjob --help)");
}

static void only_commands_that_the_program_has_are_known(void **state)
{
    (void)state;
    static const struct options_command few[] = {{"init", run}, {"settle", run}};
    char program[] = "regjob";
    char command[] = "send";
    char *given[] = {program, command, NULL};

    assert_false(options_parse(&options, 2, given, few, 2, &error));
    assert_non_null(strstr(error.text, "(one of init, settle)"));
    memset(&options, 0, sizeof options);
    char *help = options_help(&options, few, 2);
    assert_non_null(help);
    assert_non_null(strstr(help, "  settle"));
    assert_null(strstr(help, "  send"));
    free(help);
}

static void help_and_version_ask_for_nothing_else(void **state)
{
    (void)state;
    accepted("regjob --version");
    assert_true(options.version);
    assert_null(options.command);
    accepted("regjob --help");
    assert_true(options.help);
    accepted("regjob -h");
    assert_true(options.help);
    accepted("regjob import --help"); /* no FILE needed */
    assert_true(options.help);
    assert_string_equal(options.command, "import");
}

static void help_names_every_command_and_option(void **state)
{
    (void)state;
    accepted("regjob --help");
    char *help = options_help(&options, commands, COMMANDS);
    assert_non_null(help);
    for (size_t i = 0; i < COMMANDS; i++) {
        char entry[64];
        snprintf(entry, sizeof entry, "\n  %s ", commands[i].name);
        if (strstr(help, entry) == NULL) {
            fail_msg("help does not name %s", commands[i].name);
        }
    }
    assert_non_null(strstr(help, "-c, --config CONFIG"));
    assert_non_null(strstr(help, "--metrics FILE"));
    assert_non_null(strstr(help, "75 another run"));
    free(help);

    accepted("regjob send --help");
    help = options_help(&options, commands, COMMANDS);
    assert_non_null(help);
    assert_memory_equal(
        help,
        "Usage: regjob send [--only email|sms] [--retry-undeliverable] [--limit N] [--dry-run]\n",
        62);
    assert_non_null(strstr(help, "--only email|sms"));
    assert_null(strstr(help, "--restored"));
    free(help);
}

static void exit_codes_are_those_of_the_manual(void **state)
{
    (void)state;
    assert_int_equal(EXIT_DONE, 0);
    assert_int_equal(EXIT_RETRY, 1);
    assert_int_equal(EXIT_PARTLY, 2);
    assert_int_equal(EXIT_USAGE, 64);
    assert_int_equal(EXIT_BAD_DATA, 65);
    assert_int_equal(EXIT_LOCKED, 75);
    assert_int_equal(EXIT_CONFIG, 78);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_general_options_stand_anywhere),
        cmocka_unit_test(nothing_given_is_nothing_set),
        cmocka_unit_test(every_command_takes_its_own),
        cmocka_unit_test(mistakes_get_one_line_that_says_what_is_allowed),
        cmocka_unit_test(only_commands_that_the_program_has_are_known),
        cmocka_unit_test(help_and_version_ask_for_nothing_else),
        cmocka_unit_test(help_names_every_command_and_option),
        cmocka_unit_test(exit_codes_are_those_of_the_manual),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
