/* SPDX-License-Identifier: MIT */
#include "tables/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables/as_of.h"
#include "tables/history_sql.h"
#include "tables/history_values.h"
#include "values/moment.h"
#include "fraud/payload.h"
#include "tables/table.h"

/* PROBED: so many rows in an order are looked at before those of an outcome are sorted. */
enum { IDLE = 8, ROWS_GOOD_FOR_MS = 1000, PROBED = 8192 };

/* A plan's statement. A cursor has it, or it waits for the next one with the same plan. */
struct prepared {
    sqlite3_stmt *statement;
    int order;
    char plan[HISTORY_PLAN_SIZE];
    unsigned char places[HISTORY_PLAN_COLUMNS]; /* of the table's columns in the statement's rows */
    bool single;                                /* it gives one row at the most */
};

struct history_table {
    sqlite3_vtab base;
    const struct history *history;
    struct session *session;
    struct prepared *idle[IDLE];
    struct table_given given; /* as_of */
    unsigned next_victim;
    struct history_size size; /* as counted at size_at */
    int64_t size_at;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct prepared *prepared;
    int64_t as_of;
    sqlite3_value *as_of_given; /* what as_of reads as, where it was given */
    bool at_end;
    bool counting; /* rows are given without being read: nothing is asked for but their number,
                      or that and a state that they share */
    struct prepared *each; /* of states: gives the rows one by one, if an id is asked for */
    int64_t left;          /* how many of them there are yet, with the one at hand */
    int64_t ahead; /* how many rows the statement has yet to pass to come to the one at hand */
};

static void finish(struct prepared *prepared)
{
    if (prepared != NULL)
        sqlite3_finalize(prepared->statement);
    sqlite3_free(prepared);
}

static int fail(struct history_table *table, const char *format, const char *text)
{
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf(format, text);
    return SQLITE_ERROR;
}

static int table_ledger_error(struct history_table *table)
{
    struct ledger *ledger = table->session->ledger;
    int code = ledger_code(ledger);
    fail(table, "%s", ledger_error(ledger));
    ledger_forgive(ledger);
    return code;
}

struct session *history_door(sqlite3_vtab *table)
{
    return ((struct history_table *)table)->session;
}

int history_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                    sqlite3_vtab **table, char **error)
{
    const struct history_module *module = client;
    const struct history *history = module->history;
    (void)count;
    (void)arguments;
    struct history_table *made = sqlite3_malloc(sizeof *made);
    sqlite3_str *declaration = sqlite3_str_new(database);
    sqlite3_str_appendall(declaration, "CREATE TABLE x(");
    for (int i = 0; i < history->count; i++) {
        const struct history_column *column = &history->columns[i];
        bool hidden = column->kind == HISTORY_AS_OF || column->kind == HISTORY_INPUT;
        sqlite3_str_appendf(declaration, "%s%s %s%s", i > 0 ? ", " : "", column->name, column->type,
                            hidden ? " HIDDEN" : "");
    }
    sqlite3_str_appendall(declaration, ")");
    char *sql = sqlite3_str_finish(declaration);
    int code = made == NULL || sql == NULL ? SQLITE_NOMEM : table_declare(database, sql, error);
    sqlite3_free(sql);
    if (code != SQLITE_OK) {
        sqlite3_free(made);
        return code;
    }
    memset(made, 0, sizeof *made);
    made->history = history;
    made->session = session_hold(module->session);
    *table = &made->base;
    return SQLITE_OK;
}

int history_disconnect(sqlite3_vtab *base)
{
    struct history_table *table = (struct history_table *)base;
    for (int i = 0; i < IDLE; i++)
        finish(table->idle[i]);
    session_rest(table->session);
    session_release(table->session);
    sqlite3_free(table);
    return SQLITE_OK;
}

int history_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct history_table *table = (struct history_table *)base;
    int64_t now = moment_now();
    struct ledger *ledger = table->session->ledger;
    /* A plan is tried several times; an estimate needs no counting each time. */
    if (table->size_at == 0 || now < table->size_at || now - table->size_at > ROWS_GOOD_FOR_MS) {
        table->size.rows = (double)ledger_number(ledger, table->history->rows, 0);
        table->size.in_time = ledger_number(ledger, STATEMENT_recorded_in_order, 0) != 0;
        table->size.summed = ledger_number(ledger, STATEMENT_days_summed, 0) != 0;
        table->size.newer = (double)ledger_number(ledger, STATEMENT_origins_unread, 0);
        table->size.unmerged = (double)ledger_number(ledger, STATEMENT_origins_left, 0);
        table->size_at = now;
        ledger_forgive(ledger); /* no ledger yet: xFilter says so */
    }
    int code = history_plan_choose(table->history, &table->size, &table->given, info);
    return code == SQLITE_ERROR ? fail(table,
                                       "as_of: expected one moment, as in as_of = %s, for all of "
                                       "the condition: not within OR, CASE or another expression",
                                       "'2026-01-31T12:00:00Z'")
                                : code;
}

static int prepare(struct history_table *table, struct prepared **hand, const char *plan, int order)
{
    sqlite3 *database = ledger_database(table->session->ledger);
    struct prepared *made = sqlite3_malloc(sizeof *made);
    if (made == NULL)
        return SQLITE_NOMEM;
    memset(made, 0, sizeof *made);
    made->order = order;
    snprintf(made->plan, sizeof made->plan, "%s", plan);
    made->single = history_plan_is_single(table->history, plan);
    char *sql = history_sql(table->history, plan, order, made->places);
    int code = sql == NULL ? SQLITE_NOMEM
                           : sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                                &made->statement, NULL);
    sqlite3_free(sql);
    if (code != SQLITE_OK) {
        fail(table, "%s", sqlite3_errmsg(database));
        finish(made);
        return code;
    }
    *hand = made;
    return SQLITE_OK;
}

static void give_back(struct history_table *table, struct prepared **hand)
{
    if (*hand == NULL)
        return;
    sqlite3_reset((*hand)->statement);
    struct prepared **place = &table->idle[table->next_victim % IDLE];
    for (int i = 0; i < IDLE; i++)
        if (table->idle[i] == NULL)
            place = &table->idle[i];
    if (*place != NULL)
        table->next_victim++;
    finish(*place);
    *place = *hand;
    *hand = NULL;
}

/* A statement for the plan: the one in hand, one that another cursor has left, or a new one. Only
 * then is the ledger's version asked for: see history_filter(). */
static int take_statement(struct history_table *table, struct prepared **hand, const char *plan,
                          int order)
{
    if (*hand != NULL && (*hand)->order == order && strcmp((*hand)->plan, plan) == 0) {
        sqlite3_reset((*hand)->statement);
        return SQLITE_OK;
    }
    give_back(table, hand);
    for (int i = 0; i < IDLE; i++) {
        struct prepared *idle = table->idle[i];
        if (idle != NULL && idle->order == order && strcmp(idle->plan, plan) == 0) {
            *hand = idle;
            table->idle[i] = NULL;
            return SQLITE_OK;
        }
    }
    return ledger_ready(table->session->ledger) ? prepare(table, hand, plan, order)
                                                : table_ledger_error(table);
}

int history_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    int code = table_is_meant(table, history_door(table), false);
    if (code != SQLITE_OK)
        return code;
    ((struct history_table *)table)->given.columns = 0;
    struct cursor *made = sqlite3_malloc(sizeof *made);
    if (made == NULL)
        return SQLITE_NOMEM;
    memset(made, 0, sizeof *made);
    *cursor = &made->base;
    return SQLITE_OK;
}

int history_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    give_back(table, &cursor->prepared);
    give_back(table, &cursor->each);
    sqlite3_value_free(cursor->as_of_given);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int read_as_of(struct history_table *table, struct cursor *cursor, sqlite3_value *value,
                      int64_t now)
{
    struct error error;
    sqlite3_value_free(cursor->as_of_given);
    cursor->as_of_given = sqlite3_value_dup(value);
    if (cursor->as_of_given == NULL)
        return SQLITE_NOMEM;
    if (as_of_read(value, now, &cursor->as_of, &error))
        return SQLITE_OK;
    fail(table, "%s", error.text);
    return ledger_code_for(&error);
}

/* No such table may be asked for from within. */
static int read_row(const struct history_table *table, sqlite3_stmt *statement)
{
    table->session->answering = true;
    int code = sqlite3_step(statement);
    table->session->answering = false;
    return code;
}

static int step(struct cursor *cursor, struct prepared *prepared)
{
    struct history_table *table = (struct history_table *)cursor->base.pVtab;
    int code = read_row(table, prepared->statement);
    cursor->at_end = code != SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return SQLITE_OK;
    fail(table, "%s", sqlite3_errmsg(ledger_database(table->session->ledger)));
    return code;
}

/* -- What order is best, the values being known -- */

/* Sums tell sooner than facts how many are in a state, but for those that an index leads to. */
static int order_of_sums(struct history_table *table, const char *plan, int count, int order)
{
    for (int i = 0; i < count && order == ORDER_SUMS; i++) {
        char letter = history_plan_step(table->history, plan, i).letter;
        if (letter == HISTORY_DEAD || letter == HISTORY_QUEUED)
            order = ORDER_NONE;
    }
    return order;
}

/* Whether enough rows of an outcome are among the first in the order that is asked for. If they
 * are, they are read in that order; if not, all of the outcome are found by its index and sorted.
 */
static int probe(struct history_table *table, struct cursor *cursor, int order,
                 sqlite3_value *outcome, int64_t wanted, bool *enough)
{
    sqlite3 *database = ledger_database(table->session->ledger);
    sqlite3_stmt *statement = NULL;
    char *sql = history_sql_probe(table->history, order, PROBED);
    if (sql == NULL)
        return SQLITE_NOMEM;
    int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(statement, 1, cursor->as_of);
    if (code == SQLITE_OK)
        code = sqlite3_bind_value(statement, 2, outcome);
    if (code == SQLITE_OK && (code = read_row(table, statement)) == SQLITE_ROW) {
        *enough = sqlite3_column_int64(statement, 0) >= wanted;
        code = SQLITE_OK;
    }
    if (code != SQLITE_OK)
        fail(table, "%s", sqlite3_errmsg(database));
    sqlite3_finalize(statement);
    return code;
}

/* An outcome alone, in an order, and no more rows than a probe looks at: worth a probe. */
static int settle_outcome(struct history_table *table, struct cursor *cursor, char *plan, int order,
                          sqlite3_value **arguments)
{
    int outcome = -1, others = 0, count = history_plan_arguments(plan);
    int64_t wanted = -1, offset = 0;
    bool enough = false;
    for (int i = 0; i < count; i++) {
        struct history_step step = history_plan_step(table->history, plan, i);
        if (step.letter == 'N')
            wanted = sqlite3_value_int64(arguments[i]);
        else if (step.letter == 'O')
            offset = sqlite3_value_int64(arguments[i]);
        else if (step.letter == '=' && step.column->search == SEARCH_OUTCOME)
            outcome = i;
        else if (step.letter != 'A')
            others++;
    }
    if (outcome < 0 || others > 0 || order == 0 || wanted < 0 || wanted > PROBED || offset > PROBED)
        return SQLITE_OK;
    int code = probe(table, cursor, order, arguments[outcome], wanted + (offset > 0 ? offset : 0),
                     &enough);
    if (enough)
        history_plan_settle(plan, outcome, HISTORY_SCANNED);
    return code;
}

/* Whether a plan leads to few rows by another of their columns. */
static bool leads_elsewhere(const struct history *history, const char *plan, int count)
{
    for (int i = 0; i < count; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        bool equal = step.letter == '=' || step.letter == 'i';
        enum history_search search = step.column->search;
        if (equal &&
            (search == SEARCH_EMAIL || search == SEARCH_PHONE || search == SEARCH_USERNAME ||
             search == SEARCH_CUSTOMER || strcmp(step.column->name, "id") == 0))
            return true;
    }
    return false;
}

/* Of an origin that many share, each row is looked at, in whatever order is asked for. */
static void settle_origins(struct history_table *table, char *plan, int count,
                           sqlite3_value **arguments)
{
    /* So many attempts of an origin are found and sorted in a hundredth of a second. */
    enum { MANY = 10000, MANY_FOR_FEW = 500 };
    struct ledger *ledger = table->session->ledger;
    bool elsewhere = leads_elsewhere(table->history, plan, count);
    for (int i = 0; i < count; i++) {
        struct history_step step = history_plan_step(table->history, plan, i);
        if (step.column->search != SEARCH_ORIGIN ||
            (step.letter != '=' && step.letter != HISTORY_FEW))
            continue;
        bool common = elsewhere;
        if (!common) {
            struct ledger_statement *row = ledger_use(ledger, STATEMENT_origin_is_common);
            ledger_set_integer(row, ":kind", history_origin_kind(step.column));
            ledger_set_text(row, ":value", (const char *)sqlite3_value_text(arguments[i]));
            ledger_set_integer(row, ":many", step.letter == '=' ? MANY : MANY_FOR_FEW);
            common = ledger_row(row);
            if (common)
                ledger_done(row);
        }
        if (common)
            history_plan_settle(plan, i, HISTORY_COMMON);
    }
}

/* -- Rows -- */

/* The rows are counted, and given without being read. The statement stands at the first meanwhile,
 * so that the ledger stays as it is; it is read on if an id is asked for after all. */
static int begin_count(struct history_table *table, struct cursor *cursor)
{
    cursor->left = ledger_number(table->session->ledger, table->history->number, 0);
    cursor->ahead = 0;
    cursor->counting = !cursor->at_end;
    cursor->at_end = cursor->at_end || cursor->left == 0;
    return ledger_failed(table->session->ledger) ? table_ledger_error(table) : SQLITE_OK;
}

/* The next state, if there is one. */
static int step_state(struct cursor *cursor)
{
    int code = step(cursor, cursor->prepared);
    if (!cursor->at_end)
        cursor->left = sqlite3_column_int64(cursor->prepared->statement, 0);
    return code;
}

/* A state is given as so many rows. What gives the rows one by one is ready, and only runs if an id
 * is asked for. */
static int begin_sums(struct history_table *table, struct cursor *cursor, const char *plan,
                      int count, sqlite3_value **arguments)
{
    int code = take_statement(table, &cursor->each, plan, ORDER_SUM_ROWS);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(cursor->each->statement, 1, cursor->as_of);
    if (code == SQLITE_OK)
        code = history_values_bind(table->session, table->history, cursor->each->statement, plan,
                                   count, arguments);
    cursor->counting = true;
    cursor->ahead = 1;
    return code == SQLITE_OK ? step_state(cursor) : code;
}

int history_filter(sqlite3_vtab_cursor *base, int order, const char *given, int count,
                   sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    char plan[HISTORY_PLAN_SIZE];
    if (table->session->answering)
        return fail(table, "%s", LEDGER_WITHIN_ITSELF);
    snprintf(plan, sizeof plan, "%s", given);
    history_values_settle(table->history, plan, count, arguments);
    order = order_of_sums(table, plan, count, order);
    int code = take_statement(table, &cursor->prepared, plan, order);
    int64_t now = code == SQLITE_OK ? ledger_now(table->session->ledger) : 0;
    cursor->as_of = now;
    cursor->counting = false;
    cursor->ahead = 0;
    give_back(table, &cursor->each);
    for (int i = 0; i < count && code == SQLITE_OK; i++)
        if (history_plan_step(table->history, plan, i).letter == 'A')
            code = read_as_of(table, cursor, arguments[i], now);
    if (code == SQLITE_OK)
        settle_origins(table, plan, count, arguments);
    if (code == SQLITE_OK)
        code = settle_outcome(table, cursor, plan, order, arguments);
    if (code == SQLITE_OK)
        code = take_statement(table, &cursor->prepared, plan, order);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(cursor->prepared->statement, 1, cursor->as_of);
    if (code == SQLITE_OK)
        code = history_values_bind(table->session, table->history, cursor->prepared->statement,
                                   plan, count, arguments);
    if (ledger_failed(table->session->ledger))
        return table_ledger_error(table);
    if (code == SQLITE_OK)
        code = order == ORDER_SUMS ? begin_sums(table, cursor, plan, count, arguments)
                                   : step(cursor, cursor->prepared);
    /* Prepared anew, because the schema has changed: another program may have upgraded the ledger
     * since its version was asked for. */
    if (code == SQLITE_OK &&
        sqlite3_stmt_status(cursor->prepared->statement, SQLITE_STMTSTATUS_REPREPARE, 1) != 0 &&
        !ledger_ready(table->session->ledger)) {
        finish(cursor->prepared); /* who asks again is refused again */
        cursor->prepared = NULL;
        return table_ledger_error(table);
    }
    if (code == SQLITE_OK && history_plan_is_count(plan) && order == ORDER_NONE)
        code = begin_count(table, cursor);
    return code;
}

int history_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    if (cursor->counting) {
        cursor->ahead++;
        cursor->at_end = --cursor->left <= 0;
        return cursor->at_end && cursor->each != NULL ? step_state(cursor) : SQLITE_OK;
    }
    if (!cursor->prepared->single)
        return step(cursor, cursor->prepared);
    cursor->at_end = true;
    return SQLITE_OK;
}

int history_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)cursor)->at_end;
}

int history_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    struct cursor *cursor = (struct cursor *)base;
    struct prepared *prepared = cursor->each != NULL ? cursor->each : cursor->prepared;
    int code = SQLITE_OK;
    for (; cursor->ahead > 0 && code == SQLITE_OK; cursor->ahead--)
        code = step(cursor, prepared);
    *rowid = sqlite3_column_int64(prepared->statement, 0);
    return code;
}

static int answer_payload(struct history_table *table, struct cursor *cursor, int first,
                          sqlite3_context *context)
{
    const char *outcome = (const char *)sqlite3_column_text(cursor->prepared->statement, first + 1);
    bool has_reasons = sqlite3_column_type(cursor->prepared->statement, first + 2) != SQLITE_NULL;
    struct payload_request request = {
        .attempt_id = sqlite3_column_int64(cursor->prepared->statement, first),
        .success = outcome != NULL && strcmp(outcome, "success") == 0,
        .reasons = (const char *)sqlite3_column_text(cursor->prepared->statement, first + 2),
        .fingerprint = PAYLOAD_MASKED,
        .as_of = sqlite3_column_int64(cursor->prepared->statement, first + 3)};
    if (sqlite3_column_type(cursor->prepared->statement, first + 1) == SQLITE_NULL)
        return SQLITE_CORRUPT;
    if (outcome == NULL || (has_reasons && request.reasons == NULL))
        return SQLITE_NOMEM;
    char *payload = payload_build(table->session, &request);
    if (ledger_failed(table->session->ledger))
        return table_ledger_error(table);
    if (payload != NULL)
        sqlite3_result_text(context, payload, -1, SQLITE_TRANSIENT);
    payload_free(payload);
    return SQLITE_OK;
}

/* The first of a JSON array of texts. An edited ledger may have one that is written otherwise than
 * ours: then SQLite reads it. */
static int answer_first(struct history_table *table, sqlite3_value *reasons,
                        sqlite3_context *context)
{
    const char *text = (const char *)sqlite3_value_text(reasons);
    size_t length = text == NULL || strncmp(text, "[\"", 2) != 0 ? 0 : strcspn(text + 2, "\"\\");
    if (text != NULL && strcmp(text, "[]") == 0)
        return SQLITE_OK;
    if (length > 0 && text[2 + length] == '"' && text[strlen(text) - 1] == ']') {
        sqlite3_result_text(context, text + 2, (int)length, SQLITE_TRANSIENT);
        return SQLITE_OK;
    }
    sqlite3 *database = ledger_database(table->session->ledger);
    sqlite3_stmt *statement = NULL;
    int code =
        sqlite3_prepare_v2(database, "SELECT json_extract(?1, '$[0]')", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_value(statement, 1, reasons);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        sqlite3_result_value(context, sqlite3_column_value(statement, 0));
        code = SQLITE_OK;
    }
    if (code != SQLITE_OK)
        fail(table, "%s", sqlite3_errmsg(database));
    sqlite3_finalize(statement);
    return code;
}

/* As sqlite3_result_value(), but that allocates anew for each text, while SQLITE_TRANSIENT copies
 * to where the last row's was. */
static void answer_value(sqlite3_value *value, sqlite3_context *context)
{
    bool json = sqlite3_value_subtype(value) != 0; /* which must stay so */
    const char *text = NULL;
    if (sqlite3_value_type(value) == SQLITE_TEXT && !json)
        text = (const char *)sqlite3_value_text(value);
    if (text == NULL)
        sqlite3_result_value(context, value);
    else
        sqlite3_result_text(context, text, sqlite3_value_bytes(value), SQLITE_TRANSIENT);
}

int history_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    char text[MOMENT_SIZE];
    int at = cursor->prepared->places[number];
    switch (table->history->columns[number].kind) {
    case HISTORY_FIRST:
        return answer_first(table, sqlite3_column_value(cursor->prepared->statement, at), context);
    case HISTORY_VALUE:
        answer_value(sqlite3_column_value(cursor->prepared->statement, at), context);
        break;
    case HISTORY_TIME:
        if (sqlite3_column_type(cursor->prepared->statement, at) == SQLITE_NULL)
            break;
        moment_format(sqlite3_column_int64(cursor->prepared->statement, at), text);
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
        break;
    case HISTORY_AS_OF:
        if (cursor->as_of_given != NULL)
            sqlite3_result_value(context, cursor->as_of_given);
        else
            sqlite3_result_int64(context, cursor->as_of);
        break;
    case HISTORY_INPUT:
        break;
    case HISTORY_PAYLOAD:
        return answer_payload(table, cursor, at, context);
    }
    return SQLITE_OK;
}
