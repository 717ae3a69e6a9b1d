/* SPDX-License-Identifier: MIT */
/*
 * admit_steps.h: the rule `admit` step by step, for whoever sees to it that all of them are undone
 * where one fails. A trigger keeps the rows of each of its steps in a temporary table before it
 * writes them, and runs every step; statements of their own need neither.
 */
#ifndef ADMIT_STEPS_H
#define ADMIT_STEPS_H

#include "admission/admit_values.h"

struct session;

/* The statements of one connection, as they are bound. Zeroed at first. */
struct admit_steps {
    struct admit_plan plans[RULE_STEPS_admit], rival_plan;
};

/* How far the steps have come with a sign-up. Only `told` and `values` are set at first. */
struct admit_progress {
    bool told;
    const struct admit_values *values;
    bool logged_in; /* no attempt: a third-party log-in of a known customer */
    bool has_codes;
    struct admit_written written;
};

/* The parameters that are keys of the index of subjects. */
enum { ADMIT_KEY_KINDS = 5 };
extern const int admit_steps_keys[ADMIT_KEY_KINDS];

/* Whether a parameter has a value. */
bool admit_steps_given(const struct admit_values *values, int parameter);

/* Whether a step may find anything to do, after those before it. It is harmless where it finds
 * nothing. */
bool admit_steps_due(const struct admit_progress *progress, int step);

/* Runs a step as it stands, and notes what came of it. */
void admit_steps_run(struct admit_steps *steps, struct ledger *ledger, int step,
                     struct admit_progress *progress);

/* Whether a pending attempt has an identifier of this sign-up: else nobody is superseded. */
bool admit_steps_rival(struct admit_steps *steps, struct ledger *ledger,
                       const struct admit_values *values);

/* The step `report`, for all attempts from `first` to `last`, which were judged by these settings.
 */
void admit_steps_report(struct ledger *ledger, int64_t first, int64_t last,
                        const char *reportable_reasons);

/* All steps of one sign-up. */
void admit_steps_take(struct admit_steps *steps, struct ledger *ledger,
                      const struct admission *admission, const struct admit_values *values);

#endif
