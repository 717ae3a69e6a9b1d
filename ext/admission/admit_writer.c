/* SPDX-License-Identifier: MIT */
#include "admission/admit_writer.h"

#include <stdlib.h>

#include "admission/admit_keys.h"
#include "admission/admit_steps.h"
#include "admission/admit_values.h"
#include "admission/newcomers.h"
#include "admission/subject_index.h"
#include "host.h"
#include "ledger/cluster.h"
#include "ledger/session.h"
#include "ledger/settings.h"

struct admit_writer {
    struct session *session;
    bool shared; /* on a cluster, which is given the whole rule and takes many rows of it at once */
    struct admit_plan whole_plan;
    struct admit_steps steps;
    struct newcomers *newcomers;
    struct admit_values *values; /* of the sign-up that is being written */
    int64_t next_id;             /* 0: not known */
    struct admit_keys *keys;
    bool known[ADMIT_KEY_KINDS]; /* whether somebody may hold or wait for that identifier of it */
    bool learns;                 /* which keys the index has */
    int64_t learned;             /* the newest attempt whose keys are known */
    bool some_wait;              /* an attempt is pending, so that there may be rivals */
    int64_t unreported;          /* the first attempt that is not looked at for a report; 0: none */
    const struct settings *settings; /* by which it and those after it were judged */
};

static const int *const key_parameters = admit_steps_keys;

enum { KEY_KINDS = ADMIT_KEY_KINDS };

enum { NOBODY = -1 }; /* holds what a failure has asked for: see subject.holder */

/* Reading the whole index costs less than it spares while the ledger is not this much larger than
 * the file. */
enum { KEYS_AN_ATTEMPT = 3, LEARNED_A_ROW = 30, LEARNED_ANYHOW = 10000 };

struct admit_writer *admit_writer_open(struct session *session)
{
    struct admit_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    writer->session = session;
    writer->shared = ledger_is_shared(session->ledger);
    writer->keys = admit_keys_open();
    writer->newcomers = newcomers_open(session);
    if (writer->keys != NULL && writer->newcomers != NULL)
        return writer;
    admit_writer_close(writer);
    return NULL;
}

void admit_writer_close(struct admit_writer *writer)
{
    if (writer == NULL)
        return;
    admit_keys_close(writer->keys);
    newcomers_close(writer->newcomers);
    free(writer);
}

struct admit_keys *admit_writer_expect(struct admit_writer *writer, uint64_t rows)
{
    struct ledger *ledger = writer->session->ledger;
    if (writer->shared)
        return NULL;
    int64_t attempts = ledger_number(ledger, STATEMENT_newest_attempt, 0);
    if ((uint64_t)attempts > LEARNED_A_ROW * rows + LEARNED_ANYHOW ||
        !admit_keys_expect(writer->keys, ((uint64_t)attempts + rows) * KEYS_AN_ATTEMPT))
        return NULL;
    writer->learns = true;
    writer->learned = attempts;
    return writer->keys;
}

size_t admit_writer_filter_bytes(const struct admit_writer *writer)
{
    return admit_keys_filter_bytes(writer->keys);
}

/* What others have added meanwhile. Under the write lock: nothing can come after it. */
static void learn_the_rest(struct admit_writer *writer)
{
    struct ledger *ledger = writer->session->ledger;
    if (!writer->learns)
        return;
    struct ledger_statement *keys = ledger_use(ledger, STATEMENT_keys_since);
    ledger_set_integer(keys, ":id", writer->learned);
    while (ledger_row(keys))
        for (int i = 0; i < KEY_KINDS; i++)
            if (!ledger_is_null(keys, i))
                admit_keys_learn(writer->keys, ledger_key(keys, i));
    writer->learned = ledger_number(ledger, STATEMENT_newest_attempt, 0);
}

void admit_writer_begin(struct admit_writer *writer)
{
    struct ledger *ledger = writer->session->ledger;
    uint32_t lost;
    writer->next_id = 0;
    if (writer->shared)
        return;
    admit_keys_hand_over(writer->keys, &lost); /* of a transaction that was rolled back */
    newcomers_forget(writer->newcomers);       /* likewise */
    writer->unreported = 0;
    writer->some_wait = ledger_number(ledger, STATEMENT_some_wait, 0) != 0;
    learn_the_rest(writer);
}

void admit_writer_met(struct admit_writer *writer)
{
    writer->some_wait = true; /* the rule itself asks whether any does */
}

/* The reports of sign-ups that have none yet. */
static void report(struct admit_writer *writer)
{
    struct ledger *ledger = writer->session->ledger;
    newcomers_write(writer->newcomers);
    if (writer->unreported == 0)
        return;
    admit_steps_report(ledger, writer->unreported, INT64_MAX, writer->settings->reportable_reasons);
    writer->unreported = 0;
}

void admit_writer_flush(struct admit_writer *writer)
{
    uint32_t count;
    if (writer->shared)
        return;
    report(writer);
    const struct admit_key *rows = admit_keys_hand_over(writer->keys, &count);
    if (writer->next_id != 0)
        writer->learned = writer->next_id - 1; /* those since are this writer's own */
    if (count > 0)
        subject_index_add(writer->session->ledger, rows, count, rows[count - 1].attempt);
}

static bool is_given(const struct admit_writer *writer, int parameter)
{
    return admit_steps_given(writer->values, parameter);
}

/* Whether the index has anybody who holds that identifier or waits for it. */
static bool is_indexed(const struct admit_writer *writer, int64_t key)
{
    struct ledger_statement *row =
        ledger_use(writer->session->ledger, STATEMENT_somebody_has_subject);
    ledger_set_integer_at(row, 1, key);
    bool found = ledger_row(row);
    if (found)
        ledger_done(row);
    return found;
}

/* Which identifiers somebody may have, in the index or among the gathered. Where the filter cannot
 * tell, one look does: what follows from a known identifier costs ten times as much. */
static void find_known(struct admit_writer *writer)
{
    for (int i = 0; i < KEY_KINDS; i++) {
        int64_t key = writer->values->bound[key_parameters[i]].integer;
        writer->known[i] = is_given(writer, key_parameters[i]) &&
                           admit_keys_may_know(writer->keys, key) &&
                           (admit_keys_has(writer->keys, key) || is_indexed(writer, key));
    }
}

/* What is asked of the index from here on must find what was gathered: that is added alone, since a
 * flush goes all through the index. */
static void add_what_is_asked(struct admit_writer *writer)
{
    struct admit_key row;
    for (int i = 0; i < KEY_KINDS; i++)
        if (writer->known[i] &&
            admit_keys_take(writer->keys, writer->values->bound[key_parameters[i]].integer, &row))
            subject_index_add_one(writer->session->ledger, &row);
}

static void run(struct admit_writer *writer, int step, struct admit_progress *progress)
{
    admit_steps_run(&writer->steps, writer->session->ledger, step, progress);
}

/* Decides, asking the index for nothing that is certainly not there. Tells whether anything was
 * asked. */
static bool run_attempt(struct admit_writer *writer, int step, struct admit_progress *progress)
{
    struct admit_value *bound = writer->values->bound, kept[KEY_KINDS];
    bool asked = false;
    for (int i = 0; i < KEY_KINDS; i++) {
        struct admit_value *key = &bound[key_parameters[i]];
        kept[i] = *key;
        if (writer->known[i])
            asked = true;
        else
            key->type = ADMIT_NULL;
    }
    run(writer, step, progress);
    for (int i = 0; i < KEY_KINDS; i++)
        bound[key_parameters[i]] = kept[i];
    if (writer->unreported == 0)
        writer->unreported = writer->next_id;
    return asked;
}

static void gather_keys(struct admit_writer *writer, int64_t holder)
{
    for (int i = 0; i < KEY_KINDS; i++)
        if (is_given(writer, key_parameters[i]))
            admit_keys_gather(writer->keys,
                              (struct admit_key){
                                  .key = writer->values->bound[key_parameters[i]].integer,
                                  .holder = holder,
                                  .attempt = writer->next_id,
                              });
}

/* Those who have lost what this one has got; they may be reported too. */
static void supersede(struct admit_writer *writer, int step, struct admit_progress *progress)
{
    admit_writer_flush(writer);
    run(writer, step, progress);
}

/* One step of the rule that is due: run, or done for many sign-ups together. `some_known`: some of
 * its identifiers may be in the index. */
static void take_step(struct admit_writer *writer, int step, struct admit_progress *progress,
                      bool *some_known)
{
    switch (rule_admit[step]) {
    case STATEMENT_admit_attempt:
        *some_known = run_attempt(writer, step, progress);
        break;
    case STATEMENT_admit_subjects:
        gather_keys(writer, progress->written.holder);
        break;
    case STATEMENT_admit_waiting:
        run(writer, step, progress);
        writer->some_wait = true;
        break;
    case STATEMENT_admit_report: /* by report(), for all since `unreported` */
        break;
    case STATEMENT_admit_fingerprint: /* kept for a report alone */
        report(writer);
        run(writer, step, progress);
        break;
    case STATEMENT_admit_supersede:
        if (writer->some_wait && *some_known &&
            admit_steps_rival(&writer->steps, writer->session->ledger, writer->values))
            supersede(writer, step, progress);
        break;
    default:
        run(writer, step, progress);
    }
}

/* Whether what becomes of a sign-up hangs on it alone, and leaves an attempt and a person only:
 * certainly nobody has what it brings, and nothing is sent to it. */
static bool is_newcomer(const struct admit_writer *writer, enum admit_outcome outcome)
{
    for (int i = 0; i < KEY_KINDS; i++)
        if (writer->known[i])
            return false;
    return outcome != ADMIT_PENDING && !is_given(writer, ADMIT_identity_key) &&
           !is_given(writer, ADMIT_email_nonce) && !is_given(writer, ADMIT_sms_nonce) &&
           !is_given(writer, ADMIT_sealed);
}

static void take_newcomer(struct admit_writer *writer, enum admit_outcome outcome)
{
    bool room = newcomers_add(writer->newcomers, writer->values, outcome);
    if (writer->unreported == 0)
        writer->unreported = writer->next_id;
    gather_keys(writer, outcome == ADMIT_SUCCESS ? writer->next_id : NOBODY);
    if (!room)
        newcomers_write(writer->newcomers);
}

static enum admit_outcome take_steps(struct admit_writer *writer, const struct admission *admission)
{
    struct admit_progress progress = {.told = admission->told != NULL, .values = writer->values};
    bool some_known = false;
    newcomers_write(writer->newcomers); /* who came before is there before */
    for (int step = 0; step < RULE_STEPS_admit; step++)
        if (admit_steps_due(&progress, step))
            take_step(writer, step, &progress, &some_known);
    return progress.logged_in ? ADMIT_CONTINUED : progress.written.outcome;
}

/* What it comes to is decided there. */
static struct admit_verdict write_shared(struct admit_writer *writer,
                                         const struct admission *admission,
                                         struct admit_values *values)
{
    struct session *session = writer->session;
    int64_t id = writer->next_id++;
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL)
        return admit_confirm(session, admission, id);
    admit_values_complete(values, session, admission, id);
    ledger_run(admit_values_use(values, session->ledger, STATEMENT_admit, &writer->whole_plan));
    return (struct admit_verdict){ADMIT_CONTINUED, id};
}

void admit_writer_fetch(const struct admit_writer *writer, const struct admit_values *values)
{
    for (int i = 0; i < KEY_KINDS; i++)
        if (admit_steps_given(values, key_parameters[i]))
            admit_keys_fetch(writer->keys, values->bound[key_parameters[i]].integer);
}

struct admit_verdict admit_writer_write(struct admit_writer *writer,
                                        const struct admission *admission,
                                        struct admit_values *values)
{
    if (writer->next_id == 0)
        writer->next_id = admit_next_id(writer->session->ledger);
    if (writer->shared)
        return write_shared(writer, admission, values);
    struct admit_verdict verdict = {ADMIT_CONTINUED, writer->next_id};
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL) {
        admit_writer_flush(writer);
        writer->next_id = 0; /* a confirmation brings about what it likes */
        return admit_confirm(writer->session, admission, verdict.id);
    }
    if (admission->settings != writer->settings)
        report(writer);
    if (!admit_keys_have_room(writer->keys) ||
        subject_index_takes(admit_keys_count(writer->keys), writer->next_id))
        admit_writer_flush(writer);
    writer->settings = admission->settings;
    writer->values = values;
    admit_values_complete(values, writer->session, admission, writer->next_id);
    find_known(writer);
    verdict.outcome = newcomers_judge(writer->values);
    if (is_newcomer(writer, verdict.outcome)) {
        take_newcomer(writer, verdict.outcome);
    } else {
        add_what_is_asked(writer);
        verdict.outcome = take_steps(writer, admission);
    }
    writer->next_id++;
    return verdict;
}

void admit_writer_settle(struct admit_writer *writer)
{
    if (!writer->shared)
        report(writer);
}
