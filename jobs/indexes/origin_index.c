/* SPDX-License-Identifier: MIT */
#include "indexes/origin_index.h"

#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "ledger/ledger.h"
#include "run/others_turn.h"
#include "run/stop.h"
#include "values/moment.h"

/* RUN: as the view origin_run has it. A merge changes most pages of run 0, so it is put off until
 * one attempt in SHARE waits for it. AT_ONCE attempts, or SLICE entries, are sorted in memory,
 * where each may have a kilobyte. */
enum { KINDS = 3, RUN = 262144, AT_ONCE = RUN / 32, SHARE = 8, SLICE = 10000 };

struct extent {
    int64_t merged, indexed; /* attempts up to each */
    int64_t next, newest;    /* the first that is not indexed, 0: all are; and the last */
};

static struct extent look(struct ledger *ledger)
{
    enum { MERGED, INDEXED, NEXT, NEWEST };
    static const char *const columns[] = {"merged_id", "origin_id", "next", "newest", NULL};
    struct extent extent = {0};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_origins_look, columns);
    if (ledger_row(row)) {
        extent.merged = ledger_integer(row, MERGED);
        extent.indexed = ledger_integer(row, INDEXED);
        extent.next = ledger_integer(row, NEXT);
        extent.newest = ledger_integer(row, NEWEST);
        ledger_done(row);
    }
    return extent;
}

static bool is_going(const struct ledger *ledger)
{
    return !stop_asked() && !ledger_failed(ledger);
}

/* -- Appending -- */

static struct ledger_statement *until(struct ledger *ledger, enum statement name, int64_t attempt)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    ledger_set_integer(statement, ":until", attempt);
    return statement;
}

/* The next attempts, all of one run. */
static void append(struct ledger *ledger, const struct extent *extent)
{
    int64_t last = (extent->next / AT_ONCE + 1) * AT_ONCE - 1;
    if (last > extent->newest)
        last = extent->newest;
    ledger_begin(ledger);
    int64_t began = moment_monotonic();
    for (int kind = 1; kind <= KINDS; kind++) {
        struct ledger_statement *add = until(ledger, STATEMENT_add_origins, last);
        ledger_set_integer(add, ":kind", kind);
        ledger_run(add);
    }
    ledger_run(until(ledger, STATEMENT_move_origin_id, last));
    ledger_end(ledger);
    others_turn(began, 0);
}

/* -- Merging -- */

/* Entries of a kind before one; value NULL: all of them. */
struct slice {
    int kind;
    char *value;
    int64_t attempt;
};

static struct slice first_slice(struct ledger *ledger, int kind, int64_t most)
{
    enum { VALUE, ATTEMPT };
    struct slice slice = {.kind = kind};
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_origin_slice);
    ledger_set_integer(row, ":kind", kind);
    ledger_set_integer(row, ":most", most);
    if (!ledger_row(row))
        return slice;
    slice.value = strdup(ledger_word(row, VALUE));
    slice.attempt = ledger_integer(row, ATTEMPT);
    ledger_done(row);
    if (slice.value == NULL)
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    return slice;
}

static void run_on(struct ledger *ledger, enum statement name, const struct slice *slice)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    ledger_set_integer(statement, ":kind", slice->kind);
    if (slice->value != NULL)
        ledger_set_text(statement, ":value", slice->value);
    else
        ledger_set_blob(statement, ":value", "", 0); /* which is behind all texts */
    if (name != STATEMENT_drop_merged_origins)
        ledger_set_integer(statement, ":attempt_id", slice->attempt);
    ledger_run(statement);
}

/* False: it was the last of its kind. */
static bool merge_slice(struct ledger *ledger, int kind, int64_t most)
{
    ledger_begin(ledger);
    int64_t began = moment_monotonic();
    struct slice slice = first_slice(ledger, kind, most);
    bool more = slice.value != NULL;
    run_on(ledger, STATEMENT_merge_origins, &slice);
    run_on(ledger, STATEMENT_drop_merged_origins, &slice);
    run_on(ledger, STATEMENT_drop_merged_origins_of_value, &slice);
    ledger_end(ledger);
    free(slice.value);
    others_turn(began, 0);
    return more;
}

/* False: not to the end. */
static bool merge(struct ledger *ledger, const struct extent *extent)
{
    int64_t runs = (extent->indexed - extent->merged) / RUN + 2,
            most = runs < SLICE ? SLICE / runs : 1;
    for (int kind = 1; kind <= KINDS; kind++)
        while (is_going(ledger) && merge_slice(ledger, kind, most))
            ;
    if (!is_going(ledger))
        return false;
    ledger_begin(ledger);
    ledger_run(until(ledger, STATEMENT_move_merged_id, extent->indexed));
    ledger_end(ledger);
    return !ledger_failed(ledger);
}

bool origin_index_build(struct ledger *ledger)
{
    struct extent extent = look(ledger);
    for (; extent.next != 0 && is_going(ledger); extent = look(ledger))
        append(ledger, &extent);
    if (extent.next != 0 || ledger_failed(ledger))
        return false;
    return extent.indexed - extent.merged <= extent.indexed / SHARE || merge(ledger, &extent);
}
