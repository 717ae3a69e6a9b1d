/* SPDX-License-Identifier: MIT */
#include "functions/row_taker.h"

static const char name[] = "reg_take", kind[] = "row_taker";

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
    return sqlite3_create_function_v2(database, name, ANY_NUMBER, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                      NULL, take, NULL, NULL, NULL);
}

void row_taker_withdraw(sqlite3 *database)
{
    sqlite3_create_function_v2(database, name, ANY_NUMBER, SQLITE_UTF8, NULL, NULL, NULL, NULL,
                               NULL);
}

void row_taker_bind(struct ledger_statement *statement, const struct row_taker *taker)
{
    ledger_set_pointer(statement, ":taker", (void *)taker, kind);
}
