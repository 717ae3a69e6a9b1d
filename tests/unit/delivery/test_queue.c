/* SPDX-License-Identifier: MIT */
/* The queue in the ledger: who has an item, for how long, and whose news of it counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "delivery/record_answers.h"
#include "delivery/take_due.h"
#include "../folder.h"
#include "outbox.h"
#include "values/time_units.h"

static struct queue queue_of(struct job *job)
{
    return (struct queue){
        .job = job, .kind = QUEUE_REPORTS, .patience = &job->config.fraud.patience};
}

static struct transfer_answer answer(enum transfer_result result, long status)
{
    return (struct transfer_answer){
        .result = result, .status = status, .retry_after_ms = -1, .timestamp = -1};
}

/* The first due item as a run sees it; false: none. */
static bool find(struct queue *queue, int64_t now, struct queue_place *item)
{
    struct ledger_statement *due = queue_due(queue, queue->job->session->ledger, now, 10);
    bool found = ledger_row(due);
    if (found)
        *item = (struct queue_place){.id = ledger_integer(due, QUEUE_ID),
                                     .seen = ledger_integer(due, QUEUE_SEEN)};
    ledger_done(due);
    return found;
}

static bool take(struct queue *queue, struct queue_place *item, int64_t now)
{
    struct queue_item one = {.place = *item, .wanted = true};
    struct queue_list list;
    queue_list_clear(&list);
    queue_list_add(&list, &one);
    ledger_begin(queue_ledger(queue));
    take_read(queue, &list, take_places(queue, &list, now));
    ledger_end(queue_ledger(queue));
    if (one.taken)
        *item = one.place;
    return one.taken;
}

static enum queue_fate finish(struct queue *queue, const struct queue_place *item,
                              const struct transfer_answer *given)
{
    ledger_begin(queue_ledger(queue));
    enum queue_fate fate = record_answer(
        queue, item, given, record_retry(queue, item, given, moment_now()), moment_now());
    ledger_end(queue_ledger(queue));
    return fate;
}

static uint64_t finish_leftovers(struct queue *queue)
{
    struct record_leftovers leftovers = record_leftovers(queue);
    assert_int_equal(leftovers.given_up, 0);
    assert_int_equal(leftovers.unmade, 0);
    return leftovers.ambiguous;
}

/* Two runs of different hosts, both of which have found the one due report. */
struct pair {
    struct job *job[2];
    struct queue queue[2];
    struct queue_place item[2];
};

static struct pair pair_make(void)
{
    struct pair pair;
    pair.job[0] = outbox_make("one:1", 1);
    pair.job[1] = outbox_open("two:1");
    for (int i = 0; i < 2; i++) {
        pair.queue[i] = queue_of(pair.job[i]);
        assert_true(find(&pair.queue[i], moment_now(), &pair.item[i]));
    }
    return pair;
}

static void pair_end(struct pair *pair)
{
    outbox_close(pair->job[0]);
    outbox_close(pair->job[1]);
}

static void an_item_has_one_taker(void **state)
{
    (void)state;
    struct pair pair = pair_make();
    struct queue_place other;
    assert_true(take(&pair.queue[0], &pair.item[0], moment_now()));
    assert_false(take(&pair.queue[1], &pair.item[1], moment_now()));
    assert_false(find(&pair.queue[1], moment_now(), &other));
    assert_false(find(&pair.queue[1], pair.item[0].lease_until - 1, &other));
    assert_true(find(&pair.queue[1], pair.item[0].lease_until, &other));
    assert_int_equal(outbox_number(pair.job[0], "SELECT count(*) FROM try"), 1);
    pair_end(&pair);
}

static void a_lease_outlasts_the_time_limits(void **state)
{
    (void)state;
    struct pair pair = pair_make();
    int64_t now = moment_now();
    const struct config_patience *patience = pair.queue[0].patience;
    assert_true(take(&pair.queue[0], &pair.item[0], now));
    assert_true(pair.item[0].lease_until - now >
                1000 * ((int64_t)patience->connect_seconds + patience->transfer_seconds) + 60000);
    pair_end(&pair);
}

static void a_call_that_was_not_made_leaves_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_make();
    assert_true(take(&pair.queue[0], &pair.item[0], moment_now()));
    ledger_begin(queue_ledger(&pair.queue[0]));
    record_withdraw(&pair.queue[0], &pair.item[0]);
    ledger_end(pair.job[0]->session->ledger);
    assert_int_equal(outbox_number(pair.job[0], "SELECT count(*) FROM try"), 0);
    assert_true(take(&pair.queue[1], &pair.item[1], moment_now()));
    pair_end(&pair);
}

static void leftovers_are_those_of_the_own_host_and_those_whose_lease_is_over(void **state)
{
    (void)state;
    struct job *one = outbox_make("one:1", 2);
    struct job *again = outbox_open("one:22");
    struct job *two = outbox_open("one2:1");
    struct queue queue = queue_of(one), of_again = queue_of(again), of_two = queue_of(two);
    struct queue_place fresh, stale;
    assert_true(find(&queue, moment_now(), &stale));
    assert_true(take(&queue, &stale, moment_now() - DAY_MS));
    assert_true(find(&queue, moment_now(), &fresh));
    outbox_run(one, "UPDATE report SET next_try_at = 5 WHERE id = 2");
    fresh = (struct queue_place){.id = 2, .seen = 5};
    assert_true(take(&queue, &fresh, moment_now()));
    /* Of another host, only what its maker has given up. */
    assert_int_equal(finish_leftovers(&of_two), 1);
    assert_int_equal(outbox_number(one, "SELECT id FROM try WHERE finished_at IS NULL"),
                     fresh.try_id);
    assert_int_equal(finish_leftovers(&of_two), 0);
    assert_int_equal(finish_leftovers(&of_again), 1);
    assert_int_equal(outbox_number(one, "SELECT count(*) FROM try WHERE result = 'ambiguous' AND "
                                        "retry_at > finished_at"),
                     2);
    assert_int_equal(
        outbox_number(one, "SELECT count(*) FROM report r JOIN try t ON t.report_id = r.id AND "
                           "t.retry_at = r.next_try_at"),
        2);
    outbox_close(one);
    outbox_close(again);
    outbox_close(two);
}

/* Of three tries that a killed run had taken, one had set out. */
static void what_never_set_out_is_taken_back(void **state)
{
    (void)state;
    struct job *job = outbox_make("one:1", 3);
    struct lock lock;
    struct handed handed;
    char message[256];
    struct queue queue = queue_of(job);
    queue.handed = &handed;
    assert_int_equal(lock_take(&lock, outbox_path, "report", message, sizeof message), LOCK_TAKEN);
    handed_read(&handed, &lock);
    assert_true(handed_begin(&handed, "one:1"));
    int64_t now = moment_now();
    for (int id = 1; id <= 3; id++) {
        struct queue_place item = {.id = id, .seen = now};
        outbox_run(job, "UPDATE report SET next_try_at = %lld WHERE id = %d", (long long)now, id);
        assert_true(take(&queue, &item, now));
        if (id == 1)
            assert_true(handed_note(&handed, queue.lane, item.try_id));
    }
    /* Killed: nobody has forgotten the note. */
    close(lock.descriptor);
    assert_int_equal(lock_take(&lock, outbox_path, "report", message, sizeof message), LOCK_TAKEN);
    handed_read(&handed, &lock);
    struct record_leftovers leftovers = record_leftovers(&queue);
    assert_int_equal(leftovers.ambiguous, 1);
    assert_int_equal(leftovers.unmade, 2);
    assert_int_equal(outbox_number(job, "SELECT group_concat(report_id) FROM try"), 1);
    assert_int_equal(outbox_number(job,
                                   "SELECT count(*) FROM report r WHERE id > 1 AND next_try_at <= "
                                   "(SELECT started_at FROM try)"),
                     2);
    handed_forget(&handed);
    lock_release(&lock);
    outbox_close(job);
}

static void late_news_count_only_where_the_other_side_has_it(void **state)
{
    (void)state;
    for (int accepted = 0; accepted < 2; accepted++) {
        struct pair pair = pair_make();
        struct transfer_answer late =
            accepted ? answer(TRANSFER_ACCEPTED, 200) : answer(TRANSFER_REFUSED, 400);
        struct transfer_answer second = answer(TRANSFER_NOT_ACCEPTED, 503);
        assert_true(take(&pair.queue[0], &pair.item[0], moment_now() - DAY_MS));
        assert_true(find(&pair.queue[1], moment_now(), &pair.item[1]));
        assert_int_equal(finish_leftovers(&pair.queue[1]), 1);
        outbox_run(pair.job[0], "UPDATE report SET next_try_at = 5");
        pair.item[1].seen = 5;
        assert_true(take(&pair.queue[1], &pair.item[1], moment_now()));
        finish(&pair.queue[0], &pair.item[0], &late);
        assert_int_equal(outbox_number(pair.job[0], "SELECT count(*) FROM report_event"), accepted);
        assert_int_equal(outbox_number(pair.job[0], "SELECT next_try_at FROM report"),
                         accepted ? -1 : pair.item[1].lease_until);
        /* What was written of the try stays as it is. */
        assert_int_equal(
            outbox_number(pair.job[0], "SELECT count(*) FROM try WHERE result = 'ambiguous'"), 1);
        finish(&pair.queue[1], &pair.item[1], &second);
        assert_int_equal(
            outbox_number(pair.job[0], "SELECT count(*) FROM report WHERE next_try_at IS NULL"),
            accepted);
        pair_end(&pair);
    }
}

static void what_was_erased_under_way_is_not_queued_again_and_not_dead(void **state)
{
    (void)state;
    static const enum transfer_result results[] = {TRANSFER_REFUSED, TRANSFER_AMBIGUOUS,
                                                   TRANSFER_ACCEPTED};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct pair pair = pair_make();
        struct transfer_answer given = answer(results[i], 200);
        assert_true(take(&pair.queue[0], &pair.item[0], moment_now()));
        outbox_run(pair.job[1], "UPDATE report SET next_try_at = NULL; INSERT INTO report_event "
                                "(report_id, recorded_at, state) VALUES (1, 1, 'erased')");
        finish(&pair.queue[0], &pair.item[0], &given);
        assert_int_equal(outbox_number(pair.job[0], "SELECT next_try_at FROM report"), -1);
        assert_int_equal(
            outbox_number(pair.job[0], "SELECT count(*) FROM report_event WHERE state = 'dead'"),
            0);
        assert_int_equal(outbox_number(pair.job[0], "SELECT count(*) FROM report_event WHERE "
                                                    "state = 'acknowledged'"),
                         results[i] == TRANSFER_ACCEPTED);
        pair_end(&pair);
    }
}

/* Of one permitted try. */
static void a_try_that_reached_nobody_is_not_spent(void **state)
{
    (void)state;
    struct job *job = outbox_make("one:1", 1);
    struct queue queue = queue_of(job);
    struct transfer_answer unreached = answer(TRANSFER_NOT_ACCEPTED, 0);
    struct transfer_answer busy = answer(TRANSFER_NOT_ACCEPTED, 503);
    unreached.unreached = true;
    job->config.fraud.patience.tries = 1;
    static const enum queue_fate fates[] = {QUEUE_AGAIN, QUEUE_AGAIN, QUEUE_AGAIN, QUEUE_GIVEN_UP};
    for (size_t i = 0; i < sizeof fates / sizeof *fates; i++) {
        struct queue_place item = {.id = 1, .seen = 5};
        outbox_run(job, "UPDATE report SET next_try_at = 5");
        assert_true(take(&queue, &item, moment_now()));
        assert_int_equal(finish(&queue, &item, i < 3 ? &unreached : &busy), fates[i]);
    }
    assert_int_equal(outbox_number(job, "SELECT count(*) FROM report_event WHERE state = 'dead'"),
                     1);
    outbox_close(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_item_has_one_taker),
        cmocka_unit_test(a_lease_outlasts_the_time_limits),
        cmocka_unit_test(a_call_that_was_not_made_leaves_nothing),
        cmocka_unit_test(leftovers_are_those_of_the_own_host_and_those_whose_lease_is_over),
        cmocka_unit_test(what_never_set_out_is_taken_back),
        cmocka_unit_test(late_news_count_only_where_the_other_side_has_it),
        cmocka_unit_test(what_was_erased_under_way_is_not_queued_again_and_not_dead),
        cmocka_unit_test(a_try_that_reached_nobody_is_not_spent),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
