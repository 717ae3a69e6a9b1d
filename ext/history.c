#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "moment.h"
#include "payload.h"
#include "subject.h"

/*
 * A plan is text: a hexadecimal mask of the columns that are used, then for each argument of
 * xFilter, in their order, two hex digits for the column and a letter for the operator: = (equal),
 * l (<), m (<=), g (>), h (>=), i (IN list), A (the moment as_of). idxNum holds the order:
 */
enum order { ORDER_NONE, ORDER_ID, ORDER_ID_DESC, ORDER_TIME, ORDER_TIME_DESC };

/* What the planner is told, in units of one row read through an index. */
static const double COST_ROW = 1.0;  /* a row of the base tables, its columns computed */
static const double COST_SEEK = 4.0; /* descending a b-tree, starting a statement */
static const double ROWS_UNKNOWN = 1e6;
static const double SHARE_RANGE = 0.25; /* what one bound leaves of a table */
static const double SHARE_EQUAL = 0.1;  /* what an import leaves */
static const double ROWS_SUBJECT = 3;   /* attempts of one person */

enum { PLAN_SIZE = 512, CACHED = 8, SLACK_MS = 86400000 };

struct cached {
    char plan[PLAN_SIZE];
    sqlite3_stmt *statement; /* NULL while a cursor has it */
};

struct history_table {
    sqlite3_vtab base;
    const struct history *history;
    struct door *door;
    struct cached cache[CACHED];
    unsigned next_victim;
};

struct cursor {
    sqlite3_vtab_cursor base;
    sqlite3_stmt *statement;
    char plan[PLAN_SIZE];
    sqlite3_int64 rowid;
    int64_t as_of;
    sqlite3_value *as_of_given; /* what as_of reads as, where it was given */
    bool at_end;
};

static int table_fail(struct history_table *table, const char *format, const char *text)
{
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf(format, text);
    return SQLITE_ERROR;
}

static int table_ledger_error(struct history_table *table)
{
    struct ledger *ledger = table->door->ledger;
    int code = ledger_code(ledger);
    table_fail(table, "%s", ledger_error(ledger));
    ledger_forgive(ledger);
    return code;
}

struct door *history_door(sqlite3_vtab *table)
{
    return ((struct history_table *)table)->door;
}

int history_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                    sqlite3_vtab **table, char **error)
{
    const struct history_module *module = client;
    const struct history *history = module->history;
    (void)count;
    (void)arguments;
    (void)error;
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
    int code = made == NULL || sql == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(database, sql);
    sqlite3_free(sql);
    if (code != SQLITE_OK) {
        sqlite3_free(made);
        return code;
    }
    memset(made, 0, sizeof *made);
    made->history = history;
    made->door = door_hold(module->door);
    *table = &made->base;
    return SQLITE_OK;
}

int history_disconnect(sqlite3_vtab *base)
{
    struct history_table *table = (struct history_table *)base;
    for (int i = 0; i < CACHED; i++)
        sqlite3_finalize(table->cache[i].statement);
    door_rest(table->door);
    door_release(table->door);
    sqlite3_free(table);
    return SQLITE_OK;
}

/* Planning */

static char operator_letter(const sqlite3_index_info *info, int i)
{
    switch (info->aConstraint[i].op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return '=';
    case SQLITE_INDEX_CONSTRAINT_LT:
        return 'l';
    case SQLITE_INDEX_CONSTRAINT_LE:
        return 'm';
    case SQLITE_INDEX_CONSTRAINT_GT:
        return 'g';
    case SQLITE_INDEX_CONSTRAINT_GE:
        return 'h';
    default:
        return '\0';
    }
}

/* Whether a search can use a constraint. Ranges over addresses and outcomes help nobody, and what
 * is equal under another collation need not have the same key. */
static bool searchable(sqlite3_index_info *info, int i, enum history_search search, char letter)
{
    return search != SEARCH_NONE &&
           (letter == '=' || search == SEARCH_INTEGER || search == SEARCH_TIME) &&
           (search == SEARCH_INTEGER || strcmp(sqlite3_vtab_collation(info, i), "BINARY") == 0);
}

static double narrowed(double rows, const struct history_column *column, char letter)
{
    if (letter != '=' && letter != 'i')
        return rows * SHARE_RANGE;
    switch (column->search) {
    case SEARCH_INTEGER:
        return strcmp(column->name, "id") == 0           ? 1
               : strcmp(column->name, "attempt_id") == 0 ? 2
                                                         : rows * SHARE_EQUAL;
    case SEARCH_TIME:
        return ROWS_SUBJECT;
    case SEARCH_OUTCOME:
        return rows * SHARE_RANGE;
    default:
        return ROWS_SUBJECT;
    }
}

static enum order consumed_order(const struct history *history, const sqlite3_index_info *info)
{
    if (info->nOrderBy != 1 || info->aOrderBy[0].iColumn < 0)
        return ORDER_NONE;
    const char *name = history->columns[info->aOrderBy[0].iColumn].name;
    bool down = info->aOrderBy[0].desc != 0;
    if (strcmp(name, "id") == 0)
        return down ? ORDER_ID_DESC : ORDER_ID;
    /* The text of a time sorts as the time does. */
    if (strcmp(name, "attempted_at") == 0 || strcmp(name, "attempted_at_ms") == 0)
        return down ? ORDER_TIME_DESC : ORDER_TIME;
    return ORDER_NONE;
}

int history_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    struct history_table *table = (struct history_table *)base;
    char plan[PLAN_SIZE];
    double rows = (double)ledger_number(table->door->ledger, table->history->rows, 0);
    ledger_forgive(table->door->ledger); /* no ledger yet: xFilter says so */
    rows = rows > 0 ? rows : ROWS_UNKNOWN;
    int arguments = 0;
    bool moment = false, unique = false;
    size_t length =
        (size_t)snprintf(plan, sizeof plan, "%016llx", (unsigned long long)info->colUsed);
    for (int i = 0; i < info->nConstraint; i++) {
        int number = info->aConstraint[i].iColumn;
        const struct history_column *column = number < 0 ? NULL : &table->history->columns[number];
        char letter = operator_letter(info, i);
        if (column == NULL || letter == '\0')
            continue;
        bool as_of = column->kind == HISTORY_AS_OF && letter == '=';
        if (as_of && !info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT; /* without its moment the answer would be another one */
        if (!info->aConstraint[i].usable || (as_of && moment) ||
            (!as_of && !searchable(info, i, column->search, letter)) || length + 4 >= sizeof plan)
            continue; /* SQLite compares a second moment with the first */
        moment = moment || as_of;
        if (letter == '=' && !as_of && column->search != SEARCH_TIME && sqlite3_vtab_in(info, i, 1))
            letter = 'i';
        unique = unique || (letter == '=' && strcmp(column->name, "id") == 0);
        info->aConstraintUsage[i].argvIndex = ++arguments;
        info->aConstraintUsage[i].omit = as_of;
        length += (size_t)snprintf(plan + length, sizeof plan - length, "%02x%c", (unsigned)number,
                                   as_of ? 'A' : letter);
        if (!as_of)
            rows = narrowed(rows, column, letter);
    }
    info->idxNum = (int)consumed_order(table->history, info);
    info->orderByConsumed = info->idxNum != ORDER_NONE;
    info->idxStr = sqlite3_mprintf("%s", plan);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = rows < 1 ? 1 : (sqlite3_int64)rows;
    info->estimatedCost = COST_SEEK + COST_ROW * rows;
    if (unique)
        info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    return info->idxStr == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* Running a plan */

static unsigned hex_number(const char *text, int digits)
{
    char copy[20];
    snprintf(copy, sizeof copy, "%.*s", digits, text);
    return (unsigned)strtoul(copy, NULL, 16);
}

static bool column_used(unsigned long long used, int column)
{
    return (used >> (column < 63 ? column : 63) & 1) !=
           0; /* bit 63 stands for all columns from the 64th on */
}

/* A column of the inner statement, or NULL where nobody looks. */
static void append_column(sqlite3_str *sql, const struct history_column *column, bool used)
{
    if (!used || column->kind == HISTORY_AS_OF || column->kind == HISTORY_INPUT ||
        column->kind == HISTORY_PAYLOAD)
        sqlite3_str_appendall(sql, ", NULL");
    else if (column->kind == HISTORY_TIME)
        sqlite3_str_appendf(sql, ", %s_ms", column->name);
    else if (column->kind == HISTORY_FIRST)
        sqlite3_str_appendall(sql, ", json_extract(reasons, '$[0]')");
    else
        sqlite3_str_appendf(sql, ", %s", column->name);
}

static void append_condition(sqlite3_str *sql, const struct history_column *column, char letter,
                             int parameter)
{
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
    case SEARCH_OUTCOME:
        sqlite3_str_appendf(sql, " AND admitted_outcome IN (SELECT value FROM json_each(?%d))",
                            parameter);
        break;
    case SEARCH_EMAIL:
    case SEARCH_PHONE:
    case SEARCH_USERNAME:
        sqlite3_str_appendf(sql,
                            " AND id IN (SELECT attempt_id FROM subject WHERE key IN (SELECT value "
                            "FROM json_each(?%d)))",
                            parameter);
        break;
    case SEARCH_NONE:
        break;
    }
}

/* Each argument of xFilter has two parameters, 2k and 2k + 1, after :as_of (?1), so that numbers do
 * not depend on the plan. */
static int parameter_of(int argument)
{
    return 2 * argument + 2;
}

static char *build(const struct history *history, const char *plan, int order)
{
    static const char *const orders[] = {"", " ORDER BY id", " ORDER BY id DESC",
                                         " ORDER BY attempted_at_ms",
                                         " ORDER BY attempted_at_ms DESC"};
    unsigned long long used =
        strtoull(plan, NULL, 16); /* stops at the first operator: hex digits are 16 in number */
    char mask[17];
    snprintf(mask, sizeof mask, "%.16s", plan);
    used = strtoull(mask, NULL, 16);
    bool payload = false;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT id");
    for (int i = 0; i < history->count; i++) {
        append_column(sql, &history->columns[i], column_used(used, i));
        payload = payload || (history->columns[i].kind == HISTORY_PAYLOAD && column_used(used, i));
    }
    sqlite3_str_appendall(sql, payload ? ", attempt_id, outcome, reasons, told_at" : "");
    sqlite3_str_appendf(sql, " FROM (%s\n) WHERE ?1 IS NOT NULL",
                        statement_text[history->statement]);
    int argument = 0;
    for (const char *at = plan + 16; *at != '\0'; at += 3, argument++)
        append_condition(sql, &history->columns[hex_number(at, 2)], at[2], parameter_of(argument));
    sqlite3_str_appendall(sql, orders[order]);
    return sqlite3_str_finish(sql);
}

/* A statement for the plan: one that another cursor has left, or a new one. */
static int take_statement(struct history_table *table, struct cursor *cursor, const char *plan,
                          int order)
{
    snprintf(cursor->plan, sizeof cursor->plan, "%d%s", order, plan);
    for (int i = 0; i < CACHED; i++)
        if (table->cache[i].statement != NULL && strcmp(table->cache[i].plan, cursor->plan) == 0) {
            cursor->statement = table->cache[i].statement;
            table->cache[i].statement = NULL;
            return SQLITE_OK;
        }
    char *sql = build(table->history, plan, order);
    if (sql == NULL)
        return SQLITE_NOMEM;
    sqlite3 *database = ledger_database(table->door->ledger);
    int code =
        sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &cursor->statement, NULL);
    if (code != SQLITE_OK)
        table_fail(table, "%s", sqlite3_errmsg(database));
    sqlite3_free(sql);
    return code;
}

static void give_back(struct cursor *cursor)
{
    struct history_table *table = (struct history_table *)cursor->base.pVtab;
    if (cursor->statement == NULL)
        return;
    sqlite3_reset(cursor->statement);
    sqlite3_clear_bindings(cursor->statement);
    struct cached *place = &table->cache[table->next_victim++ % CACHED];
    for (int i = 0; i < CACHED; i++)
        if (table->cache[i].statement == NULL)
            place = &table->cache[i];
    sqlite3_finalize(place->statement);
    place->statement = cursor->statement;
    snprintf(place->plan, sizeof place->plan, "%s", cursor->plan);
    cursor->statement = NULL;
}

int history_open(sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
    (void)table;
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
    give_back(cursor);
    sqlite3_value_free(cursor->as_of_given);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* The moment: ISO 8601 text or Unix milliseconds, not in the future. */
static int read_as_of(struct history_table *table, struct cursor *cursor, sqlite3_value *value,
                      int64_t now)
{
    int type = sqlite3_value_type(value); /* before asking for its text, which may change it */
    sqlite3_value_free(cursor->as_of_given);
    cursor->as_of_given = sqlite3_value_dup(value);
    const char *text = (const char *)sqlite3_value_text(value);
    if (type == SQLITE_INTEGER)
        cursor->as_of = sqlite3_value_int64(value);
    else if (type != SQLITE_TEXT || text == NULL || !moment_parse(text, &cursor->as_of))
        return table_fail(
            table, "as_of: %s is not a moment; ISO 8601 text or Unix milliseconds are expected",
            text == NULL ? "NULL" : text);
    if (cursor->as_of > now)
        return table_fail(table, "as_of: %s is in the future", text);
    return SQLITE_OK;
}

static int64_t subject_key(struct history_table *table, enum history_search search,
                           const char *text, bool fold)
{
    char folded[SUBJECT_SIZE];
    enum subject_kind kind = search == SEARCH_EMAIL   ? SUBJECT_EMAIL
                             : search == SEARCH_PHONE ? SUBJECT_PHONE
                                                      : SUBJECT_USERNAME;
    if (fold && (search == SEARCH_EMAIL ? subject_fold_email(text, folded)
                                        : subject_fold_username(text, folded)))
        return door_subject_key(table->door, kind, folded);
    return door_subject_key(table->door, kind, text);
}

/* One value of a list: integers as they are; an address by its keys, that of its folded form and
 * that of its text as it stands (see admit.c). */
static void append_value(struct history_table *table, sqlite3_str *json, enum history_search search,
                         sqlite3_value *value)
{
    const char *comma = sqlite3_str_length(json) > 1 ? "," : "";
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL)
        return; /* NULL equals nothing */
    if (search == SEARCH_INTEGER) {
        if (sqlite3_value_numeric_type(value) != SQLITE_TEXT)
            sqlite3_str_appendf(json, "%s%lld", comma, sqlite3_value_int64(value));
    } else if (search == SEARCH_OUTCOME) {
        /* Only a pending attempt can come to another outcome. */
        sqlite3_str_appendf(json, "%s\"pending\"", comma);
        if (strcmp(text, "success") == 0 || strcmp(text, "failure") == 0)
            sqlite3_str_appendf(json, ",\"%s\"", text);
    } else {
        sqlite3_str_appendf(json, "%s%lld,%lld", comma,
                            (long long)subject_key(table, search, text, true),
                            (long long)subject_key(table, search, text, false));
    }
}

static int bind_list(struct history_table *table, sqlite3_stmt *statement, int parameter,
                     enum history_search search, char letter, sqlite3_value *argument)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_value *value = argument;
    sqlite3_str_appendchar(json, 1, '[');
    if (letter != 'i')
        append_value(table, json, search, argument);
    else
        for (int code = sqlite3_vtab_in_first(argument, &value); code == SQLITE_OK;
             code = sqlite3_vtab_in_next(argument, &value))
            append_value(table, json, search, value);
    sqlite3_str_appendchar(json, 1, ']');
    int length = sqlite3_str_length(json);
    return sqlite3_bind_text(statement, parameter, sqlite3_str_finish(json), length, sqlite3_free);
}

/*
 * Bounds on the text of a time. Texts compare byte by byte, so only a bound that is written as the
 * column writes times, or a beginning of it, can be turned into milliseconds, and then with a day's
 * slack: SQLite compares the texts itself afterwards. Anything else narrows nothing.
 */
static int bind_time(sqlite3_stmt *statement, int parameter, char letter, sqlite3_value *argument)
{
    const char *text = sqlite3_value_type(argument) == SQLITE_TEXT
                           ? (const char *)sqlite3_value_text(argument)
                           : NULL;
    int64_t moment = 0;
    bool known = text != NULL && strspn(text, "0123456789-:.TZ") == strlen(text) &&
                 moment_parse(text, &moment) && strchr(text, '-') != NULL;
    int64_t low = known ? moment - SLACK_MS : INT64_MIN,
            high = known ? moment + SLACK_MS : INT64_MAX;
    bool upper = letter == 'l' || letter == 'm';
    int code = sqlite3_bind_int64(statement, parameter, upper ? high : low);
    return code != SQLITE_OK || letter != '=' ? code
                                              : sqlite3_bind_int64(statement, parameter + 1, high);
}

static int bind(struct history_table *table, struct cursor *cursor, const char *plan, int count,
                sqlite3_value **arguments)
{
    int code = sqlite3_bind_int64(cursor->statement, 1, cursor->as_of);
    for (int i = 0; i < count && code == SQLITE_OK; i++) {
        const char *step = plan + 16 + 3 * i;
        enum history_search search = table->history->columns[hex_number(step, 2)].search;
        if (step[2] == 'A')
            continue;
        if (search == SEARCH_TIME && step[2] != 'i')
            code = bind_time(cursor->statement, parameter_of(i), step[2], arguments[i]);
        else if (search == SEARCH_INTEGER && step[2] != 'i')
            code = sqlite3_bind_value(cursor->statement, parameter_of(i), arguments[i]);
        else
            code =
                bind_list(table, cursor->statement, parameter_of(i), search, step[2], arguments[i]);
    }
    return code;
}

int history_filter(sqlite3_vtab_cursor *base, int order, const char *plan, int count,
                   sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    int64_t now = moment_now();
    int code = SQLITE_OK;
    give_back(cursor);
    if (!ledger_ready(table->door->ledger))
        return table_ledger_error(table);
    cursor->as_of = now;
    for (int i = 0; i < count && code == SQLITE_OK; i++)
        if (plan[16 + 3 * i + 2] == 'A')
            code = read_as_of(table, cursor, arguments[i], now);
    if (code == SQLITE_OK)
        code = take_statement(table, cursor, plan, order);
    if (code == SQLITE_OK)
        code = bind(table, cursor, plan, count, arguments);
    if (ledger_failed(table->door->ledger))
        return table_ledger_error(table);
    return code == SQLITE_OK ? history_next(base) : code;
}

int history_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    int code = sqlite3_step(cursor->statement);
    cursor->at_end = code != SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return SQLITE_OK;
    table_fail(table, "%s", sqlite3_errmsg(ledger_database(table->door->ledger)));
    return code;
}

int history_eof(sqlite3_vtab_cursor *cursor)
{
    return ((struct cursor *)cursor)->at_end;
}

int history_rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
    *rowid = sqlite3_column_int64(((struct cursor *)cursor)->statement, 0);
    return SQLITE_OK;
}

static int answer_payload(struct history_table *table, struct cursor *cursor,
                          sqlite3_context *context)
{
    int first = table->history->count + 1;
    const char *outcome = (const char *)sqlite3_column_text(cursor->statement, first + 1);
    struct payload_request request = {
        .attempt_id = sqlite3_column_int64(cursor->statement, first),
        .success = outcome != NULL && strcmp(outcome, "success") == 0,
        .reasons = (const char *)sqlite3_column_text(cursor->statement, first + 2),
        .fingerprint = PAYLOAD_MASKED,
        .as_of = sqlite3_column_int64(cursor->statement, first + 3)};
    char *payload = payload_build(table->door, &request);
    if (ledger_failed(table->door->ledger))
        return table_ledger_error(table);
    if (payload != NULL)
        sqlite3_result_text(context, payload, -1, SQLITE_TRANSIENT);
    payload_free(payload);
    return SQLITE_OK;
}

int history_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    struct cursor *cursor = (struct cursor *)base;
    struct history_table *table = (struct history_table *)base->pVtab;
    char text[MOMENT_SIZE];
    int at = number + 1;
    if (sqlite3_vtab_nochange(context))
        return SQLITE_OK;
    switch (table->history->columns[number].kind) {
    case HISTORY_VALUE:
    case HISTORY_FIRST:
        sqlite3_result_value(context, sqlite3_column_value(cursor->statement, at));
        break;
    case HISTORY_TIME:
        if (sqlite3_column_type(cursor->statement, at) == SQLITE_NULL)
            break;
        moment_format(sqlite3_column_int64(cursor->statement, at), text);
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
        return answer_payload(table, cursor, context);
    }
    return SQLITE_OK;
}
