/* SPDX-License-Identifier: MIT */
#include "import/known_keys.h"

#include <pthread.h>

#include "host.h"
#include "ledger/session.h"
#include "run/thread.h"

/* The keys of one sign, which have lines of the filter of their own: see admit_keys_learn(). */
struct half {
    struct admit_keys *keys;
    bool negative;
    enum statement inner; /* reads its keys of segment 0, the largest by far, from outside to 0 */
};

static const char half_kind[] = "known_keys";

/* reg_learn_key(HALF, KEY): true for a key of the other half, which is not learned. */
static void learn_key(sqlite3_context *context, int count, sqlite3_value **values)
{
    const struct half *half = sqlite3_value_pointer(values[0], half_kind);
    int64_t key = sqlite3_value_int64(values[1]);
    (void)count;
    bool other = half == NULL || (key < 0) != half->negative;
    if (!other)
        admit_keys_learn(half->keys, key);
    sqlite3_result_int(context, other);
}

static struct ledger_statement *use(struct ledger *ledger, enum statement name,
                                    const struct half *half)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    ledger_set_pointer(statement, ":half", (void *)half, half_kind);
    return statement;
}

/* What is merged meanwhile goes from the other segments to segment 0: so it is found there. */
static void learn_half(struct ledger *ledger, const struct half *half)
{
    if (sqlite3_create_function_v2(ledger_database(ledger), "reg_learn_key", 2,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, learn_key, NULL, NULL,
                                   NULL) != SQLITE_OK) {
        ledger_fail(ledger, SQLITE_ERROR, "%s", sqlite3_errmsg(ledger_database(ledger)));
        return;
    }
    struct ledger_statement *outer = use(ledger, STATEMENT_learn_waiting_keys, half);
    ledger_set_integer(outer, ":first", half->negative ? INT64_MIN : 0);
    ledger_set_integer(outer, ":last", half->negative ? -1 : INT64_MAX);
    ledger_run(outer);
    struct ledger_statement *inner = use(ledger, half->inner, half);
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
