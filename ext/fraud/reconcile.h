/* SPDX-License-Identifier: MIT */
/*
 * reconcile.h: a vendor's dashboard export against the ledger: every unit of difference put down to
 * a cause. How, and how far that goes, is said at the head of reconcile.c.
 */
#ifndef RECONCILE_H
#define RECONCILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fraud/vendor_export.h"
#include "fraud/outcome_counts.h"

struct session;

/* More days and outcomes than that are not named one by one in a listing. */
enum { RECONCILE_NAMED_PLACES = 40 };

enum reconcile_verdict { RECONCILE_MATCH, RECONCILE_EXPLAINED, RECONCILE_UNEXPLAINED };

/* `match`, `explained`, `unexplained`. */
const char *reconcile_verdict_name(enum reconcile_verdict verdict);

/* One day and outcome. */
struct reconcile_row {
    int64_t day;
    bool success;
    int64_t vendor;
    int64_t ledger;              /* attempts with that outcome */
    int64_t certain;             /* acknowledged by the vendor */
    int64_t possible;            /* that, and what it may have beyond */
    int64_t causes[CAUSE_COUNT]; /* they add up to vendor - ledger */
    int64_t rows[CAUSE_COUNT];   /* of the ledger, that each cause is about */
    enum reconcile_verdict verdict;
};

/* A cause over all days and outcomes. */
struct reconcile_total {
    size_t places; /* days and outcomes where it occurs */
    int64_t units; /* the sum of its counts */
    int64_t rows;  /* that reconcile_rows_sql() lists */
};

struct reconcile {
    struct reconcile_row *rows; /* by day, success before failure */
    size_t count;
    struct reconcile_total totals[CAUSE_COUNT];
    int64_t as_of;
    bool left_out[2]; /* failure, success: an outcome that the export does not speak of */
    bool shifted;     /* the vendor's days are those of an offset from UTC: */
    int minutes;
};

/* False: the ledger's error is set. reconcile_end() in either case. */
bool reconcile_run(struct reconcile *reconcile, struct session *session,
                   const struct export *export, int64_t as_of);
void reconcile_end(struct reconcile *reconcile);

/* `+02:00`, "" where the days are those of the process's time zone. */
void reconcile_offset_text(const struct reconcile *reconcile, char text[16]);

/* The causes of a row as JSON, {"unsent":-2}; to be freed with sqlite3_free(). */
char *reconcile_causes(const struct reconcile_row *row);

/*
 * The SQL that lists the rows behind a cause that occurs, to be freed with sqlite3_free(); NULL:
 * out of memory. They are as many as its units where each row counts one: not_reportable,
 * unsettled. Where uncertain tries have taken back some (unsent to corrected) or doubled some
 * (ambiguous), nobody can know which: these are the rows that come into question. day_edge: the
 * attempts that change days. unexplained: all that the ledger holds there.
 */
char *reconcile_rows_sql(const struct reconcile *reconcile, enum outcome_cause cause);

#endif
