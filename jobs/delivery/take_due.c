/* SPDX-License-Identifier: MIT */
/* take_due.c: see take_due.h. */
#include "delivery/take_due.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/read_ahead.h"
#include "ledger/cluster.h"
#include "values/time_units.h"
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
    int64_t lease_until;           /* of that group */
    struct queue_list waiting;     /* committed, not given out yet */
    int64_t taken_at;              /* when they were taken, monotonic */
    struct read_ahead *read_ahead; /* NULL until a group was full, or not to be had */
    struct queue_list ahead;       /* read ahead; not to be touched before read_ahead_wait() */
    uint64_t ahead_most;
    int64_t ahead_at; /* when that began, monotonic */
};

/* -- the journal of tries -- */

static int64_t lease_ms(const struct queue *queue)
{
    return ((int64_t)queue->patience->connect_seconds + queue->patience->transfer_seconds +
            TAKE_LEASE_SLACK_SECONDS) *
           SECOND_MS;
}

/* What the steps of a rule take by name. */
struct taking {
    char *items, *unwanted; /* JSON, as the rules describe it */
    int64_t run_id, now, lease_until;
    const char *owner;
};

/* {"12": 1767268800000, ...}: where each is, and when it was due as it was seen. NULL: no memory.
 */
static char *list_places(const struct queue_list *list, bool wanted)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    const char *between = "";
    sqlite3_str_appendchar(text, 1, '{');
    for (const struct queue_item *item = list->first; item != NULL; item = item->next)
        if (item->wanted == wanted) {
            sqlite3_str_appendf(text, "%s\"%lld\":%lld", between, (long long)item->place.id,
                                (long long)item->place.seen);
            between = ",";
        }
    sqlite3_str_appendchar(text, 1, '}');
    return sqlite3_str_finish(text);
}

static void run_step(struct ledger *ledger, enum statement name, const struct taking *taking)
{
    struct ledger_statement *step = ledger_use(ledger, name);
    int count = ledger_parameters(step);
    for (int i = 1; i <= count; i++) {
        const char *parameter = ledger_parameter_name(step, i) + 1;
        if (strcmp(parameter, "items") == 0)
            ledger_set_text_at(step, i, taking->items, strlen(taking->items));
        else if (strcmp(parameter, "unwanted") == 0)
            ledger_set_text_at(step, i, taking->unwanted, strlen(taking->unwanted));
        else if (strcmp(parameter, "owner") == 0)
            ledger_set_text_at(step, i, taking->owner, strlen(taking->owner));
        else if (strcmp(parameter, "lease_until") == 0)
            ledger_set_integer_at(step, i, taking->lease_until);
        else if (strcmp(parameter, "recorded_at") == 0)
            ledger_set_integer_at(step, i, taking->now);
        else if (strcmp(parameter, "run_id") != 0)
            ledger_fail(ledger, SQLITE_INTERNAL, "taking has no value for :%s", parameter);
        else if (taking->run_id != 0)
            ledger_set_integer_at(step, i, taking->run_id);
    }
    ledger_run(step);
}

/* The tries come in the order of the items. One that is not among them is of another list, which
 * was taken in the same millisecond. */
static struct queue_item *find_item(struct queue_item *from, int64_t id)
{
    while (from != NULL && (!from->wanted || from->place.id != id))
        from = from->next;
    return from;
}

void take_read(const struct queue *queue, struct queue_list *list, int64_t lease_until)
{
    enum { TRY, ITEM };
    static const char *const columns[] = {"id", "item_id", NULL};
    struct ledger *ledger = queue_ledger(queue);
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_tries_taken, columns);
    struct queue_item *from = list->first;
    ledger_set_integer(row, ":lease_until", lease_until);
    ledger_set_text(row, ":owner", queue->job->owner);
    ledger_set_integer(row, ":reports", queue->kind == QUEUE_REPORTS);
    while (ledger_row(row)) {
        struct queue_item *item = find_item(from, ledger_integer(row, ITEM));
        if (item == NULL)
            continue;
        item->taken = true;
        item->place.try_id = ledger_integer(row, TRY);
        item->place.lease_until = lease_until;
        from = item->next;
    }
}

int64_t take_places(const struct queue *queue, const struct queue_list *list, int64_t now)
{
    struct ledger *ledger = queue_ledger(queue);
    bool codes = queue->kind == QUEUE_CODES;
    struct taking taking = {.items = list_places(list, true),
                            .unwanted = list_places(list, false),
                            .run_id = queue->job->run_id,
                            .now = now,
                            .lease_until = now + lease_ms(queue),
                            .owner = queue->job->owner};
    if (taking.items == NULL || taking.unwanted == NULL)
        ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
    const enum statement *rule = codes ? rule_take_codes : rule_take_reports;
    for (int i = 0; i < (codes ? (int)RULE_STEPS_take_codes : (int)RULE_STEPS_take_reports); i++)
        run_step(ledger, rule[i], &taking);
    sqlite3_free(taking.items);
    sqlite3_free(taking.unwanted);
    return taking.lease_until;
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

static void complete(const struct take *take, struct session *session,
                     const struct queue_item *item)
{
    const struct take_cargo *cargo = &take->cargo;
    if (item->parcel != NULL && cargo->complete != NULL &&
        !cargo->complete(cargo->context, session, item->parcel))
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory"); /* unless it has failed */
}

/* What all need is read at once. */
static void complete_together(const struct take *take, struct session *session,
                              const struct queue_list *group)
{
    const struct take_cargo *cargo = &take->cargo;
    for (const struct queue_item *item = group->first; item != NULL; item = item->next)
        if (item->parcel != NULL && cargo->foresee != NULL)
            cargo->foresee(cargo->context, session, item->parcel);
    for (const struct queue_item *item = group->first;
         item != NULL && !ledger_failed(session->ledger); item = item->next)
        complete(take, session, item);
}

static void list_free(struct take *take, struct queue_list *list)
{
    struct queue_item *item;
    while ((item = queue_list_take(list)) != NULL) {
        take_unload(take, item);
        free(item);
    }
}

/* All or none: what is not complete would set out as it is, since an error of what is read ahead is
 * forgiven. */
static void load_group(struct take *take, struct session *session, uint64_t most,
                       struct queue_list *group)
{
    struct queue_item *item;
    struct ledger_statement *due =
        queue_due(take->queue, session->ledger, ledger_now(session->ledger), (int64_t)most);
    bool shared = ledger_is_shared(session->ledger);
    while (ledger_row(due) && (item = load_item(take, session, due)) != NULL) {
        queue_list_add(group, item);
        if (!shared) /* while the list is open: all of it is one read transaction */
            complete(take, session, item);
    }
    ledger_done(due);
    if (shared)
        complete_together(take, session, group);
    if (ledger_failed(session->ledger))
        list_free(take, group);
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
    take->lease_until = take_places(take->queue, &take->group, now);
}

void take_keep(struct take *take)
{
    struct queue_item *item;
    unsigned taken = 0;
    take->taken_at = moment_monotonic();
    take_read(take->queue, &take->group, take->lease_until);
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
