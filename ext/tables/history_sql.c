/* SPDX-License-Identifier: MIT */
#include "tables/history_sql.h"

#include <stdio.h>
#include <string.h>

#include "tables/history_sums.h"

/* The step that fixes a column, so that it need not be computed again; -1: none does. */
static int fixed_by(const struct history *history, const char *plan, int column)
{
    int arguments = history_plan_arguments(plan);
    for (int i = 0; i < arguments; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        bool alone = step.letter != 'i' && step.letter != 'A' && step.letter != 'N' &&
                     step.letter != 'O' && step.column == &history->columns[column];
        if (alone &&
            (step.letter == 'n' || (step.column->search != SEARCH_INTEGER &&
                                    history_plan_is_exact(step.column->search, step.letter))))
            return i;
    }
    return -1;
}

/* What a column is made of, as the statement calls it. */
static void name_source(const struct history_column *column, char name[64])
{
    snprintf(name, 64, "%s%s", column->kind == HISTORY_FIRST ? "reasons" : column->name,
             column->kind == HISTORY_TIME ? "_ms" : "");
}

/* An earlier column that is used and made of the same; -1: none is. */
static int same_source(const struct history *history, const char *plan, int column)
{
    char name[64], other[64];
    name_source(&history->columns[column], name);
    for (int i = 0; i < column; i++) {
        enum history_kind kind = history->columns[i].kind;
        name_source(&history->columns[i], other);
        if (history_plan_uses(plan, i) && strcmp(name, other) == 0 &&
            (kind == HISTORY_VALUE || kind == HISTORY_TIME || kind == HISTORY_FIRST) &&
            fixed_by(history, plan, i) < 0)
            return i;
    }
    return -1;
}

/* Adds a column; the number of columns added. SQLite would compute twice what stands there twice.
 */
static int append_column(sqlite3_str *sql, const struct history *history, const char *plan,
                         int number, unsigned char *places)
{
    const struct history_column *column = &history->columns[number];
    char name[64];
    int by = fixed_by(history, plan, number), same = same_source(history, plan, number);
    switch (column->kind) {
    case HISTORY_AS_OF:
    case HISTORY_INPUT:
        return 0;
    case HISTORY_PAYLOAD:
        sqlite3_str_appendall(sql, ", attempt_id, outcome, reasons, told_at");
        return 4;
    case HISTORY_TIME:
    case HISTORY_FIRST:
    case HISTORY_VALUE:
        break;
    }
    if (by >= 0 && history_plan_step(history, plan, by).letter == 'n') {
        sqlite3_str_appendall(sql, ", NULL");
    } else if (by >= 0) {
        sqlite3_str_appendf(sql, ", ?%d", history_plan_parameter(by));
    } else if (same >= 0) {
        places[number] = places[same];
        return 0;
    } else {
        name_source(column, name);
        sqlite3_str_appendf(sql, ", %s", name);
    }
    return 1;
}

/* The attempts or reports among which those of a state are. */
static void append_candidates(sqlite3_str *sql, enum history_search search, char letter,
                              int parameter, bool now)
{
    if (letter == HISTORY_VERIFIED) /* these are all, and no others */
        sqlite3_str_appendf(sql,
                            " AND id IN (SELECT c.attempt_id FROM code_end e JOIN code c ON c.id = "
                            "e.code_id WHERE e.state = 'verified' AND NOT EXISTS (SELECT 1 FROM "
                            "code_end l WHERE l.code_id = e.code_id AND l.id > e.id%s)%s)",
                            now ? "" : " AND l.recorded_at <= ?1",
                            now ? "" : " AND e.recorded_at <= ?1 AND c.recorded_at <= ?1");
    else if (letter == HISTORY_ENDED)
        sqlite3_str_appendf(sql,
                            " AND id IN (SELECT c.attempt_id FROM code_end e JOIN code c ON c.id = "
                            "e.code_id WHERE e.state = ?%d)",
                            parameter);
    else if (letter == HISTORY_DEAD && search == SEARCH_REPORT_STATE)
        sqlite3_str_appendall(sql,
                              " AND id IN (SELECT r.attempt_id FROM report_event v JOIN report r "
                              "ON r.id = v.report_id WHERE v.state = 'dead')");
    else if (letter == HISTORY_DEAD)
        sqlite3_str_appendall(
            sql, " AND id IN (SELECT report_id FROM report_event WHERE state = 'dead')");
    else if (letter == HISTORY_QUEUED && search == SEARCH_REPORT_STATE)
        sqlite3_str_appendall(
            sql, " AND id IN (SELECT attempt_id FROM report WHERE next_try_at IS NOT NULL)");
    else if (letter == HISTORY_QUEUED)
        sqlite3_str_appendall(sql, " AND queued_until IS NOT NULL");
}

static void append_condition(sqlite3_str *sql, const struct history_column *column, char letter,
                             int parameter, bool now)
{
    char name[64];
    if (letter == 'n' && column->search == SEARCH_ACKNOWLEDGED) {
        /* the first that is found decides, while the column looks for the last */
        sqlite3_str_appendf(sql,
                            " AND NOT EXISTS (SELECT 1 FROM report r JOIN report_event v ON "
                            "v.report_id = r.id WHERE r.attempt_id = history.id AND v.state = "
                            "'acknowledged'%s)",
                            now ? "" : " AND v.recorded_at <= ?1");
        return;
    }
    if (letter == 'n') {
        name_source(column, name);
        sqlite3_str_appendf(sql, " AND %s IS NULL", name);
        return;
    }
    if (letter == HISTORY_OPEN)
        return;
    if (letter == HISTORY_NEVER) {
        sqlite3_str_appendall(sql, " AND 0");
        return;
    }
    const char *sign = letter == 'l'   ? "<"
                       : letter == 'm' ? "<="
                       : letter == 'g' ? ">"
                       : letter == 'h' ? ">="
                                       : "=";
    bool list = letter == 'i';
    switch (column->search) {
    case SEARCH_INTEGER:
        if (list)
            sqlite3_str_appendf(sql, " AND %s IN (SELECT value FROM json_each(?%d))", column->name,
                                parameter);
        else
            sqlite3_str_appendf(sql, " AND %s %s ?%d", column->name, sign, parameter);
        break;
    case SEARCH_TIME: /* bounds as bind_time() sets them: a text bound of a time is as fine as its
                         author wrote it */
        if (letter == '=')
            sqlite3_str_appendf(sql, " AND %s_ms BETWEEN ?%d AND ?%d", column->name, parameter,
                                parameter + 1);
        else if (letter == 'l' || letter == 'm')
            sqlite3_str_appendf(sql, " AND %s_ms <= ?%d", column->name, parameter);
        else if (letter == 'g' || letter == 'h')
            sqlite3_str_appendf(sql, " AND %s_ms >= ?%d", column->name, parameter);
        break;
    case SEARCH_OUTCOME: /* only a pending attempt can come to another outcome */
        if (list)
            sqlite3_str_appendf(sql, " AND admitted_outcome IN (SELECT value FROM json_each(?%d))",
                                parameter);
        else
            sqlite3_str_appendf(sql,
                                " AND %sadmitted_outcome IN ('pending', ?%d) AND outcome = ?%d",
                                letter == HISTORY_SCANNED ? "+" : "", parameter, parameter);
        break;
    case SEARCH_CUSTOMER:
        sqlite3_str_appendf(sql,
                            " AND id IN (SELECT ?%d UNION SELECT id FROM attempt WHERE customer_id "
                            "= ?%d AND customer_id <> id UNION SELECT attempt_id FROM decision "
                            "WHERE customer_id = ?%d AND customer_id <> attempt_id)",
                            parameter, parameter, parameter);
        break;
    case SEARCH_CODE_STATE:
    case SEARCH_REPORT_STATE:
    case SEARCH_OWN_REPORT_STATE:
        append_candidates(sql, column->search, letter, parameter, now);
        if (letter != HISTORY_VERIFIED)
            sqlite3_str_appendf(sql, " AND %s = ?%d", column->name, parameter);
        break;
    case SEARCH_ORIGIN:
        if (letter == HISTORY_COMMON)
            sqlite3_str_appendf(sql, " AND %s = ?%d", column->name, parameter);
        else
            sqlite3_str_appendf(
                sql,
                " AND id IN (SELECT attempt_id FROM origin_index WHERE kind = %d AND value = ?%d)",
                history_origin_kind(column), parameter);
        break;
    case SEARCH_TEXT:
    case SEARCH_STATE:
        sqlite3_str_appendf(sql, " AND %s = ?%d", column->name, parameter);
        break;
    case SEARCH_EMAIL:
    case SEARCH_PHONE:
    case SEARCH_USERNAME:
        if (list)
            sqlite3_str_appendf(
                sql,
                " AND id IN (SELECT attempt_id FROM subject_index WHERE key IN (SELECT "
                "value FROM json_each(?%d)))",
                parameter);
        else
            sqlite3_str_appendf(sql, " AND id = of_%d", parameter);
        break;
    case SEARCH_ACKNOWLEDGED:
    case SEARCH_NONE:
        break;
    }
}

/*
 * The attempts of an address, before all else in FROM: in this form SQLite looks both keys up
 * without the temporary table that IN would cost at each look. An attempt stands under a key once.
 * :as_of is named so that it is the first parameter here as well.
 */
static void append_source(sqlite3_str *sql, struct history_step step, int parameter)
{
    enum history_search search = step.column->search;
    if (step.letter == '=' &&
        (search == SEARCH_EMAIL || search == SEARCH_PHONE || search == SEARCH_USERNAME))
        sqlite3_str_appendf(sql,
                            "(SELECT attempt_id AS of_%d FROM subject_index WHERE key = ?%d "
                            "UNION ALL SELECT attempt_id FROM subject_index WHERE key = ?%d AND "
                            "?%d <> ?%d) CROSS JOIN ",
                            parameter, parameter, parameter + 1, parameter + 1, parameter);
}

/* Whether a condition stands here that everything recorded by now fulfils, as in
 * `x.recorded_at <= :as_of`; its length, 0: none. */
static size_t length_of_bound(const char *at)
{
    static const char *const bounds[] = {".recorded_at <= :as_of", ".started_at <= :as_of"};
    for (size_t i = 0; at[0] >= 'a' && at[0] <= 'z' && i < sizeof bounds / sizeof *bounds; i++)
        if (strncmp(at + 1, bounds[i], strlen(bounds[i])) == 0)
            return 1 + strlen(bounds[i]);
    return 0;
}

/* The statement of a table. Of now it leaves out the bounds that all facts are within: each costs
 * the row of a fact where an index alone would have answered. */
static void append_statement(sqlite3_str *sql, const struct history *history, bool now)
{
    static const char and[] = " AND ", where[] = " WHERE ";
    const char *at = statement_text[history->statement], *done = at;
    for (; now && *at != '\0'; at++) {
        bool first = strncmp(at, where, strlen(where)) == 0;
        size_t before = first ? strlen(where) : strlen(and), bound;
        if ((!first && strncmp(at, and, strlen(and)) != 0) ||
            (bound = length_of_bound(at + before)) == 0)
            continue;
        sqlite3_str_append(sql, done, (int)(at - done));
        sqlite3_str_appendall(sql, first ? " WHERE 1" : "");
        done = at + before + bound;
        at = done - 1;
    }
    sqlite3_str_appendall(sql, done);
}

static const char *const orders[] = {"",
                                     " ORDER BY id",
                                     " ORDER BY id DESC",
                                     " ORDER BY attempted_at_ms, id",
                                     " ORDER BY attempted_at_ms DESC, id DESC",
                                     "",
                                     " ORDER BY 2, 1"};

char *history_sql(const struct history *history, const char *plan, int order,
                  unsigned char places[HISTORY_PLAN_COLUMNS])
{
    int place = 1, limit = 0, offset = 0, arguments = history_plan_arguments(plan);
    bool now = true;
    for (int i = 0; i < arguments; i++)
        now = now && history_plan_step(history, plan, i).letter != 'A';
    sqlite3_str *sql = sqlite3_str_new(NULL);
    if (order == ORDER_SUMS) {
        memset(places, 1, HISTORY_PLAN_COLUMNS);
        append_statement(sql, history, now);
        char *rows = sqlite3_str_finish(sql);
        char *sums = rows == NULL ? NULL : history_sums_sql(history, plan, rows);
        sqlite3_free(rows);
        return sums;
    }
    /* Named before any other parameter, :as_of is the first. */
    sqlite3_str_appendall(sql, "WITH first AS (SELECT :as_of) SELECT id");
    /* A column that nobody looks at would cost even as NULL: a third of a scan's time, all
     * together. */
    for (int i = 0; i < history->count; i++)
        if (history_plan_uses(plan, i)) {
            places[i] = (unsigned char)place;
            place += append_column(sql, history, plan, i, places);
        }
    sqlite3_str_appendall(sql, " FROM ");
    for (int i = 0; i < arguments; i++)
        append_source(sql, history_plan_step(history, plan, i), history_plan_parameter(i));
    sqlite3_str_appendall(sql, "(");
    append_statement(sql, history, now);
    sqlite3_str_appendall(sql, "\n) AS history WHERE ?1 IS NOT NULL");
    for (int i = 0; i < arguments; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        if (step.letter == 'N')
            limit = history_plan_parameter(i);
        else if (step.letter == 'O')
            offset = history_plan_parameter(i);
        else
            append_condition(sql, step.column, step.letter, history_plan_parameter(i), now);
    }
    sqlite3_str_appendall(sql, orders[order]);
    if (limit != 0)
        sqlite3_str_appendf(sql, " LIMIT ?%d", limit);
    if (offset != 0)
        sqlite3_str_appendf(sql, " OFFSET ?%d", offset);
    return sqlite3_str_finish(sql);
}

char *history_sql_probe(const struct history *history, int order, int rows)
{
    return sqlite3_mprintf(
        "SELECT count(*) FROM (SELECT outcome FROM (%s\n) WHERE ?1 IS NOT NULL%s "
        "LIMIT %d) WHERE outcome = ?2",
        statement_text[history->statement], orders[order], rows);
}
