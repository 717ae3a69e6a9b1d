/* reconciled.h: a dashboard export that was compared with the ledger, as people and programs are
 * shown it. */
#ifndef RECONCILED_H
#define RECONCILED_H

#include <stdbool.h>
#include <stddef.h>

#include "job.h"
#include "page.h"
#include "reconcile.h"

enum { RECONCILED_NAME = 512, RECONCILED_CAUSES = 640 };

struct reconciled {
    char name[RECONCILED_NAME]; /* of the file, safe to be shown */
    char zone[RECONCILED_NAME]; /* the time zone that days were counted by: TZ, or its short name */
    bool as_of_given;           /* not the file's modification time */
    struct reconcile result;
};

/*
 * Reads an export (`file`: its descriptor; -1: it is opened by its path) by the configured column
 * names and compares it, as of `as_of` (NULL: the time at which the file was last written).
 * Anything but STATUS_DONE, STATUS_PARTLY (unexplained) has been said. reconciled_end() in either
 * case.
 */
enum status_code reconciled_read(struct reconciled *one, struct job *job, int file,
                                 const char *path, const int64_t *as_of);
void reconciled_end(struct reconciled *one);

/* The causes of a row in words: `unsent -2, dead -1`; "" where there are none. */
void reconciled_causes(const struct reconcile_row *row, char text[RECONCILED_CAUSES]);

/* Tables for people, and the SQL behind each cause; `summary`: the tables alone, where notes are
 * shown. */
void reconciled_say(const struct reconciled *one, bool summary);

/* All of them as one document on standard output. False: out of memory. */
bool reconciled_csv(const struct reconciled *all, size_t count);
bool reconciled_json(const struct reconciled *all, size_t count);
bool reconciled_html(const struct reconciled *all, size_t count);

/* What reconciled_html() has of one, for a page with more on it: paragraphs and tables. */
void reconciled_put(struct page *page, const struct reconciled *one);

#endif
