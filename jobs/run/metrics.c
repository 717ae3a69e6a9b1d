/* SPDX-License-Identifier: MIT */
/* metrics.c: OpenMetrics text, and its file. */
#include "run/metrics.h"
#include "values/utf.h"
#include "run/atomic_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { METRICS_NAME = 128, METRICS_FAMILIES = 256 };

struct metrics {
    FILE *stream; /* into text */
    char *text;
    size_t length;
    char families[METRICS_FAMILIES][METRICS_NAME]; /* names so far, each may come once */
    size_t family_count;
    enum metrics_type type;
    bool finished;
    struct error error; /* the first; nothing is added after it */
};

struct metrics *metrics_start(void)
{
    struct metrics *metrics = calloc(1, sizeof *metrics);
    if (metrics == NULL) {
        return NULL;
    }
    metrics->stream = open_memstream(&metrics->text, &metrics->length);
    if (metrics->stream == NULL) {
        free(metrics);
        return NULL;
    }
    return metrics;
}

void metrics_end(struct metrics *metrics)
{
    if (metrics == NULL) {
        return;
    }
    if (metrics->stream != NULL) {
        fclose(metrics->stream);
    }
    free(metrics->text);
    free(metrics);
}

static bool is_name(const char *name, bool colon_allowed)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789:";
    size_t length = strnlen(name, METRICS_NAME);

    return length > 0 && length < METRICS_NAME && strchr(letters, name[0]) != NULL &&
           strspn(name, others) == length && (colon_allowed || strchr(name, ':') == NULL);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    size_t end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* One broken byte would make the reader refuse the whole file: it becomes U+FFFD. */
static void put_escaped(FILE *stream, const char *text)
{
    while (*text != '\0') {
        int32_t length = 0;
        if (utf_next8(text, &length, -1) < 0) {
            fputs("\xEF\xBF\xBD", stream);
        } else if (*text == '\n') {
            fputs("\\n", stream);
        } else {
            if (*text == '"' || *text == '\\') {
                fputc('\\', stream);
            }
            fwrite(text, 1, (size_t)length, stream);
        }
        text += length;
    }
}

static void fail(struct metrics *metrics, const char *what, const char *name)
{
    if (metrics->error.code == ERROR_NONE) {
        error_set(&metrics->error, ERROR_INVALID, "metric %.100s: %s", name, what);
    }
}

void metrics_family(struct metrics *metrics, const char *name, enum metrics_type type,
                    const char *help)
{
    if (metrics->error.code != ERROR_NONE) {
        return;
    }
    if (metrics->finished) {
        fail(metrics, "the text is finished", name);
        return;
    }
    if (!is_name(name, true) || ends_with(name, "_total")) {
        fail(metrics, "expected a name of letters, digits and _ without _total", name);
        return;
    }
    if (metrics->family_count == METRICS_FAMILIES) {
        fail(metrics, "too many families", name);
        return;
    }
    for (size_t i = 0; i < metrics->family_count; i++) {
        if (strcmp(metrics->families[i], name) == 0) {
            fail(metrics, "a family is begun twice", name);
            return;
        }
    }
    snprintf(metrics->families[metrics->family_count++], METRICS_NAME, "%s", name);
    metrics->type = type;
    fprintf(metrics->stream, "# TYPE %s %s\n# HELP %s ", name,
            type == METRICS_COUNTER ? "counter" : "gauge", name);
    put_escaped(metrics->stream, help);
    fputc('\n', metrics->stream);
}

/* The shortest of two widths that reads back as the same number; whole numbers without an exponent
 * as far as a double holds them exactly. */
static void put_value(FILE *stream, double value)
{
    char text[64];

    if (isnan(value)) {
        fputs("NaN", stream);
    } else if (isinf(value)) {
        fputs(value > 0 ? "+Inf" : "-Inf", stream);
    } else {
        snprintf(text, sizeof text, "%.15g", value);
        if (strtod(text, NULL) < value || strtod(text, NULL) > value) {
            snprintf(text, sizeof text, "%.17g", value);
        }
        fputs(text, stream);
    }
}

void metrics_sample(struct metrics *metrics, const struct metrics_label *labels, size_t label_count,
                    double value)
{
    if (metrics->error.code != ERROR_NONE) {
        return;
    }
    if (metrics->finished || metrics->family_count == 0) {
        fail(metrics, "a sample stands outside of a family", "");
        return;
    }
    const char *family = metrics->families[metrics->family_count - 1];
    if (metrics->type == METRICS_COUNTER && !(value >= 0)) {
        fail(metrics, "a counter is never negative", family);
        return;
    }
    fprintf(metrics->stream, "%s%s", family, metrics->type == METRICS_COUNTER ? "_total" : "");
    for (size_t i = 0; i < label_count; i++) {
        if (!is_name(labels[i].name, false)) {
            fail(metrics, "a label has a wrong name", family);
            return;
        }
        fprintf(metrics->stream, "%s%s=\"", i == 0 ? "{" : ",", labels[i].name);
        put_escaped(metrics->stream, labels[i].value == NULL ? "" : labels[i].value);
        fputc('"', metrics->stream);
    }
    fputs(label_count == 0 ? " " : "} ", metrics->stream);
    put_value(metrics->stream, value);
    fputc('\n', metrics->stream);
}

const char *metrics_text(struct metrics *metrics, struct error *error)
{
    if (!metrics->finished && metrics->error.code == ERROR_NONE) {
        fputs("# EOF\n", metrics->stream);
        metrics->finished = true;
    }
    if (metrics->error.code == ERROR_NONE &&
        (fflush(metrics->stream) != 0 || ferror(metrics->stream))) {
        error_set(&metrics->error, ERROR_NO_MEMORY, "the metrics do not fit into memory");
    }
    if (metrics->error.code != ERROR_NONE) {
        *error = metrics->error;
        return NULL;
    }
    return metrics->text;
}

bool metrics_write(struct metrics *metrics, const char *path, struct error *error)
{
    const char *text = metrics_text(metrics, error);
    if (text == NULL) {
        return false;
    }
    /* 0644 whatever the umask: the collector runs as another user. */
    return atomic_file_write(path, text, metrics->length, 0644, error) ||
           error_set(error, error->code, "metrics file %s", error->text);
}
