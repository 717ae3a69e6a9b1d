/* SPDX-License-Identifier: MIT */
#include "import/known_keys.h"

#include <pthread.h>

#include "functions/row_taker.h"
#include "ledger/session.h"
#include "run/thread.h"

/* The keys of one sign, which have lines of the filter of their own: see admit_keys_learn(). */
struct half {
    struct admit_keys *keys;
    bool negative;
    enum statement inner; /* reads its merged keys, most of all by far, from outside to 0 */
};

/* True for a key of the other half, which is not learned. */
static bool take_key(void *context, sqlite3_value **values)
{
    const struct half *half = context;
    int64_t key = sqlite3_value_int64(values[0]);
    bool other = (key < 0) != half->negative;
    if (!other)
        admit_keys_learn(half->keys, key);
    return other;
}

/* What is merged meanwhile goes from the segments to what is merged: so it is found there. */
static void learn_half(struct ledger *ledger, const struct half *half)
{
    const struct row_taker taker = {ledger, take_key, (void *)half};
    if (row_taker_offer(ledger_database(ledger)) != SQLITE_OK) {
        ledger_fail(ledger, SQLITE_ERROR, "%s", sqlite3_errmsg(ledger_database(ledger)));
        return;
    }
    struct ledger_statement *outer = ledger_use(ledger, STATEMENT_learn_waiting_keys);
    ledger_set_integer(outer, ":first", half->negative ? INT64_MIN : 0);
    ledger_set_integer(outer, ":last", half->negative ? -1 : INT64_MAX);
    row_taker_bind(outer, &taker);
    ledger_run(outer);
    struct ledger_statement *inner = ledger_use(ledger, half->inner);
    row_taker_bind(inner, &taker);
    if (ledger_row(inner))
        ledger_done(inner);
}

/* -- the thread of the other half -- */

struct helper {
    struct job_reader reader;
    struct half half;
    pthread_t thread;
};

static void *help(void *context)
{
    struct helper *helper = context;
    learn_half(helper->reader.session->ledger, &helper->half);
    return NULL;
}

/* False: not to the end. */
static bool learned(struct helper *helper)
{
    pthread_join(helper->thread, NULL);
    return !ledger_failed(helper->reader.session->ledger);
}

void known_keys_learn(struct job *job, struct admit_keys *keys)
{
    const struct half half = {keys, true, STATEMENT_learn_keys_up};
    struct helper helper = {.half = {keys, false, STATEMENT_learn_keys_down}};
    struct error error;
    bool started = job_open_reader(job, &helper.reader, &error) &&
                   thread_start(&helper.thread, NULL, help, &helper);
    learn_half(job->session->ledger, &half);
    if (!started || !learned(&helper))
        learn_half(job->session->ledger, &helper.half);
    job_close_reader(job, &helper.reader);
}
