/* SPDX-License-Identifier: MIT */
#include "admission/admit_values.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"
#include "host.h"
#include "values/time_units.h"

_Static_assert(ADMIT_PARAMETER_COUNT <= UINT8_MAX, "parameters are kept in bytes");

static void set_integer(struct admit_values *values, int parameter, int64_t integer)
{
    values->bound[parameter] = (struct admit_value){.type = ADMIT_INTEGER, .integer = integer};
}

static void set_slice(struct admit_values *values, int parameter, const char *text, size_t length)
{
    values->bound[parameter] =
        (struct admit_value){.type = ADMIT_TEXT, .length = (uint32_t)length, .text = text};
}

static void set_text(struct admit_values *values, int parameter, const char *text)
{
    if (text == NULL)
        values->bound[parameter].type = ADMIT_NULL;
    else
        set_slice(values, parameter, text, strlen(text));
}

static void set_blob(struct admit_values *values, int parameter, const void *bytes, size_t length)
{
    values->bound[parameter] =
        (struct admit_value){.type = ADMIT_BLOB, .length = (uint32_t)length, .bytes = bytes};
}

/* The ways to confirm as a table: what an attempt waits for (see the view admit), and the code that
 * is sent. */
struct way {
    const char *confirm;
    enum code_kind code;
};

static struct way way_of(const struct admission *admission)
{
    static const struct way ways[] = {
        [SETTINGS_AUTOMATIC] = {"never", CODE_PIN},
        [SETTINGS_REQUIRE_EMAIL_CONFIRMATION] = {"after", CODE_TOKEN},
        [SETTINGS_REQUIRE_EMAIL_ACTIVATION] = {"before", CODE_TOKEN},
        [SETTINGS_REQUIRE_PIN_CONFIRMATION] = {"everyone", CODE_PIN},
    };
    const struct settings *settings = admission->settings;
    struct way way = ways[settings->registration_type];
    if (admission->provider[0] != '\0')
        way.confirm = "never"; /* the provider has seen to that */
    else if (settings->registration_type == SETTINGS_REQUIRE_PIN_CONFIRMATION &&
             settings->pin_confirmation_type == SETTINGS_ON_CONFLICT_WITH_EXTERNAL_ACCOUNT)
        way.confirm = "on_conflict";
    return way;
}

static void set_key(struct admit_values *values, int parameter, int64_t key)
{
    if (key != 0)
        set_integer(values, parameter, key);
}

static const char *given(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static void set_subjects(struct admit_values *values, const struct admission *admission)
{
    const struct admit_subjects *subjects = &admission->subjects;
    set_text(values, ADMIT_email_folded, given(admission->email_folded));
    set_text(values, ADMIT_username_folded, given(admission->username_folded));
    set_key(values, ADMIT_email_key, subjects->email);
    set_key(values, ADMIT_phone_key, subjects->phone);
    set_key(values, ADMIT_username_key, subjects->username);
    set_key(values, ADMIT_uuid_key, subjects->uuid);
    set_key(values, ADMIT_identity_key, subjects->identity);
}

/* Columns carry their value under their own name; these few are something else to the rule. */
static void set_columns(struct admit_values *values, const struct admission *admission)
{
    memcpy(values->bound, admission->values, sizeof admission->values);
    set_integer(values, SIGNUP_attempted_at, admission->attempted_at);
    set_text(values, SIGNUP_consents, admission->consents);
    values->bound[SIGNUP_outcome].type = ADMIT_NULL;
    values->bound[SIGNUP_failure_reason].type = ADMIT_NULL;
}

static void set_codes(struct admit_values *values, const struct admission *admission)
{
    const struct settings *settings = admission->settings;
    struct way way = way_of(admission);
    bool pin = way.code == CODE_PIN;
    set_text(values, ADMIT_confirm, way.confirm);
    set_integer(values, ADMIT_pending_ms, settings->pending_lifetime_seconds * SECOND_MS);
    set_text(values, ADMIT_code_kind, way.code == CODE_PIN ? "pin" : "token");
    set_integer(values, ADMIT_code_digits, settings->pin_length);
    set_integer(values, ADMIT_code_sandbox, settings->sandbox);
    set_integer(values, ADMIT_resend_pause_ms, settings->resend_pause_seconds * SECOND_MS);
    set_integer(values, ADMIT_codes_per_day, settings->max_codes_per_day);
    if (strcmp(way.confirm, "never") == 0)
        return;
    code_prefix(way.code == CODE_PIN ? (size_t)settings->pin_prefix_length : 0, values->prefix);
    set_text(values, ADMIT_code_prefix, given(values->prefix));
    if (settings->channel_email && admission->email_folded[0] != '\0') {
        randombytes_buf(values->email_nonce, CODE_NONCE_SIZE);
        set_blob(values, ADMIT_email_nonce, values->email_nonce, CODE_NONCE_SIZE);
        set_integer(values, ADMIT_email_code_ms, settings_code_ms(settings, pin, "email"));
    }
    if (settings->channel_sms && admission->phone[0] != '\0') {
        randombytes_buf(values->sms_nonce, CODE_NONCE_SIZE);
        set_blob(values, ADMIT_sms_nonce, values->sms_nonce, CODE_NONCE_SIZE);
        set_integer(values, ADMIT_sms_code_ms, settings_code_ms(settings, pin, "sms"));
    }
}

static void set_sealed(struct admit_values *values, struct session *session,
                       const struct admission *admission, int64_t id)
{
    unsigned char nonce[24];
    const struct key *key = admission->has_fingerprint ? session_key(session) : NULL;
    const unsigned char *uuid = ledger_uuid(session->ledger);
    if (key == NULL || uuid == NULL)
        return;
    randombytes_buf(nonce, sizeof nonce);
    key_seal(key, uuid, id, nonce, admission->fingerprint, values->sealed);
    set_blob(values, ADMIT_sealed, values->sealed, KEY_SEALED_SIZE);
}

/* A copy of the first bytes of a text. */
static char *copy(const char *text, size_t length)
{
    char *kept = malloc(length + 1);
    if (kept == NULL)
        return NULL;
    memcpy(kept, text, length);
    kept[length] = '\0';
    return kept;
}

/* The lists begin each reason with a comma. With one more at the end, the text has three slices:
 * the whole without a comma at either end, and the two parts with one on that side where what is
 * taken goes in between. */
static bool set_reasons(struct admit_values *values, const struct admission *admission)
{
    char text[2 * REASONS_TEXT];
    if (admission->told == NULL)
        reasons_before_taken(&admission->reasons, text);
    else
        snprintf(text, REASONS_TEXT, "%s", admission->told_list);
    size_t before = strlen(text);
    if (admission->told == NULL)
        reasons_after_taken(&admission->reasons, text + before);
    size_t after = strlen(text + before);
    if (before + after == 0)
        return true;
    text[before + after] = ',';
    values->reasons = copy(text, before + after + 1);
    if (values->reasons == NULL)
        return false;
    set_slice(values, ADMIT_reasons, values->reasons + 1, before + after - 1);
    if (before > 0)
        set_slice(values, ADMIT_reasons_before, values->reasons + 1, before);
    set_slice(values, ADMIT_reasons_after, values->reasons + before, after);
    return true;
}

static bool set_notes(struct admit_values *values, const struct admission *admission)
{
    char text[NOTES_TEXT];
    if (notes_text(admission, text) == NULL)
        return true;
    values->notes = copy(text, strlen(text));
    set_text(values, ADMIT_notes, values->notes);
    return values->notes != NULL;
}

/* On this thread, where they are at hand. */
static void note_given(struct admit_values *values)
{
    memset(values->given, 0, sizeof values->given);
    for (int parameter = 0; parameter < ADMIT_PARAMETER_COUNT; parameter++)
        if (values->bound[parameter].type != ADMIT_NULL)
            values->given[parameter / ADMIT_GIVEN_BITS] |= UINT64_C(1)
                                                           << parameter % ADMIT_GIVEN_BITS;
}

bool admit_values_prepare(struct admit_values *values, const struct admission *admission)
{
    const struct signup *signup = admission->signup;
    memset(values->bound + SIGNUP_INPUT_ONLY, 0,
           sizeof values->bound - SIGNUP_INPUT_ONLY * sizeof *values->bound);
    values->reasons = values->notes = NULL;
    set_columns(values, admission);
    set_integer(values, ADMIT_setting_id, admission->settings->id);
    if (signup->import_id != 0) {
        set_integer(values, ADMIT_import_id, signup->import_id);
        set_integer(values, ADMIT_line, signup->line);
    }
    set_text(values, ADMIT_told, admission->told);
    set_text(values, ADMIT_told_reason, admission->told_reason);
    set_integer(values, ADMIT_has_password,
                admission->password != ADMIT_NO_PASSWORD || admission->has_fingerprint);
    set_text(values, ADMIT_reasons, "");
    set_text(values, ADMIT_reasons_before, "");
    set_text(values, ADMIT_reasons_after, "");
    set_integer(values, ADMIT_unique_email, admission->settings->unique_email);
    set_integer(values, ADMIT_unique_phone, admission->settings->unique_phone);
    set_text(values, ADMIT_reportable, admission->settings->reportable_reasons);
    set_subjects(values, admission);
    set_codes(values, admission);
    bool done = set_reasons(values, admission) && set_notes(values, admission);
    note_given(values);
    return done;
}

void admit_values_complete(struct admit_values *values, struct session *session,
                           const struct admission *admission, int64_t id)
{
    set_integer(values, ADMIT_id, id);
    set_integer(values, ADMIT_recorded_at, ledger_stamp(session->ledger));
    set_text(values, ADMIT_password_hash, given(admission->stored));
    set_sealed(values, session, admission, id);
}

void admit_values_wipe(struct admit_values *values)
{
    free(values->reasons);
    free(values->notes);
    values->reasons = values->notes = NULL;
    sodium_memzero(values->email_nonce, sizeof values->email_nonce);
    sodium_memzero(values->sms_nonce, sizeof values->sms_nonce);
    sodium_memzero(values->prefix, sizeof values->prefix);
    sodium_memzero(values->sealed, sizeof values->sealed);
}

/* Before and after */

int64_t admit_next_id(struct ledger *ledger)
{
    return ledger_number(ledger, STATEMENT_next_attempt, 0);
}

struct admit_written admit_read_written(struct ledger *ledger, int64_t id)
{
    struct admit_written written = {ADMIT_CONTINUED, 0};
    enum { OUTCOME, HOLDER };
    static const char *const columns[] = {"outcome", "holder", NULL};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_admitted_outcome, columns);
    ledger_set_integer_at(row, 1, id);
    if (ledger_row(row)) {
        const char *text = ledger_word(row, OUTCOME);
        written.outcome = text[0] == 's'   ? ADMIT_SUCCESS
                          : text[0] == 'p' ? ADMIT_PENDING
                                           : ADMIT_FAILURE;
        written.holder = ledger_integer(row, HOLDER);
        ledger_done(row);
    }
    return written;
}

/* Binding */

const char *admit_values_name(int parameter)
{
#define ADMIT_NAME(name) [ADMIT_##name] = #name,
    static const char *const names[ADMIT_PARAMETER_COUNT] = {ADMIT_PARAMETERS(ADMIT_NAME)};
#undef ADMIT_NAME
    return parameter < SIGNUP_INPUT_ONLY ? signup_column_name((enum signup_column)parameter)
                                         : names[parameter];
}

static void make_plan(struct ledger *ledger, struct ledger_statement *statement,
                      struct admit_plan *plan)
{
    int count = ledger_parameters(statement);
    for (int number = 1; number <= count && !ledger_failed(ledger); number++) {
        const char *name = ledger_parameter_name(statement, number);
        int parameter = 0;
        while (parameter < ADMIT_PARAMETER_COUNT &&
               strcmp(admit_values_name(parameter), name + 1) != 0)
            parameter++;
        if (parameter == ADMIT_PARAMETER_COUNT || number >= ADMIT_PLAN_SIZE)
            ledger_fail(ledger, SQLITE_INTERNAL, "a sign-up has no value for %s", name);
        else
            plan->parameter[number] = (unsigned char)parameter;
    }
    plan->count = ledger_failed(ledger) ? 0 : count;
}

static void bind(struct ledger_statement *statement, int number, const struct admit_value *bound)
{
    switch (bound->type) {
    case ADMIT_TEXT:
        ledger_set_text_at(statement, number, bound->bytes, bound->length);
        break;
    case ADMIT_INTEGER:
        ledger_set_integer_at(statement, number, bound->integer);
        break;
    case ADMIT_REAL:
        ledger_set_real_at(statement, number, bound->real);
        break;
    case ADMIT_BLOB:
        ledger_set_blob_at(statement, number, bound->bytes, bound->length);
        break;
    case ADMIT_NULL:
        break;
    }
}

void admit_values_give(const struct admit_values *values, int parameter, sqlite3_context *context)
{
    const struct admit_value *bound = &values->bound[parameter];
    switch (bound->type) {
    case ADMIT_TEXT:
        sqlite3_result_text64(context, bound->bytes, bound->length, SQLITE_STATIC, SQLITE_UTF8);
        break;
    case ADMIT_INTEGER:
        sqlite3_result_int64(context, bound->integer);
        break;
    case ADMIT_REAL:
        sqlite3_result_double(context, bound->real);
        break;
    case ADMIT_BLOB:
        sqlite3_result_blob64(context, bound->bytes, bound->length, SQLITE_STATIC);
        break;
    case ADMIT_NULL:
        break;
    }
}

struct ledger_statement *admit_values_use(const struct admit_values *values, struct ledger *ledger,
                                          enum statement name, struct admit_plan *plan)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    if (plan->count == 0)
        make_plan(ledger, statement, plan);
    for (int number = 1; number <= plan->count; number++)
        bind(statement, number, &values->bound[plan->parameter[number]]);
    return statement;
}
