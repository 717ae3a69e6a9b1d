/* SPDX-License-Identifier: MIT */
/* deliver.h: runs one message through the engine by a channel, for unit tests of the channels. */
#ifndef DELIVER_H
#define DELIVER_H

#include "channels/message.h"
#include "delivery/transfer.h"

static enum transfer_supply deliver_next(void *context, unsigned room, struct transfer_item **item,
                                         int64_t *later_ms)
{
    struct transfer_item **only = context;
    (void)room;
    (void)later_ms;
    *item = *only;
    *only = NULL;
    return *item ? TRANSFER_ITEM : TRANSFER_NO_MORE;
}

static struct transfer_answer deliver_one(struct transfer_channel channel,
                                          const struct message_request *request)
{
    struct transfer_item item = {.request = request};
    struct transfer_item *only = &item;
    const struct transfer_limits limits = {0};
    const struct transfer_destination destination = {
        .channel = channel,
        .pace = {.rate = 0, .concurrency = 1},
        .patience = {.connect_seconds = 5, .transfer_seconds = 20, .idle_seconds = 20},
        .source = {&only, deliver_next},
    };
    struct error error;
    unsigned ended = 0;
    struct transfer *transfer = transfer_open(&destination, 1, &limits, &error);
    assert_non_null(transfer);
    for (bool more = true; more;) {
        more = transfer_step(transfer);
        while (transfer_ended(transfer))
            ended++;
    }
    transfer_close(transfer);
    assert_int_equal(ended, 1);
    assert_true(item.answered);
    return item.answer;
}

#endif
