/* SPDX-License-Identifier: MIT */
/* Days that are summed until somebody says stop; and sums that nobody can add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sqlite3.h>

#include "fraud/kept_days.h"
#include "fraud/outcome_counts.h"
#include "ledger/ledger.h"
#include "ledger/session.h"

static sqlite3 *database;
static struct session *session;
static int left_until_stop; /* days and looks; negative: never */

static bool stops(void)
{
    return left_until_stop >= 0 && left_until_stop-- == 0;
}

/* A sign-up on each of three days of 1970. */
static int begin(void **state)
{
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &database), SQLITE_OK);
    session = session_open(database);
    struct ledger_making making = {.settings = "{}"};
    ledger_create(session->ledger, &making);
    assert_int_equal(
        sqlite3_exec(database,
                     "INSERT INTO attempt (id, recorded_at, attempted_at, setting_id, outcome, "
                     "customer_id, has_password) "
                     "VALUES (1, 1000, 1000, 1, 'success', 1, 0), (2, 86400000, 86400000, 1, "
                     "'success', 2, 0), (3, 172800000, 172800000, 1, 'success', 3, 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    left_until_stop = -1;
    return 0;
}

static int end(void **state)
{
    (void)state;
    session_release(session);
    sqlite3_close(database);
    return 0;
}

static void what_a_stop_leaves_is_said_and_done_next_time(void **state)
{
    (void)state;
    struct kept_days_done done;
    left_until_stop = 2; /* before the calls, before the first day; then it is enough */
    assert_true(kept_days_refresh(session->ledger, stops, &done));
    assert_int_equal(done.summed, 1);
    assert_false(done.all);
    left_until_stop = -1;
    assert_true(kept_days_refresh(session->ledger, stops, &done));
    assert_int_equal(done.summed, 2);
    assert_true(done.all);
    assert_true(kept_days_refresh(session->ledger, stops, &done));
    assert_int_equal(done.summed, 0);
    assert_true(done.all);
}

static void a_damaged_sum_is_an_error(void **state)
{
    (void)state;
    static const char *const values[] = {"-9223372036854775808", "9223372036854775807", "-1"};
    struct kept_days_done done;
    struct outcome_counts counts;
    assert_true(kept_days_refresh(session->ledger, stops, &done));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *sql = sqlite3_mprintf("UPDATE kept_cause SET unit = %s WHERE slot = 96", values[i]);
        assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
        sqlite3_free(sql);
        assert_false(outcome_counts_read(&counts, session, 0, 2, 172800000));
        assert_int_equal(ledger_code(session->ledger), SQLITE_CORRUPT);
        outcome_counts_end(&counts);
        ledger_forgive(session->ledger);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_stop_leaves_is_said_and_done_next_time, begin, end),
        cmocka_unit_test_setup_teardown(a_damaged_sum_is_an_error, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
