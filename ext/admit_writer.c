#include "admit_writer.h"

#include <stdlib.h>

#include "admit_keys.h"
#include "admit_values.h"
#include "door.h"
#include "settings.h"

enum part {
    LOGIN,
    LINK,
    ATTEMPT,
    PERSON,
    WAITING,
    CODE,
    RECIPIENT,
    FINGERPRINT,
    RIVAL,
    SUPERSEDE,
    PARTS
};

static const enum statement statements[PARTS] = {
    [LOGIN] = STATEMENT_admit_login,         [LINK] = STATEMENT_admit_link,
    [ATTEMPT] = STATEMENT_admit_attempt,     [PERSON] = STATEMENT_admit_person,
    [WAITING] = STATEMENT_admit_waiting,     [CODE] = STATEMENT_admit_code,
    [RECIPIENT] = STATEMENT_admit_recipient, [FINGERPRINT] = STATEMENT_admit_fingerprint,
    [RIVAL] = STATEMENT_has_rival,           [SUPERSEDE] = STATEMENT_admit_supersede,
};

struct admit_writer {
    struct door *door;
    struct admit_plan plans[PARTS];
    struct admit_values values;
    struct admit_ids ids; /* the next ones, where they are known */
    bool ids_known;
    struct admit_keys *keys;
    bool learns;        /* which keys the index has */
    int64_t learned;    /* the newest attempt whose keys are known */
    bool some_wait;     /* an attempt is pending, so that there may be rivals */
    int64_t unreported; /* the first attempt that is not looked at for a report; 0: none */
    const struct settings *settings; /* by which it and those after it were judged */
};

static const int key_parameters[] = {ADMIT_email_key, ADMIT_phone_key, ADMIT_username_key,
                                     ADMIT_uuid_key, ADMIT_identity_key};

enum { KEY_KINDS = sizeof key_parameters / sizeof *key_parameters };

/* Reading the whole index costs less than it spares while the ledger is not this much larger than
 * the file. */
enum { KEYS_AN_ATTEMPT = 3, LEARNED_A_ROW = 15, LEARNED_ANYHOW = 10000 };

struct admit_writer *admit_writer_open(struct door *door)
{
    struct admit_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return NULL;
    writer->door = door;
    writer->keys = admit_keys_open();
    if (writer->keys != NULL)
        return writer;
    admit_writer_close(writer);
    return NULL;
}

void admit_writer_close(struct admit_writer *writer)
{
    if (writer == NULL)
        return;
    admit_keys_close(writer->keys);
    free(writer);
}

static void learn(struct admit_writer *writer, struct ledger_statement *keys, int columns)
{
    while (ledger_row(keys))
        for (int i = 0; i < columns; i++)
            if (!ledger_is_null(keys, i))
                admit_keys_learn(writer->keys, ledger_key(keys, i));
}

void admit_writer_expect(struct admit_writer *writer, uint64_t rows)
{
    struct ledger *ledger = writer->door->ledger;
    int64_t attempts = ledger_number(ledger, STATEMENT_newest_attempt, 0);
    if ((uint64_t)attempts > LEARNED_A_ROW * rows + LEARNED_ANYHOW ||
        !admit_keys_expect(writer->keys, ((uint64_t)attempts + rows) * KEYS_AN_ATTEMPT))
        return;
    writer->learns = true;
    writer->learned = attempts;
    learn(writer, ledger_use(ledger, STATEMENT_all_keys), 1);
}

/* What others have added meanwhile. Under the write lock: nothing can come after it. */
static void learn_the_rest(struct admit_writer *writer)
{
    struct ledger *ledger = writer->door->ledger;
    if (!writer->learns)
        return;
    struct ledger_statement *keys = ledger_use(ledger, STATEMENT_keys_since);
    ledger_set_integer(keys, ":id", writer->learned);
    learn(writer, keys, KEY_KINDS);
    writer->learned = ledger_number(ledger, STATEMENT_newest_attempt, 0);
}

void admit_writer_begin(struct admit_writer *writer)
{
    struct ledger *ledger = writer->door->ledger;
    uint32_t lost;
    admit_keys_hand_over(writer->keys, &lost); /* of a transaction that was rolled back */
    writer->unreported = 0;
    writer->ids_known = false;
    writer->some_wait = ledger_number(ledger, STATEMENT_some_wait, 0) != 0;
    learn_the_rest(writer);
}

/* The reports of sign-ups that have none yet. */
static void report(struct admit_writer *writer)
{
    struct ledger *ledger = writer->door->ledger;
    if (writer->unreported == 0)
        return;
    struct ledger_statement *due = ledger_use(ledger, STATEMENT_due_report);
    ledger_set_integer(due, ":attempt_id", writer->unreported);
    ledger_set_text(due, ":reportable", writer->settings->reportable_reasons);
    ledger_run(due);
    writer->unreported = 0;
}

static void add_subjects(struct ledger *ledger, enum statement name, const struct admit_key *rows,
                         int count)
{
    struct ledger_statement *add = ledger_use(ledger, name);
    for (int i = 0; i < count; i++) {
        ledger_set_integer_at(add, 3 * i + 1, rows[i].key);
        ledger_set_integer_at(add, 3 * i + 2, rows[i].holder);
        ledger_set_integer_at(add, 3 * i + 3, rows[i].attempt);
    }
    ledger_run(add);
}

void admit_writer_flush(struct admit_writer *writer)
{
    struct ledger *ledger = writer->door->ledger;
    uint32_t count, done = 0;
    report(writer);
    const struct admit_key *rows = admit_keys_hand_over(writer->keys, &count);
    if (writer->ids_known)
        writer->learned = writer->ids.attempt - 1; /* those since are this writer's own */
    for (; count - done >= 16; done += 16)
        add_subjects(ledger, STATEMENT_add_16_subjects, rows + done, 16);
    for (; done < count; done++)
        add_subjects(ledger, STATEMENT_add_subject, rows + done, 1);
}

static int64_t run(struct admit_writer *writer, enum part part)
{
    return ledger_run(admit_values_use(&writer->values, writer->door->ledger, statements[part],
                                       &writer->plans[part]));
}

static bool is_given(const struct admit_writer *writer, int parameter)
{
    return writer->values.bound[parameter].type != ADMIT_UNBOUND;
}

static bool has_rival(struct admit_writer *writer)
{
    struct ledger_statement *rival = admit_values_use(&writer->values, writer->door->ledger,
                                                      statements[RIVAL], &writer->plans[RIVAL]);
    bool found = ledger_row(rival) && ledger_integer(rival, 0) != 0;
    ledger_done(rival);
    return found;
}

/* A third-party sign-up of a known customer: a log-in, and no attempt. */
static bool is_login(struct admit_writer *writer, const struct admission *admission)
{
    if (admission->told != NULL || !is_given(writer, ADMIT_identity_key) || run(writer, LOGIN) == 0)
        return false;
    run(writer, LINK);
    return true;
}

/* What is asked of the index from here on must find what was gathered: that is added alone, since a
 * flush goes all through the index. */
static void add_what_is_asked(struct admit_writer *writer)
{
    struct admit_key row;
    if (!admit_keys_have_room(writer->keys))
        admit_writer_flush(writer);
    for (int i = 0; i < KEY_KINDS; i++)
        if (is_given(writer, key_parameters[i]) &&
            admit_keys_take(writer->keys, writer->values.bound[key_parameters[i]].integer, &row))
            add_subjects(writer->door->ledger, STATEMENT_add_subject, &row, 1);
}

/* Decides, asking the index for nothing that is certainly not there. True: some of it may be. */
static bool run_attempt(struct admit_writer *writer)
{
    struct admit_bound *bound = writer->values.bound, kept[KEY_KINDS];
    bool some_known = false;
    for (int i = 0; i < KEY_KINDS; i++) {
        struct admit_bound *key = &bound[key_parameters[i]];
        kept[i] = *key;
        if (key->type != ADMIT_UNBOUND && admit_keys_may_know(writer->keys, key->integer))
            some_known = true;
        else
            key->type = ADMIT_UNBOUND;
    }
    run(writer, ATTEMPT);
    for (int i = 0; i < KEY_KINDS; i++)
        bound[key_parameters[i]] = kept[i];
    return some_known;
}

static void gather_keys(struct admit_writer *writer, int64_t holder)
{
    for (int i = 0; i < KEY_KINDS; i++)
        if (is_given(writer, key_parameters[i]))
            admit_keys_gather(writer->keys,
                              (struct admit_key){
                                  .key = writer->values.bound[key_parameters[i]].integer,
                                  .holder = holder,
                                  .attempt = writer->ids.attempt,
                              });
}

static void add_codes(struct admit_writer *writer, const struct admission *admission,
                      enum admit_outcome outcome)
{
    bool email = is_given(writer, ADMIT_email_nonce), sms = is_given(writer, ADMIT_sms_nonce);
    if (admission->told != NULL || outcome == ADMIT_FAILURE || (!email && !sms) ||
        run(writer, CODE) == 0)
        return;
    run(writer, RECIPIENT);
    writer->ids.code += sms ? 2 : 1;
}

/* A fingerprint is kept for a report alone. */
static void add_fingerprint(struct admit_writer *writer)
{
    if (!is_given(writer, ADMIT_sealed))
        return;
    report(writer);
    run(writer, FINGERPRINT);
}

/* Those who have lost what this one has got; they may be reported too. */
static void supersede(struct admit_writer *writer)
{
    if (!has_rival(writer))
        return;
    admit_writer_flush(writer);
    run(writer, SUPERSEDE);
    writer->ids_known = false;
}

static enum admit_outcome write_attempt(struct admit_writer *writer,
                                        const struct admission *admission)
{
    if (admission->settings != writer->settings)
        report(writer);
    writer->settings = admission->settings;
    bool some_known = run_attempt(writer);
    writer->unreported = writer->unreported != 0 ? writer->unreported : writer->ids.attempt;
    struct admit_written written = admit_read_written(writer->door->ledger, writer->ids.attempt);
    run(writer, PERSON);
    gather_keys(writer, written.holder);
    if (written.outcome == ADMIT_PENDING) {
        run(writer, WAITING);
        writer->some_wait = true;
    }
    add_codes(writer, admission, written.outcome);
    add_fingerprint(writer);
    if (written.outcome == ADMIT_SUCCESS && writer->some_wait && some_known)
        supersede(writer);
    return written.outcome;
}

struct admit_verdict admit_writer_write(struct admit_writer *writer, struct admission *admission)
{
    if (!writer->ids_known)
        writer->ids = admit_next_ids(writer->door->ledger);
    writer->ids_known = true;
    struct admit_verdict verdict = {ADMIT_CONTINUED, writer->ids.attempt};
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL) {
        admit_writer_flush(writer);
        writer->ids_known = false; /* a confirmation brings about what it likes */
        return admit_confirm(writer->door, admission, verdict.id);
    }
    admit_values_fill(&writer->values, writer->door, admission, writer->ids);
    add_what_is_asked(writer);
    if (!is_login(writer, admission))
        verdict.outcome = write_attempt(writer, admission);
    admit_values_wipe(&writer->values);
    writer->ids.attempt++;
    return verdict;
}
