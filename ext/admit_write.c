/* admit_write.c: a sign-up's verdict and rows, by the rule `admit` as a whole or part by part. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "admit_values.h"
#include "door.h"
#include "host.h"
#include "settings.h"

static struct admit_ids next_ids(struct ledger *ledger)
{
    struct admit_ids ids = {0, 0, 0};
    struct ledger_statement *next = ledger_use(ledger, STATEMENT_next_ids);
    if (ledger_row(next)) {
        ids = (struct admit_ids){ledger_integer(next, 0), ledger_integer(next, 1),
                                 ledger_integer(next, 2)};
        ledger_done(next);
    }
    return ids;
}

/* The outcome written, and the reasons of a failure (valid until the statement runs again). */
static enum admit_outcome read_outcome(struct ledger *ledger, int64_t id, const char **reasons)
{
    enum admit_outcome outcome = ADMIT_CONTINUED;
    struct ledger_statement *written = ledger_use(ledger, STATEMENT_admitted_outcome);
    ledger_set_integer(written, ":id", id);
    if (ledger_row(written)) {
        const char *text = ledger_text(written, 0);
        outcome = text[0] == 's' ? ADMIT_SUCCESS : text[0] == 'p' ? ADMIT_PENDING : ADMIT_FAILURE;
        *reasons = ledger_text(written, 1);
    }
    return outcome;
}

struct admit_verdict admit_write(struct door *door, struct admission *admission)
{
    struct admit_ids ids = next_ids(door->ledger);
    struct admit_values values;
    const char *reasons;
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL)
        return admit_confirm(door, admission, ids.attempt);
    if (door->admit_plan == NULL)
        door->admit_plan = calloc(1, sizeof *door->admit_plan);
    if (door->admit_plan == NULL) {
        ledger_fail(door->ledger, SQLITE_NOMEM, "out of memory");
        return (struct admit_verdict){ADMIT_FAILURE, 0};
    }
    admit_values_fill(&values, door, admission, ids);
    ledger_run(admit_values_use(&values, door->ledger, STATEMENT_admit, door->admit_plan));
    admit_values_wipe(&values);
    struct admit_verdict verdict = {read_outcome(door->ledger, ids.attempt, &reasons), ids.attempt};
    ledger_done(ledger_use(door->ledger, STATEMENT_admitted_outcome));
    return verdict;
}

/* Part by part */

enum part {
    LOGIN,
    LINK,
    ATTEMPT,
    PERSON,
    SUBJECT,
    WAITING,
    CODE,
    RECIPIENT,
    REPORT,
    FINGERPRINT,
    RIVAL,
    SUPERSEDE,
    PARTS
};

static const enum statement statements[PARTS] = {
    [LOGIN] = STATEMENT_admit_login,     [LINK] = STATEMENT_admit_link,
    [ATTEMPT] = STATEMENT_admit_attempt, [PERSON] = STATEMENT_admit_person,
    [SUBJECT] = STATEMENT_admit_subject, [WAITING] = STATEMENT_admit_waiting,
    [CODE] = STATEMENT_admit_code,       [RECIPIENT] = STATEMENT_admit_recipient,
    [REPORT] = STATEMENT_due_report,     [FINGERPRINT] = STATEMENT_admit_fingerprint,
    [RIVAL] = STATEMENT_has_rival,       [SUPERSEDE] = STATEMENT_admit_supersede,
};

struct admit_writer {
    struct door *door;
    struct admit_plan plans[PARTS];
    struct admit_values values;
    struct admit_ids ids; /* the next ones, where they are known */
    bool ids_known;
    bool some_wait; /* an attempt is pending, so that there may be rivals */
};

struct admit_writer *admit_writer_open(struct door *door)
{
    struct admit_writer *writer = calloc(1, sizeof *writer);
    if (writer != NULL)
        writer->door = door;
    return writer;
}

void admit_writer_close(struct admit_writer *writer)
{
    free(writer);
}

void admit_writer_begin(struct admit_writer *writer)
{
    writer->ids_known = false;
    writer->some_wait = ledger_number(writer->door->ledger, STATEMENT_some_wait, 0) != 0;
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

/* What a told outcome is, nobody need read back; a sign-up that was judged is known by what it
 * left. */
static enum admit_outcome attempt(struct admit_writer *writer, const struct admission *admission,
                                  const char **reasons)
{
    run(writer, ATTEMPT);
    *reasons = NULL;
    if (admission->told != NULL && strcmp(admission->told, "success") == 0)
        return ADMIT_SUCCESS;
    return read_outcome(writer->door->ledger, writer->ids.attempt, reasons);
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

/* The report, the fingerprint that is kept for it, and the rivals who have lost. */
static void add_consequences(struct admit_writer *writer, enum admit_outcome outcome,
                             const char *reasons)
{
    struct admit_values *values = &writer->values;
    admit_values_text(values, SIGNUP_outcome, outcome == ADMIT_SUCCESS ? "success" : "failure");
    admit_values_text(values, ADMIT_reasons, reasons);
    bool reported = outcome != ADMIT_PENDING && run(writer, REPORT) > 0;
    writer->ids.report += reported;
    if (is_given(writer, ADMIT_sealed) && (reported || outcome == ADMIT_PENDING))
        run(writer, FINGERPRINT);
    if (outcome == ADMIT_SUCCESS && writer->some_wait && has_rival(writer)) {
        run(writer, SUPERSEDE);
        writer->ids_known = false; /* those who have lost may be reported too */
    }
}

struct admit_verdict admit_writer_write(struct admit_writer *writer, struct admission *admission)
{
    struct ledger *ledger = writer->door->ledger;
    const char *reasons;
    if (!writer->ids_known)
        writer->ids = next_ids(ledger);
    writer->ids_known = true;
    struct admit_verdict verdict = {ADMIT_CONTINUED, writer->ids.attempt};
    if (admission->signup->text[SIGNUP_email_confirm_code] != NULL) {
        writer->ids_known = false; /* a confirmation brings about what it likes */
        return admit_confirm(writer->door, admission, verdict.id);
    }
    admit_values_fill(&writer->values, writer->door, admission, writer->ids);
    if (!is_login(writer, admission)) {
        verdict.outcome = attempt(writer, admission, &reasons);
        run(writer, PERSON);
        run(writer, SUBJECT);
        if (verdict.outcome == ADMIT_PENDING) {
            run(writer, WAITING);
            writer->some_wait = true;
        }
        add_codes(writer, admission, verdict.outcome);
        add_consequences(writer, verdict.outcome, reasons);
        ledger_done(ledger_use(ledger, STATEMENT_admitted_outcome));
    }
    admit_values_wipe(&writer->values);
    writer->ids.attempt++;
    return verdict;
}
