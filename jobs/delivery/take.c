/* take.c: see take.h. */
#include "delivery/take.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "delivery/read_ahead.h"
#include "values/duration.h"
#include "values/moment.h"

enum {
    GROUP_MOST = 4096,
    GROUP_FAST = 3000, /* taken at once: the next group is worth being read ahead */
    /* An item that has waited so long to be given out, because the destination slowed down, is
     * taken back: a crash would leave its try ambiguous, and its lease is running. */
    STALE_MS = 5 * SECOND_MS,
};

struct take {
    const struct queue *queue;
    struct take_cargo cargo;
    uint64_t *limit;
    struct queue_list group;       /* found, not committed yet */
    struct queue_list waiting;     /* committed, not given out yet */
    int64_t taken_at;              /* when they were taken, monotonic */
    struct read_ahead *read_ahead; /* NULL until a group was full, or not to be had */
    struct queue_list ahead;       /* read ahead; not to be touched before read_ahead_wait() */
    uint64_t ahead_most;
    int64_t ahead_at; /* when that began, monotonic */
};

/* -- the journal of tries -- */

int64_t take_newest_try(const struct queue *queue)
{
    return ledger_number(queue_ledger(queue), STATEMENT_newest_try, 0);
}

static int64_t lease_ms(const struct queue *queue)
{
    return ((int64_t)queue->patience->connect_seconds + queue->patience->transfer_seconds +
            TAKE_LEASE_SLACK_SECONDS) *
           SECOND_MS;
}

bool take_journal_try(const struct queue *queue, struct queue_place *place, int64_t *try_id,
                      int64_t now)
{
    place->lease_until = now + lease_ms(queue);
    struct ledger_statement *lease = queue_use(queue, STATEMENT_take_code, STATEMENT_take_report);
    ledger_set_integer(lease, ":id", place->id);
    ledger_set_integer(lease, ":seen", place->seen);
    ledger_set_integer(lease, ":lease_until", place->lease_until);
    if (ledger_run(lease) == 0)
        return false;
    place->try_id = ++*try_id;
    struct ledger_statement *begin = ledger_use(queue_ledger(queue), STATEMENT_begin_try);
    ledger_set_integer(begin, ":id", place->try_id);
    ledger_set_integer(begin, queue->kind == QUEUE_CODES ? ":code_id" : ":report_id", place->id);
    if (queue->job->run_id != 0)
        ledger_set_integer(begin, ":run_id", queue->job->run_id);
    ledger_set_text(begin, ":owner", queue->job->owner);
    ledger_set_integer(begin, ":started_at", now);
    ledger_set_integer(begin, ":lease_until", place->lease_until);
    ledger_run(begin);
    if (queue->kind == QUEUE_CODES) {
        struct ledger_statement *give = ledger_use(queue_ledger(queue), STATEMENT_give_code);
        ledger_set_integer(give, ":code_id", place->id);
        ledger_run(give);
    }
    return !ledger_failed(queue_ledger(queue));
}

/* Nobody wants it any more. */
static void drop(const struct queue *queue, const struct queue_place *place)
{
    struct ledger_statement *drop = ledger_use(queue_ledger(queue), STATEMENT_drop_code);
    ledger_set_integer(drop, ":id", place->id);
    ledger_set_integer(drop, ":seen", place->seen);
    ledger_run(drop);
}

/* -- finding -- */

static struct queue_item *load_item(const struct take *take, struct session *session,
                                    struct ledger_statement *row)
{
    struct queue_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
        return NULL;
    }
    item->place.id = ledger_integer(row, QUEUE_ID);
    item->place.seen = ledger_integer(row, QUEUE_SEEN);
    item->wanted = ledger_integer(row, QUEUE_WANTED) != 0;
    if (!item->wanted)
        return item;
    item->parcel = take->cargo.load(take->cargo.context, session, row);
    if (item->parcel != NULL)
        return item;
    ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    free(item);
    return NULL;
}

static void load_group(const struct take *take, struct session *session, uint64_t most,
                       struct queue_list *group)
{
    struct queue_item *item;
    struct ledger_statement *due =
        queue_due(take->queue, session->ledger, ledger_now(session->ledger), (int64_t)most);
    while (ledger_row(due) && (item = load_item(take, session, due)) != NULL)
        queue_list_add(group, item);
    ledger_done(due);
}

static void load_ahead(void *context, struct session *session)
{
    struct take *take = context;
    load_group(take, session, take->ahead_most, &take->ahead);
}

static uint64_t at_most(const struct take *take, uint64_t number)
{
    return take->limit != NULL && number > *take->limit ? *take->limit : number;
}

static void start_ahead(struct take *take)
{
    if (take->ahead.first != NULL)
        return;
    if (take->read_ahead == NULL)
        take->read_ahead = read_ahead_open(take->queue->job);
    take->ahead_at = moment_monotonic();
    take->ahead_most = at_most(take, GROUP_MOST);
    if (take->read_ahead != NULL && take->ahead_most > 0)
        read_ahead_start(take->read_ahead, load_ahead, take);
}

static void list_free(struct take *take, struct queue_list *list)
{
    struct queue_item *item;
    while ((item = queue_list_take(list)) != NULL) {
        take_unload(take, item);
        free(item);
    }
}

bool take_find(struct take *take, unsigned room)
{
    struct queue_item *item;
    uint64_t most = at_most(take, room < GROUP_MOST ? room : GROUP_MOST);
    read_ahead_wait(take->read_ahead);
    if (moment_monotonic() - take->ahead_at > STALE_MS)
        list_free(take, &take->ahead);
    for (uint64_t i = 0; i < most && (item = queue_list_take(&take->ahead)) != NULL; i++)
        queue_list_add(&take->group, item);
    if (take->group.first == NULL)
        load_group(take, take->queue->job->session, most, &take->group);
    return take->group.first != NULL && !ledger_failed(queue_ledger(take->queue));
}

/* -- taking -- */

void take_group(struct take *take, int64_t now)
{
    int64_t try_id = take_newest_try(take->queue);
    for (struct queue_item *item = take->group.first; item != NULL; item = item->next) {
        if (item->wanted)
            item->taken = take_journal_try(take->queue, &item->place, &try_id, now);
        else
            drop(take->queue, &item->place);
    }
}

void take_keep(struct take *take)
{
    struct queue_item *item;
    unsigned taken = 0;
    take->taken_at = moment_monotonic();
    while ((item = queue_list_take(&take->group)) != NULL) {
        if (item->taken) {
            taken++;
            queue_list_add(&take->waiting, item);
            if (take->limit != NULL)
                --*take->limit;
            continue;
        }
        take_unload(take, item);
        free(item);
    }
    if (taken >= GROUP_FAST)
        start_ahead(take);
}

void take_forget(struct take *take)
{
    list_free(take, &take->group);
}

/* -- giving out -- */

bool take_is_waiting(const struct take *take)
{
    return take->waiting.first != NULL;
}

struct queue_item *take_next(struct take *take)
{
    const struct queue *queue = take->queue;
    struct queue_item *item = take->waiting.first;
    if (queue->handed != NULL && !handed_note(queue->handed, queue->lane, item->place.try_id))
        return NULL;
    queue_list_take(&take->waiting);
    item->transfer.request = take->cargo.request(take->cargo.context, item->parcel, moment_now());
    return item;
}

struct queue_item *take_stale(struct take *take, bool all)
{
    if (!all && moment_monotonic() - take->taken_at <= STALE_MS)
        return NULL;
    return queue_list_take(&take->waiting);
}

void take_unload(struct take *take, struct queue_item *item)
{
    if (item->parcel != NULL)
        take->cargo.unload(item->parcel);
    item->parcel = NULL;
}

/* -- beginning and end -- */

struct take *take_open(const struct queue *queue, const struct take_cargo *cargo, uint64_t *limit)
{
    struct take *take = calloc(1, sizeof *take);
    if (take == NULL)
        return NULL;
    take->queue = queue;
    take->cargo = *cargo;
    take->limit = limit;
    queue_list_clear(&take->group);
    queue_list_clear(&take->waiting);
    queue_list_clear(&take->ahead);
    return take;
}

void take_close(struct take *take)
{
    if (take == NULL)
        return;
    read_ahead_close(take->read_ahead);
    list_free(take, &take->group);
    list_free(take, &take->waiting);
    list_free(take, &take->ahead);
    free(take);
}
