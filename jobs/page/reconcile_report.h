/* SPDX-License-Identifier: MIT */
/* reconcile_report.h: a dashboard export that was compared with the ledger, as people and programs
 * are shown it. */
#ifndef RECONCILE_REPORT_H
#define RECONCILE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "run/job.h"
#include "page/page.h"
#include "fraud/reconcile.h"

enum { RECONCILED_NAME = 512, RECONCILED_CAUSES = 640 };

struct reconcile_report {
    char name[RECONCILED_NAME]; /* of the file, safe to be shown */
    char zone[RECONCILED_NAME]; /* the time zone that days were counted by: TZ, or its short name */
    bool as_of_given;           /* not the file's modification time */
    struct reconcile result;
};

/*
 * Reads an export (`file`: its descriptor; -1: it is opened by its path) by the configured column
 * names and compares it, as of `as_of` (NULL: the time at which the file was last written).
 * Anything but EXIT_DONE, EXIT_PARTLY (unexplained) has been said. reconcile_report_end() in
 * either case.
 */
enum exit_code reconcile_report_read(struct reconcile_report *one, struct job *job, int file,
                                     const char *path, const int64_t *as_of);
void reconcile_report_end(struct reconcile_report *one);

/* The causes of a row in words: `unsent -2, dead -1`; "" where there are none. */
void reconcile_report_causes(const struct reconcile_row *row, char text[RECONCILED_CAUSES]);

/* Tables for people, and the SQL behind each cause; `summary`: the tables alone, where notes are
 * shown. */
void reconcile_report_say(const struct reconcile_report *one, bool summary);

/* All of them as one document on standard output. False: out of memory. */
bool reconcile_report_csv(const struct reconcile_report *all, size_t count);
bool reconcile_report_json(const struct reconcile_report *all, size_t count);
bool reconcile_report_html(const struct reconcile_report *all, size_t count);

/* What reconcile_report_html() has of one, for a page with more on it: paragraphs and tables. */
void reconcile_report_put(struct page *page, const struct reconcile_report *one);

#endif
