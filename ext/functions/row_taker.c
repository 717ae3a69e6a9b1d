/* SPDX-License-Identifier: MIT */
#include "functions/row_taker.h"

#include <stdio.h>

static const char kind[] = "reg:row_taker";

enum { ANY_NUMBER = -1 };

static void take(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct row_taker *taker = count > 0 ? sqlite3_value_pointer(values[0], kind) : NULL;
    if (taker == NULL) {
        sqlite3_result_error(context, "reg_take: only the extension's own statements can ask this",
                             -1);
        return;
    }
    bool taken = taker->take(taker->context, values + 1);
    if (ledger_failed(taker->ledger)) {
        sqlite3_result_error(context, ledger_error(taker->ledger), -1);
        return;
    }
    sqlite3_result_int(context, taken);
}

int row_taker_offer(sqlite3 *database)
{
    return sqlite3_create_function_v2(database, "reg_take", ANY_NUMBER,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, take, NULL, NULL,
                                      NULL);
}

void row_taker_bind(struct ledger_statement *statement, const struct row_taker *taker)
{
    ledger_set_pointer(statement, ":taker", (void *)taker, kind);
}

const char *row_taker_text(struct ledger *ledger, sqlite3_value *value)
{
    bool is_null = sqlite3_value_type(value) == SQLITE_NULL; /* before: without memory all is */
    const char *text = (const char *)sqlite3_value_text(value);
    if (text != NULL || is_null)
        return text;
    ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    return "";
}

const char *row_taker_word(struct ledger *ledger, sqlite3_value *value, const char *column)
{
    const char *text = row_taker_text(ledger, value);
    if (text != NULL)
        return text;
    ledger_fail(ledger, SQLITE_CORRUPT, LEDGER_DAMAGED, column, "is missing");
    return "";
}

int64_t row_taker_integer(struct ledger *ledger, sqlite3_value *value, const char *column)
{
    char what[32];
    int64_t number = sqlite3_value_int64(value);
    if (number >= -LEDGER_MOST_INTEGER && number <= LEDGER_MOST_INTEGER)
        return number;
    snprintf(what, sizeof what, "is %lld", (long long)number);
    ledger_fail(ledger, SQLITE_CORRUPT, LEDGER_DAMAGED, column, what);
    return 0;
}
