/* SPDX-License-Identifier: MIT */
/* dashboard.c: counting outcomes and reasons. */
#include "page/dashboard.h"
#include "values/time_units.h"
#include "values/moment.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char other_reasons[] = "others";

void dashboard_date(int64_t day, char text[DASHBOARD_NAME])
{
    char moment[MOMENT_SIZE];
    moment_format(day * DAY_MS, moment);
    snprintf(text, DASHBOARD_NAME, "%.10s", moment);
}

static void read_window(struct dashboard *dashboard, struct ledger *ledger)
{
    enum { FIRST, LAST, ATTEMPTS };
    static const char *const columns[] = {"first", "last", "attempts", NULL};
    struct ledger_statement *window = ledger_select(ledger, STATEMENT_dashboard_window, columns);
    if (!ledger_row(window) || ledger_is_null(window, FIRST)) {
        ledger_done(window);
        return;
    }
    dashboard->first_day = ledger_integer(window, FIRST);
    dashboard->days = (size_t)(ledger_within(window, LAST, dashboard->first_day,
                                             dashboard->first_day + DASHBOARD_DAYS - 1) -
                               dashboard->first_day + 1);
    dashboard->all_attempts = ledger_integer(window, ATTEMPTS);
    ledger_done(window);
}

/* The last place is kept for what no longer fits: a ledger of this program has no so many reasons.
 */
static struct dashboard_reason *find_reason(struct dashboard *dashboard, const char *name)
{
    for (size_t i = 0; i < dashboard->reasons; i++)
        if (strncmp(dashboard->reason[i].name, name, DASHBOARD_NAME - 1) == 0)
            return &dashboard->reason[i];
    if (dashboard->reasons == DASHBOARD_REASONS)
        return &dashboard->reason[DASHBOARD_REASONS - 1];
    struct dashboard_reason *reason = &dashboard->reason[dashboard->reasons++];
    snprintf(reason->name, sizeof reason->name, "%s",
             dashboard->reasons == DASHBOARD_REASONS ? other_reasons : name);
    return reason;
}

static void count_reasons(struct dashboard *dashboard, size_t day, const char *reasons,
                          int64_t number)
{
    json_t *list = json_loads(reasons, 0, NULL), *item;
    size_t place;
    json_array_foreach(list, place, item)
    {
        const char *name = json_string_value(item);
        struct dashboard_reason *reason = find_reason(dashboard, name == NULL ? "" : name);
        reason->any += number;
        if (place == 0) {
            reason->first += number;
            reason->first_by_day[day] += number;
        }
    }
    json_decref(list);
}

static void count_outcome(struct dashboard_day *day, const char *outcome, int64_t number)
{
    day->attempts += number;
    day->success += strcmp(outcome, "success") == 0 ? number : 0;
    day->pending += strcmp(outcome, "pending") == 0 ? number : 0;
    day->failure += strcmp(outcome, "failure") == 0 ? number : 0;
}

static void read_outcomes(struct dashboard *dashboard, struct ledger *ledger, int64_t now)
{
    enum { DAY, OUTCOME, REASONS, NUMBER };
    static const char *const columns[] = {"day", "outcome", "reasons", "number", NULL};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_dashboard_outcomes, columns);
    ledger_set_integer(row, ":first", dashboard->first_day);
    ledger_set_integer(row, ":now", now);
    while (ledger_row(row)) {
        size_t day = (size_t)(ledger_integer(row, DAY) - dashboard->first_day);
        int64_t number = ledger_integer(row, NUMBER);
        if (day >= dashboard->days)
            continue;
        count_outcome(&dashboard->day[day], ledger_word(row, OUTCOME), number);
        count_outcome(&dashboard->total, ledger_word(row, OUTCOME), number);
        if (!ledger_is_null(row, REASONS))
            count_reasons(dashboard, day, ledger_text(row, REASONS), number);
    }
}

static int more_frequent(const void *left, const void *right)
{
    const struct dashboard_reason *one = left, *other = right;
    if (one->first != other->first)
        return one->first < other->first ? 1 : -1;
    if (one->any != other->any)
        return one->any < other->any ? 1 : -1;
    return strcmp(one->name, other->name);
}

struct dashboard *dashboard_read(struct ledger *ledger, int64_t now)
{
    struct dashboard *dashboard = calloc(1, sizeof *dashboard);
    if (dashboard == NULL) {
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
        return NULL;
    }
    read_window(dashboard, ledger);
    if (dashboard->days > 0)
        read_outcomes(dashboard, ledger, now);
    if (ledger_failed(ledger)) {
        free(dashboard);
        return NULL;
    }
    qsort(dashboard->reason, dashboard->reasons, sizeof dashboard->reason[0], more_frequent);
    return dashboard;
}
