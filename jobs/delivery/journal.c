/* SPDX-License-Identifier: MIT */
/* journal.c: see journal.h. */
#include "delivery/journal.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/cluster.h"
#include "run/say.h"
#include "values/time_units.h"
#include "values/moment.h"

enum {
    LATER_MS = 20,
    BUSY_PAUSE_MS = 100,
    BUSY_MOST_MS = MINUTE_MS /* another writer that holds the ledger for longer has failed us */
};

struct journal {
    const struct queue *queue;
    struct take *take;
    struct record record;
    uint64_t *limit;
    size_t out;         /* given to the engine, not ended yet */
    int64_t busy_since; /* another writer has held the ledger since, monotonic; 0: it is free */
    enum exit_code status;
};

enum written { WRITTEN, WRITTEN_LATER, WRITTEN_NOT };

/* What a transaction has come to; another writer is waited for, for a while. */
static enum written judge(struct journal *journal, const char *doing)
{
    struct ledger *ledger = queue_ledger(journal->queue);
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
    enum exit_code status = job_ledger_failed(journal->queue->job, doing);
    journal->status = job_worse(journal->status, status);
    return WRITTEN_NOT;
}

static void recorded(struct journal *journal)
{
    uint64_t unmade = record_written(&journal->record);
    if (journal->limit != NULL)
        *journal->limit += unmade;
}

static enum written commit_back(struct journal *journal)
{
    struct ledger *ledger = queue_ledger(journal->queue);
    if (journal->record.back.first == NULL)
        return WRITTEN;
    ledger_begin(ledger);
    record_write(&journal->record, ledger_stamp(ledger));
    ledger_end(ledger);
    enum written written = judge(journal, "writing down what was answered");
    if (written == WRITTEN)
        recorded(journal);
    return written;
}

static void take_back(struct journal *journal, bool all)
{
    struct queue_item *item;
    while ((item = take_stale(journal->take, all)) != NULL) {
        take_unload(journal->take, item);
        record_add(&journal->record, item);
    }
}

/* Nothing is due. What is under way, or not yet written down, may make way for something: a report
 * waits for the one before it of the same attempt. */
static enum transfer_supply drained(struct journal *journal)
{
    if (journal->out > 0)
        return TRANSFER_AFTER;
    if (journal->record.back.first == NULL)
        return TRANSFER_NO_MORE;
    return commit_back(journal) == WRITTEN_NOT ? TRANSFER_BROKEN : TRANSFER_LATER;
}

/* One transaction: writes what came back and journals the next group's tries. */
static enum transfer_supply commit_group(struct journal *journal, unsigned room)
{
    struct ledger *ledger = queue_ledger(journal->queue);
    if (journal->limit != NULL && *journal->limit == 0)
        return TRANSFER_NO_MORE;
    bool any = take_find(journal->take, room);
    if (any) {
        ledger_begin(ledger);
        int64_t now = ledger_stamp(ledger);
        record_write(&journal->record, now);
        take_group(journal->take, now);
        ledger_end(ledger);
    }
    enum written written = judge(journal, "taking from the queue");
    if (written == WRITTEN && any) {
        recorded(journal);
        take_keep(journal->take);
        written = judge(journal, "reading what was taken");
    } else {
        take_forget(journal->take);
    }
    if (written == WRITTEN_NOT)
        return TRANSFER_BROKEN;
    if (written == WRITTEN && !any)
        return drained(journal);
    return take_is_waiting(journal->take) ? TRANSFER_ITEM : TRANSFER_LATER;
}

static enum transfer_supply next(void *context, unsigned room, struct transfer_item **transfer,
                                 int64_t *later_ms)
{
    struct journal *journal = context;
    *later_ms = LATER_MS;
    if (journal->status != EXIT_DONE)
        return TRANSFER_BROKEN;
    take_back(journal, false);
    enum transfer_supply supply = TRANSFER_ITEM;
    if (!take_is_waiting(journal->take))
        supply = commit_group(journal, room);
    if (supply != TRANSFER_ITEM)
        return supply;
    struct queue_item *item = take_next(journal->take);
    if (item == NULL) {
        say_error("cannot write to the lock file: %s: stopping; the next run continues",
                  strerror(errno));
        journal->status = EXIT_RETRY;
        return TRANSFER_BROKEN;
    }
    journal->out++;
    *transfer = &item->transfer;
    return TRANSFER_ITEM;
}

struct transfer_source journal_source(struct journal *journal)
{
    return (struct transfer_source){.context = journal, .next = next};
}

void journal_ended(struct journal *journal, struct transfer_item *transfer)
{
    struct queue_item *item = (struct queue_item *)(void *)transfer;
    journal->out--;
    take_unload(journal->take, item);
    record_add(&journal->record, item);
}

bool journal_tick(struct journal *journal)
{
    take_back(journal, false);
    if (journal->status != EXIT_DONE || commit_back(journal) == WRITTEN_NOT)
        return false;
    ledger_keep_leases(queue_ledger(journal->queue));
    return judge(journal, "keeping a lease") != WRITTEN_NOT;
}

enum exit_code journal_settle(struct journal *journal)
{
    take_back(journal, true);
    while (commit_back(journal) == WRITTEN_LATER)
        sqlite3_sleep(BUSY_PAUSE_MS);
    return journal->status;
}

const struct record *journal_record(const struct journal *journal)
{
    return &journal->record;
}

struct journal *journal_open(const struct queue *queue, const struct take_cargo *cargo,
                             const char *name, uint64_t *limit)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (journal == NULL)
        return NULL;
    journal->queue = queue;
    journal->limit = limit;
    record_open(&journal->record, queue, name);
    journal->take = take_open(queue, cargo, limit);
    if (journal->take != NULL)
        return journal;
    free(journal);
    return NULL;
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    take_close(journal->take);
    record_close(&journal->record);
    free(journal);
}
