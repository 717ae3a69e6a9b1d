/* SPDX-License-Identifier: MIT */
/* test_say.c: what a user sees on a pipe and on a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "run/say.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { SEEN = 16384 };

static char seen_out[SEEN];
static char seen_err[SEEN];

/* The clock of this program: say.c is linked to this one, so that no test has to wait. */
static long clock_milliseconds = 5000;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    now->tv_sec = clock_milliseconds / 1000;
    now->tv_nsec = clock_milliseconds % 1000 * 1000000;
    return 0;
}

static void make_channel(bool terminal, unsigned short columns, int *reader, int *writer)
{
    int ends[2];
    struct termios raw;
    struct winsize window = {.ws_row = 24, .ws_col = columns};

    if (!terminal) {
        assert_int_equal(pipe(ends), 0);
        *reader = ends[0];
        *writer = ends[1];
        return;
    }
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    assert_int_equal(openpty(reader, writer, NULL, &raw, &window), 0);
}

static void read_all(int descriptor, char *text)
{
    size_t used = 0;
    for (;;) {
        ssize_t got = read(descriptor, text + used, SEEN - 1 - used);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) { /* a terminal whose other end is closed gives EIO */
            break;
        }
        used += (size_t)got;
    }
    text[used] = '\0';
    close(descriptor);
}

/* Runs `work` in a process of its own and keeps what it wrote. Returns its exit code. */
static int watch_columns(void (*work)(void), bool terminal, unsigned short columns)
{
    int out[2];
    int err[2];
    int status;

    make_channel(terminal, columns, &out[0], &out[1]);
    make_channel(terminal, columns, &err[0], &err[1]);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        work();
        _exit(say_end() ? 0 : 1);
    }
    close(out[1]);
    close(err[1]);
    read_all(out[0], seen_out);
    read_all(err[0], seen_err);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int watch(void (*work)(void), bool terminal)
{
    return watch_columns(work, terminal, 80);
}

static void say_several(void)
{
    say_error("%s:%d: bad", "a\nb", 3);
    say_note("note %s", "\x1b[1m");
    say_line("line %s", "\x1b[1m");
}

static void be_quiet(void)
{
    say_start(true, false);
    say_several();
}

static void be_verbose(void)
{
    say_start(false, true);
    say_several();
}

static void errors_are_one_line_each(void **state)
{
    (void)state;
    assert_int_equal(watch(say_several, false), 0);
    assert_string_equal(seen_err, "regjob: a\\x0Ab:3: bad\n");
    assert_string_equal(seen_out, "line \\x1B[1m\n");
}

static void notes_need_a_terminal_or_v(void **state)
{
    (void)state;
    static const char both[] = "regjob: a\\x0Ab:3: bad\nregjob: note \\x1B[1m\n";
    watch(say_several, true);
    assert_string_equal(seen_err, both);
    watch(be_verbose, false);
    assert_string_equal(seen_err, both);
    watch(be_quiet, true);
    assert_string_equal(seen_err, "regjob: a\\x0Ab:3: bad\n");
}

static void say_something_long(void)
{
    char text[6000];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    say_error("%s", text);
}

static void long_messages_are_cut(void **state)
{
    (void)state;
    watch(say_something_long, false);
    size_t length = strlen(seen_err);
    assert_in_range(length, 4000, 4200);
    assert_string_equal(seen_err + length - 5, "x...\n");
}

static void show_document(void)
{
    static const char document[] = "{\"a\":\n\t\"\x1b[1m\"}\n";
    say_document(document, sizeof document - 1);
}

static void documents_stay_as_they_are_except_on_a_terminal(void **state)
{
    (void)state;
    watch(show_document, false);
    assert_string_equal(seen_out, "{\"a\":\n\t\"\x1b[1m\"}\n");
    watch(show_document, true);
    assert_string_equal(seen_out, "{\"a\":\n\t\"\\x1B[1m\"}\n");
}

static const char *const head[] = {"step", "rows", "note"};
static const char *const cells[] = {"import", "12345", NULL, "z\xC3\xA4hlen", "7", "\x1b!"};
static const struct say_table table = {
    .title = "Run", .align = "lrl", .head = head, .cells = cells, .rows = 2};
static const char table_text[] = "Run\n"
                                 "step     rows  note\n"
                                 "import  12345\n"
                                 "z\xC3\xA4hlen      7  \\x1B!\n";

static void show_table(void)
{
    say_table(&table);
}

static void show_summary(void)
{
    say_summary(&table);
}

static void show_quiet_summary(void)
{
    say_start(true, false);
    say_summary(&table);
    say_table(&table);
}

static void show_verbose_summary(void)
{
    say_start(false, true);
    say_summary(&table);
}

static void tables_are_aligned_and_summaries_keep_cron_quiet(void **state)
{
    (void)state;
    watch(show_table, false);
    assert_string_equal(seen_out, table_text);
    watch(show_summary, false);
    assert_string_equal(seen_out, "");
    watch(show_summary, true);
    assert_string_equal(seen_out, table_text);
    watch(show_verbose_summary, false);
    assert_string_equal(seen_out, table_text);
    watch(show_quiet_summary, true);
    assert_string_equal(seen_out, table_text); /* the result, not the summary */
}

static void work_for(const char *what, uint64_t total, long milliseconds, long step)
{
    struct say_progress progress;
    say_progress_start(&progress, what, total);
    long start = clock_milliseconds;
    for (long passed = 0; passed <= milliseconds; passed += step) {
        clock_milliseconds = start + passed;
        say_progress_step(&progress, (uint64_t)passed);
    }
    say_progress_end(&progress);
}

static void work_shortly(void)
{
    work_for("importing", 1000, 1000, 10);
}

static void work_long(void)
{
    work_for("importing a\nb", 61200, 1200, 600);
}

static void work_of_unknown_length(void)
{
    work_for("importing", 0, 1500, 500);
}

static void work_quietly(void)
{
    say_start(true, false);
    work_long();
}

static void work_verbosely(void)
{
    say_start(false, true);
    work_long();
}

static void speak_while_working(void)
{
    struct say_progress progress;
    say_progress_start(&progress, "importing", 0);
    clock_milliseconds += 2000;
    say_progress_step(&progress, 4);
    say_error("oh");
    say_progress_end(&progress);
}

static void progress_is_shown_after_a_second_on_a_terminal(void **state)
{
    (void)state;
    watch(work_shortly, true);
    assert_string_equal(seen_err, "");
    watch(work_long, true);
    static const char line[] = "importing a\\x0Ab: 2 %, 1000 a second, 1 min 00 s left";
    char expected[256];
    snprintf(expected, sizeof expected, "%s\r%*s\r", line, (int)strlen(line), "");
    assert_string_equal(seen_err, expected);
    watch(work_of_unknown_length, true);
    assert_memory_equal(seen_err, "importing: 1500, 1000 a second", 30);
    assert_string_equal(seen_out, "");
}

static void progress_is_never_piped_and_never_when_quiet(void **state)
{
    (void)state;
    watch(work_long, false);
    assert_string_equal(seen_err, "");
    watch(work_verbosely, false);
    assert_string_equal(seen_err, "");
    watch(work_quietly, true);
    assert_string_equal(seen_err, "");
}

static void progress_fits_the_terminal_and_makes_way_for_messages(void **state)
{
    (void)state;
    watch_columns(work_long, true, 10);
    assert_string_equal(seen_err, "importing\r         \r");
    watch(speak_while_working, true);
    assert_string_equal(seen_err, "importing: 4, 2 a second\r                        \r"
                                  "regjob: oh\n");
}

static void write_to_full_disk(void)
{
    int full = open("/dev/full", O_WRONLY);
    dup2(full, STDOUT_FILENO);
    say_line("lost");
}

static void a_result_that_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    assert_int_equal(watch(write_to_full_disk, false), 1);
    assert_string_equal(seen_err, "regjob: standard output: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_are_one_line_each),
        cmocka_unit_test(notes_need_a_terminal_or_v),
        cmocka_unit_test(long_messages_are_cut),
        cmocka_unit_test(documents_stay_as_they_are_except_on_a_terminal),
        cmocka_unit_test(tables_are_aligned_and_summaries_keep_cron_quiet),
        cmocka_unit_test(progress_is_shown_after_a_second_on_a_terminal),
        cmocka_unit_test(progress_is_never_piped_and_never_when_quiet),
        cmocka_unit_test(progress_fits_the_terminal_and_makes_way_for_messages),
        cmocka_unit_test(a_result_that_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests_name("say", tests, NULL, NULL);
}
