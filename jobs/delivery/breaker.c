/* SPDX-License-Identifier: MIT */
/* breaker.c: see breaker.h. */
#include "delivery/breaker.h"

#include "delivery/retry.h"

void breaker_init(struct breaker *breaker, unsigned most_probes, int64_t patience,
                  int64_t first_pause)
{
    *breaker = (struct breaker){
        .most_probes = most_probes, .patience = patience, .first_pause = first_pause};
}

int64_t breaker_wait(const struct breaker *breaker, int64_t now)
{
    if (!breaker->open)
        return 0;
    if (breaker->probing)
        return -1;
    return breaker->probe_at > now ? breaker->probe_at - now : 0;
}

bool breaker_start(struct breaker *breaker)
{
    if (!breaker->open)
        return false;
    breaker->probing = true;
    return true;
}

void breaker_withdraw(struct breaker *breaker)
{
    breaker->probing = false;
}

static void breaker_open(struct breaker *breaker, int64_t now)
{
    breaker->open = true;
    breaker->probing = false;
    breaker->probes = 0;
    breaker->opened_at = now;
    breaker->probe_pause = breaker->first_pause;
    breaker->probe_at = now + retry_jitter(breaker->probe_pause);
}

void breaker_result(struct breaker *breaker, bool failure, bool probe, int64_t now)
{
    if (!failure) {
        breaker->failures = 0;
        breaker->open = breaker->probing = false;
        return;
    }
    breaker->failures++;
    if (!breaker->open && breaker->failures >= BREAKER_FAILURES) {
        breaker_open(breaker, now);
    } else if (breaker->open && probe) {
        breaker->probing = false;
        breaker->probes++;
        breaker->probe_pause *= 2;
        breaker->probe_at = now + retry_jitter(breaker->probe_pause);
    }
}

bool breaker_over(const struct breaker *breaker, int64_t now)
{
    return breaker->open && !breaker->probing &&
           (breaker->probes >= breaker->most_probes ||
            now - breaker->opened_at >= breaker->patience);
}
