/* SPDX-License-Identifier: MIT */
#include "ledger/ledger_time.h"

#include "host.h"
#include "ledger/cluster.h"
#include "ledger/ledger.h"
#include "values/time_units.h"
#include "values/moment.h"

static const int64_t latest = INT64_C(253402300799999); /* 9999-12-31T23:59:59.999Z */

static int64_t bounded(int64_t moment)
{
    return moment < 0 ? 0 : moment > latest ? latest : moment;
}

int64_t ledger_time(int64_t clock, int64_t newest, int64_t read_at)
{
    static const int64_t hopeless = LEDGER_TIME_HOPELESS_DAYS * (int64_t)DAY_MS;
    newest = bounded(newest);
    read_at = bounded(read_at);
    if (clock >= newest)
        return clock;
    int64_t behind = newest - clock, passed = clock - read_at;
    if (behind <= hopeless)
        passed -= passed / LEDGER_TIME_GAIN;
    return newest + (behind > LEDGER_TIME_AGREES_MS && passed > 1 ? passed : 1);
}

void ledger_clock_begin(struct ledger_clock *clock)
{
    clock->now = 0;
    clock->writing = true;
    clock->stamped = false;
}

void ledger_clock_end(struct ledger_clock *clock)
{
    clock->now = 0;
    clock->writing = false;
}

/* The newest entry, which is looked up anew where the file may have changed. */
static void read_newest(struct ledger *ledger, struct ledger_clock *clock)
{
    sqlite3 *database = ledger_database(ledger);
    unsigned version = 0;
    bool tells =
        sqlite3_txn_state(database, "main") != SQLITE_TXN_NONE &&
        sqlite3_file_control(database, "main", SQLITE_FCNTL_DATA_VERSION, &version) == SQLITE_OK;
    if (tells && clock->known && version == clock->version)
        return;
    if (ledger_is_unmade(ledger)) {
        clock->newest = clock->read_at = 0;
        return;
    }
    enum { NEWEST, READ_AT };
    static const char *const columns[] = {"newest", "read_at", NULL};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_newest_entry, columns);
    clock->newest = clock->read_at = 0;
    if (ledger_row(row)) {
        clock->newest = ledger_integer(row, NEWEST);
        clock->read_at = ledger_integer(row, READ_AT);
        ledger_done(row);
    }
    clock->known = tells && !ledger_failed(ledger);
    clock->version = version;
}

int64_t ledger_now(struct ledger *ledger)
{
    struct ledger_clock *clock = ledger_clock_of(ledger);
    if (clock->now != 0)
        return clock->now;
    /* First of all, so that a lock or a snapshot that is to be waited for has been. */
    read_newest(ledger, clock);
    int64_t shown = moment_now(), now = ledger_time(shown, clock->newest, clock->read_at);
    if (clock->writing) {
        clock->now = now;
        clock->clock = shown;
    }
    return now;
}

int64_t ledger_stamp(struct ledger *ledger)
{
    struct ledger_clock *clock = ledger_clock_of(ledger);
    int64_t now = ledger_now(ledger);
    if (!clock->writing || clock->stamped || ledger_failed(ledger))
        return now;
    struct ledger_statement *mark = ledger_use(ledger, STATEMENT_mark_entry);
    ledger_set_integer(mark, ":now", now);
    ledger_set_integer(mark, ":clock", clock->clock);
    ledger_run(mark);
    clock->stamped = true;
    clock->known = false;
    return now;
}

int64_t ledger_clock(struct ledger *ledger)
{
    ledger_now(ledger);
    return ledger_clock_of(ledger)->clock;
}

bool ledger_notice_clock(struct ledger *ledger)
{
    int64_t clock = ledger_clock(ledger);
    const struct ledger_clock *known = ledger_clock_of(ledger);
    bool behind = known->read_at > clock && known->newest > clock + LEDGER_TIME_AGREES_MS;
    if (!behind)
        return false;
    struct ledger_statement *notice = ledger_use(ledger, STATEMENT_notice_clock);
    ledger_set_integer(notice, ":clock", clock);
    ledger_set_integer(notice, ":agrees", LEDGER_TIME_AGREES_MS);
    ledger_clock_of(ledger)->known = false;
    ledger_run(notice);
    return behind;
}
