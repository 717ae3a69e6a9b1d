/* journal.c: see journal.h. An item is in one of three lists: waiting (its try is committed, it is
 * not yet handed out), back (with an answer, or to be withdrawn), or in none while it is out.
 *
 * One transaction writes what came back and takes the next group, so that at full speed there is
 * one commit for a group; when nothing is taken, the tick writes what came back.
 *
 * At full speed the next group is read, and its parcels made, while this one is on its way. What
 * was read ahead is nobody's until it is taken.
 */
#include "delivery/journal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/read_ahead.h"
#include "values/moment.h"
#include "run/say.h"

enum {
    GROUP_MOST = 4096,
    GROUP_FAST = 3000, /* taken at once: the next group is worth being read ahead */
    /* An item that has waited so long to be handed out, because the destination slowed down, is
     * taken back: a crash would leave its try ambiguous, and its lease is running. */
    STALE_MS = 5000,
    LATER_MS = 20,
    BUSY_PAUSE_MS = 100,
    BUSY_MOST_MS = 60000 /* another writer that holds the ledger for longer has failed us */
};

struct item {
    struct item *next;
    struct queue_item place;
    void *parcel;
    bool wanted;
    bool taken;
    bool answered; /* `answer` is filled; else it is to be withdrawn */
    enum queue_fate fate;
    struct transfer_answer answer;
};

struct list {
    struct item *first;
    struct item **end;
};

struct journal {
    struct queue *queue;
    struct journal_cargo cargo;
    const char *name;
    uint64_t *limit;
    struct list waiting, back;
    struct read_ahead *read_ahead; /* NULL until a group was full, or not to be had */
    struct list ahead;             /* read ahead; not to be touched before read_ahead_wait() */
    uint64_t ahead_most;
    int64_t ahead_at;   /* when that began, monotonic */
    size_t out;         /* handed out, not back yet */
    int64_t taken_at;   /* when those waiting were taken, monotonic */
    int64_t busy_since; /* another writer has held the ledger since, monotonic; 0: it is free */
    enum status_code status;
    struct journal_counts counts;
    char last_failure[TRANSFER_TEXT];
};

/* -- lists -- */

static void list_clear(struct list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static void list_add(struct list *list, struct item *item)
{
    item->next = NULL;
    *list->end = item;
    list->end = &item->next;
}

static struct item *list_take(struct list *list)
{
    struct item *item = list->first;
    if (item == NULL)
        return NULL;
    list->first = item->next;
    if (list->first == NULL)
        list->end = &list->first;
    return item;
}

static void list_free(struct journal *journal, struct list *list)
{
    struct item *item;
    while ((item = list_take(list)) != NULL) {
        if (item->parcel != NULL)
            journal->cargo.unload(item->parcel);
        free(item);
    }
}

/* -- the ledger -- */

static struct ledger *ledger_of(const struct journal *journal)
{
    return journal->queue->job->session->ledger;
}

enum written { WRITTEN, WRITTEN_LATER, WRITTEN_NOT };

/* What a transaction has come to; another writer is waited for, for a while. */
static enum written judge(struct journal *journal, const char *doing)
{
    struct ledger *ledger = ledger_of(journal);
    int64_t now = moment_monotonic();
    if (!ledger_failed(ledger)) {
        journal->busy_since = 0;
        return WRITTEN;
    }
    if (journal->busy_since == 0)
        journal->busy_since = now;
    if ((ledger_code(ledger) & 0xff) == SQLITE_BUSY && now - journal->busy_since < BUSY_MOST_MS) {
        ledger_forgive(ledger);
        return WRITTEN_LATER;
    }
    enum status_code status = job_ledger_failed(journal->queue->job, doing);
    journal->status = job_worse(journal->status, status);
    return WRITTEN_NOT;
}

static void write_back(struct journal *journal, int64_t now)
{
    for (struct item *item = journal->back.first; item != NULL; item = item->next) {
        if (item->answered)
            item->fate = queue_finish(journal->queue, &item->place, &item->answer, now);
        else
            queue_withdraw(journal->queue, &item->place);
    }
}

static void note_failure(struct journal *journal, const struct item *item)
{
    if (item->fate == QUEUE_DELIVERED)
        return;
    memcpy(journal->last_failure, item->answer.text, sizeof journal->last_failure);
    if (say_is_verbose())
        say_note("%s %lld: %s, %s: %s", journal->name, (long long)item->place.id,
                 transfer_result_name(item->answer.result),
                 item->fate == QUEUE_AGAIN ? "is tried again later" : "given up",
                 item->answer.text);
}

/* What came back is in the ledger now: counts it and lets go of it. */
static void forget_back(struct journal *journal)
{
    struct item *item;
    while ((item = list_take(&journal->back)) != NULL) {
        if (item->answered) {
            journal->counts.results[item->answer.result]++;
            journal->counts.again += item->fate == QUEUE_AGAIN;
            journal->counts.given_up += item->fate == QUEUE_GIVEN_UP;
            note_failure(journal, item);
        } else if (journal->limit != NULL) {
            ++*journal->limit;
        }
        free(item);
    }
}

static enum written commit_back(struct journal *journal)
{
    if (journal->back.first == NULL)
        return WRITTEN;
    queue_begin(journal->queue);
    write_back(journal, ledger_stamp(ledger_of(journal)));
    ledger_end(ledger_of(journal));
    enum written written = judge(journal, "writing down what was answered");
    if (written == WRITTEN)
        forget_back(journal);
    return written;
}

/* -- taking -- */

static struct item *load_item(const struct journal *journal, struct session *session,
                              struct ledger_statement *row)
{
    struct item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
        return NULL;
    }
    item->place.id = ledger_integer(row, QUEUE_COLUMN_ID);
    item->place.seen = ledger_integer(row, QUEUE_COLUMN_SEEN);
    item->wanted = ledger_integer(row, QUEUE_COLUMN_WANTED) != 0;
    if (!item->wanted)
        return item;
    item->parcel = journal->cargo.load(journal->cargo.context, session, row);
    if (item->parcel != NULL)
        return item;
    ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    free(item);
    return NULL;
}

/* Read before the ledger is locked: making parcels takes time. What changes in between, the taking
 * notices. */
static void load_group(const struct journal *journal, struct session *session, uint64_t most,
                       struct list *group)
{
    struct item *item;
    struct ledger_statement *due =
        queue_due(journal->queue, session->ledger, ledger_now(session->ledger), (int64_t)most);
    while (ledger_row(due) && (item = load_item(journal, session, due)) != NULL)
        list_add(group, item);
    ledger_done(due);
}

static void load_ahead(void *context, struct session *session)
{
    struct journal *journal = context;
    load_group(journal, session, journal->ahead_most, &journal->ahead);
}

static void start_ahead(struct journal *journal)
{
    if (journal->ahead.first != NULL)
        return;
    if (journal->read_ahead == NULL)
        journal->read_ahead = read_ahead_open(journal->queue->job);
    journal->ahead_at = moment_monotonic();
    journal->ahead_most = GROUP_MOST;
    if (journal->limit != NULL && journal->ahead_most > *journal->limit)
        journal->ahead_most = *journal->limit;
    if (journal->read_ahead != NULL && journal->ahead_most > 0)
        read_ahead_start(journal->read_ahead, load_ahead, journal);
}

/* Fills `group` with what was read ahead, else from the ledger. */
static void find_group(struct journal *journal, uint64_t most, struct list *group)
{
    struct item *item;
    read_ahead_wait(journal->read_ahead);
    if (moment_monotonic() - journal->ahead_at > STALE_MS)
        list_free(journal, &journal->ahead);
    for (uint64_t i = 0; i < most && (item = list_take(&journal->ahead)) != NULL; i++)
        list_add(group, item);
    if (group->first == NULL)
        load_group(journal, journal->queue->job->session, most, group);
}

static void take_group(struct journal *journal, const struct list *group, int64_t now)
{
    for (struct item *item = group->first; item != NULL; item = item->next) {
        if (item->wanted)
            item->taken = queue_take(journal->queue, &item->place, now);
        else
            queue_drop(journal->queue, &item->place);
    }
}

/* How many were taken. */
static uint64_t keep_group(struct journal *journal, struct list *group)
{
    struct item *item;
    uint64_t taken = 0;
    journal->taken_at = moment_monotonic();
    while ((item = list_take(group)) != NULL) {
        if (item->taken) {
            taken++;
            list_add(&journal->waiting, item);
            if (journal->limit != NULL)
                --*journal->limit;
            continue;
        }
        if (item->parcel != NULL)
            journal->cargo.unload(item->parcel);
        free(item);
    }
    return taken;
}

/* Nothing is due. What is under way, or not yet written down, may make way for something: a report
 * waits for the one before it of the same attempt. */
static enum transfer_supply drained(struct journal *journal)
{
    if (journal->out > 0)
        return TRANSFER_AFTER;
    if (journal->back.first == NULL)
        return TRANSFER_NO_MORE;
    return commit_back(journal) == WRITTEN_NOT ? TRANSFER_BROKEN : TRANSFER_LATER;
}

/* Fills `waiting`, or says why not. */
static enum transfer_supply refill(struct journal *journal, unsigned room)
{
    struct ledger *ledger = ledger_of(journal);
    struct list group;
    uint64_t most = room < GROUP_MOST ? room : GROUP_MOST;
    if (journal->limit != NULL && most > *journal->limit)
        most = *journal->limit;
    if (most == 0)
        return TRANSFER_NO_MORE;
    list_clear(&group);
    find_group(journal, most, &group);
    bool any = group.first != NULL;
    if (any && !ledger_failed(ledger)) {
        queue_begin(journal->queue);
        int64_t now = ledger_stamp(ledger);
        write_back(journal, now);
        take_group(journal, &group, now);
        ledger_end(ledger);
    }
    enum written written = judge(journal, "taking from the queue");
    if (written == WRITTEN && any) {
        forget_back(journal);
        if (keep_group(journal, &group) >= GROUP_FAST)
            start_ahead(journal);
    }
    list_free(journal, &group);
    if (written == WRITTEN_NOT)
        return TRANSFER_BROKEN;
    if (written == WRITTEN && !any)
        return drained(journal);
    return journal->waiting.first != NULL ? TRANSFER_ITEM : TRANSFER_LATER;
}

/* -- the owner -- */

static void give_up_parcel(struct journal *journal, struct item *item)
{
    journal->cargo.unload(item->parcel);
    item->parcel = NULL;
}

static void take_back_waiting(struct journal *journal)
{
    struct item *item;
    while ((item = list_take(&journal->waiting)) != NULL) {
        give_up_parcel(journal, item);
        list_add(&journal->back, item);
    }
}

static void take_back_stale(struct journal *journal)
{
    if (moment_monotonic() - journal->taken_at > STALE_MS)
        take_back_waiting(journal);
}

static enum transfer_supply next(void *context, unsigned room, struct transfer_item *out,
                                 int64_t *later_ms)
{
    struct journal *journal = context;
    *later_ms = LATER_MS;
    if (journal->status != STATUS_DONE)
        return TRANSFER_BROKEN;
    take_back_stale(journal);
    enum transfer_supply supply = TRANSFER_ITEM;
    if (journal->waiting.first == NULL)
        supply = refill(journal, room);
    if (supply != TRANSFER_ITEM)
        return supply;
    if (!queue_hand_out(journal->queue, &journal->waiting.first->place)) {
        say_error("the lock file: %s: what sets out cannot be noted there", strerror(errno));
        journal->status = STATUS_RETRY;
        return TRANSFER_BROKEN;
    }
    journal->out++;
    struct item *item = list_take(&journal->waiting);
    out->tag = item;
    out->request = journal->cargo.request(journal->cargo.context, item->parcel, moment_now());
    return TRANSFER_ITEM;
}

static void returned(void *context, const struct transfer_item *out)
{
    struct journal *journal = context;
    journal->out--;
    give_up_parcel(journal, out->tag);
    list_add(&journal->back, out->tag);
}

static void done(void *context, const struct transfer_item *out,
                 const struct transfer_answer *answer)
{
    struct journal *journal = context;
    struct item *item = out->tag;
    /* An answer about ourselves says nothing of the item: the journal is as if it had not been
     * asked for. */
    item->answered = answer->result != TRANSFER_FATAL;
    item->answer = *answer;
    if (!item->answered && answer->behind)
        item->place.seen = ledger_now(ledger_of(journal));
    returned(context, out);
}

struct transfer_owner journal_owner(struct journal *journal)
{
    return (struct transfer_owner){
        .context = journal, .next = next, .done = done, .returned = returned};
}

/* -- from outside -- */

struct journal *journal_open(struct queue *queue, const struct journal_cargo *cargo,
                             const char *name, uint64_t *limit)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return NULL;
    journal->queue = queue;
    journal->cargo = *cargo;
    journal->name = name;
    journal->limit = limit;
    list_clear(&journal->waiting);
    list_clear(&journal->back);
    list_clear(&journal->ahead);
    return journal;
}

bool journal_tick(struct journal *journal)
{
    take_back_stale(journal);
    return journal->status == STATUS_DONE && commit_back(journal) != WRITTEN_NOT;
}

enum status_code journal_settle(struct journal *journal)
{
    take_back_waiting(journal);
    while (commit_back(journal) == WRITTEN_LATER)
        sqlite3_sleep(BUSY_PAUSE_MS);
    return journal->status;
}

const struct journal_counts *journal_counts(const struct journal *journal)
{
    return &journal->counts;
}

const char *journal_last_failure(const struct journal *journal)
{
    return journal->last_failure;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    read_ahead_close(journal->read_ahead);
    list_free(journal, &journal->waiting);
    list_free(journal, &journal->back);
    list_free(journal, &journal->ahead);
    free(journal);
}
