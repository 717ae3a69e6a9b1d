/* SPDX-License-Identifier: MIT */
/*
 * admit_values.h: what a sign-up's admission is told: one list of the parameters of the rule
 * `admit` and of its parts, filled once for a sign-up and bound to any of them.
 *
 * Most of it is known as soon as the sign-up has been judged, on whichever thread that was; the
 * rest when it is written.
 */
#ifndef ADMIT_VALUES_H
#define ADMIT_VALUES_H

#include "admission/admit.h"
#include "admission/notes.h"
#include "codes/code.h"
#include "host.h"
#include "ledger/ledger.h"

/* Besides the sign-up's own columns, which have their names. `outcome` is the verdict's. */
#define ADMIT_PARAMETERS(X)                                                                        \
    X(id)                                                                                          \
    X(recorded_at)                                                                                 \
    X(import_id)                                                                                   \
    X(line)                                                                                        \
    X(setting_id)                                                                                  \
    X(told)                                                                                        \
    X(told_reason)                                                                                 \
    X(has_password)                                                                                \
    X(notes)                                                                                       \
    X(email_folded)                                                                                \
    X(username_folded)                                                                             \
    X(email_key)                                                                                   \
    X(phone_key)                                                                                   \
    X(username_key)                                                                                \
    X(uuid_key)                                                                                    \
    X(identity_key)                                                                                \
    X(password_hash)                                                                               \
    X(reasons)                                                                                     \
    X(reasons_before)                                                                              \
    X(reasons_after)                                                                               \
    X(unique_email)                                                                                \
    X(unique_phone)                                                                                \
    X(confirm)                                                                                     \
    X(pending_ms)                                                                                  \
    X(code_kind)                                                                                   \
    X(code_digits)                                                                                 \
    X(code_prefix)                                                                                 \
    X(code_sandbox)                                                                                \
    X(email_nonce)                                                                                 \
    X(email_code_ms)                                                                               \
    X(sms_nonce)                                                                                   \
    X(sms_code_ms)                                                                                 \
    X(resend_pause_ms)                                                                             \
    X(codes_per_day)                                                                               \
    X(sealed)                                                                                      \
    X(reportable)

#define ADMIT_ENUMERATE(name) ADMIT_##name,
enum admit_parameter {
    ADMIT_FIRST_OF_ITS_OWN =
        SIGNUP_INPUT_ONLY - 1, /* before it the columns, as enum signup_column */
    ADMIT_PARAMETERS(ADMIT_ENUMERATE) ADMIT_PARAMETER_COUNT
};
#undef ADMIT_ENUMERATE

enum { ADMIT_GIVEN_BITS = 64, ADMIT_GIVEN_WORDS = ADMIT_PARAMETER_COUNT / ADMIT_GIVEN_BITS + 1 };

/* The values point into the admission, its sign-up and settings, and into this structure, so none
 * of them moves before the sign-up is written. */
struct admit_values {
    uint64_t given[ADMIT_GIVEN_WORDS]; /* bits: what has a value before it is written */
    struct admit_value bound[ADMIT_PARAMETER_COUNT];
    char *reasons, *notes; /* NULL: there are none */
    unsigned char email_nonce[CODE_NONCE_SIZE], sms_nonce[CODE_NONCE_SIZE];
    char prefix[CODE_PREFIX_SIZE];
    unsigned char sealed[KEY_SEALED_SIZE];
};

/* The id that the next attempt or continuation has, under the write lock. */
int64_t admit_next_id(struct ledger *ledger);

/* What a sign-up left: the outcome, and who holds its identifiers (see the view holding). */
struct admit_written {
    enum admit_outcome outcome;
    int64_t holder;
};
struct admit_written admit_read_written(struct ledger *ledger, int64_t id);

/* What is known of a sign-up that was judged and whose subjects were found. On any thread; chance
 * is drawn here. False: out of memory. To be wiped in either case. */
bool admit_values_prepare(struct admit_values *values, const struct admission *admission);

/* The rest, which is known when it is written: its id, the time, the hash that was spent, and what
 * is sealed for that id. Once more where it is written once more. */
void admit_values_complete(struct admit_values *values, struct session *session,
                           const struct admission *admission, int64_t id);

/* Wipes and frees. */
void admit_values_wipe(struct admit_values *values);

/* A parameter's name, and its value as a function's result. */
const char *admit_values_name(int parameter);
void admit_values_give(const struct admit_values *values, int parameter, sqlite3_context *context);

/* Which parameter each number of a statement means; made when it is first used. */
enum { ADMIT_PLAN_SIZE = 112 };
struct admit_plan {
    int count; /* 0: not made */
    unsigned char parameter[ADMIT_PLAN_SIZE];
};

/* The statement with its parameters bound. */
struct ledger_statement *admit_values_use(const struct admit_values *values, struct ledger *ledger,
                                          enum statement name, struct admit_plan *plan);

#endif
