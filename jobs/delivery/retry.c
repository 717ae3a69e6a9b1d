/* SPDX-License-Identifier: MIT */
/* retry.c: see retry.h. */
#include "delivery/retry.h"

#include <sodium.h>

int64_t retry_jitter(int64_t pause)
{
    enum { STEPS = 1 << 16 };
    return pause / 2 + (int64_t)((double)pause * randombytes_uniform(STEPS) / STEPS);
}

int64_t retry_pause_ms(const struct config_patience *patience, int64_t tries)
{
    int64_t longest = (int64_t)patience->longest_pause_seconds * SECOND_MS;
    int64_t pause = (int64_t)patience->pause_seconds * SECOND_MS;
    for (int64_t i = 1; i < tries && pause < longest; i++)
        pause *= 2;
    if (pause > longest)
        pause = longest;
    pause = retry_jitter(pause);
    return pause < longest ? pause : longest;
}

int64_t retry_at(const struct config_patience *patience, const struct retry_history *history,
                 const struct transfer_answer *answer, int64_t now)
{
    if (answer->result != TRANSFER_NOT_ACCEPTED && answer->result != TRANSFER_AMBIGUOUS)
        return 0;
    if (history->spent >= patience->tries || history->tried_for_ms >= retry_unreached_ms())
        return 0;
    if (answer->retry_after_ms >= 0)
        return now + answer->retry_after_ms;
    return now + retry_pause_ms(patience, history->tries);
}
