/* deliver.h: runs one message through the engine by a channel, for unit tests of the channels. */
#ifndef DELIVER_H
#define DELIVER_H

#include "channels/message.h"
#include "delivery/transfer.h"

struct deliver {
    const struct message_request *request;
    struct transfer_answer answer;
    unsigned done;
};

static enum transfer_supply deliver_next(void *context, unsigned room, struct transfer_item *item,
                                         int64_t *later_ms)
{
    struct deliver *deliver = context;
    (void)room;
    (void)later_ms;
    if (!deliver->request)
        return TRANSFER_NO_MORE;
    item->request = deliver->request;
    deliver->request = NULL;
    return TRANSFER_ITEM;
}

static void deliver_done(void *context, const struct transfer_item *item,
                         const struct transfer_answer *answer)
{
    struct deliver *deliver = context;
    (void)item;
    deliver->answer = *answer;
    deliver->done++;
}

static void deliver_returned(void *context, const struct transfer_item *item)
{
    (void)context;
    (void)item;
}

static struct transfer_answer deliver_one(struct transfer_channel channel,
                                          const struct message_request *request)
{
    struct deliver deliver = {.request = request};
    struct transfer_limits limits = {0};
    struct transfer_outcome outcome;
    struct transfer_destination destination = {
        .name = "test",
        .channel = channel,
        .pace = {.rate = 0, .concurrency = 1},
        .patience = {.connect_seconds = 5, .transfer_seconds = 20, .idle_seconds = 20},
        .owner = {&deliver, deliver_next, deliver_done, deliver_returned},
    };
    assert_true(transfer_run(&destination, 1, &limits, &outcome));
    assert_int_equal(deliver.done, 1);
    return deliver.answer;
}

#endif
