/* SPDX-License-Identifier: MIT */
/* transfer.c: see transfer.h. */
#include "delivery/transfer.h"

#include "delivery/breaker.h"
#include "delivery/pace.h"
#include "delivery/refusals.h"
#include "delivery/http_handle.h"
#include "delivery/response.h"
#include "delivery/workers.h"
#include "values/time_units.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MILLISECOND = 1000, /* the engine counts in microseconds */
    TICK = TRANSFER_TICK_MS * MILLISECOND,
    DEFAULT_PROBES = 8,
    DEFAULT_DOWN_MS = MINUTE_MS,
    DEFAULT_PROBE_PAUSE_MS = 500,
    PUSHED_FEW =
        3, /* answers "later" for one recipient each, in a row: then it is the destination */
};

/* A destination under way. */
struct lane {
    struct transfer *transfer;
    struct transfer_destination destination;
    struct transfer_outcome outcome;
    struct pace pace;
    struct breaker breaker;
    struct refusals refusals;
    unsigned pushed; /* back, each for one recipient, in a row */
    struct http_handle *handles;
    struct http_handle **idle; /* a stack of those without a call */
    unsigned idle_count;
    int64_t ask_at;          /* the source has nothing before */
    bool drained;            /* nothing to start before something ends */
    bool ending;             /* starts nothing more */
    struct workers *workers; /* NULL: libcurl's multi handle carries the calls */
};

struct transfer {
    CURLM *multi;
    struct lane lanes[TRANSFER_DESTINATIONS];
    size_t count;
    int64_t deadline; /* 0: none */
    struct transfer_item *ended;
    struct transfer_item **ended_last;
};

static int64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void lane_end(struct lane *lane, enum transfer_end end, const char *text)
{
    if (lane->ending)
        return;
    lane->ending = true;
    lane->outcome.end = end;
    snprintf(lane->outcome.text, sizeof lane->outcome.text, "%s", text);
}

void transfer_end(struct transfer *transfer, enum transfer_end end, const char *text)
{
    for (size_t i = 0; i < transfer->count; i++)
        lane_end(&transfer->lanes[i], end, text);
}

static bool lane_is_over(const struct lane *lane)
{
    return lane->ending && lane->idle_count == lane->destination.pace.concurrency &&
           lane->refusals.count == 0;
}

/* -- one call -- */

static void lane_give_back(struct lane *lane, struct transfer_item *item, bool answered)
{
    struct transfer *transfer = lane->transfer;
    item->answered = answered;
    item->next = NULL;
    *transfer->ended_last = item;
    transfer->ended_last = &item->next;
}

static void lane_free_handle(struct lane *lane, struct http_handle *handle)
{
    http_handle_clear(handle);
    lane->idle[lane->idle_count++] = handle;
}

static void lane_done(struct lane *lane, struct http_handle *handle)
{
    lane_give_back(lane, handle->item, true);
    lane_free_handle(lane, handle);
}

/* Nothing of it was sent. */
static void lane_return(struct lane *lane, struct http_handle *handle)
{
    if (handle->probe)
        breaker_withdraw(&lane->breaker);
    pace_give_back(&lane->pace);
    lane_give_back(lane, handle->item, false);
    lane_free_handle(lane, handle);
}

/* -- refusals: the items' fault, or ours -- */

/* Not the item's fault, as far as is known: it goes back as it was, behind the others, so that the
 * next run does not begin with it again. */
static void make_ours(struct transfer_answer *answer)
{
    answer->result = TRANSFER_ABOUT_US;
    answer->behind = true;
}

static bool lane_is_about_us(const struct lane *lane)
{
    return lane->ending && lane->outcome.end == TRANSFER_END_ABOUT_US;
}

static void lane_release(struct lane *lane, bool ours)
{
    struct refusals *refusals = &lane->refusals;
    for (unsigned i = 0; i < refusals->count; i++) {
        struct transfer_item *item = refusals->held[i].item;
        if (ours)
            make_ours(&item->answer);
        lane_give_back(lane, item, true);
    }
    refusals_clear(refusals);
}

/* An item was refused: held until it is known whose fault that is. */
static void lane_refused(struct lane *lane, struct http_handle *handle)
{
    struct transfer_item *item = handle->item;
    const struct refusal refusal = {item, handle->call.recipient};
    if (lane_is_about_us(lane)) {
        make_ours(&item->answer);
        lane_done(lane, handle);
        return;
    }
    if (!refusals_can_hold(&lane->refusals, &item->answer))
        lane_release(lane, false);
    bool ours = refusals_hold(&lane->refusals, &refusal);
    lane_free_handle(lane, handle);
    if (!ours)
        return;
    char text[TRANSFER_TEXT];
    snprintf(text, sizeof text, "%u identical refusals in a row: %.480s", lane->refusals.recipients,
             item->answer.text);
    lane->ending = false;
    lane_end(lane, TRANSFER_END_ABOUT_US, text);
}

/* With nothing under way and nothing more to start: what was refused alone is the item's own. A run
 * that breaks off cannot know. */
static void lane_check_refusals(struct lane *lane)
{
    if (lane->refusals.count == 0 || lane->idle_count < lane->destination.pace.concurrency)
        return;
    if (lane->ending)
        lane_release(lane, lane->outcome.end != TRANSFER_END_DONE);
    else if (lane->drained)
        lane_release(lane, false);
}

/* What an answer over the network says of its destination. */
static void lane_learn(struct lane *lane, const struct http_handle *handle,
                       const struct transfer_answer *answer)
{
    int64_t now = monotonic();
    pace_finished(&lane->pace, now);
    if (answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED) {
        if (!lane_is_about_us(lane))
            lane_release(lane, false);
        lane->refusals.taken = true;
        lane->pushed = 0;
    }
    if (answer->slow_down && (!answer->for_one || ++lane->pushed >= PUSHED_FEW))
        pace_slow_down(&lane->pace, handle->started, answer->retry_after_ms * MILLISECOND, now);
    if (answer->result == TRANSFER_ABOUT_US) {
        lane->ending = false; /* matters more than what may be ending it already */
        lane_end(lane, TRANSFER_END_ABOUT_US, answer->text);
        return;
    }
    breaker_result(&lane->breaker, answer->down, handle->probe, now);
    if (breaker_over(&lane->breaker, now)) {
        char text[TRANSFER_TEXT];
        snprintf(text, sizeof text, "destination down: %.480s", answer->text);
        lane_end(lane, TRANSFER_END_DOWN, text);
    }
}

static void lane_finish(struct lane *lane, struct http_handle *handle, CURLcode code, bool stopped)
{
    const struct transfer_channel *channel = &lane->destination.channel;
    struct transfer_answer *answer = &handle->item->answer;
    struct transfer_reply reply;
    http_handle_reply(handle, code, stopped, &reply);
    if (stopped && !reply.sent) {
        lane_return(lane, handle);
        return;
    }
    response_answer_clear(answer);
    channel->judge(channel->context, &reply, answer);
    lane_learn(lane, handle, answer);
    if (answer->result == TRANSFER_REFUSED && !answer->particular)
        lane_refused(lane, handle);
    else
        lane_done(lane, handle);
}

/* -- starting -- */

static bool lane_prepare_handle(struct lane *lane, struct http_handle *handle)
{
    const struct transfer_channel *channel = &lane->destination.channel;
    if (channel->local || handle->call.easy)
        return true;
    if (!http_handle_open(handle, &lane->destination.patience))
        return false;
    if (channel->setup(channel->context, handle->call.easy))
        return true;
    http_handle_close(handle);
    return false;
}

static bool lane_send(struct lane *lane, struct http_handle *handle)
{
    if (lane->workers)
        return workers_start(lane->workers, handle);
    return curl_multi_add_handle(lane->transfer->multi, handle->call.easy) == CURLM_OK;
}

/* False: it has ended already. */
static bool lane_start(struct lane *lane, struct transfer_item *item)
{
    const struct transfer_channel *channel = &lane->destination.channel;
    struct http_handle *handle = lane->idle[--lane->idle_count];
    item->destination = (unsigned)(lane - lane->transfer->lanes);
    response_answer_clear(&item->answer);
    handle->item = item;
    handle->started = monotonic();
    handle->probe = breaker_start(&lane->breaker);
    enum transfer_prepared prepared = TRANSFER_UNREADY;
    if (lane_prepare_handle(lane, handle))
        prepared = channel->prepare(channel->context, item->request, &handle->call, &item->answer);
    if (prepared == TRANSFER_READY && !lane_send(lane, handle))
        prepared = TRANSFER_UNREADY;
    switch (prepared) {
    case TRANSFER_READY:
        handle->busy = true;
        return true;
    case TRANSFER_ANSWERED:
        /* The network was not asked: this says nothing about the destination. */
        if (handle->probe)
            breaker_withdraw(&lane->breaker);
        pace_give_back(&lane->pace);
        pace_finished(&lane->pace, handle->started);
        if (item->answer.result == TRANSFER_ABOUT_US)
            /* Of a folder of ours it says that this machine failed: nobody has refused us. */
            lane_end(lane, channel->local ? TRANSFER_END_BROKEN : TRANSFER_END_ABOUT_US,
                     item->answer.text);
        lane_done(lane, handle);
        break;
    case TRANSFER_UNREADY:
        lane_end(lane, TRANSFER_END_BROKEN, "a request could not be made: out of memory");
        lane_return(lane, handle);
        break;
    }
    return false;
}

/* Microseconds until something may start, 0: now, -1: not before a call ends. */
static int64_t lane_wait(struct lane *lane, int64_t now)
{
    if (lane->ending || lane->idle_count == 0)
        return -1;
    int64_t wait = breaker_wait(&lane->breaker, now);
    if (wait < 0)
        return -1;
    int64_t due = pace_wait(&lane->pace, now);
    if (due > wait)
        wait = due;
    return lane->ask_at - now > wait ? lane->ask_at - now : wait;
}

/* Starts what may start. What ends at once is recorded before more is asked for. */
static void lane_feed(struct lane *lane)
{
    const struct transfer_source *source = &lane->destination.source;
    for (;;) {
        int64_t now = monotonic();
        if (lane_wait(lane, now) != 0)
            return;
        struct transfer_item *item = NULL;
        int64_t later_ms = 0;
        unsigned room = 1;
        if (!lane->breaker.open)
            room = pace_room(&lane->pace, lane->idle_count, TICK, now);
        enum transfer_supply supply = source->next(source->context, room, &item, &later_ms);
        switch (supply) {
        case TRANSFER_ITEM:
            lane->drained = false;
            pace_take(&lane->pace, now);
            if (!lane_start(lane, item))
                return;
            break;
        case TRANSFER_AFTER:
        case TRANSFER_LATER:
            lane->drained = supply == TRANSFER_AFTER;
            lane->ask_at = monotonic() + (later_ms > 0 ? later_ms : 1) * MILLISECOND;
            return;
        case TRANSFER_NO_MORE:
            lane_end(lane, TRANSFER_END_DONE, "");
            return;
        case TRANSFER_BROKEN:
            lane_end(lane, TRANSFER_END_BROKEN, "the items' source failed");
            return;
        }
    }
}

/* -- a step -- */

static void check_time(struct transfer *transfer)
{
    if (transfer->deadline == 0)
        return;
    if (monotonic() >= transfer->deadline)
        transfer_end(transfer, TRANSFER_END_TIME, "reached the run's time limit");
    for (size_t i = 0; i < transfer->count; i++)
        if (transfer->lanes[i].pace.held_until >= transfer->deadline)
            lane_end(&transfer->lanes[i], TRANSFER_END_HELD,
                     "the destination asked to wait for longer than the run may last");
}

static void collect(struct transfer *transfer)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(transfer->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *private = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct http_handle *handle = (struct http_handle *)(void *)private;
        curl_multi_remove_handle(transfer->multi, easy);
        lane_finish(handle->owner, handle, code, false);
    }
    for (size_t i = 0; i < transfer->count; i++) {
        struct lane *lane = &transfer->lanes[i];
        struct http_handle *handle;
        while (lane->workers && (handle = workers_take(lane->workers)))
            lane_finish(lane, handle, handle->code, false);
        lane_check_refusals(lane);
    }
}

static bool is_over(const struct transfer *transfer)
{
    for (size_t i = 0; i < transfer->count; i++)
        if (!lane_is_over(&transfer->lanes[i]))
            return false;
    return true;
}

static int sleep_ms(struct transfer *transfer)
{
    int64_t now = monotonic();
    int64_t wait = TICK;
    for (size_t i = 0; i < transfer->count; i++) {
        int64_t due = lane_wait(&transfer->lanes[i], now);
        if (due >= 0 && due < wait)
            wait = due;
    }
    if (transfer->deadline > 0 && transfer->deadline - now < wait)
        wait = transfer->deadline - now;
    return wait <= 0 ? 0 : (int)((wait + MILLISECOND - 1) / MILLISECOND);
}

/* libcurl failed: its calls are judged as they stand. The workers' end by their own time limits. */
static void give_up(struct transfer *transfer, CURLMcode code)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    for (size_t i = 0; i < transfer->count; i++) {
        struct lane *lane = &transfer->lanes[i];
        if (!lane_is_over(lane))
            lane->ending = false; /* what ends it now is this */
        lane_end(lane, TRANSFER_END_BROKEN, curl_multi_strerror(code));
        for (unsigned j = 0; !lane->workers && j < lane->destination.pace.concurrency; j++) {
            struct http_handle *handle = &lane->handles[j];
            if (!handle->busy)
                continue;
            curl_multi_remove_handle(transfer->multi, handle->call.easy);
            lane_finish(lane, handle, CURLE_ABORTED_BY_CALLBACK, true);
        }
        lane_check_refusals(lane);
    }
    nanosleep(&pause, NULL);
}

bool transfer_step(struct transfer *transfer)
{
    int running = 0;
    check_time(transfer);
    for (size_t i = 0; i < transfer->count; i++)
        lane_feed(&transfer->lanes[i]);
    CURLMcode code = curl_multi_perform(transfer->multi, &running);
    collect(transfer);
    if (code == CURLM_OK && !transfer->ended && !is_over(transfer))
        code = curl_multi_poll(transfer->multi, NULL, 0, sleep_ms(transfer), NULL);
    if (code != CURLM_OK)
        give_up(transfer, code);
    return !is_over(transfer);
}

struct transfer_item *transfer_ended(struct transfer *transfer)
{
    struct transfer_item *item = transfer->ended;
    if (item)
        transfer->ended = item->next;
    if (!transfer->ended)
        transfer->ended_last = &transfer->ended;
    return item;
}

const struct transfer_outcome *transfer_outcome(const struct transfer *transfer, size_t number)
{
    return &transfer->lanes[number].outcome;
}

/* -- beginning and end -- */

static bool lane_begin(struct transfer *transfer, struct lane *lane,
                       const struct transfer_limits *limits)
{
    const struct transfer_destination *destination = &lane->destination;
    unsigned handles = destination->pace.concurrency;
    double rate = destination->channel.local ? 0 : destination->pace.rate;
    int64_t down = limits->down_ms > 0 ? limits->down_ms : DEFAULT_DOWN_MS;
    int64_t pause = limits->probe_pause_ms > 0 ? limits->probe_pause_ms : DEFAULT_PROBE_PAUSE_MS;
    lane->transfer = transfer;
    pace_init(&lane->pace, rate, monotonic());
    breaker_init(&lane->breaker, limits->probes > 0 ? limits->probes : DEFAULT_PROBES,
                 down * MILLISECOND, pause * MILLISECOND);
    lane->handles = calloc(handles, sizeof *lane->handles);
    lane->idle = calloc(handles, sizeof(struct http_handle *));
    if (!lane->handles || !lane->idle)
        return false;
    if (destination->channel.blocks && !destination->channel.local &&
        !(lane->workers = workers_open(handles, transfer->multi)))
        return false;
    for (unsigned i = 0; i < handles; i++) {
        lane->handles[i].owner = lane;
        lane->idle[lane->idle_count++] = &lane->handles[i];
    }
    return true;
}

struct transfer *transfer_open(const struct transfer_destination *destinations, size_t count,
                               const struct transfer_limits *limits, struct error *error)
{
    long connections = 0;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        error_set(error, ERROR_IO, "libcurl or libsodium did not start");
        return NULL;
    }
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer || !(transfer->multi = curl_multi_init()))
        goto out;
    transfer->ended_last = &transfer->ended;
    for (; transfer->count < count; transfer->count++) {
        struct lane *lane = &transfer->lanes[transfer->count];
        lane->destination = destinations[transfer->count];
        connections += (long)lane->destination.pace.concurrency;
        if (!lane_begin(transfer, lane, limits)) {
            transfer->count++;
            goto out;
        }
    }
    /* Every handle keeps its connection between calls. */
    curl_multi_setopt(transfer->multi, CURLMOPT_MAXCONNECTS, connections);
    curl_multi_setopt(transfer->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    if (limits->run_ms > 0)
        transfer->deadline = monotonic() + limits->run_ms * MILLISECOND;
    return transfer;
out:
    transfer_close(transfer);
    error_no_memory(error, NULL);
    return NULL;
}

void transfer_close(struct transfer *transfer)
{
    for (size_t i = 0; transfer && i < transfer->count; i++) {
        struct lane *lane = &transfer->lanes[i];
        workers_close(lane->workers);
        for (unsigned j = 0; lane->handles && j < lane->destination.pace.concurrency; j++)
            http_handle_close(&lane->handles[j]);
        free(lane->handles);
        free(lane->idle);
    }
    if (transfer)
        curl_multi_cleanup(transfer->multi);
    free(transfer);
    curl_global_cleanup();
}

const char *transfer_result_name(enum transfer_result result)
{
    static const char *const names[TRANSFER_RESULTS] = {
        [TRANSFER_ACCEPTED] = "accepted",   [TRANSFER_DEFERRED] = "deferred",
        [TRANSFER_REFUSED] = "refused",     [TRANSFER_NOT_ACCEPTED] = "not_accepted",
        [TRANSFER_AMBIGUOUS] = "ambiguous",
    };
    return result < TRANSFER_RESULTS ? names[result] : "unknown";
}
