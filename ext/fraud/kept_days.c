/* SPDX-License-Identifier: MIT */
#include "fraud/kept_days.h"

#include <stdlib.h>
#include <string.h>

#include "fraud/outcome_counts.h"
#include "host.h"
#include "ledger/ledger.h"
#include "values/time_units.h"

/* -- Letting go -- */

enum { ROUND, TOUCHED, FIRST_ID, IDS = 8 };

/* The ids are those of kept_through. */
static const char *const look_columns[] = {
    "round",     "touched",         "attempt_id", "decision_id", "code_id", "code_end_id",
    "report_id", "report_event_id", "try_id",     "step_id",     NULL};
static const char *const id_parameters[IDS] = {":attempt_id",  ":decision_id", ":code_id",
                                               ":code_end_id", ":report_id",   ":report_event_id",
                                               ":try_id",      ":step_id"};

struct look {
    int64_t round;
    int64_t ids[IDS];
    char *touched; /* JSON */
};

static void look(struct ledger *ledger, struct look *look)
{
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_kept_days_look, look_columns);
    if (!ledger_row(row))
        return;
    look->round = ledger_integer(row, ROUND);
    for (int i = 0; i < IDS; i++)
        look->ids[i] = ledger_integer(row, FIRST_ID + i);
    look->touched = strdup(ledger_word(row, TOUCHED));
    if (look->touched == NULL)
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    ledger_done(row);
}

/* Nothing is changed where another has done so since the look. */
static void let_go(struct ledger *ledger)
{
    struct look seen = {0};
    look(ledger, &seen);
    ledger_begin(ledger);
    struct ledger_statement *days = ledger_use(ledger, STATEMENT_let_days_go);
    ledger_set_text(days, ":touched", seen.touched);
    ledger_set_integer(days, ":round", seen.round);
    ledger_run(days);
    struct ledger_statement *until = ledger_use(ledger, STATEMENT_move_kept_through);
    ledger_set_integer(until, ":round", seen.round);
    for (int i = 0; i < IDS; i++)
        ledger_set_integer(until, id_parameters[i], seen.ids[i]);
    ledger_run(until);
    ledger_end(ledger);
    free(seen.touched);
}

/* -- Summing -- */

static struct ledger_statement *of_day(struct ledger *ledger, enum statement name, int64_t day)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    ledger_set_integer(statement, ":day", day);
    return statement;
}

static void run_with(struct ledger_statement *statement, const char *parameter, const char *json)
{
    ledger_set_text(statement, parameter, json);
    ledger_run(statement);
}

enum { SUMS = 9 };

static const char *const sum_columns[SUMS + 1] = {
    "newest",     "received", "accepted",   "code_sent",  "confirmed",
    "registered", "kyc",      "subscribed", "codes_over", NULL};
static const char *const sum_parameters[SUMS] = {":newest",    ":received",   ":accepted",
                                                 ":code_sent", ":confirmed",  ":registered",
                                                 ":kyc",       ":subscribed", ":codes_over"};

/* What is kept of a day, all as of the same moment. */
struct sums {
    int64_t day, round;
    int64_t numbers[SUMS];
    char *outcomes, *states, *notes, *storms; /* JSON */
    struct outcome_counts causes;
};

/* The text of a statement's row, to be freed. */
static char *read_json(struct ledger *ledger, struct ledger_statement *row)
{
    char *json = NULL;
    if (!ledger_row(row))
        return NULL;
    json = strdup(ledger_word(row, 0));
    if (json == NULL)
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    ledger_done(row);
    return json;
}

static void sum(struct ledger *ledger, struct sums *sums)
{
    ledger_look(ledger);
    sums->round = ledger_number(ledger, STATEMENT_kept_days_round, 0);
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_sum_day, sum_columns);
    ledger_set_integer(row, ":day", sums->day);
    if (ledger_row(row)) {
        for (int i = 0; i < SUMS; i++)
            sums->numbers[i] = ledger_integer(row, i);
        ledger_done(row);
    }
    sums->outcomes = read_json(ledger, of_day(ledger, STATEMENT_sum_outcomes, sums->day));
    sums->states = read_json(ledger, of_day(ledger, STATEMENT_sum_states, sums->day));
    sums->notes = read_json(ledger, of_day(ledger, STATEMENT_sum_notes, sums->day));
    sums->storms = read_json(ledger, of_day(ledger, STATEMENT_sum_storms, sums->day));
    if (!ledger_failed(ledger)) /* newest: no fact is later */
        outcome_counts_of_day(&sums->causes, ledger, sums->day, sums->numbers[0]);
    ledger_undo(ledger);
}

static void end_sums(struct sums *sums)
{
    free(sums->outcomes);
    free(sums->states);
    free(sums->notes);
    free(sums->storms);
    outcome_counts_end(&sums->causes);
}

/* -- Keeping -- */

static void keep_cause(struct ledger *ledger, const struct outcome_count *entry)
{
    struct ledger_statement *statement = ledger_use(ledger, STATEMENT_keep_cause);
    ledger_set_integer(statement, ":slot", entry->slot);
    ledger_set_text(statement, ":outcome", entry->success ? "success" : "failure");
    ledger_set_text(
        statement, ":cause",
        entry->cause == CAUSE_NONE ? "" : outcome_cause_name((enum outcome_cause)entry->cause));
    ledger_set_integer(statement, ":unit", entry->unit);
    ledger_set_integer(statement, ":certain", entry->certain);
    ledger_set_integer(statement, ":possible", entry->possible);
    ledger_set_integer(statement, ":open", entry->open);
    ledger_set_integer(statement, ":listed", entry->rows);
    ledger_set_integer(statement, ":unsure", entry->unsure);
    ledger_run(statement);
}

/* Whether the day is kept: not where days were let go since it was summed. */
static bool keep(struct ledger *ledger, const struct sums *sums)
{
    ledger_begin(ledger);
    struct ledger_statement *statement = ledger_use(ledger, STATEMENT_keep_day);
    ledger_set_integer(statement, ":day", sums->day);
    ledger_set_integer(statement, ":round", sums->round);
    for (int i = 0; i < SUMS; i++)
        ledger_set_integer(statement, sum_parameters[i], sums->numbers[i]);
    bool kept = ledger_run(statement) > 0;
    if (kept) {
        ledger_run(of_day(ledger, STATEMENT_empty_kept_outcomes, sums->day));
        ledger_run(of_day(ledger, STATEMENT_empty_kept_states, sums->day));
        ledger_run(of_day(ledger, STATEMENT_empty_kept_notes, sums->day));
        ledger_run(of_day(ledger, STATEMENT_empty_kept_storms, sums->day));
        ledger_run(of_day(ledger, STATEMENT_empty_kept_causes, sums->day));
        run_with(of_day(ledger, STATEMENT_keep_outcomes, sums->day), ":outcomes", sums->outcomes);
        run_with(of_day(ledger, STATEMENT_keep_states, sums->day), ":states", sums->states);
        run_with(of_day(ledger, STATEMENT_keep_notes, sums->day), ":notes", sums->notes);
        run_with(ledger_use(ledger, STATEMENT_keep_storms), ":storms", sums->storms);
        for (size_t i = 0; i < sums->causes.count; i++)
            keep_cause(ledger, &sums->causes.entries[i]);
    }
    ledger_end(ledger);
    return kept && !ledger_failed(ledger);
}

/* -- Calls -- */

/* Of the next day; false where there is none. */
static bool keep_calls(struct ledger *ledger, int64_t today)
{
    enum { SINCE, DAY, UNTIL };
    static const char *const columns[] = {"since", "day", "until", NULL};
    int64_t since = 0, day = 0, until = 0;
    char *calls = NULL;
    ledger_look(ledger);
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_calls_look, columns);
    ledger_set_integer(row, ":today", today);
    if (ledger_row(row)) {
        since = ledger_integer(row, SINCE);
        day = ledger_integer(row, DAY);
        until = ledger_integer(row, UNTIL);
        ledger_done(row);
        struct ledger_statement *sum = of_day(ledger, STATEMENT_sum_calls, day);
        ledger_set_integer(sum, ":since", since);
        ledger_set_integer(sum, ":until", until);
        calls = read_json(ledger, sum);
    }
    ledger_undo(ledger);
    if (calls == NULL)
        return false;
    ledger_begin(ledger);
    struct ledger_statement *move = ledger_use(ledger, STATEMENT_move_called);
    ledger_set_integer(move, ":since", since);
    ledger_set_integer(move, ":until", until);
    bool kept = ledger_run(move) > 0;
    if (kept)
        run_with(of_day(ledger, STATEMENT_keep_calls, day), ":calls", calls);
    ledger_end(ledger);
    free(calls);
    return kept && !ledger_failed(ledger);
}

/* -- The whole -- */

struct days {
    int64_t *days;
    size_t count, capacity;
};

static void list_days(struct ledger *ledger, int64_t today, struct days *list)
{
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_days_to_keep);
    ledger_set_integer(row, ":today", today);
    while (ledger_row(row)) {
        if (list->count == list->capacity) {
            size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
            int64_t *days = realloc(list->days, capacity * sizeof *days);
            if (days == NULL) {
                ledger_done(row);
                ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
                return;
            }
            list->days = days;
            list->capacity = capacity;
        }
        list->days[list->count++] = ledger_integer(row, 0);
    }
}

bool kept_days_refresh(struct ledger *ledger, bool (*stops)(void), struct kept_days_done *done)
{
    struct days list = {0};
    *done = (struct kept_days_done){0};
    let_go(ledger);
    int64_t today = ledger_now(ledger) / DAY_MS;
    while (!stops() && keep_calls(ledger, today))
        ;
    list_days(ledger, today, &list);
    size_t next = 0;
    for (; next < list.count && !ledger_failed(ledger) && !stops(); next++) {
        struct sums sums = {.day = list.days[next]};
        sum(ledger, &sums);
        done->summed += keep(ledger, &sums);
        end_sums(&sums);
    }
    done->all = next == list.count && !stops();
    free(list.days);
    return !ledger_failed(ledger);
}
