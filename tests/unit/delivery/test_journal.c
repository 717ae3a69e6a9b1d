/* SPDX-License-Identifier: MIT */
/* The journal as the engine's source: nothing is handed out that is not committed, and nothing that
 * came back is lost while another writer holds the ledger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "delivery/journal.h"
#include "../folder.h"
#include "outbox.h"

/* So many seconds are added to every clock. */
static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    now->tv_sec += ahead;
    return result;
}

static atomic_uint loaded; /* parcels that are not unloaded yet */
static const struct session *desk_door;
static atomic_bool doors[2]; /* through which parcels were loaded: the desk's own, another */

static void *load(void *context, struct session *session, struct ledger_statement *row)
{
    (void)context;
    doors[session != desk_door] = true;
    int64_t *parcel = malloc(sizeof *parcel);
    assert_non_null(parcel);
    *parcel = ledger_integer(row, QUEUE_ID);
    loaded++;
    return parcel;
}

static const void *request(void *context, void *parcel, int64_t now)
{
    (void)context;
    assert_true(now > 0);
    return parcel;
}

static void unload(void *parcel)
{
    loaded--;
    free(parcel);
}

struct desk {
    struct job *job, *other;
    struct queue queue;
    struct journal *journal;
    struct transfer_source source;
    struct transfer_item *item; /* given last */
};

static void desk_open(struct desk *desk, int reports, uint64_t *limit)
{
    static const struct take_cargo cargo = {NULL, load, NULL, NULL, request, unload};
    desk->job = outbox_make("one:1", reports);
    desk_door = desk->job->session;
    doors[0] = doors[1] = false;
    desk->other = outbox_open("two:1");
    desk->queue = (struct queue){
        .job = desk->job, .kind = QUEUE_REPORTS, .patience = &desk->job->config.fraud.patience};
    desk->journal = journal_open(&desk->queue, &cargo, "report", limit);
    assert_non_null(desk->journal);
    desk->source = journal_source(desk->journal);
}

static void desk_close(struct desk *desk)
{
    journal_close(desk->journal);
    assert_int_equal(loaded, 0);
    outbox_close(desk->job);
    outbox_close(desk->other);
}

static enum transfer_supply next(struct desk *desk, unsigned room)
{
    int64_t later_ms = -1;
    enum transfer_supply supply =
        desk->source.next(desk->source.context, room, &desk->item, &later_ms);
    if (supply == TRANSFER_LATER || supply == TRANSFER_AFTER)
        assert_true(later_ms > 0);
    return supply;
}

static void done(struct desk *desk, enum transfer_result result)
{
    desk->item->answered = true;
    desk->item->answer = (struct transfer_answer){
        .result = result, .status = 200, .retry_after_ms = -1, .timestamp = -1};
    journal_ended(desk->journal, desk->item);
}

static int64_t count(struct desk *desk, const char *what)
{
    char sql[256];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", what);
    return outbox_number(desk->other, sql);
}

static void a_group_is_committed_before_its_first_item_is_handed_out(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 5, NULL);
    assert_int_equal(next(&desk, 3), TRANSFER_ITEM);
    assert_int_equal(*(const int64_t *)desk.item->request, 1);
    assert_int_equal(count(&desk, "try WHERE finished_at IS NULL"), 3);
    done(&desk, TRANSFER_ACCEPTED);
    assert_int_equal(count(&desk, "report_event"), 0);
    assert_true(journal_tick(desk.journal));
    assert_int_equal(count(&desk, "report_event WHERE state = 'acknowledged'"), 1);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(next(&desk, 3), TRANSFER_ITEM);
        done(&desk, TRANSFER_ACCEPTED);
    }
    /* The second group's transaction wrote down the first one's answers. */
    assert_int_equal(count(&desk, "report_event"), 3);
    assert_int_equal(next(&desk, 3), TRANSFER_LATER);
    assert_int_equal(next(&desk, 3), TRANSFER_NO_MORE);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "report_event"), 5);
    assert_int_equal(journal_record(desk.journal)->counts.results[TRANSFER_ACCEPTED], 5);
    desk_close(&desk);
}

static void what_is_not_handed_out_is_taken_back(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 4, NULL);
    assert_int_equal(next(&desk, 4), TRANSFER_ITEM);
    struct transfer_item *first = desk.item;
    assert_int_equal(next(&desk, 4), TRANSFER_ITEM);
    journal_ended(desk.journal, first);
    done(&desk, TRANSFER_ABOUT_US);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try"), 0);
    assert_int_equal(count(&desk, "report WHERE next_try_at = recorded_at"), 4);
    desk_close(&desk);
}

static void what_may_be_at_fault_itself_goes_back_behind_the_others(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 3, NULL);
    assert_int_equal(next(&desk, 1), TRANSFER_ITEM);
    desk.item->answered = true;
    desk.item->answer = (struct transfer_answer){.result = TRANSFER_ABOUT_US, .behind = true};
    journal_ended(desk.journal, desk.item);
    assert_int_equal(next(&desk, 1), TRANSFER_ITEM);
    done(&desk, TRANSFER_ABOUT_US);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try"), 0);
    assert_int_equal(count(&desk, "report_event"), 0);
    assert_int_equal(count(&desk, "report WHERE next_try_at = recorded_at"), 2);
    assert_int_equal(outbox_number(desk.other, "SELECT id FROM report ORDER BY next_try_at DESC"),
                     1);
    desk_close(&desk);
}

static void a_limit_holds_and_counts_what_was_made(void **state)
{
    (void)state;
    struct desk desk;
    uint64_t limit = 2;
    desk_open(&desk, 5, &limit);
    assert_int_equal(next(&desk, 100), TRANSFER_ITEM);
    journal_ended(desk.journal, desk.item);
    assert_int_equal(next(&desk, 100), TRANSFER_ITEM);
    done(&desk, TRANSFER_ACCEPTED);
    assert_int_equal(next(&desk, 100), TRANSFER_NO_MORE);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try"), 1);
    assert_int_equal(limit, 1);
    desk_close(&desk);
}

static void another_writer_is_waited_for(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 3, NULL);
    outbox_run(desk.other, "BEGIN IMMEDIATE");
    assert_int_equal(next(&desk, 2), TRANSFER_LATER);
    outbox_run(desk.other, "COMMIT");
    assert_int_equal(count(&desk, "try"), 0);
    assert_int_equal(next(&desk, 2), TRANSFER_ITEM);
    done(&desk, TRANSFER_ACCEPTED);
    assert_int_equal(next(&desk, 2), TRANSFER_ITEM);
    done(&desk, TRANSFER_AMBIGUOUS);
    outbox_run(desk.other, "BEGIN IMMEDIATE");
    assert_true(journal_tick(desk.journal));
    assert_int_equal(next(&desk, 2), TRANSFER_LATER);
    outbox_run(desk.other, "COMMIT");
    assert_int_equal(count(&desk, "try WHERE finished_at IS NULL"), 2);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try WHERE result = 'accepted'"), 1);
    assert_int_equal(count(&desk, "try WHERE result = 'ambiguous'"), 1);
    assert_int_equal(journal_record(desk.journal)->counts.again, 1);
    desk_close(&desk);
}

static void what_another_run_took_in_between_is_left_to_it(void **state)
{
    (void)state;
    struct desk one, two;
    desk_open(&one, 3, NULL);
    two = one;
    two.queue.job = one.other;
    static const struct take_cargo cargo = {NULL, load, NULL, NULL, request, unload};
    two.journal = journal_open(&two.queue, &cargo, "report", NULL);
    two.source = journal_source(two.journal);
    assert_int_equal(next(&one, 2), TRANSFER_ITEM);
    assert_int_equal(next(&two, 100), TRANSFER_ITEM);
    assert_int_equal(*(const int64_t *)two.item->request, 3);
    assert_int_equal(count(&one, "try"), 3);
    done(&one, TRANSFER_ACCEPTED);
    done(&two, TRANSFER_ACCEPTED);
    assert_int_equal(journal_settle(one.journal), EXIT_DONE);
    assert_int_equal(journal_settle(two.journal), EXIT_DONE);
    assert_int_equal(count(&one, "try WHERE result = 'accepted'"), 2);
    journal_close(two.journal);
    desk_close(&one);
}

static void what_waits_too_long_is_taken_back(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 3, NULL);
    assert_int_equal(next(&desk, 3), TRANSFER_ITEM);
    struct transfer_item *first = desk.item;
    ahead += 4;
    assert_true(journal_tick(desk.journal));
    assert_int_equal(count(&desk, "try"), 3);
    ahead += 2;
    assert_true(journal_tick(desk.journal));
    assert_int_equal(count(&desk, "try"), 1); /* the one that is out is waited for */
    assert_int_equal(count(&desk, "report WHERE next_try_at = recorded_at"), 2);
    /* The other way round: what is too old is not handed out, however late the tick. */
    assert_int_equal(next(&desk, 2), TRANSFER_ITEM);
    ahead += 6;
    struct transfer_item *second = desk.item;
    assert_int_equal(next(&desk, 1), TRANSFER_AFTER);
    assert_true(journal_tick(desk.journal));
    assert_int_equal(count(&desk, "try"), 2);
    desk.item = first;
    done(&desk, TRANSFER_ACCEPTED);
    desk.item = second;
    done(&desk, TRANSFER_ACCEPTED);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    desk_close(&desk);
}

/* What has been handed out, by id. */
enum { MANY = 3 * 4096 };
static unsigned char handed[MANY + 1];

/* Hands out everything there is. */
static int hand_out(struct desk *desk)
{
    int count = 0;
    for (;;) {
        switch (next(desk, MANY)) {
        case TRANSFER_ITEM:
            handed[*(const int64_t *)desk->item->request]++;
            done(desk, TRANSFER_ACCEPTED);
            count++;
            continue;
        case TRANSFER_LATER:
            continue;
        default:
            return count;
        }
    }
}

static void what_is_read_ahead_is_nobodys_until_it_is_taken(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, MANY, NULL);
    memset(handed, 0, sizeof handed);
    assert_int_equal(next(&desk, MANY), TRANSFER_ITEM); /* the second group is being read now */
    done(&desk, TRANSFER_ACCEPTED);
    /* Read ahead or not by now: another host takes one, another is erased. */
    int64_t lease = moment_now() + 600000;
    outbox_run(desk.other, "UPDATE report SET next_try_at = %lld WHERE id = 5000",
               (long long)lease);
    outbox_run(desk.other, "UPDATE report SET next_try_at = NULL WHERE id = 5001");
    assert_int_equal(hand_out(&desk), MANY - 3);
    assert_true(doors[1]);
    for (int id = 2; id <= MANY; id++)
        assert_int_equal(handed[id], id == 5000 || id == 5001 ? 0 : 1);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try WHERE result = 'accepted'"), MANY - 2);
    desk_close(&desk);
}

static void a_limit_holds_for_what_is_read_ahead(void **state)
{
    (void)state;
    struct desk desk;
    uint64_t limit = 4096 + 10;
    desk_open(&desk, MANY, &limit);
    assert_int_equal(hand_out(&desk), 4096 + 10);
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try"), 4096 + 10);
    desk_close(&desk);
}

static void what_was_read_ahead_too_long_ago_is_read_anew(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, MANY, NULL);
    for (int i = 0; i < 4096; i++) {
        assert_int_equal(next(&desk, MANY), TRANSFER_ITEM);
        done(&desk, TRANSFER_ACCEPTED);
    }
    doors[0] = false;
    ahead += 6;
    assert_int_equal(next(&desk, 10), TRANSFER_ITEM);
    assert_true(doors[0]);
    done(&desk, TRANSFER_ACCEPTED);
    /* Slow again: each group is read when it is needed. */
    assert_int_equal(journal_settle(desk.journal), EXIT_DONE);
    assert_int_equal(count(&desk, "try"), 4097);
    desk_close(&desk);
}

static void a_ledger_that_stays_locked_ends_it(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 3, NULL);
    outbox_run(desk.other, "BEGIN IMMEDIATE");
    assert_int_equal(next(&desk, 2), TRANSFER_LATER);
    ahead += 59;
    assert_int_equal(next(&desk, 2), TRANSFER_LATER);
    ahead += 2;
    assert_int_equal(next(&desk, 2), TRANSFER_BROKEN);
    outbox_run(desk.other, "COMMIT");
    assert_int_equal(journal_settle(desk.journal), EXIT_RETRY);
    desk_close(&desk);
}

static void a_ledger_that_fails_ends_it(void **state)
{
    (void)state;
    struct desk desk;
    desk_open(&desk, 3, NULL);
    outbox_run(desk.job, "CREATE TEMP TRIGGER full BEFORE INSERT ON main.try BEGIN SELECT "
                         "RAISE(ABORT, 'no room'); END");
    assert_int_equal(next(&desk, 2), TRANSFER_BROKEN);
    assert_int_equal(next(&desk, 2), TRANSFER_BROKEN);
    assert_false(journal_tick(desk.journal));
    assert_int_equal(journal_settle(desk.journal), EXIT_RETRY);
    assert_int_equal(count(&desk, "try"), 0);
    assert_int_equal(count(&desk, "report WHERE next_try_at = recorded_at"), 3);
    desk_close(&desk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_is_committed_before_its_first_item_is_handed_out),
        cmocka_unit_test(what_is_not_handed_out_is_taken_back),
        cmocka_unit_test(what_may_be_at_fault_itself_goes_back_behind_the_others),
        cmocka_unit_test(a_limit_holds_and_counts_what_was_made),
        cmocka_unit_test(another_writer_is_waited_for),
        cmocka_unit_test(what_another_run_took_in_between_is_left_to_it),
        cmocka_unit_test(what_waits_too_long_is_taken_back),
        cmocka_unit_test(what_is_read_ahead_is_nobodys_until_it_is_taken),
        cmocka_unit_test(a_limit_holds_for_what_is_read_ahead),
        cmocka_unit_test(what_was_read_ahead_too_long_ago_is_read_anew),
        cmocka_unit_test(a_ledger_that_stays_locked_ends_it),
        cmocka_unit_test(a_ledger_that_fails_ends_it),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
