/* transfer.c: see transfer.h. One pass of the loop stops what must stop, starts what is due, lets
 * libcurl work, brings back what has ended, and sleeps until the next of these can happen.
 */
#include "delivery/transfer.h"

#include "delivery/breaker.h"
#include "delivery/pace.h"
#include "delivery/refusals.h"
#include "delivery/http_handle.h"
#include "delivery/response.h"
#include "delivery/workers.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    MILLISECOND = 1000, /* the engine counts in microseconds */
    TICK = TRANSFER_TICK_MS * MILLISECOND,
    DEFAULT_PROBES = 8,
    DEFAULT_DOWN_MS = 60000,
    DEFAULT_PROBE_PAUSE_MS = 500,
    ABORT = 2, /* *stop: end at once */
};

/* A destination under way. */
struct lane {
    const struct transfer_destination *destination;
    struct transfer_outcome *outcome;
    struct pace pace;
    struct breaker breaker;
    struct refusals *refusals;
    unsigned pushed; /* back, each for one recipient, in a row */
    struct http_handle *slots;
    struct http_handle **idle; /* a stack of those without a call */
    unsigned idle_count;
    int64_t ask_at; /* the owner has nothing before */
    bool drained;   /* nothing to start before something comes back */
    bool ending;    /* starts nothing more */
    bool aborting;
    struct workers *workers; /* NULL: libcurl's multi handle carries the calls */
};

struct run {
    CURLM *multi;
    const struct transfer_limits *limits;
    struct lane lanes[TRANSFER_DESTINATIONS];
    size_t count;
    int64_t tick_at;
    int64_t deadline; /* 0: none */
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
    lane->outcome->end = end;
    snprintf(lane->outcome->text, sizeof lane->outcome->text, "%s", text);
    int64_t held = lane->pace.held_until - monotonic();
    lane->outcome->hold_ms = held > 0 ? held / MILLISECOND : 0;
}

static void lane_end_all(struct run *run, enum transfer_end end, const char *text)
{
    for (size_t i = 0; i < run->count; i++)
        lane_end(&run->lanes[i], end, text);
}

static bool lane_is_over(const struct lane *lane)
{
    return lane->ending && lane->idle_count == lane->destination->pace.concurrency &&
           lane->refusals->count == 0;
}

/* -- one call -- */

static void lane_return(struct lane *lane, struct http_handle *slot)
{
    if (slot->probe)
        breaker_withdraw(&lane->breaker);
    pace_give_back(&lane->pace);
    lane->outcome->returned++;
    lane->destination->owner.returned(lane->destination->owner.context, &slot->item);
    http_handle_clear(slot);
    lane->idle[lane->idle_count++] = slot;
}

static void lane_hand_back(struct lane *lane, const struct transfer_item *item,
                           const struct transfer_answer *answer)
{
    const struct transfer_owner *owner = &lane->destination->owner;
    lane->outcome->started++;
    lane->outcome->results[answer->result]++;
    owner->done(owner->context, item, answer);
}

static void lane_free_slot(struct lane *lane, struct http_handle *slot)
{
    http_handle_clear(slot);
    lane->idle[lane->idle_count++] = slot;
}

static void lane_done(struct lane *lane, struct http_handle *slot,
                      const struct transfer_answer *answer)
{
    lane_hand_back(lane, &slot->item, answer);
    lane_free_slot(lane, slot);
}

/* -- refusals: the items' fault, or ours -- */

/* Not the item's fault, as far as is known: it goes back as it was, behind the others, so that the
 * next run does not begin with it again. */
static void make_ours(struct transfer_answer *answer)
{
    answer->result = TRANSFER_FATAL;
    answer->behind = true;
}

static bool lane_is_fatal(const struct lane *lane)
{
    return lane->ending && lane->outcome->end == TRANSFER_END_FATAL;
}

static void lane_release(struct lane *lane, bool ours)
{
    struct refusals *refusals = lane->refusals;
    for (unsigned i = 0; i < refusals->count; i++) {
        struct refusal *refusal = &refusals->held[i];
        if (ours)
            make_ours(&refusal->answer);
        lane_hand_back(lane, &refusal->item, &refusal->answer);
    }
    refusals_clear(refusals);
}

/* An item was refused: held until it is known whose fault that is. */
static void lane_refused(struct lane *lane, struct http_handle *slot,
                         struct transfer_answer *answer)
{
    const struct refusal refusal = {slot->item, slot->call.recipient, *answer};
    if (lane_is_fatal(lane)) {
        make_ours(answer);
        lane_done(lane, slot, answer);
        return;
    }
    if (!refusals_can_hold(lane->refusals, answer))
        lane_release(lane, false);
    bool ours = refusals_hold(lane->refusals, &refusal);
    lane_free_slot(lane, slot);
    if (!ours)
        return;
    char text[TRANSFER_TEXT];
    snprintf(text, sizeof text, "%u in a row alike: %.480s", lane->refusals->recipients,
             answer->text);
    lane->ending = false;
    lane_end(lane, TRANSFER_END_FATAL, text);
}

/* With nothing under way and nothing more to start: what was refused alone is the item's own. A run
 * that breaks off cannot know. */
static void lane_check_refusals(struct lane *lane)
{
    if (lane->refusals->count == 0 || lane->idle_count < lane->destination->pace.concurrency)
        return;
    if (lane->ending)
        lane_release(lane, lane->outcome->end != TRANSFER_END_DONE);
    else if (lane->drained)
        lane_release(lane, false);
}

/* What an answer over the network says of its destination. */
static void lane_learn(struct lane *lane, const struct http_handle *slot,
                       const struct transfer_answer *answer)
{
    int64_t now = monotonic();
    pace_finished(&lane->pace, now);
    if (answer->result == TRANSFER_ACCEPTED || answer->result == TRANSFER_DEFERRED) {
        if (!lane_is_fatal(lane))
            lane_release(lane, false);
        lane->refusals->taken = true;
        lane->pushed = 0;
    }
    if (answer->slow_down && (!answer->for_one || ++lane->pushed >= REFUSALS_FEW))
        pace_slow_down(&lane->pace, slot->started, answer->retry_after_ms * MILLISECOND, now);
    if (answer->result == TRANSFER_FATAL) {
        lane->ending = false; /* matters more than what may be ending it already */
        lane_end(lane, TRANSFER_END_FATAL, answer->text);
        return;
    }
    breaker_result(&lane->breaker, answer->down, slot->probe, now);
    if (breaker_over(&lane->breaker, now)) {
        char text[TRANSFER_TEXT];
        snprintf(text, sizeof text, "destination down: %.480s", answer->text);
        lane_end(lane, TRANSFER_END_DOWN, text);
    }
}

static void lane_finish(struct lane *lane, struct http_handle *slot, CURLcode code, bool stopped)
{
    struct transfer_reply reply;
    struct transfer_answer answer;
    http_handle_reply(slot, code, stopped, &reply);
    if (stopped && !reply.sent) {
        lane_return(lane, slot);
        return;
    }
    response_answer_clear(&answer);
    lane->destination->channel.judge(lane->destination->channel.context, &reply, &answer);
    lane_learn(lane, slot, &answer);
    if (answer.result == TRANSFER_REFUSED && !answer.particular)
        lane_refused(lane, slot, &answer);
    else
        lane_done(lane, slot, &answer);
}

/* -- starting -- */

static bool lane_prepare_handle(struct lane *lane, struct http_handle *slot)
{
    const struct transfer_channel *channel = &lane->destination->channel;
    if (channel->local || slot->call.easy)
        return true;
    if (!http_handle_open(slot, &lane->destination->patience))
        return false;
    if (channel->setup(channel->context, slot->call.easy))
        return true;
    http_handle_close(slot);
    return false;
}

static bool lane_send(struct run *run, struct lane *lane, struct http_handle *slot)
{
    if (lane->workers)
        return workers_start(lane->workers, slot);
    return curl_multi_add_handle(run->multi, slot->call.easy) == CURLM_OK;
}

static void lane_start(struct run *run, struct lane *lane, struct transfer_item item)
{
    const struct transfer_channel *channel = &lane->destination->channel;
    struct http_handle *slot = lane->idle[--lane->idle_count];
    struct transfer_answer answer;
    response_answer_clear(&answer);
    slot->item = item;
    slot->started = monotonic();
    slot->probe = breaker_start(&lane->breaker);
    enum transfer_prepared prepared = TRANSFER_UNREADY;
    if (lane_prepare_handle(lane, slot))
        prepared = channel->prepare(channel->context, item.request, &slot->call, &answer);
    if (prepared == TRANSFER_READY && !lane_send(run, lane, slot))
        prepared = TRANSFER_UNREADY;
    switch (prepared) {
    case TRANSFER_READY:
        slot->busy = true;
        break;
    case TRANSFER_ANSWERED:
        /* The network was not asked: this says nothing about the destination. */
        if (slot->probe)
            breaker_withdraw(&lane->breaker);
        pace_give_back(&lane->pace);
        pace_finished(&lane->pace, slot->started);
        if (answer.result == TRANSFER_FATAL)
            /* Of a folder of ours it says that this machine failed: nobody has refused us. */
            lane_end(lane, channel->local ? TRANSFER_END_BROKEN : TRANSFER_END_FATAL, answer.text);
        lane_done(lane, slot, &answer);
        break;
    case TRANSFER_UNREADY:
        lane_end(lane, TRANSFER_END_BROKEN, "a request could not be made: out of memory");
        lane_return(lane, slot);
        break;
    }
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

/* Starts what may start; ends early when a tick is due, so that local deliveries let it run. */
static void lane_feed(struct run *run, struct lane *lane)
{
    const struct transfer_owner *owner = &lane->destination->owner;
    for (;;) {
        int64_t now = monotonic();
        if (now >= run->tick_at || lane_wait(lane, now) != 0)
            return;
        struct transfer_item item = {0};
        int64_t later_ms = 0;
        unsigned room = 1;
        if (!lane->breaker.open)
            room = pace_room(&lane->pace, lane->idle_count, TICK, now);
        enum transfer_supply supply = owner->next(owner->context, room, &item, &later_ms);
        switch (supply) {
        case TRANSFER_ITEM:
            lane->drained = false;
            pace_take(&lane->pace, now);
            lane_start(run, lane, item);
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
            lane_end(lane, TRANSFER_END_BROKEN, "the items' owner failed");
            return;
        }
    }
}

/* -- stopping -- */

static void lane_abort(struct run *run, struct lane *lane)
{
    lane->aborting = true;
    for (unsigned i = 0; i < lane->destination->pace.concurrency; i++) {
        struct http_handle *slot = &lane->slots[i];
        if (!slot->busy)
            continue;
        slot->abort = true;
        if (lane->workers) /* comes back by itself */
            continue;
        curl_multi_remove_handle(run->multi, slot->call.easy);
        lane_finish(lane, slot, CURLE_ABORTED_BY_CALLBACK, true);
    }
}

static void run_check_stop(struct run *run, int64_t now)
{
    sig_atomic_t stop = run->limits->stop ? *run->limits->stop : 0;
    if (stop >= ABORT) {
        for (size_t i = 0; i < run->count; i++) {
            struct lane *lane = &run->lanes[i];
            if (lane->aborting || lane_is_over(lane))
                continue;
            lane->ending = false; /* what ends it now is the abort */
            lane_end(lane, TRANSFER_END_ABORTED, "stopped at once");
            lane_abort(run, lane);
        }
    } else if (stop > 0) {
        lane_end_all(run, TRANSFER_END_STOPPED, "stopped");
    }
    if (run->deadline == 0)
        return;
    if (now >= run->deadline)
        lane_end_all(run, TRANSFER_END_TIME, "the run's time limit is over");
    for (size_t i = 0; i < run->count; i++)
        if (run->lanes[i].pace.held_until >= run->deadline)
            lane_end(&run->lanes[i], TRANSFER_END_HELD,
                     "the destination asked to wait for longer than the run may last");
}

/* -- the loop -- */

static void run_collect(struct run *run)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(run->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *private = NULL;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct http_handle *slot = (struct http_handle *)(void *)private;
        curl_multi_remove_handle(run->multi, easy);
        lane_finish(slot->owner, slot, code, false);
    }
    for (size_t i = 0; i < run->count; i++) {
        struct lane *lane = &run->lanes[i];
        struct http_handle *slot;
        while (lane->workers && (slot = workers_take(lane->workers)))
            lane_finish(lane, slot, slot->code, lane->aborting);
    }
}

static bool run_is_over(const struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        if (!lane_is_over(&run->lanes[i]))
            return false;
    return true;
}

static bool run_tick(struct run *run)
{
    run->tick_at = monotonic() + TICK;
    return !run->limits->tick || run->limits->tick(run->limits->tick_context);
}

static int run_sleep_ms(struct run *run)
{
    int64_t now = monotonic();
    int64_t wait = run->tick_at - now;
    for (size_t i = 0; i < run->count; i++) {
        int64_t due = lane_wait(&run->lanes[i], now);
        if (due >= 0 && due < wait)
            wait = due;
    }
    if (run->deadline > 0 && run->deadline - now < wait)
        wait = run->deadline - now;
    return wait <= 0 ? 0 : (int)((wait + MILLISECOND - 1) / MILLISECOND);
}

static void run_loop(struct run *run)
{
    while (!run_is_over(run)) {
        int running = 0;
        run_check_stop(run, monotonic());
        for (size_t i = 0; i < run->count; i++)
            lane_feed(run, &run->lanes[i]);
        CURLMcode code = curl_multi_perform(run->multi, &running);
        run_collect(run);
        for (size_t i = 0; i < run->count; i++)
            lane_check_refusals(&run->lanes[i]);
        if (monotonic() >= run->tick_at && !run_tick(run))
            lane_end_all(run, TRANSFER_END_BROKEN, "the items' owner failed");
        if (run_is_over(run))
            break;
        if (code == CURLM_OK)
            code = curl_multi_poll(run->multi, NULL, 0, run_sleep_ms(run), NULL);
        if (code != CURLM_OK) {
            lane_end_all(run, TRANSFER_END_BROKEN, curl_multi_strerror(code));
            for (size_t i = 0; i < run->count; i++)
                lane_abort(run, &run->lanes[i]);
        }
    }
    if (!run_tick(run))
        for (size_t i = 0; i < run->count; i++)
            run->lanes[i].outcome->end = TRANSFER_END_BROKEN;
}

/* -- beginning and end -- */

static bool lane_begin(struct run *run, struct lane *lane,
                       const struct transfer_destination *destination,
                       struct transfer_outcome *outcome)
{
    const struct transfer_limits *limits = run->limits;
    unsigned slots = destination->pace.concurrency;
    double rate = destination->channel.local ? 0 : destination->pace.rate;
    int64_t down = limits->down_ms > 0 ? limits->down_ms : DEFAULT_DOWN_MS;
    int64_t pause = limits->probe_pause_ms > 0 ? limits->probe_pause_ms : DEFAULT_PROBE_PAUSE_MS;
    lane->destination = destination;
    lane->outcome = outcome;
    pace_init(&lane->pace, rate, monotonic());
    breaker_init(&lane->breaker, limits->probes > 0 ? limits->probes : DEFAULT_PROBES,
                 down * MILLISECOND, pause * MILLISECOND);
    lane->refusals = calloc(1, sizeof *lane->refusals);
    lane->slots = calloc(slots, sizeof *lane->slots);
    lane->idle = calloc(slots, sizeof(struct http_handle *));
    if (!lane->refusals || !lane->slots || !lane->idle)
        return false;
    if (destination->channel.blocks && !destination->channel.local &&
        !(lane->workers = workers_open(slots, run->multi)))
        return false;
    for (unsigned i = 0; i < slots; i++) {
        lane->slots[i].owner = lane;
        lane->idle[lane->idle_count++] = &lane->slots[i];
    }
    return true;
}

static void lane_free(struct lane *lane)
{
    workers_close(lane->workers);
    for (unsigned i = 0; lane->slots && i < lane->destination->pace.concurrency; i++)
        http_handle_close(&lane->slots[i]);
    free(lane->refusals);
    free(lane->slots);
    free(lane->idle);
}

bool transfer_run(const struct transfer_destination *destinations, size_t count,
                  const struct transfer_limits *limits, struct transfer_outcome *outcomes)
{
    struct run run = {.limits = limits, .count = count};
    bool good = false;
    long connections = 0;
    memset(outcomes, 0, count * sizeof *outcomes);
    if (count == 0 || count > TRANSFER_DESTINATIONS)
        return count == 0;
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(outcomes[0].text, sizeof outcomes[0].text, "libcurl or libsodium did not start");
        return false;
    }
    run.multi = curl_multi_init();
    if (!run.multi)
        goto out;
    for (size_t i = 0; i < count; i++) {
        connections += (long)destinations[i].pace.concurrency;
        if (destinations[i].pace.concurrency == 0 ||
            !lane_begin(&run, &run.lanes[i], &destinations[i], &outcomes[i]))
            goto out;
    }
    /* Every slot keeps its connection between calls. */
    curl_multi_setopt(run.multi, CURLMOPT_MAXCONNECTS, connections);
    curl_multi_setopt(run.multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    run.tick_at = monotonic() + TICK;
    if (limits->run_ms > 0)
        run.deadline = monotonic() + limits->run_ms * MILLISECOND;
    run_loop(&run);
    good = true;
out:
    if (!good)
        snprintf(outcomes[0].text, sizeof outcomes[0].text, "out of memory before the first call");
    for (size_t i = 0; i < count; i++)
        if (run.lanes[i].destination)
            lane_free(&run.lanes[i]);
    curl_multi_cleanup(run.multi);
    curl_global_cleanup();
    return good;
}

/* -- for owners -- */

const char *transfer_result_name(enum transfer_result result)
{
    static const char *const names[TRANSFER_RESULTS] = {
        [TRANSFER_ACCEPTED] = "accepted",   [TRANSFER_DEFERRED] = "deferred",
        [TRANSFER_REFUSED] = "refused",     [TRANSFER_NOT_ACCEPTED] = "not_accepted",
        [TRANSFER_AMBIGUOUS] = "ambiguous", [TRANSFER_FATAL] = "fatal",
    };
    return result < TRANSFER_RESULTS ? names[result] : "unknown";
}

int64_t transfer_pause_ms(const struct config_patience *patience, unsigned tries)
{
    int64_t longest = (int64_t)patience->longest_pause_seconds * 1000;
    int64_t pause = (int64_t)patience->pause_seconds * 1000;
    for (unsigned i = 1; i < tries && pause < longest; i++)
        pause *= 2;
    if (pause > longest)
        pause = longest;
    pause = pace_jitter(pause);
    return pause < longest ? pause : longest;
}
