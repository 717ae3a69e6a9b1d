/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of a reconciliation.
 *
 * For each day and outcome there are, besides the vendor's count V, three counts of the ledger, all
 * as of the export's moment:
 *
 *   ledger L    attempts with that outcome: what the vendor would count if it had been told each
 *               outcome once, and counted it;
 *   certain C   what it has acknowledged;
 *   possible P  what it may have at the most: C, and one more for each deferred try, each ambiguous
 *               one, each that was under way, and each acceptance after the first.
 *
 * Where C <= V <= P the vendor's count is as predicted: the row is a `match`, whatever the causes
 * for which V is not L. Otherwise it is `explained` where days explain it, or `unexplained`. V - L
 * is taken apart in three steps:
 *
 * 1. C - L is known row by row (sql/outcome_causes.sql): each attempt that is not acknowledged
 * counts -1 under the one reason for that (not_reportable, unsettled, unsent,
 * reported_after_export, deferred, dead, erased), each acknowledged report that was corrected since
 * counts +1 (corrected).
 * 2. V - C, as far as it lies between 0 and P - C, is what uncertain tries have brought the vendor.
 *    Which of them did cannot be known, only how many. They are credited in a fixed order: first
 *    one for each deferred report (that 429 is taken is the vendor's rule), then one for each
 *    report that was under way, unsent, erased, dead or corrected and had an uncertain try. Each
 *    credit takes back the -1 of step 1 (or makes the +1 of `corrected`). What is left has arrived
 * a second time: `ambiguous`, +1 each. No cause ever gets more than its rows can bear.
 * 3. What lies beyond the interval, V - P > 0 or V - C < 0, no row of that day explains. It is
 *    `unexplained`, unless days explain it:
 *
 * Day edge. If the vendor counts days in another time zone than the process, attempts near midnight
 * change days. Every offset from UTC that is in use is tried: under each, the steps above are done
 * again with that offset's days. The rule is to rather leave a unit unexplained than to explain one
 * wrongly. So an offset is believed only where it explains the whole pattern:
 *
 * - Four rows and more that lay outside are then wholly as predicted, at most a third of the units
 *   that lay outside still do, and no row gets worse. Or some do, at most one for each three that
 *   get well, and these are rows that were too low and rows that were too high.
 * - With fewer rows: one that was too low and one that was too high at least, and nothing is left.
 *   What the offset moves in or out of the days of the export (which nothing can confirm) must then
 *   be less than what it explains.
 *
 * So a loss alone is never taken for a time zone. Of several offsets the one that leaves least is
 * taken; of equal ones whole hours before odd ones (such as +05:45), and the closest to the
 * process's own. But where another offset leaves as little and puts it on other rows, nobody can
 * tell, and none is named. The rest of a row is then that of step 3 under this offset, and
 * `day_edge` is by how much L changes.
 *
 * What this does not see: a vendor's zone that changes its offset (daylight saving) within the
 * export is found for one of its two offsets; within the interval C to P a lost event and a doubled
 * one cannot be told apart, so they are not called unexplained.
 *
 * A day or outcome without a row in the export, between its first and its last day, counts 0. An
 * outcome that occurs nowhere in the export is left out of the comparison, not taken for 0.
 */
#include "fraud/reconcile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/session.h"
#include "host.h"
#include "values/zone.h"
#include "values/time_units.h"

enum {
    MOST_DAYS = 36600,
    OWN_DAYS = INT32_MAX, /* in place of an offset: the process's time zone */
    ROWS_FOR_A_PATTERN = 4,
    WELL_FOR_ONE_WORSE = 3,
    LEFT_OF_ALL = 3 /* one of so many may be left */
};

/* What the ledger says of one day and outcome. */
struct tally {
    int64_t ledger, certain, beyond; /* beyond: P - C */
    int64_t base[CAUSE_FROM_ROWS];   /* step 1 */
    int64_t open[CAUSE_FROM_ROWS];   /* step 2: how many of it can be credited */
    int64_t rows[CAUSE_COUNT];       /* that each cause is about */
};

struct work {
    const struct reconcile *reconcile;
    const struct outcome_counts *told;
    int64_t first, days;
    const int64_t *vendor; /* the export's counts, as tallies are numbered */
    struct tally *own;     /* under the process's time zone */
    struct tally *shifted; /* under the offset at hand */
    int own_minutes;       /* about the offset of the process's time zone */
};

static size_t number_of(int64_t first, int64_t day, bool success)
{
    return (size_t)(2 * (day - first)) + (success ? 0 : 1);
}

static int64_t day_of(const struct outcome_count *entry, int minutes)
{
    return minutes == OWN_DAYS
               ? entry->day
               : (entry->slot * OUTCOME_SLOT_MS + (int64_t)minutes * MINUTE_MS) / DAY_MS;
}

static bool within(const struct work *work, int64_t day)
{
    return day >= work->first && day < work->first + work->days;
}

static void count_tallies(const struct work *work, int minutes, struct tally *tallies)
{
    memset(tallies, 0, (size_t)(2 * work->days) * sizeof *tallies);
    for (size_t i = 0; i < work->told->count; i++) {
        const struct outcome_count *entry = &work->told->entries[i];
        int64_t day = day_of(entry, minutes);
        if (!within(work, day))
            continue;
        struct tally *tally = &tallies[number_of(work->first, day, entry->success)];
        tally->ledger += entry->unit;
        tally->certain += entry->certain;
        tally->beyond += entry->possible;
        if (entry->cause != CAUSE_NONE) {
            tally->base[entry->cause] += entry->certain - entry->unit;
            tally->open[entry->cause] += entry->open;
            tally->rows[entry->cause] += entry->rows;
        }
        tally->rows[CAUSE_ambiguous] += entry->unsure;
        tally->rows[CAUSE_unexplained] += entry->rows;
    }
}

/* Step 3: by how much the vendor's count lies outside the interval. */
static int64_t outside(int64_t vendor, const struct tally *tally)
{
    int64_t above = vendor - tally->certain;
    return above < 0 ? above : above > tally->beyond ? above - tally->beyond : 0;
}

static void take_apart(struct reconcile_row *row, const struct tally *own,
                       const struct tally *tally)
{
    static const enum outcome_cause credited[] = {CAUSE_deferred, CAUSE_reported_after_export,
                                                  CAUSE_unsent,   CAUSE_erased,
                                                  CAUSE_dead,     CAUSE_corrected};
    row->ledger = own->ledger;
    row->certain = own->certain;
    row->possible = own->certain + own->beyond;
    row->causes[CAUSE_day_edge] = tally->ledger - own->ledger;
    row->causes[CAUSE_unexplained] = outside(row->vendor, tally);
    int64_t credits = row->vendor - tally->certain - row->causes[CAUSE_unexplained];
    for (int i = 0; i < CAUSE_FROM_ROWS; i++)
        row->causes[i] = tally->base[i];
    for (size_t i = 0; i < sizeof credited / sizeof *credited; i++) {
        int64_t open = tally->open[credited[i]];
        int64_t taken = credits < 0 ? 0 : credits < open ? credits : open;
        row->causes[credited[i]] += taken;
        credits -= taken;
    }
    if (credits > 0) {
        row->causes[CAUSE_ambiguous] = credits;
        credits = 0;
    }
    memcpy(row->rows, tally->rows, sizeof row->rows);
    row->verdict = row->causes[CAUSE_unexplained] != 0 ? RECONCILE_UNEXPLAINED
                   : outside(row->vendor, own) != 0    ? RECONCILE_EXPLAINED
                                                       : RECONCILE_MATCH;
}

/* -- day edge -- */

/* How well an offset fits. */
struct fit {
    int64_t left;       /* units outside the intervals */
    int64_t edge;       /* acknowledged units moved in or out of the export's days */
    int well[2], worse; /* rows that were too low, too high and are as predicted; worse rows */
};

static bool is_compared(const struct work *work, int64_t number)
{
    return !work->reconcile->left_out[number % 2 == 0];
}

static struct fit measure(const struct work *work, int minutes)
{
    struct fit fit = {0};
    for (int64_t i = 0; i < 2 * work->days; i++) {
        if (!is_compared(work, i))
            continue;
        int64_t before = outside(work->vendor[i], &work->own[i]),
                after = outside(work->vendor[i], &work->shifted[i]);
        fit.left += llabs(after);
        fit.well[0] += before < 0 && after == 0;
        fit.well[1] += before > 0 && after == 0;
        fit.worse += llabs(after) > llabs(before);
    }
    for (size_t i = 0; i < work->told->count; i++) {
        const struct outcome_count *entry = &work->told->entries[i];
        if (within(work, entry->day) != within(work, day_of(entry, minutes)) &&
            !work->reconcile->left_out[entry->success])
            fit.edge += entry->certain;
    }
    return fit;
}

static bool is_believable(const struct fit *fit, int64_t left_before)
{
    int well = fit->well[0] + fit->well[1];
    bool both = fit->well[0] > 0 && fit->well[1] > 0;
    if (well < ROWS_FOR_A_PATTERN)
        return both && fit->left == 0 && fit->edge < left_before;
    return fit->left * LEFT_OF_ALL <= left_before &&
           (fit->worse == 0 || (both && fit->worse * WELL_FOR_ONE_WORSE <= well));
}

/* Offsets in use, in minutes: whole hours, and the odd ones. */
static const int offsets[] = {-720, -660, -600, -540, -480, -420, -360, -300, -240, -180,
                              -120, -60,  0,    60,   120,  180,  240,  300,  360,  420,
                              480,  540,  600,  660,  720,  780,  840,  -570, -210, -150,
                              210,  270,  330,  345,  390,  525,  570,  630,  765,  825};

/* Whether an offset is better than the best so far. */
static bool is_better(const struct work *work, int minutes, int64_t left, int best,
                      int64_t best_left)
{
    bool odd = minutes % 60 != 0, best_odd = best % 60 != 0;
    if (left != best_left)
        return left < best_left;
    if (odd != best_odd)
        return best_odd;
    return abs(minutes - work->own_minutes) < abs(best - work->own_minutes);
}

/* Whether an offset leaves as little as the one that was found (`best`), but on other rows. */
static bool is_rival(const struct work *work, const struct tally *best)
{
    int64_t more = 0;
    bool differs = false;
    for (int64_t i = 0; i < 2 * work->days; i++) {
        if (!is_compared(work, i))
            continue;
        int64_t left = outside(work->vendor[i], &work->shifted[i]),
                best_left = outside(work->vendor[i], &best[i]);
        more += llabs(left) - llabs(best_left);
        differs = differs || left != best_left;
    }
    return differs && more <= 0;
}

static bool has_rival(const struct work *work, int found, struct tally *best)
{
    count_tallies(work, found, best);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        count_tallies(work, offsets[i], work->shifted);
        if (is_rival(work, best))
            return true;
    }
    return false;
}

static bool find_offset(const struct work *work, struct ledger *ledger, int *found,
                        struct tally *best)
{
    int64_t left_before = 0, best_left = 0;
    bool any = false;
    for (int64_t i = 0; i < 2 * work->days; i++)
        left_before += is_compared(work, i) ? llabs(outside(work->vendor[i], &work->own[i])) : 0;
    for (size_t i = 0;
         left_before > 0 && i < sizeof offsets / sizeof *offsets && ledger_goes_on(ledger); i++) {
        count_tallies(work, offsets[i], work->shifted);
        struct fit fit = measure(work, offsets[i]);
        if (is_believable(&fit, left_before) &&
            (!any || is_better(work, offsets[i], fit.left, *found, best_left))) {
            any = true;
            best_left = fit.left;
            *found = offsets[i];
        }
    }
    return any && (best_left == 0 || !has_rival(work, *found, best));
}

/* -- the whole -- */

static int own_minutes(int64_t day)
{
    struct tm parts;
    time_t noon = (time_t)(day * DAY_SECONDS + DAY_SECONDS / 2);
    return localtime_r(&noon, &parts) == NULL ? 0 : (int)(parts.tm_gmtoff / 60);
}

static bool give_rows(struct reconcile *reconcile, const struct work *work, const bool *in_file)
{
    reconcile->rows = calloc((size_t)(2 * work->days), sizeof *reconcile->rows);
    if (reconcile->rows == NULL)
        return false;
    for (int64_t i = 0; i < 2 * work->days; i++) {
        const struct tally *own = &work->own[i], *tally = &work->shifted[i];
        bool empty =
            !in_file[i] && own->rows[CAUSE_unexplained] + tally->rows[CAUSE_unexplained] == 0;
        if (!is_compared(work, i) || empty)
            continue;
        struct reconcile_row *row = &reconcile->rows[reconcile->count++];
        row->day = work->first + i / 2;
        row->success = i % 2 == 0;
        row->vendor = work->vendor[i];
        take_apart(row, own, tally);
    }
    return true;
}

static void add_totals(struct reconcile *reconcile, const struct work *work)
{
    for (int cause = 0; cause < CAUSE_COUNT; cause++) {
        struct reconcile_total *total = &reconcile->totals[cause];
        int64_t everywhere = 0;
        for (size_t i = 0; i < reconcile->count; i++) {
            const struct reconcile_row *row = &reconcile->rows[i];
            bool occurs = row->causes[cause] != 0;
            total->places += occurs;
            total->units += row->causes[cause];
            total->rows += occurs ? row->rows[cause] : 0;
            everywhere += row->rows[cause];
        }
        if (total->places > RECONCILE_NAMED_PLACES)
            total->rows = everywhere;
    }
    struct reconcile_total *edge = &reconcile->totals[CAUSE_day_edge];
    for (size_t i = 0; edge->places > 0 && i < work->told->count; i++) {
        const struct outcome_count *entry = &work->told->entries[i];
        int64_t theirs = day_of(entry, reconcile->minutes);
        if (entry->day != theirs && (within(work, entry->day) || within(work, theirs)) &&
            !reconcile->left_out[entry->success])
            edge->rows += entry->unit;
    }
}

static bool compare(struct reconcile *reconcile, struct ledger *ledger, const struct export *export,
                    struct work *work)
{
    size_t numbers = (size_t)(2 * work->days);
    int64_t *vendor = calloc(numbers, sizeof *vendor);
    bool *in_file = calloc(numbers, sizeof *in_file);
    work->own = calloc(numbers, sizeof *work->own);
    work->shifted = calloc(numbers, sizeof *work->shifted);
    struct tally *best = calloc(numbers, sizeof *best);
    bool done = vendor != NULL && in_file != NULL && work->own != NULL && work->shifted != NULL &&
                best != NULL;
    for (size_t i = 0; done && i < export->count; i++) {
        const struct export_row *row = &export->rows[i];
        size_t number = number_of(work->first, row->day, row->success);
        vendor[number] = row->count;
        in_file[number] = true;
    }
    if (done) {
        work->vendor = vendor;
        work->own_minutes = own_minutes(work->first + work->days / 2);
        count_tallies(work, OWN_DAYS, work->own);
        reconcile->shifted = find_offset(work, ledger, &reconcile->minutes, best);
        count_tallies(work, reconcile->shifted ? reconcile->minutes : OWN_DAYS, work->shifted);
        done = give_rows(reconcile, work, in_file);
        add_totals(reconcile, work);
    }
    free(vendor);
    free(in_file);
    free(work->own);
    free(work->shifted);
    free(best);
    return done;
}

bool reconcile_run(struct reconcile *reconcile, struct session *session,
                   const struct export *export, int64_t as_of)
{
    struct outcome_counts told = {0};
    struct error error;
    memset(reconcile, 0, sizeof *reconcile);
    reconcile->as_of = as_of;
    reconcile->left_out[0] = reconcile->left_out[1] = true;
    if (!zone_is_known(&error))
        return ledger_fail_as(session->ledger, &error);
    if (export->count == 0)
        return ledger_ready(session->ledger);
    int64_t first = export->rows[0].day, last = first;
    for (size_t i = 0; i < export->count; i++) {
        first = export->rows[i].day < first ? export->rows[i].day : first;
        last = export->rows[i].day > last ? export->rows[i].day : last;
        reconcile->left_out[export->rows[i].success] = false;
    }
    if (last - first >= MOST_DAYS) {
        ledger_fail(session->ledger, SQLITE_ERROR,
                    "the export spans %lld days: expected at most %d",
                    (long long)(last - first + 1), MOST_DAYS);
        return false;
    }
    struct work work = {
        .reconcile = reconcile, .told = &told, .first = first, .days = last - first + 1};
    bool done = outcome_counts_read(&told, session, first, last, as_of);
    if (done && !compare(reconcile, session->ledger, export, &work))
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    done = done && !ledger_failed(session->ledger);
    outcome_counts_end(&told);
    return done;
}

void reconcile_end(struct reconcile *reconcile)
{
    free(reconcile->rows);
    memset(reconcile, 0, sizeof *reconcile);
}
