/* SPDX-License-Identifier: MIT */
/* refusals.c: see refusals.h. */
#include "delivery/refusals.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static bool is_of_a_word(char byte)
{
    return isalnum((unsigned char)byte) || (byte & 0x80) != 0 ||
           (byte != 0 && strchr(".@-_+", byte) != NULL);
}

/* The words of an answer without those that may differ from call to call: numbers, names of queues
 * and requests, hosts, domains, times. What is too long is cut. */
static void reduce(const struct transfer_answer *answer, char words[REFUSALS_WORDS])
{
    size_t used = (size_t)snprintf(words, REFUSALS_WORDS, "%ld", answer->status);
    for (const char *at = answer->text; *at && used < REFUSALS_WORDS;) {
        size_t length = 0;
        bool plain = true;
        while (is_of_a_word(at[length])) {
            plain = plain && !isdigit((unsigned char)at[length]) && !strchr(".@", at[length]);
            length++;
        }
        if (length > 0 && plain)
            used += (size_t)snprintf(words + used, REFUSALS_WORDS - used, " %.*s", (int)length, at);
        at += length > 0 ? length : 1;
    }
}

bool refusals_can_hold(const struct refusals *refusals, const struct transfer_answer *answer)
{
    char words[REFUSALS_WORDS];
    reduce(answer, words);
    return refusals->count == 0 ||
           (refusals->count < REFUSALS_HELD && strcmp(words, refusals->words) == 0);
}

static bool is_another(const struct refusals *refusals, const char *recipient)
{
    for (unsigned i = 0; recipient && i < refusals->count; i++)
        if (refusals->held[i].recipient && strcmp(refusals->held[i].recipient, recipient) == 0)
            return false;
    return true;
}

bool refusals_hold(struct refusals *refusals, const struct refusal *refusal)
{
    if (refusals->count == 0)
        reduce(&refusal->item->answer, refusals->words);
    refusals->recipients += is_another(refusals, refusal->recipient);
    refusals->held[refusals->count++] = *refusal;
    return refusals->recipients >= (refusals->taken ? REFUSALS_MANY : REFUSALS_FEW);
}

void refusals_clear(struct refusals *refusals)
{
    refusals->count = refusals->recipients = 0;
}
