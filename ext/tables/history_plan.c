/* SPDX-License-Identifier: MIT */
#include "tables/history_plan.h"

#include <stdio.h>
#include <string.h>

#include "tables/history_sums.h"
#include "tables/table.h"

/*
 * A plan is text: a hexadecimal mask of the columns that are used, then for each argument of
 * xFilter, in their order, two hex digits for the column and a letter for the operator: = (equal),
 * l (<), m (<=), g (>), h (>=), i (IN list), n (IS NULL), A (the moment as_of), N and O (how many
 * rows to give and to leave out, of no column). Once the values are known, = may become one of the
 * letters of enum history_letter. idxNum holds the order, an enum history_order.
 */

enum { MASK_LENGTH = 16, STEP_LENGTH = 3 };

/* What the planner is told, in units of one row read through an index. */
static const double COST_ROW = 1.0;     /* a row of the base tables, its columns computed */
static const double COST_SEEK = 4.0;    /* descending a b-tree, starting a statement */
static const double ROWS_UNKNOWN = 1e6; /* also where there is no ledger yet: xFilter says so */
static const double SHARE_RANGE = 0.25; /* what one bound leaves of a table */
static const double SHARE_EQUAL = 0.1;  /* what an import leaves */
static const double ROWS_SUBJECT = 3;   /* attempts of one person */
static const double ROWS_ORIGIN = 20;   /* attempts of one origin */
static const double COST_NEWER = 0.1;   /* of a row that the index of origins does not have */
static const double FEW_NEWER = 10000;  /* of those; else not more than that share of all: */
static const double SHARE_NEWER = 0.06;
static const double COST_LEFT_OUT = 0.9; /* of a row that only a condition on it leaves out */

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
    case SQLITE_INDEX_CONSTRAINT_ISNULL:
        return 'n';
    default:
        return '\0';
    }
}

static bool is_subject(enum history_search search)
{
    return search == SEARCH_EMAIL || search == SEARCH_PHONE || search == SEARCH_USERNAME;
}

/* Whether an equality is only a condition on each row, for which there is no index. */
static bool is_filter(enum history_search search)
{
    return search == SEARCH_TEXT || search == SEARCH_STATE;
}

static bool is_state(enum history_search search)
{
    return search == SEARCH_STATE || search == SEARCH_CODE_STATE || search == SEARCH_REPORT_STATE ||
           search == SEARCH_OWN_REPORT_STATE;
}

bool history_plan_is_exact(enum history_search search, char letter)
{
    return letter != 'i' && letter != 'n' &&
           (search == SEARCH_INTEGER || search == SEARCH_OUTCOME || is_state(search));
}

/* Whether a search can use a constraint. Ranges over addresses and outcomes help nobody. What is
 * equal but for ASCII case has the same key (session_subject_key()); of other collations that is
 * not so. A list of what no index has would be a scan for each of its members. */
static bool searchable(sqlite3_index_info *info, int i, const struct history_column *column,
                       char letter, const struct history_size *size)
{
    const char *collation = sqlite3_vtab_collation(info, i);
    enum history_search search = column->search;
    if (letter == 'n')
        return column->kind == HISTORY_VALUE || column->kind == HISTORY_TIME;
    if ((is_filter(search) || is_state(search) || search == SEARCH_CUSTOMER) &&
        sqlite3_vtab_in(info, i, -1))
        return false;
    if (search == SEARCH_ORIGIN && size->newer > FEW_NEWER && sqlite3_vtab_in(info, i, -1))
        return false; /* for each of its members those are read that the index does not have */
    return search != SEARCH_NONE && search != SEARCH_ACKNOWLEDGED &&
           (letter == '=' || search == SEARCH_INTEGER || search == SEARCH_TIME) &&
           (search == SEARCH_INTEGER || strcmp(collation, "BINARY") == 0 ||
            (strcmp(collation, "NOCASE") == 0 && is_subject(search)));
}

static double narrowed(double rows, const struct history_column *column, char letter)
{
    if (letter == 'n' || letter == HISTORY_COMMON || is_filter(column->search) ||
        is_state(column->search))
        return rows * SHARE_EQUAL;
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
    case SEARCH_ORIGIN:
        return ROWS_ORIGIN;
    default:
        return ROWS_SUBJECT;
    }
}

/* How many rows are looked at to find those that a constraint leaves of so many, `left`. */
static double looked_at(double read, double rows, double left, const struct history_column *column,
                        char letter, const struct history_size *size)
{
    if (letter == 'n' || letter == HISTORY_COMMON || is_filter(column->search) ||
        is_state(column->search))
        return read * COST_LEFT_OUT;
    double newer = column->search == SEARCH_ORIGIN ? size->newer * COST_NEWER : 0;
    return read * left / rows + newer;
}

int history_origin_kind(const struct history_column *column)
{
    return strcmp(column->name, "device_id") == 0    ? 1
           : strcmp(column->name, "ip_address") == 0 ? 2
                                                     : 3;
}

/* An order that an index has. Of equal times the ids stand in their order, too. `in_time`: rows
 * were recorded in the order of their ids. */
static enum history_order consumed_order(const struct history *history,
                                         const sqlite3_index_info *info, bool in_time)
{
    const struct sqlite3_index_orderby *by = info->aOrderBy;
    if (info->nOrderBy < 1 || info->nOrderBy > 2 || by[0].iColumn < 0)
        return ORDER_NONE;
    const char *name = history->columns[by[0].iColumn].name;
    bool down = by[0].desc != 0;
    if (info->nOrderBy == 2 && (by[1].iColumn < 0 || (by[1].desc != 0) != down ||
                                strcmp(history->columns[by[1].iColumn].name, "id") != 0))
        return ORDER_NONE;
    /* The text of a time sorts as the time does. */
    if (strcmp(name, "id") == 0 ||
        (in_time && (strcmp(name, "recorded_at") == 0 || strcmp(name, "recorded_at_ms") == 0)))
        return down ? ORDER_ID_DESC : ORDER_ID;
    if (strcmp(name, "attempted_at") == 0 || strcmp(name, "attempted_at_ms") == 0)
        return down ? ORDER_TIME_DESC : ORDER_TIME;
    return ORDER_NONE;
}

bool history_plan_has_limit(const sqlite3_index_info *info)
{
    for (int i = 0; i < info->nConstraint; i++)
        if (info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_LIMIT)
            return true;
    return false;
}

/* How an = on an origin is begun. Who wants the first few, in an order that is there, has them
 * sooner by looking at each row than by finding all of them; so has everybody where the index has
 * too little. */
static char letter_of_origin(const struct history_size *size, const sqlite3_index_info *info,
                             enum history_order order)
{
    if (size->newer > FEW_NEWER && size->newer > size->rows * SHARE_NEWER)
        return HISTORY_COMMON;
    return history_plan_has_limit(info) && (info->nOrderBy == 0 || order != ORDER_NONE)
               ? HISTORY_FEW
               : '=';
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

int history_plan_choose(const struct history *history, const struct history_size *size,
                        struct table_given *given, sqlite3_index_info *info)
{
    char plan[HISTORY_PLAN_SIZE];
    int arguments = 0;
    bool moment = false, unique = false;
    if (is_moment_given(history, info))
        table_is_given(given, info);
    else if (is_moment_used(history, info))
        return table_is_missing(given, info);
    const enum history_order order = consumed_order(history, info, size->in_time);
    double rows = size->rows > 0 ? size->rows : ROWS_UNKNOWN, read = rows;
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
            (!as_of && !searchable(info, i, column, letter, size)) || length + 4 >= sizeof plan)
            continue; /* SQLite compares a second moment with the first */
        moment = moment || as_of;
        if (letter == '=' && !as_of && column->search != SEARCH_TIME &&
            column->search != SEARCH_ORIGIN && sqlite3_vtab_in(info, i, 1))
            letter = 'i';
        if (letter == '=' && column->search == SEARCH_ORIGIN)
            letter = letter_of_origin(size, info, order);
        unique = unique || (letter == '=' && strcmp(column->name, "id") == 0);
        info->aConstraintUsage[i].argvIndex = ++arguments;
        /* The statement compares integers and words as SQLite would; all else only narrows. */
        info->aConstraintUsage[i].omit = as_of || history_plan_is_exact(column->search, letter);
        length += (size_t)snprintf(plan + length, sizeof plan - length, "%02x%c", (unsigned)number,
                                   as_of ? 'A' : letter);
        double left = as_of ? rows : narrowed(rows, column, letter);
        read = looked_at(read, rows, left, column, letter, size);
        rows = left;
    }
    info->idxNum = (int)order;
    if (order == ORDER_NONE && history->summed && history_sums_serve(history, size, plan, info))
        info->idxNum = ORDER_SUMS;
    info->orderByConsumed = info->idxNum != ORDER_NONE;
    if (length + 2 * STEP_LENGTH < sizeof plan)
        push_limit(info, arguments, plan + length);
    info->idxStr = sqlite3_mprintf("%s", plan);
    info->needToFreeIdxStr = 1;
    info->estimatedRows = rows < 1 ? 1 : (sqlite3_int64)rows;
    info->estimatedCost = COST_SEEK + COST_ROW * read;
    if (unique)
        info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
    return info->idxStr == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

/* The text of a plan */

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

int history_plan_arguments(const char *plan)
{
    return (int)(strlen(plan) - MASK_LENGTH) / STEP_LENGTH;
}

void history_plan_settle(char *plan, int argument, char letter)
{
    plan[MASK_LENGTH + STEP_LENGTH * argument + 2] = letter;
}

bool history_plan_is_count(const char *plan)
{
    return strlen(plan) == MASK_LENGTH && strspn(plan, "0") == MASK_LENGTH;
}

bool history_plan_is_single(const struct history *history, const char *plan)
{
    int arguments = history_plan_arguments(plan);
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

bool history_plan_uses(const char *plan, int column)
{
    int bit = column < 63 ? column : 63; /* the last stands for all columns from the 64th on */
    return (hex_digit(plan[MASK_LENGTH - 1 - bit / 4]) >> bit % 4 & 1) != 0;
}
