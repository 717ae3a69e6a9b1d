#include "tables/history_plan.h"

#include <stdio.h>
#include <string.h>

#include "tables/table.h"

/*
 * A plan is text: a hexadecimal mask of the columns that are used, then for each argument of
 * xFilter, in their order, two hex digits for the column and a letter for the operator: = (equal),
 * l (<), m (<=), g (>), h (>=), i (IN list), A (the moment as_of), N and O (how many
 * rows to give and to leave out, of no column). idxNum holds the order:
 */
enum order { ORDER_NONE, ORDER_ID, ORDER_ID_DESC, ORDER_TIME, ORDER_TIME_DESC };

enum { MASK_LENGTH = 16, STEP_LENGTH = 3 };

/* What the planner is told, in units of one row read through an index. */
static const double COST_ROW = 1.0;     /* a row of the base tables, its columns computed */
static const double COST_SEEK = 4.0;    /* descending a b-tree, starting a statement */
static const double ROWS_UNKNOWN = 1e6; /* also where there is no ledger yet: xFilter says so */
static const double SHARE_RANGE = 0.25; /* what one bound leaves of a table */
static const double SHARE_EQUAL = 0.1;  /* what an import leaves */
static const double ROWS_SUBJECT = 3;   /* attempts of one person */

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

static bool is_subject(enum history_search search)
{
    return search == SEARCH_EMAIL || search == SEARCH_PHONE || search == SEARCH_USERNAME;
}

/* Whether a search can use a constraint. Ranges over addresses and outcomes help nobody. What is
 * equal but for ASCII case has the same key (session_subject_key()); of other collations that is
 * not so. */
static bool searchable(sqlite3_index_info *info, int i, enum history_search search, char letter)
{
    const char *collation = sqlite3_vtab_collation(info, i);
    return search != SEARCH_NONE &&
           (letter == '=' || search == SEARCH_INTEGER || search == SEARCH_TIME) &&
           (search == SEARCH_INTEGER || strcmp(collation, "BINARY") == 0 ||
            (strcmp(collation, "NOCASE") == 0 && is_subject(search)));
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

/* A step of no column, after `arguments` others. */
static void push(sqlite3_index_info *info, int constraint, int arguments, char letter, char *end)
{
    info->aConstraintUsage[constraint].argvIndex = arguments + 1;
    info->aConstraintUsage[constraint].omit = 1;
    memcpy(end, (char[]){'0', '0', letter, '\0'}, STEP_LENGTH + 1);
}

/* LIMIT and OFFSET, where the statement narrows and sorts exactly as was asked: then it sorts no
 * more rows than are wanted, and leaves rows out without computing their columns. A limit alone
 * would be too small where SQLite leaves rows out of what it gets. */
static void push_limit(sqlite3_index_info *info, int arguments, char *end)
{
    int limit = -1, offset = -1;
    bool usable = info->nOrderBy == 0 || info->orderByConsumed;
    for (int i = 0; i < info->nConstraint; i++) {
        int op = info->aConstraint[i].op;
        if (op == SQLITE_INDEX_CONSTRAINT_OFFSET)
            offset = i;
        else if (op == SQLITE_INDEX_CONSTRAINT_LIMIT)
            limit = i;
        usable =
            usable && (op == SQLITE_INDEX_CONSTRAINT_OFFSET || op == SQLITE_INDEX_CONSTRAINT_LIMIT
                           ? info->aConstraint[i].usable
                           : info->aConstraintUsage[i].omit);
    }
    if (!usable || limit < 0)
        return;
    push(info, limit, arguments, 'N', end);
    if (offset >= 0)
        push(info, offset, arguments + 1, 'O', end + STEP_LENGTH);
}

static bool is_moment_given(const struct history *history, const sqlite3_index_info *info)
{
    for (int i = 0; i < info->nConstraint; i++) {
        int number = info->aConstraint[i].iColumn;
        if (info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ && number >= 0 &&
            history->columns[number].kind == HISTORY_AS_OF)
            return true;
    }
    return false;
}

/* Whether as_of is looked at: given by `=`, or within OR or CASE, in a range, in the result.
 * Without
 * `=` a condition on it would be one on the rows of now, which is not what was asked. An UPDATE,
 * which looks at all columns, is refused by itself. */
static bool is_moment_used(const struct history *history, const sqlite3_index_info *info)
{
    bool used = false, all = true, inputs = false;
    for (int i = 0; i < history->count; i++) {
        enum history_kind kind = history->columns[i].kind;
        if (kind != HISTORY_AS_OF && kind != HISTORY_INPUT)
            continue;
        inputs = inputs || kind == HISTORY_INPUT;
        all = all && table_column_used(info, i);
        used = used || (kind == HISTORY_AS_OF && table_column_used(info, i));
    }
    return used && !(all && inputs);
}

int history_plan_choose(const struct history *history, double rows, struct table_given *given,
                        sqlite3_index_info *info)
{
    char plan[HISTORY_PLAN_SIZE];
    int arguments = 0;
    bool moment = false, unique = false;
    if (is_moment_given(history, info))
        table_is_given(given, info);
    else if (is_moment_used(history, info))
        return table_is_missing(given, info);
    rows = rows > 0 ? rows : ROWS_UNKNOWN;
    size_t length =
        (size_t)snprintf(plan, sizeof plan, "%016llx", (unsigned long long)info->colUsed);
    for (int i = 0; i < info->nConstraint; i++) {
        int number = info->aConstraint[i].iColumn;
        char letter = operator_letter(info, i);
        if (number < 0 || letter == '\0')
            continue;
        const struct history_column *column = &history->columns[number];
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
        /* The statement compares integers as SQLite would; everything else only narrows. */
        info->aConstraintUsage[i].omit =
            as_of || (column->search == SEARCH_INTEGER && letter != 'i');
        length += (size_t)snprintf(plan + length, sizeof plan - length, "%02x%c", (unsigned)number,
                                   as_of ? 'A' : letter);
        if (!as_of)
            rows = narrowed(rows, column, letter);
    }
    info->idxNum = (int)consumed_order(history, info);
    info->orderByConsumed = info->idxNum != ORDER_NONE;
    if (length + 2 * STEP_LENGTH < sizeof plan)
        push_limit(info, arguments, plan + length);
    info->idxStr = sqlite3_mprintf("%s", plan);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = rows < 1 ? 1 : (sqlite3_int64)rows;
    info->estimatedCost = COST_SEEK + COST_ROW * rows;
    if (unique)
        info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    return info->idxStr == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* The statement of a plan */

static unsigned hex_digit(char digit)
{
    return (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

struct history_step history_plan_step(const struct history *history, const char *plan, int argument)
{
    const char *at = plan + MASK_LENGTH + STEP_LENGTH * argument;
    return (struct history_step){&history->columns[hex_digit(at[0]) << 4 | hex_digit(at[1])],
                                 at[2]};
}

bool history_plan_is_single(const struct history *history, const char *plan)
{
    int arguments = (int)(strlen(plan) - MASK_LENGTH) / STEP_LENGTH;
    for (int i = 0; i < arguments; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        if (step.letter == '=' && strcmp(step.column->name, "id") == 0)
            return true;
    }
    return false;
}

/* Two for each argument, so that numbers do not depend on the plan. */
int history_plan_parameter(int argument)
{
    return 2 * argument + 2;
}

static bool column_used(const char *plan, int column)
{
    int bit = column < 63 ? column : 63; /* the last stands for all columns from the 64th on */
    return (hex_digit(plan[MASK_LENGTH - 1 - bit / 4]) >> bit % 4 & 1) != 0;
}

/* Adds a column; the number of columns added. */
static int append_column(sqlite3_str *sql, const struct history_column *column)
{
    switch (column->kind) {
    case HISTORY_AS_OF:
    case HISTORY_INPUT:
        return 0;
    case HISTORY_PAYLOAD:
        sqlite3_str_appendall(sql, ", attempt_id, outcome, reasons, told_at");
        return 4;
    case HISTORY_TIME:
        sqlite3_str_appendf(sql, ", %s_ms", column->name);
        return 1;
    case HISTORY_FIRST:
        sqlite3_str_appendall(sql, ", json_extract(reasons, '$[0]')");
        return 1;
    case HISTORY_VALUE:
        break;
    }
    sqlite3_str_appendf(sql, ", %s", column->name);
    return 1;
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
    case SEARCH_OUTCOME: /* only a pending attempt can come to another outcome */
        if (list)
            sqlite3_str_appendf(sql, " AND admitted_outcome IN (SELECT value FROM json_each(?%d))",
                                parameter);
        else
            sqlite3_str_appendf(sql, " AND admitted_outcome IN ('pending', ?%d)", parameter);
        break;
    case SEARCH_EMAIL:
    case SEARCH_PHONE:
    case SEARCH_USERNAME:
        if (list)
            sqlite3_str_appendf(sql,
                                " AND id IN (SELECT attempt_id FROM subject WHERE key IN (SELECT "
                                "value FROM json_each(?%d)))",
                                parameter);
        else
            sqlite3_str_appendf(sql, " AND id = of_%d", parameter);
        break;
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
        sqlite3_str_appendf(
            sql,
            "(SELECT attempt_id AS of_%d FROM subject WHERE :as_of IS NOT NULL AND key = ?%d "
            "UNION ALL SELECT attempt_id FROM subject WHERE key = ?%d AND ?%d <> ?%d) CROSS JOIN ",
            parameter, parameter, parameter + 1, parameter + 1, parameter);
}

char *history_plan_sql(const struct history *history, const char *plan, int order,
                       unsigned char places[HISTORY_PLAN_COLUMNS])
{
    static const char *const orders[] = {"", " ORDER BY id", " ORDER BY id DESC",
                                         " ORDER BY attempted_at_ms",
                                         " ORDER BY attempted_at_ms DESC"};
    int place = 1, limit = 0, offset = 0,
        arguments = (int)(strlen(plan) - MASK_LENGTH) / STEP_LENGTH;
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "SELECT id");
    /* A column that nobody looks at would cost even as NULL: a third of a scan's time, all
     * together. */
    for (int i = 0; i < history->count; i++)
        if (column_used(plan, i)) {
            places[i] = (unsigned char)place;
            place += append_column(sql, &history->columns[i]);
        }
    sqlite3_str_appendall(sql, " FROM ");
    for (int i = 0; i < arguments; i++)
        append_source(sql, history_plan_step(history, plan, i), history_plan_parameter(i));
    sqlite3_str_appendf(sql, "(%s\n) WHERE ?1 IS NOT NULL", statement_text[history->statement]);
    for (int i = 0; i < arguments; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        if (step.letter == 'N')
            limit = history_plan_parameter(i);
        else if (step.letter == 'O')
            offset = history_plan_parameter(i);
        else
            append_condition(sql, step.column, step.letter, history_plan_parameter(i));
    }
    sqlite3_str_appendall(sql, orders[order]);
    if (limit != 0)
        sqlite3_str_appendf(sql, " LIMIT ?%d", limit);
    if (offset != 0)
        sqlite3_str_appendf(sql, " OFFSET ?%d", offset);
    return sqlite3_str_finish(sql);
}
