/* SPDX-License-Identifier: MIT */
/*
 * outcome_counts.h: what the ledger holds of the outcomes of sign-ups and what the vendor was told
 * of them, as of a moment, counted by day and quarter of an hour; and the SQL that lists the rows.
 * The rules stand in sql/outcome_causes.sql.
 */
#ifndef OUTCOME_COUNTS_H
#define OUTCOME_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger;
struct session;

/* Why what the vendor has of an outcome may not be exactly one. The first ones are read from rows;
 * CAUSE_FROM_ROWS and later ones follow from counts. In the order in which they are shown. */
#define OUTCOME_CAUSES(X)                                                                          \
    X(not_reportable, "failed for a reason that is not reported")                                  \
    X(unsettled, "its time was up, but it had not been settled")                                   \
    X(unsent, "not reported yet")                                                                  \
    X(reported_after_export, "reported after the export was made")                                 \
    X(deferred, "answered with HTTP 429: accepted by the vendor's rule, but not counted")          \
    X(dead, "refused by the vendor")                                                               \
    X(erased, "the person was erased before it was reported")                                      \
    X(corrected, "reported before the outcome was corrected")                                      \
    X(ambiguous, "perhaps reported twice: an ambiguous try may have arrived")                      \
    X(day_edge, "counted on another day because of the vendor's time zone")                        \
    X(unexplained, "nothing in the ledger explains it")

#define CAUSE_ENUMERATE(name, help) CAUSE_##name,
enum outcome_cause { OUTCOME_CAUSES(CAUSE_ENUMERATE) CAUSE_COUNT };
#undef CAUSE_ENUMERATE

enum { CAUSE_NONE = -1, CAUSE_FROM_ROWS = CAUSE_ambiguous, OUTCOME_SLOT_MS = 900000 };

const char *outcome_cause_name(enum outcome_cause cause);
const char *outcome_cause_help(enum outcome_cause cause);

/* Rows of one day, quarter of an hour, outcome and cause, counted. */
struct outcome_count {
    int64_t day;  /* since 1970-01-01, in the process's time zone */
    int64_t slot; /* attempted_at / OUTCOME_SLOT_MS */
    bool success;
    int cause;        /* enum outcome_cause, or CAUSE_NONE: acknowledged */
    int64_t unit;     /* outcomes of the ledger */
    int64_t certain;  /* that the vendor has acknowledged */
    int64_t possible; /* times more that the vendor may have one */
    int64_t open;     /* rows that are not certain, but possible */
    int64_t rows;     /* all of them */
    int64_t unsure;   /* rows that are possible, certain or not */
};

struct outcome_counts {
    struct outcome_count *entries;
    size_t count, capacity;
};

/* Reads the days `first` to `last`, and one more on either side. False: the ledger's error is set.
 * outcome_counts_end() in either case. */
bool outcome_counts_read(struct outcome_counts *told, struct session *session, int64_t first,
                         int64_t last, int64_t as_of);
void outcome_counts_end(struct outcome_counts *told);

/* The same of one day (UTC, since 1970-01-01) from the facts alone, whose `day` is then 0: what is
 * kept of it (fraud/kept_days.h). */
bool outcome_counts_of_day(struct outcome_counts *told, struct ledger *ledger, int64_t day,
                           int64_t as_of);

/* What a listing is of. */
struct outcome_counts_listing {
    int64_t first, last; /* days */
    int64_t as_of;
    const char
        *where;   /* an SQL condition on the columns of sql/outcome_causes.sql, and vendor_day */
    bool shifted; /* days are those of the offset `minutes`, not of the process's time zone */
    int minutes;
};

/* One line of SQL that lists the rows in any SQLite (with the same TZ in its environment); to be
 * freed with sqlite3_free(). NULL: out of memory. */
char *outcome_counts_list(const struct outcome_counts_listing *listing);

#endif
