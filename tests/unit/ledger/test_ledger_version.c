/* SPDX-License-Identifier: MIT */
/* A write finds out that another program has upgraded the ledger, each time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <sqlite3.h>

#include "ledger/ledger.h"
#include "ledger/settings.h"

static void run(sqlite3 *database, const char *sql)
{
    assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static bool writes(struct ledger *ledger)
{
    ledger_begin(ledger);
    bool begun = !ledger_failed(ledger);
    if (!begun)
        assert_non_null(strstr(ledger_error(ledger), "the ledger has version 99"));
    ledger_end(ledger);
    ledger_forgive(ledger);
    return begun;
}

static void an_upgrade_is_noticed(void **state)
{
    (void)state;
    sqlite3 *database;
    char version[64];
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    struct ledger *ledger = ledger_open(database);
    ledger_create(ledger, &(struct ledger_making){.settings = "{\"sandbox\":true}"});
    assert_true(writes(ledger));
    run(database, "CREATE INDEX of_somebody ON attempt (country)");
    assert_true(writes(ledger));
    run(database, "CREATE TABLE of_the_next_version (x); PRAGMA user_version = 99");
    assert_false(writes(ledger));
    assert_false(writes(ledger)); /* who has been told so once goes on with something else */
    snprintf(version, sizeof version, "PRAGMA user_version = %d", ledger_version());
    run(database, version);
    assert_true(writes(ledger));
    ledger_close(ledger);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_upgrade_is_noticed)};
    return cmocka_run_group_tests_name("ledger_version", tests, NULL, NULL);
}
