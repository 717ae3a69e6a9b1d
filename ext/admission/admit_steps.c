/* SPDX-License-Identifier: MIT */
#include "admission/admit_steps.h"

#include "admission/subject_index.h"
#include "ledger/settings.h"

const int admit_steps_keys[ADMIT_KEY_KINDS] = {ADMIT_email_key, ADMIT_phone_key, ADMIT_username_key,
                                               ADMIT_uuid_key, ADMIT_identity_key};

bool admit_steps_given(const struct admit_values *values, int parameter)
{
    return values->bound[parameter].type != ADMIT_NULL;
}

bool admit_steps_due(const struct admit_progress *progress, int step)
{
    const struct admit_values *values = progress->values;
    const enum statement name = rule_admit[step];
    const enum admit_outcome outcome = progress->written.outcome;
    if (progress->logged_in)
        return name == STATEMENT_admit_link;
    switch (name) {
    case STATEMENT_admit_login:
        return !progress->told && admit_steps_given(values, ADMIT_identity_key);
    case STATEMENT_admit_link:
        return false;
    case STATEMENT_admit_waiting:
        return outcome == ADMIT_PENDING;
    case STATEMENT_admit_code:
        return !progress->told && outcome != ADMIT_FAILURE &&
               (admit_steps_given(values, ADMIT_email_nonce) ||
                admit_steps_given(values, ADMIT_sms_nonce));
    case STATEMENT_admit_recipient:
        return progress->has_codes;
    case STATEMENT_admit_report:
        return outcome != ADMIT_PENDING;
    case STATEMENT_admit_fingerprint:
        return admit_steps_given(values, ADMIT_sealed);
    case STATEMENT_admit_supersede:
        return outcome == ADMIT_SUCCESS;
    default:
        return true;
    }
}

void admit_steps_run(struct admit_steps *steps, struct ledger *ledger, int step,
                     struct admit_progress *progress)
{
    int64_t changes = ledger_run(
        admit_values_use(progress->values, ledger, rule_admit[step], &steps->plans[step]));
    if (rule_admit[step] == STATEMENT_admit_login)
        progress->logged_in = changes != 0;
    else if (rule_admit[step] == STATEMENT_admit_code)
        progress->has_codes = changes != 0;
    else if (rule_admit[step] == STATEMENT_admit_attempt)
        progress->written = admit_read_written(ledger, progress->values->bound[ADMIT_id].integer);
}

bool admit_steps_rival(struct admit_steps *steps, struct ledger *ledger,
                       const struct admit_values *values)
{
    struct ledger_statement *rival =
        admit_values_use(values, ledger, STATEMENT_has_rival, &steps->rival_plan);
    bool found = ledger_row(rival) && ledger_integer(rival, 0) != 0;
    ledger_done(rival);
    return found;
}

void admit_steps_report(struct ledger *ledger, int64_t first, int64_t last,
                        const char *reportable_reasons)
{
    struct ledger_statement *due = ledger_use(ledger, STATEMENT_report_outcome_report);
    ledger_set_integer(due, ":attempt_id", first);
    ledger_set_integer(due, ":last_attempt_id", last);
    ledger_set_text(due, ":reportable", reportable_reasons);
    ledger_run(due);
}

/* The step `subjects`: the keys that were given, one by one. */
static void add_subjects(struct ledger *ledger, const struct admit_values *values, int64_t holder)
{
    for (int i = 0; i < ADMIT_KEY_KINDS; i++) {
        const struct admit_value *key = &values->bound[admit_steps_keys[i]];
        if (key->type != ADMIT_NULL)
            subject_index_add_one(ledger,
                                  &(struct admit_key){.key = key->integer,
                                                      .holder = holder,
                                                      .attempt = values->bound[ADMIT_id].integer});
    }
}

void admit_steps_take(struct admit_steps *steps, struct ledger *ledger,
                      const struct admission *admission, const struct admit_values *values)
{
    struct admit_progress progress = {.told = admission->told != NULL, .values = values};
    const int64_t id = values->bound[ADMIT_id].integer;
    for (int step = 0; step < RULE_STEPS_admit && !ledger_failed(ledger); step++) {
        if (!admit_steps_due(&progress, step))
            continue;
        if (rule_admit[step] == STATEMENT_admit_report)
            admit_steps_report(ledger, id, id, admission->settings->reportable_reasons);
        else if (rule_admit[step] == STATEMENT_admit_subjects)
            add_subjects(ledger, values, progress.written.holder);
        else if (rule_admit[step] != STATEMENT_admit_supersede ||
                 admit_steps_rival(steps, ledger, values))
            admit_steps_run(steps, ledger, step, &progress);
    }
}
