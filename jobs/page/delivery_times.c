/* SPDX-License-Identifier: MIT */
#include "page/delivery_times.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

const char *const delivery_channels[DELIVERY_CHANNELS] = {"email", "sms"};

static bool add(struct delivery_times *times, struct delivery_time one)
{
    if (times->count == times->capacity) {
        size_t capacity = times->capacity == 0 ? 1024 : times->capacity + times->capacity / 2;
        struct delivery_time *grown = realloc(times->each, capacity * sizeof *grown);
        if (grown == NULL)
            return false;
        times->each = grown;
        times->capacity = capacity;
    }
    times->each[times->count++] = one;
    return true;
}

static int by_length(const void *left, const void *right)
{
    const struct delivery_time *one = left, *other = right;
    return (one->ms > other->ms) - (one->ms < other->ms);
}

static int by_day(const void *left, const void *right)
{
    const struct delivery_time *one = left, *other = right;
    return one->day == other->day ? by_length(left, right) : one->day > other->day ? 1 : -1;
}

static void sort(struct delivery_summary *summary, int (*compare)(const void *, const void *))
{
    for (int step = 0; step < DELIVERY_STEPS; step++)
        for (int i = 0; i < DELIVERY_CHANNELS; i++) {
            struct delivery_times *times = &summary->times[step][i];
            if (times->count > 0)
                qsort(times->each, times->count, sizeof *times->each, compare);
        }
}

static uint32_t bounded(int64_t number)
{
    return number < 0 ? 0 : number > UINT32_MAX ? UINT32_MAX : (uint32_t)number;
}

void delivery_summary_read(struct delivery_summary *summary, struct ledger *ledger)
{
    enum { CHANNEL, STEP, DAY, MS };
    static const char *const columns[] = {"channel", "step", "day", "ms", NULL};
    memset(summary, 0, sizeof *summary);
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_dashboard_delivery, columns);
    while (ledger_row(row)) {
        size_t channel = strcmp(ledger_word(row, CHANNEL), delivery_channels[1]) == 0 ? 1 : 0;
        int64_t step = ledger_within(row, STEP, 1, DELIVERY_STEPS);
        struct delivery_time one = {bounded(ledger_integer(row, DAY)),
                                    bounded(ledger_integer(row, MS))};
        if (!add(&summary->times[step - 1][channel], one)) {
            ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
            ledger_done(row);
            break;
        }
    }
    sort(summary, by_day);
}

void delivery_summary_forget_days(struct delivery_summary *summary)
{
    sort(summary, by_length);
}

void delivery_summary_end(struct delivery_summary *summary)
{
    for (int step = 0; step < DELIVERY_STEPS; step++)
        for (int i = 0; i < DELIVERY_CHANNELS; i++)
            free(summary->times[step][i].each);
    memset(summary, 0, sizeof *summary);
}

size_t delivery_times_of_day(const struct delivery_times *times, size_t first)
{
    size_t end = first;
    while (end < times->count && times->each[end].day == times->each[first].day)
        end++;
    return end - first;
}

double delivery_times_percentile(const struct delivery_times *times, size_t first, size_t count,
                                 size_t percent)
{
    return times->each[first + (count * percent + 99) / 100 - 1].ms / 1000.0;
}
