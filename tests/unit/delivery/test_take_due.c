/* SPDX-License-Identifier: MIT */
/* Groups of due items and what is read ahead of them (jobs/delivery/take_due.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

#include "../folder.h"
#include "delivery/take_due.h"
#include "ledger/session.h"
#include "outbox.h"

enum { GROUP = 4096, REPORTS = 2 * GROUP + 100 };

struct parcel {
    bool complete;
};

/* What is read ahead fails once, in the middle of its first group. */
struct load {
    struct session *main;
    atomic_int ahead;
};

static void *load(void *context, struct session *session, struct ledger_statement *row)
{
    (void)context;
    (void)session;
    (void)row;
    return calloc(1, sizeof(struct parcel));
}

static bool complete(void *context, struct session *session, void *parcel)
{
    struct load *all = context;
    if (session != all->main && atomic_fetch_add(&all->ahead, 1) == GROUP / 2) {
        ledger_fail(session->ledger, SQLITE_IOERR, "a read ahead that fails");
        return false;
    }
    ((struct parcel *)parcel)->complete = true;
    return true;
}

static const void *request(void *context, void *parcel, int64_t now)
{
    (void)context;
    (void)now;
    return parcel;
}

static void what_could_not_be_read_ahead_is_read_again(void **state)
{
    (void)state;
    struct job *job = outbox_make("one:1", REPORTS);
    struct load all = {.main = job->session};
    const struct queue queue = {
        .job = job, .kind = QUEUE_REPORTS, .patience = &job->config.fraud.patience};
    const struct take_cargo cargo = {
        .context = &all, .load = load, .complete = complete, .request = request, .unload = free};
    struct take *take = take_open(&queue, &cargo, NULL);
    int given = 0;
    while (take_find(take, GROUP)) {
        ledger_begin(queue_ledger(&queue));
        take_group(take, moment_now());
        ledger_end(queue_ledger(&queue));
        take_keep(take);
        while (take_is_waiting(take)) {
            struct queue_item *item = take_next(take);
            assert_true(((const struct parcel *)item->transfer.request)->complete);
            take_unload(take, item);
            free(item);
            given++;
        }
    }
    assert_int_equal(given, REPORTS);
    assert_in_range(atomic_load(&all.ahead), GROUP / 2 + 1, REPORTS);
    assert_int_equal(outbox_number(job, "SELECT count(*) FROM try"), REPORTS);
    take_close(take);
    outbox_close(job);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_could_not_be_read_ahead_is_read_again),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
