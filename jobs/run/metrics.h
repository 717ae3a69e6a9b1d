/* SPDX-License-Identifier: MIT */
/* metrics.h: an OpenMetrics text, made family by family and put into its file as a whole.
 *
 * Only gauges and counters and no time stamps: what node_exporter's textfile collector, which reads
 * the older Prometheus format, understands as well.
 */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

enum metrics_type { METRICS_GAUGE, METRICS_COUNTER };

struct metrics_label {
    const char *name;
    const char *value; /* any bytes; NULL counts as "" */
};

struct metrics;

/* An empty text; NULL without memory. The caller ends it with metrics_end(). */
struct metrics *metrics_start(void);

/* Begins a family; all its samples follow before the next one begins. A counter is named without
 * `_total`, which its samples get. Names are those of the program, `help` may be any text. */
void metrics_family(struct metrics *metrics, const char *name, enum metrics_type type,
                    const char *help);

/* One sample of the family begun last. */
void metrics_sample(struct metrics *metrics, const struct metrics_label *labels, size_t label_count,
                    double value);

/* The whole text with its `# EOF`, owned by `metrics`. NULL: `error` says what was wrong. No more
 * may be added then. */
const char *metrics_text(struct metrics *metrics, struct error *error);

/* Puts the text into `path`, mode 0644, so that a reader sees the old file or the new one. False:
 * `error` says which file and why, and the old file stands. */
bool metrics_write(struct metrics *metrics, const char *path, struct error *error);

void metrics_end(struct metrics *metrics);

#endif
