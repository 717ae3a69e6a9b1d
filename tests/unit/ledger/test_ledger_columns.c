/* SPDX-License-Identifier: MIT */
/* Rows are read by the names of their columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "ledger/ledger.h"
#include "ledger/settings.h"

static const char *const as_it_stands[] = {"id", "json", NULL};
static const char *const turned_round[] = {"json", "id", NULL};
static const char *const one[] = {"json", NULL};
static const char *const unknown[] = {"id", "jason", NULL};

static int make_ledger(void **state)
{
    sqlite3 *database;
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    struct ledger *ledger = ledger_open(database);
    ledger_create(ledger, &(struct ledger_making){.settings = "{\"sandbox\":true}"});
    assert_false(ledger_failed(ledger));
    *state = ledger;
    return 0;
}

static int remove_ledger(void **state)
{
    sqlite3 *database = ledger_database(*state);
    ledger_close(*state);
    return sqlite3_close(database);
}

static void columns_by_name(void **state)
{
    for (int turn = 0; turn < 2; turn++) {
        struct ledger_statement *row =
            ledger_select(*state, STATEMENT_newest_setting, as_it_stands);
        assert_true(ledger_row(row));
        int64_t id = ledger_integer(row, 0);
        assert_non_null(strstr(ledger_text(row, 1), "sandbox"));
        row = ledger_select(*state, STATEMENT_newest_setting, turned_round);
        assert_true(ledger_row(row));
        assert_int_equal(ledger_integer(row, 1), id);
        assert_non_null(strstr(ledger_text(row, 0), "sandbox"));
        row = ledger_use(*state, STATEMENT_newest_setting);
        assert_true(ledger_row(row));
        assert_int_equal(ledger_integer(row, 0), id);
        ledger_rest(*state); /* all is prepared anew */
    }
}

static void what_is_not_named_is_not_read(void **state)
{
    struct ledger_statement *row = ledger_select(*state, STATEMENT_newest_setting, one);
    assert_true(ledger_row(row));
    assert_false(ledger_is_null(row, 0));
    assert_true(ledger_is_null(row, 1));
    ledger_done(row);
}

static void an_unknown_name_is_an_error(void **state)
{
    struct ledger_statement *row = ledger_select(*state, STATEMENT_newest_setting, unknown);
    assert_false(ledger_row(row));
    assert_string_equal(ledger_error(*state), "statement newest_setting has no column jason");
    ledger_forgive(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_by_name),
        cmocka_unit_test(what_is_not_named_is_not_read),
        cmocka_unit_test(an_unknown_name_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_ledger, remove_ledger);
}
