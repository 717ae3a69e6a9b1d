/* SPDX-License-Identifier: MIT */
/* history_plan.h: which constraints a look at the ledger's history can use, and the text that says
 * so until the statement is made (history_sql.h). */
#ifndef HISTORY_PLAN_H
#define HISTORY_PLAN_H

#include "tables/history.h"
#include "tables/table.h"

enum { HISTORY_PLAN_SIZE = 512, HISTORY_PLAN_COLUMNS = 96 };

/* One argument of xFilter: the column, and the letter of its operator. */
struct history_step {
    const struct history_column *column;
    char letter; /* = l m g h i n A N O: see history_plan.c; or of enum history_letter */
};

/* What an = becomes once its value is known, and before that, an origin's. */
enum history_letter {
    HISTORY_OPEN = 'x',     /* it narrows nothing: SQLite alone compares such a value rightly */
    HISTORY_DEAD = 'd',     /* the state is `dead`, and dead reports have an index */
    HISTORY_QUEUED = 'q',   /* it is one of the queue, as of now */
    HISTORY_ENDED = 'e',    /* it is the end of a code */
    HISTORY_VERIFIED = 'v', /* it is `verified`, which comes before all other ends */
    HISTORY_FEW = 'f',      /* of an origin the first few are wanted */
    HISTORY_COMMON = 'c',   /* each row is looked at whether it is of that origin */
    HISTORY_NEVER = 'z',    /* NULL equals nothing */
    HISTORY_SCANNED = 's',  /* of an outcome there are enough rows in the order that is asked for */
};

/* The order in which rows are given: the idxNum of a plan. */
enum history_order {
    ORDER_NONE,
    ORDER_ID,
    ORDER_ID_DESC,
    ORDER_TIME,
    ORDER_TIME_DESC,
    ORDER_SUMS,    /* that of states or origins, which are counted: see history_sums.h */
    ORDER_SUM_ROWS /* the same, row by row; of no plan */
};

/* How much there is. */
struct history_size {
    double rows;     /* at the most */
    double newer;    /* of them the index of origins does not have */
    double unmerged; /* of them it has not in its order */
    bool in_time;    /* in the order of their ids rows were recorded */
    bool summed;     /* there are sums of days */
};

/* xBestIndex. SQLITE_ERROR: as_of is not given by `=`. */
int history_plan_choose(const struct history *history, const struct history_size *size,
                        struct table_given *given, sqlite3_index_info *info);

/* Whether SQLite says that it wants so many rows and no more. It does not always. */
bool history_plan_has_limit(const sqlite3_index_info *info);

/* Whether the statement's own comparison is the last word: of words that look like no number. */
bool history_plan_is_exact(enum history_search search, char letter);

struct history_step history_plan_step(const struct history *history, const char *plan,
                                      int argument);

/* Which kind of origin a column is (sql/upgrades/9.sql). */
int history_origin_kind(const struct history_column *column);

/* Whether a plan looks at a column. */
bool history_plan_uses(const char *plan, int column);

/* How many arguments a plan has. */
int history_plan_arguments(const char *plan);

/* Gives the = of an argument its new letter, in a copy of the plan. */
void history_plan_settle(char *plan, int argument, char letter);

/* Whether a plan asks for the number of all rows alone: no column, no condition. */
bool history_plan_is_count(const char *plan);

/* Whether a plan has one row at the most: id is given. */
bool history_plan_is_single(const struct history *history, const char *plan);

/* The first of the two parameters that the statement has for an argument; :as_of is ?1. */
int history_plan_parameter(int argument);

#endif
