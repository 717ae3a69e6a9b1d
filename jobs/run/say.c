/* SPDX-License-Identifier: MIT */
/* say.c: messages, tables and progress for people. */
#include "run/say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unicode/utf8.h>
#include <unistd.h>

#include "values/moment.h"
#include "values/text.h"

enum {
    SAY_MESSAGE = 4096,
    SAY_CELL = 1024,
    SAY_COLUMNS = 32,
    SAY_PROGRESS = 256,
    SAY_HIDDEN_MILLISECONDS = 1000, /* work that is over sooner shows no progress */
    SAY_REDRAW_MILLISECONDS = 200,
    SAY_TERMINAL_COLUMNS = 80,
    SAY_KEPT = 10000 /* lines of a result that is a document */
};

static struct {
    bool quiet;
    bool verbose;
    size_t progress_width; /* of the line that stands on the terminal, 0: none */
    bool failed;
    bool json;
    bool journal; /* standard error is the journal's */
    const char *command;
    int64_t run;
    bool keeps;  /* standard output is a document's */
    char **kept; /* the lines */
    size_t kept_count;
    bool kept_cut;
} say;

/* systemd names the stream that it has made of a unit's standard error; a program that was started
 * with another one inherits the name. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat facts;
    char ours[64];
    if (stream == NULL || fstat(STDERR_FILENO, &facts) != 0)
        return false;
    snprintf(ours, sizeof ours, "%ju:%ju", (uintmax_t)facts.st_dev, (uintmax_t)facts.st_ino);
    return strcmp(stream, ours) == 0;
}

void say_start(bool quiet, bool verbose)
{
    say.quiet = quiet;
    say.verbose = verbose;
    say.journal = is_journal();
}

void say_log_json(bool json)
{
    say.json = json;
}

void say_run(const char *command, int64_t id)
{
    say.command = command;
    say.run = id;
}

static bool shows_notes(int descriptor)
{
    return !say.quiet && (say.verbose || isatty(descriptor) == 1);
}

bool say_is_verbose(void)
{
    return shows_notes(STDERR_FILENO);
}

/* --- Writing ------------------------------------------------------------------------------- */

/* A message must not begin in the middle of the progress line, which is drawn anew later. */
static void clear_progress(void)
{
    if (say.progress_width > 0) {
        fprintf(stderr, "\r%*s\r", (int)say.progress_width, "");
        fflush(stderr);
        say.progress_width = 0;
    }
}

static void put(FILE *stream, const char *text, size_t length)
{
    if (fwrite(text, 1, length, stream) != length && stream == stdout && !say.failed) {
        say.failed = true;
        say_error("standard output: %s", strerror(errno));
    }
}

static void put_text(FILE *stream, const char *text)
{
    put(stream, text, strlen(text));
}

enum level { LEVEL_ERROR = 3, LEVEL_INFO = 6 }; /* syslog's */

/* The message with what surrounds it, and one line end, in one write where the stream allows: two
 * processes on one log do not mix their lines. */
static void put_line(FILE *stream, const char *before, const char *escaped, const char *after)
{
    char line[4 * SAY_MESSAGE + 64];
    int length = snprintf(line, sizeof line, "%s%s%s\n", before, escaped, after);
    clear_progress();
    put(stream, line, (size_t)length);
}

/* Makes the text harmless; false: it was cut. */
__attribute__((format(printf, 2, 0))) static bool
format_message(char escaped[2 * SAY_MESSAGE], const char *format, va_list arguments)
{
    char message[SAY_MESSAGE];
    int length = vsnprintf(message, sizeof message, format, arguments);
    if (length < 0) {
        snprintf(message, sizeof message, "%s", "(a message that cannot be formatted)");
    }
    text_escape(escaped, 2 * SAY_MESSAGE, message);
    return length < (int)sizeof message;
}

/* What text_escape() leaves needs nothing in JSON but this. */
static void escape_json(char out[4 * SAY_MESSAGE], const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *out++ = '\\';
        }
        *out++ = *text;
    }
    *out = '\0';
}

static void put_json(const char *priority, enum level level, const char *escaped, bool whole)
{
    char text[4 * SAY_MESSAGE], before[256], run[32] = "null", command[48] = "null";
    char time[MOMENT_SIZE];
    moment_format(moment_now(), time);
    if (say.run != 0) {
        snprintf(run, sizeof run, "%lld", (long long)say.run);
    }
    if (say.command != NULL) {
        snprintf(command, sizeof command, "\"%.40s\"", say.command);
    }
    snprintf(before, sizeof before,
             "%s{\"time\":\"%s\",\"level\":\"%s\",\"command\":%s,\"run\":%s,\"message\":\"",
             priority, time, level == LEVEL_ERROR ? "error" : "info", command, run);
    escape_json(text, escaped);
    put_line(stderr, before, text, whole ? "\"}" : "...\"}");
}

__attribute__((format(printf, 2, 0))) static void put_message(enum level level, const char *format,
                                                              va_list arguments)
{
    char escaped[2 * SAY_MESSAGE], before[32], priority[8] = "";
    bool whole = format_message(escaped, format, arguments);
    if (say.journal) {
        snprintf(priority, sizeof priority, "<%d>", (int)level);
    }
    snprintf(before, sizeof before, "%sregjob: ", priority);
    if (say.json) {
        put_json(priority, level, escaped, whole);
    } else {
        put_line(stderr, before, escaped, whole ? "" : "...");
    }
}

void say_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put_message(LEVEL_ERROR, format, arguments);
    va_end(arguments);
}

void say_note(const char *format, ...)
{
    va_list arguments;
    if (!say_is_verbose()) {
        return;
    }
    va_start(arguments, format);
    put_message(LEVEL_INFO, format, arguments);
    va_end(arguments);
}

static void keep_line(const char *escaped)
{
    enum { KEPT_AT_ONCE = 64 };
    if (say.kept_count == SAY_KEPT) {
        say.kept_cut = true;
        return;
    }
    if (say.kept_count % KEPT_AT_ONCE == 0) {
        char **more = reallocarray(say.kept, say.kept_count + KEPT_AT_ONCE, sizeof *say.kept);
        if (more == NULL) {
            say.kept_cut = true;
            return;
        }
        say.kept = more;
    }
    char *line = strdup(escaped);
    if (line == NULL) {
        say.kept_cut = true;
        return;
    }
    say.kept[say.kept_count++] = line;
}

void say_keep(void)
{
    say.keeps = true;
}

const char *const *say_kept(size_t *count)
{
    *count = say.kept_count;
    return (const char *const *)say.kept;
}

bool say_kept_is_cut(void)
{
    return say.kept_cut;
}

void say_line(const char *format, ...)
{
    char escaped[2 * SAY_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    bool whole = format_message(escaped, format, arguments);
    va_end(arguments);
    if (say.keeps)
        keep_line(escaped);
    else
        put_line(stdout, "", escaped, whole ? "" : "...");
}

void say_document(const char *text, size_t length)
{
    clear_progress();
    if (isatty(STDOUT_FILENO) != 1) {
        put(stdout, text, length);
        return;
    }
    char *copy = strndup(text, length);
    if (copy == NULL) {
        say_error("standard output: %s", strerror(ENOMEM));
        say.failed = true;
        return;
    }
    for (const char *next = copy; *next != '\0';) {
        char one[TEXT_ESCAPED];
        int32_t taken = 0;
        if (*next == '\n' || *next == '\t')
            put(stdout, next++, 1);
        else
            put(stdout, one, text_escape_next(next, &taken, -1, one));
        next += taken;
    }
    free(copy);
}

bool say_end(void)
{
    for (size_t i = 0; i < say.kept_count; i++) {
        free(say.kept[i]);
    }
    free(say.kept);
    say.kept = NULL;
    say.kept_count = 0;
    clear_progress();
    if (fflush(stdout) != 0 && !say.failed) {
        say.failed = true;
        say_error("standard output: %s", strerror(errno));
    }
    return !say.failed;
}

/* --- Tables -------------------------------------------------------------------------------- */

static size_t shown_width(const char *text)
{
    size_t width = 0;
    for (; *text != '\0'; text++) {
        width += !U8_IS_TRAIL(*text); /* characters, not bytes */
    }
    return width;
}

static const char *cell_text(const char *cell, char escaped[SAY_CELL])
{
    return text_escape(escaped, SAY_CELL, cell == NULL ? "" : cell);
}

static void widen(size_t *widths, const char *const *cells, size_t columns)
{
    char escaped[SAY_CELL];
    for (size_t i = 0; i < columns; i++) {
        size_t width = shown_width(cell_text(cells[i], escaped));
        widths[i] = width > widths[i] ? width : widths[i];
    }
}

static void put_row(const size_t *widths, const char *align, const char *const *cells,
                    size_t columns)
{
    char escaped[SAY_CELL];
    char blanks[SAY_CELL];

    memset(blanks, ' ', sizeof blanks);
    size_t owed = 0; /* blanks are written only before a text: no line ends with one */
    for (size_t i = 0; i < columns; i++) {
        const char *text = cell_text(cells[i], escaped);
        size_t pad = widths[i] - shown_width(text);
        size_t before = owed + (align[i] == 'r' ? pad : 0);
        if (*text == '\0') {
            owed += widths[i];
        } else {
            for (; before > 0; before -= before < sizeof blanks ? before : sizeof blanks) {
                put(stdout, blanks, before < sizeof blanks ? before : sizeof blanks);
            }
            put_text(stdout, text);
            owed = align[i] == 'r' ? 0 : pad;
        }
        owed += 2;
    }
    put_text(stdout, "\n");
}

void say_table(const struct say_table *table)
{
    size_t widths[SAY_COLUMNS] = {0};
    size_t columns = strnlen(table->align, SAY_COLUMNS);

    if (say.keeps) {
        return;
    }
    clear_progress();
    if (table->head != NULL) {
        widen(widths, table->head, columns);
    }
    for (size_t row = 0; row < table->rows; row++) {
        widen(widths, table->cells + row * columns, columns);
    }
    if (table->title != NULL) {
        say_line("%s", table->title);
    }
    if (table->head != NULL) {
        put_row(widths, table->align, table->head, columns);
    }
    for (size_t row = 0; row < table->rows; row++) {
        put_row(widths, table->align, table->cells + row * columns, columns);
    }
}

void say_summary(const struct say_table *table)
{
    if (shows_notes(STDOUT_FILENO)) {
        say_table(table);
    }
}

/* --- Progress ------------------------------------------------------------------------------ */

void say_progress_start(struct say_progress *progress, const char *what, uint64_t total)
{
    progress->what = what;
    progress->total = total;
    progress->started = moment_monotonic();
    progress->shown = 0;
}

static void duration_text(char *text, size_t size, double seconds)
{
    if (seconds >= 360000) {
        snprintf(text, size, "over 99 h");
    } else if (seconds >= 3600) {
        snprintf(text, size, "%d h %02d min", (int)seconds / 3600, (int)seconds / 60 % 60);
    } else if (seconds >= 60) {
        snprintf(text, size, "%d min %02d s", (int)seconds / 60, (int)seconds % 60);
    } else {
        snprintf(text, size, "%d s", (int)seconds);
    }
}

static size_t terminal_width(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1) {
        return window.ws_col;
    }
    return SAY_TERMINAL_COLUMNS;
}

/* Cuts `text` to `width` characters, between characters. */
static void cut(char *text, size_t width)
{
    size_t seen = 0;
    for (; *text != '\0'; text++) {
        if (!U8_IS_TRAIL(*text) && seen++ == width) {
            *text = '\0';
            return;
        }
    }
}

static void draw(const struct say_progress *progress, uint64_t done, int64_t now)
{
    char escaped[SAY_PROGRESS];
    char left[32];
    char line[2 * SAY_PROGRESS];
    double seconds = (double)(now - progress->started) / 1000;
    double rate = (double)done / seconds;

    text_escape(escaped, sizeof escaped, progress->what);
    if (progress->total > 0 && done <= progress->total && rate > 0) {
        duration_text(left, sizeof left, (double)(progress->total - done) / rate);
        snprintf(line, sizeof line, "%s: %.0f %%, %.0f a second, %s left", escaped,
                 100 * (double)done / (double)progress->total, rate, left);
    } else {
        snprintf(line, sizeof line, "%s: %llu, %.0f a second", escaped, (unsigned long long)done,
                 rate);
    }
    cut(line, terminal_width() - 1); /* the last column would wrap the line */
    clear_progress();
    fputs(line, stderr);
    fflush(stderr);
    say.progress_width = shown_width(line);
}

void say_progress_step(struct say_progress *progress, uint64_t done)
{
    if (say.quiet) {
        return;
    }
    int64_t now = moment_monotonic();
    if (now - progress->started <= SAY_HIDDEN_MILLISECONDS ||
        now - progress->shown < SAY_REDRAW_MILLISECONDS) {
        return;
    }
    progress->shown = now;
    if (isatty(STDERR_FILENO) == 1) {
        draw(progress, done, now);
    }
}

void say_progress_end(struct say_progress *progress)
{
    clear_progress();
    progress->shown = 0;
}
