/* SPDX-License-Identifier: MIT */
#include "fraud/outcome_counts.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ledger/session.h"
#include "host.h"
#include "values/time_units.h"

/* Offsets of time zones go from -12 to +14 hours, so no day begins further than this from UTC's. */
enum { MARGIN_DAYS = 2 };

/* So that sums of a million of them are numbers. */
static const int64_t MOST_COUNT = INT64_C(1) << 40;

#define CAUSE_NAME(name, help) #name,
#define CAUSE_HELP(name, help) help,
static const char *const names[] = {OUTCOME_CAUSES(CAUSE_NAME)};
static const char *const helps[] = {OUTCOME_CAUSES(CAUSE_HELP)};

const char *outcome_cause_name(enum outcome_cause cause)
{
    return names[cause];
}

const char *outcome_cause_help(enum outcome_cause cause)
{
    return helps[cause];
}

static int cause_named(const char *name)
{
    for (int i = 0; name != NULL && i < CAUSE_COUNT; i++) /* or "", where it is kept */
        if (strcmp(names[i], name) == 0)
            return i;
    return CAUSE_NONE;
}

static bool add(struct outcome_counts *told, const struct outcome_count *entry)
{
    if (told->count == told->capacity) {
        size_t capacity = told->capacity == 0 ? 256 : 2 * told->capacity;
        struct outcome_count *entries = realloc(told->entries, capacity * sizeof *entries);
        if (entries == NULL)
            return false;
        told->entries = entries;
        told->capacity = capacity;
    }
    told->entries[told->count++] = *entry;
    return true;
}

/* Whether the counts of a row, from column 3 on, are such as can be added up: a ledger may have
 * been edited, or be damaged. */
static bool are_counts(sqlite3_stmt *statement)
{
    enum { FIRST_COUNT = 3, COUNTS = 6 };
    for (int i = FIRST_COUNT; i < FIRST_COUNT + COUNTS; i++) {
        const int64_t count = sqlite3_column_int64(statement, i);
        if (count < 0 || count > MOST_COUNT)
            return false;
    }
    return true;
}

static int read_entry(struct outcome_counts *told, sqlite3_stmt *statement, int64_t day)
{
    const char *outcome = (const char *)sqlite3_column_text(statement, 1),
               *cause = (const char *)sqlite3_column_text(statement, 2);
    if (sqlite3_column_type(statement, 1) == SQLITE_NULL || !are_counts(statement))
        return SQLITE_CORRUPT;
    if (outcome == NULL || (cause == NULL && sqlite3_column_type(statement, 2) != SQLITE_NULL))
        return SQLITE_NOMEM;
    const struct outcome_count entry = {.day = day,
                                        .slot = sqlite3_column_int64(statement, 0),
                                        .success = strcmp(outcome, "success") == 0,
                                        .cause = cause_named(cause),
                                        .unit = sqlite3_column_int64(statement, 3),
                                        .certain = sqlite3_column_int64(statement, 4),
                                        .possible = sqlite3_column_int64(statement, 5),
                                        .open = sqlite3_column_int64(statement, 6),
                                        .rows = sqlite3_column_int64(statement, 7),
                                        .unsure = sqlite3_column_int64(statement, 8)};
    return add(told, &entry) ? SQLITE_OK : SQLITE_NOMEM;
}

/* What is read, a part of a day after the other: so no more than that is ever sorted. */
struct reading {
    struct outcome_counts *told;
    sqlite3_stmt *statement;
    int low, high; /* its parameters */
};

static int read_part(struct reading *reading, int64_t low, int64_t high, int64_t day)
{
    int code = sqlite3_bind_int64(reading->statement, reading->low, low);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(reading->statement, reading->high, high);
    while (code == SQLITE_OK && (code = sqlite3_step(reading->statement)) == SQLITE_ROW)
        code = read_entry(reading->told, reading->statement, day);
    sqlite3_reset(reading->statement);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The day in the process's time zone. */
static int64_t local_day(int64_t ms)
{
    struct tm parts;
    time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
    if (localtime_r(&seconds, &parts) == NULL)
        return ms / DAY_MS;
    parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
    return (int64_t)timegm(&parts) / DAY_SECONDS;
}

/* From `low` to before `high`, in steps within which the day changes once at the most. Steps of the
 * same day are read together; one that begins on one day and ends on another is read by smaller
 * steps. A quarter of an hour does for all zones of today; some have put the clock back by an hour
 * a minute after midnight. */
static int read_days(struct reading *reading, int64_t low, int64_t high, int64_t step)
{
    int64_t from = low, day = local_day(low);
    int code = SQLITE_OK;
    for (int64_t at = low; at < high && code == SQLITE_OK; at += step) {
        int64_t begins = local_day(at), ends = local_day(at + step - 1);
        bool parted = begins != ends && step > 1000;
        if ((begins != day || parted) && from < at)
            code = read_part(reading, from, at - 1, day);
        if (begins != day || parted) {
            from = at;
            day = begins;
        }
        if (parted && code == SQLITE_OK) {
            code = read_days(reading, at, at + step, step > MINUTE_MS ? MINUTE_MS : 1000);
            from = at + step;
            day = local_day(from);
        }
    }
    return code == SQLITE_OK && from < high ? read_part(reading, from, high - 1, day) : code;
}

static int prepare(struct reading *reading, sqlite3 *database, int64_t as_of)
{
    char *sql = sqlite3_mprintf("SELECT attempted_at / %d, outcome, cause, sum(unit), "
                                "sum(certain), sum(possible), "
                                "sum(NOT certain AND possible > 0), count(*), sum(possible > "
                                "0)\nFROM (%s)\nGROUP BY 1, 2, 3",
                                (int)OUTCOME_SLOT_MS, statement_text[STATEMENT_outcome_causes]);
    if (sql == NULL)
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(database, sql, -1, &reading->statement, NULL);
    sqlite3_free(sql);
    if (code != SQLITE_OK)
        return code;
    reading->low = sqlite3_bind_parameter_index(reading->statement, ":low");
    reading->high = sqlite3_bind_parameter_index(reading->statement, ":high");
    return sqlite3_bind_int64(reading->statement,
                              sqlite3_bind_parameter_index(reading->statement, ":as_of"), as_of);
}

static int prepare_named(sqlite3 *database, enum statement name, sqlite3_stmt **statement)
{
    return sqlite3_prepare_v2(database, statement_text[name], -1, statement, NULL);
}

/* A day's kept counts. A slot within which the local day changes is read from the facts. */
static int read_kept(struct reading *reading, sqlite3_stmt *kept, int64_t day)
{
    int64_t slot = -1, local = 0;
    bool parted = false;
    int code = sqlite3_bind_int64(kept, 1, day);
    while (code == SQLITE_OK && (code = sqlite3_step(kept)) == SQLITE_ROW) {
        code = SQLITE_OK;
        if (slot != sqlite3_column_int64(kept, 0)) {
            slot = sqlite3_column_int64(kept, 0);
            local = local_day(slot * OUTCOME_SLOT_MS);
            parted = local != local_day((slot + 1) * OUTCOME_SLOT_MS - 1);
            if (parted)
                code = read_days(reading, slot * OUTCOME_SLOT_MS, (slot + 1) * OUTCOME_SLOT_MS,
                                 MINUTE_MS);
        }
        if (!parted)
            code = read_entry(reading->told, kept, local);
    }
    sqlite3_reset(kept);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

/* The days `first` to `last` (UTC): what is kept of those whose counts hold at the moment, the
 * facts of the others. */
static int read_range(struct reading *reading, sqlite3 *database, int64_t first, int64_t last,
                      int64_t as_of)
{
    sqlite3_stmt *resting = NULL, *kept = NULL;
    int64_t from = first;
    int code = prepare_named(database, STATEMENT_resting_days, &resting);
    if (code == SQLITE_OK)
        code = prepare_named(database, STATEMENT_kept_causes, &kept);
    const int64_t values[] = {as_of, first, last};
    for (int i = 0; i < 3 && code == SQLITE_OK; i++)
        code = sqlite3_bind_int64(resting, i + 1, values[i]);
    while (code == SQLITE_OK && (code = sqlite3_step(resting)) == SQLITE_ROW) {
        int64_t day = sqlite3_column_int64(resting, 0);
        code = read_days(reading, from * DAY_MS, day * DAY_MS, OUTCOME_SLOT_MS);
        if (code == SQLITE_OK)
            code = read_kept(reading, kept, day);
        from = day + 1;
    }
    code = code == SQLITE_DONE ? SQLITE_OK : code;
    if (code == SQLITE_OK)
        code = read_days(reading, from * DAY_MS, (last + 1) * DAY_MS, OUTCOME_SLOT_MS);
    sqlite3_finalize(resting);
    sqlite3_finalize(kept);
    return code;
}

/* What read_all() reads. */
struct range {
    int64_t first, last; /* days, UTC */
    int64_t as_of;
    bool facts_alone;
};

/* A statement that stands at its row meanwhile keeps the ledger as it is for all of the parts. */
static void read_all(struct outcome_counts *told, struct ledger *ledger, const struct range *range)
{
    sqlite3 *database = ledger_database(ledger);
    struct reading reading = {.told = told};
    sqlite3_stmt *snapshot = NULL;
    int code = sqlite3_prepare_v2(database, "SELECT id FROM ledger", -1, &snapshot, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(snapshot)) == SQLITE_ROW)
        code = prepare(&reading, database, range->as_of);
    if (code == SQLITE_OK)
        code = range->facts_alone
                   ? read_part(&reading, range->first * DAY_MS, (range->last + 1) * DAY_MS - 1, 0)
                   : read_range(&reading, database, range->first, range->last, range->as_of);
    if (code != SQLITE_OK) /* while SQLite still has the message */
        ledger_fail(ledger, code, "reading what was told: %s",
                    code == sqlite3_errcode(database) ? sqlite3_errmsg(database)
                                                      : sqlite3_errstr(code));
    sqlite3_finalize(reading.statement);
    sqlite3_finalize(snapshot);
}

bool outcome_counts_read(struct outcome_counts *told, struct session *session, int64_t first,
                         int64_t last, int64_t as_of)
{
    struct ledger *ledger = session->ledger;
    memset(told, 0, sizeof *told);
    if (!ledger_ready(ledger))
        return false;
    const struct range range = {
        .first = first - MARGIN_DAYS, .last = last + MARGIN_DAYS, .as_of = as_of};
    read_all(told, ledger, &range);
    return !ledger_failed(ledger);
}

bool outcome_counts_of_day(struct outcome_counts *told, struct ledger *ledger, int64_t day,
                           int64_t as_of)
{
    memset(told, 0, sizeof *told);
    const struct range range = {.first = day, .last = day, .as_of = as_of, .facts_alone = true};
    read_all(told, ledger, &range);
    return !ledger_failed(ledger);
}

void outcome_counts_end(struct outcome_counts *told)
{
    free(told->entries);
    memset(told, 0, sizeof *told);
}

/* -- listings -- */

/* The statement as one line, with values in place of its parameters. */
static void append_statement(sqlite3_str *sql, const struct outcome_counts_listing *listing)
{
    const struct {
        const char *name;
        int64_t value;
    } parameters[] = {{":as_of", listing->as_of},
                      {":low", (listing->first - MARGIN_DAYS) * DAY_MS},
                      {":high", (listing->last + MARGIN_DAYS) * DAY_MS}};
    const char *at = statement_text[STATEMENT_outcome_causes];
    while (*at != '\0') {
        size_t taken = 0;
        for (size_t i = 0; i < 3 && taken == 0; i++)
            if (strncmp(at, parameters[i].name, strlen(parameters[i].name)) == 0) {
                taken = strlen(parameters[i].name);
                sqlite3_str_appendf(sql, "%lld", (long long)parameters[i].value);
            }
        if (taken == 0 && (*at == ' ' || *at == '\n')) {
            taken = strspn(at, " \n");
            sqlite3_str_appendchar(sql, 1, ' ');
        } else if (taken == 0) {
            taken = 1;
            sqlite3_str_appendchar(sql, 1, *at);
        }
        at += taken;
    }
}

char *outcome_counts_list(const struct outcome_counts_listing *listing)
{
    char shifted[96] = "";
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (listing->shifted)
        sqlite3_snprintf(sizeof shifted, shifted,
                         "date(attempted_at / 1000 + %d, 'unixepoch') AS vendor_day",
                         listing->minutes * 60);
    sqlite3_str_appendf(sql,
                        "SELECT attempt_id, report_id, strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', "
                        "attempted_at / 1000, 'unixepoch') AS attempted_at, "
                        "day%s, outcome, certain, possible, cause FROM (",
                        listing->shifted ? ", vendor_day" : "");
    sqlite3_str_appendf(sql,
                        "SELECT *, date(attempted_at / 1000, 'unixepoch', 'localtime') AS day%s%s "
                        "FROM (",
                        listing->shifted ? ", " : "", shifted);
    append_statement(sql, listing);
    sqlite3_str_appendf(sql, ")) WHERE %s", listing->where);
    sqlite3_str_appendall(sql, " ORDER BY day, outcome, attempt_id, report_id;");
    return sqlite3_str_finish(sql);
}
