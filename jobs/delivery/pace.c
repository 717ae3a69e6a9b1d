/* SPDX-License-Identifier: MIT */
/* pace.c: see pace.h. */
#include "delivery/pace.h"

#include <math.h>

static const double microseconds = 1e6;   /* in a second */
static const double burst_seconds = 0.1;  /* most that is made up for after a delay */
static const double usual_rate = 20;      /* least that a rate without pace is taken for */
static const double slowest_part = 64;    /* the rate is never cut below this part of it */
static const double recovery_part = 0.05; /* of the ceiling, won back a second */
enum { SPAN = 250000, SHORTEST_SPAN = 20000, LARGEST_ROOM = 10000 };

void pace_init(struct pace *pace, double rate, int64_t now)
{
    *pace = (struct pace){
        .rate = rate, .limit = rate, .ceiling = rate, .tokens = 1, .at = now, .span_at = now};
    pace->cut_at = INT64_MIN;
}

/* Whole starts are bounded by the burst; the fraction of the next one is kept whatever the bound,
 * or each late wake-up would cost a slow pace some of its rate. */
static double bucket(double limit)
{
    double burst = floor(limit * burst_seconds);
    return (burst < 1 ? 1 : burst) + 0.999;
}

static void pace_advance(struct pace *pace, int64_t now)
{
    double seconds = (double)(now - pace->at) / microseconds;
    if (seconds <= 0)
        return;
    pace->at = now;
    if (pace->limit <= 0)
        return;
    pace->tokens += seconds * pace->limit;
    if (pace->tokens > bucket(pace->limit))
        pace->tokens = bucket(pace->limit);
    if (now < pace->held_until || pace->limit >= pace->ceiling)
        return;
    pace->limit += seconds * recovery_part * pace->ceiling;
    if (pace->limit >= pace->ceiling)
        pace->limit = pace->rate > 0 ? pace->rate : 0;
}

int64_t pace_wait(struct pace *pace, int64_t now)
{
    pace_advance(pace, now);
    int64_t wait = 0;
    if (pace->limit > 0 && pace->tokens < 1)
        wait = (int64_t)ceil((1 - pace->tokens) / pace->limit * microseconds);
    if (pace->held_until > now + wait)
        wait = pace->held_until - now;
    return wait;
}

bool pace_take(struct pace *pace, int64_t now)
{
    if (pace_wait(pace, now) > 0)
        return false;
    if (pace->limit > 0)
        pace->tokens -= 1;
    return true;
}

void pace_give_back(struct pace *pace)
{
    if (pace->limit > 0)
        pace->tokens += 1;
}

static double finished_rate(const struct pace *pace, int64_t now)
{
    int64_t span = now - pace->span_at;
    double current = span < SHORTEST_SPAN ? 0 : pace->span_count * microseconds / (double)span;
    return current > pace->finished ? current : pace->finished;
}

void pace_finished(struct pace *pace, int64_t now)
{
    pace->span_count++;
    if (now - pace->span_at < SPAN)
        return;
    pace->finished = pace->span_count * microseconds / (double)(now - pace->span_at);
    pace->span_at = now;
    pace->span_count = 0;
}

void pace_slow_down(struct pace *pace, int64_t started, int64_t wait, int64_t now)
{
    pace_advance(pace, now);
    if (wait > 0 && now + wait > pace->held_until)
        pace->held_until = now + wait;
    /* Calls that were under way when the rate was last cut say nothing about the rate since. */
    if (started <= pace->cut_at)
        return;
    pace->cut_at = now;
    if (pace->limit <= 0) {
        pace->ceiling = finished_rate(pace, now);
        if (pace->ceiling < usual_rate)
            pace->ceiling = usual_rate;
        pace->limit = pace->ceiling;
    }
    pace->limit /= 2;
    if (pace->limit < pace->ceiling / slowest_part)
        pace->limit = pace->ceiling / slowest_part;
    pace->tokens = 0;
}

unsigned pace_room(struct pace *pace, unsigned slots, int64_t span, int64_t now)
{
    pace_advance(pace, now);
    double seconds = (double)span / microseconds;
    double room = slots + finished_rate(pace, now) * seconds;
    if (pace->limit > 0 && room > pace->tokens + pace->limit * seconds)
        room = pace->tokens + pace->limit * seconds;
    if (room < 1)
        return 1;
    return room < LARGEST_ROOM ? (unsigned)room : LARGEST_ROOM;
}
