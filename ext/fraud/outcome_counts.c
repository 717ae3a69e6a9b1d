#include "fraud/outcome_counts.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"
#include "host.h"
#include "values/duration.h"
#include "values/moment.h"

/* Offsets of time zones go from -12 to +14 hours, so no day begins further than this from UTC's. */
static const int64_t MARGIN_MS = 2 * (int64_t)DAY_MS;

#define TOLD_NAME(name, help) #name,
#define TOLD_HELP(name, help) help,
static const char *const names[] = {TOLD_CAUSES(TOLD_NAME)};
static const char *const helps[] = {TOLD_CAUSES(TOLD_HELP)};

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
    for (int i = 0; name != NULL && i < TOLD_CAUSE_COUNT; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return TOLD_NONE;
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

static int read_entry(struct outcome_counts *told, sqlite3_stmt *statement)
{
    int64_t moment = 0;
    const char *day = (const char *)sqlite3_column_text(statement, 0),
               *outcome = (const char *)sqlite3_column_text(statement, 2),
               *cause = (const char *)sqlite3_column_text(statement, 3);
    if (sqlite3_column_type(statement, 0) == SQLITE_NULL ||
        sqlite3_column_type(statement, 2) == SQLITE_NULL)
        return SQLITE_CORRUPT;
    if (day == NULL || outcome == NULL ||
        (cause == NULL && sqlite3_column_type(statement, 3) != SQLITE_NULL))
        return SQLITE_NOMEM;
    moment_parse(day, &moment);
    const struct outcome_count entry = {.day = moment / DAY_MS,
                                        .slot = sqlite3_column_int64(statement, 1),
                                        .success = strcmp(outcome, "success") == 0,
                                        .cause = cause_named(cause),
                                        .unit = sqlite3_column_int64(statement, 4),
                                        .certain = sqlite3_column_int64(statement, 5),
                                        .possible = sqlite3_column_int64(statement, 6),
                                        .open = sqlite3_column_int64(statement, 7),
                                        .rows = sqlite3_column_int64(statement, 8),
                                        .unsure = sqlite3_column_int64(statement, 9)};
    return add(told, &entry) ? SQLITE_OK : SQLITE_NOMEM;
}

/* The whole is one statement, and so one state of the ledger. */
static int read_all(struct outcome_counts *told, sqlite3 *database, int64_t low, int64_t high,
                    int64_t as_of)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT day, attempted_at / %d, outcome, cause, sum(unit), "
                                "sum(certain), sum(possible), "
                                "sum(NOT certain AND possible > 0), count(*), sum(possible > "
                                "0)\nFROM (%s)\nGROUP BY 1, 2, 3, 4",
                                (int)TOLD_SLOT_MS, statement_text[STATEMENT_told]);
    if (sql == NULL)
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    const struct {
        const char *name;
        int64_t value;
    } parameters[] = {{":as_of", as_of}, {":low", low}, {":high", high}};
    for (size_t i = 0; i < 3 && code == SQLITE_OK; i++)
        code = sqlite3_bind_int64(statement,
                                  sqlite3_bind_parameter_index(statement, parameters[i].name),
                                  parameters[i].value);
    while (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        code = read_entry(told, statement);
    int finalized = sqlite3_finalize(statement);
    return code == SQLITE_DONE ? finalized : code;
}

bool outcome_counts_read(struct outcome_counts *told, struct session *session, int64_t first,
                         int64_t last, int64_t as_of)
{
    struct ledger *ledger = session->ledger;
    memset(told, 0, sizeof *told);
    if (!ledger_ready(ledger))
        return false;
    sqlite3 *database = ledger_database(ledger);
    int code =
        read_all(told, database, first * DAY_MS - MARGIN_MS, last * DAY_MS + MARGIN_MS, as_of);
    if (code != SQLITE_OK)
        ledger_fail(ledger, code, "reading what was told: %s",
                    code == SQLITE_NOMEM ? "out of memory" : sqlite3_errmsg(database));
    return code == SQLITE_OK;
}

void outcome_counts_end(struct outcome_counts *told)
{
    free(told->entries);
    memset(told, 0, sizeof *told);
}

/* -- listings -- */

/* The statement as one line, with values in place of its parameters. */
static void append_told(sqlite3_str *sql, const struct outcome_counts_listing *listing)
{
    const struct {
        const char *name;
        int64_t value;
    } parameters[] = {{":as_of", listing->as_of},
                      {":low", listing->first * DAY_MS - MARGIN_MS},
                      {":high", listing->last * DAY_MS + MARGIN_MS}};
    const char *at = statement_text[STATEMENT_told];
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
    static const char local[] = "day";
    char shifted[96] = "";
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (listing->shifted)
        sqlite3_snprintf(sizeof shifted, shifted,
                         "date(attempted_at / 1000 + %d, 'unixepoch') AS vendor_day",
                         listing->minutes * 60);
    sqlite3_str_appendf(sql,
                        "SELECT attempt_id, report_id, strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', "
                        "attempted_at / 1000, 'unixepoch') AS attempted_at, "
                        "%s%s%s, outcome, certain, possible, cause FROM (",
                        local, listing->shifted ? ", " : "", listing->shifted ? "vendor_day" : "");
    sqlite3_str_appendf(sql, "SELECT *%s%s FROM (", listing->shifted ? ", " : "", shifted);
    append_told(sql, listing);
    sqlite3_str_appendf(sql, ")) WHERE %s", listing->where);
    sqlite3_str_appendall(sql, " ORDER BY day, outcome, attempt_id, report_id;");
    return sqlite3_str_finish(sql);
}
