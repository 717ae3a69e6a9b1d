/* SPDX-License-Identifier: MIT */
/* The functions that ask or change the ledger. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "codes/code.h"
#include "codes/late_password.h"
#include "codes/customer.h"
#include "functions/functions.h"
#include "codes/issue.h"
#include "codes/login.h"
#include "fraud/payload.h"
#include "codes/verify.h"
#include "codes/subject_lookup.h"

void functions_init(struct sql_call *call)
{
    const char *where = call->count == 0 ? NULL : sql_call_text(call, 0, "where");
    if (call->count > 0 && where == NULL)
        return;
    if (where != NULL && strcmp(where, "beside") != 0) {
        sql_call_fail(call, SQLITE_ERROR, "argument 1 (where): expected 'beside'");
        return;
    }
    int version = session_init(call->session, where != NULL);
    if (sql_call_succeeded(call))
        sqlite3_result_int(call->context, version);
}

static void answer_settings(struct sql_call *call, const struct settings *settings)
{
    char *text = settings_text(settings);
    if (text == NULL)
        sqlite3_result_error_nomem(call->context);
    else
        sqlite3_result_text(call->context, text, -1, SQLITE_TRANSIENT);
    free(text);
}

void functions_settings(struct sql_call *call)
{
    const struct settings *settings = session_settings(call->session);
    if (sql_call_succeeded(call))
        answer_settings(call, settings);
}

static void change_settings(struct sql_call *call, bool patch)
{
    bool refused;
    const char *json = sql_call_document(call, 0, "json");
    if (json == NULL)
        return;
    struct settings *changed = session_change_settings(call->session, json, patch, &refused);
    if (sql_call_succeeded(call))
        answer_settings(call, changed);
    settings_free(changed);
}

void functions_replace_settings(struct sql_call *call)
{
    change_settings(call, false);
}

void functions_patch_settings(struct sql_call *call)
{
    change_settings(call, true);
}

static void issue(struct sql_call *call, bool resend)
{
    char code[CODE_SIZE];
    struct issue_request request = {.resend = resend};
    request.subject = sql_call_text(call, 0, "subject");
    request.channel = request.subject == NULL ? NULL : sql_call_text(call, 1, "channel");
    if (request.channel == NULL)
        return;
    if (!call_optional(call, 2, "device_id", &request.device_id))
        return;
    ledger_begin(call->session->ledger);
    if (ledger_ready(call->session->ledger))
        issue_code(call->session, &request, code);
    ledger_end(call->session->ledger);
    if (sql_call_succeeded(call))
        sqlite3_result_text(call->context, code, -1, SQLITE_TRANSIENT);
    sodium_memzero(code, sizeof code);
}

void functions_issue_code(struct sql_call *call)
{
    issue(call, false);
}

void functions_resend_code(struct sql_call *call)
{
    issue(call, true);
}

static void verify(struct sql_call *call, const struct verify_request *request)
{
    enum verify_verdict verdict = VERIFY_NOT_FOUND;
    ledger_begin(call->session->ledger);
    if (ledger_ready(call->session->ledger))
        verdict = verify_code(call->session, request);
    ledger_end(call->session->ledger);
    if (sql_call_succeeded(call))
        sqlite3_result_text(call->context, verify_name(verdict), -1, SQLITE_STATIC);
}

static bool is_token(const char *text)
{
    unsigned char nonce[CODE_NONCE_SIZE];
    struct code_entry entry;
    code_read(text, false, &entry);
    bool is = code_token_nonce(entry.token, nonce);
    sodium_memzero(&entry, sizeof entry);
    return is;
}

void functions_verify_code(struct sql_call *call)
{
    struct verify_request request = {.subject = NULL};
    if (call->count == 1) {
        request.code = sql_call_text(call, 0, "token");
        if (request.code == NULL)
            return;
        if (!is_token(request.code)) {
            sql_call_fail(
                call, SQLITE_ERROR,
                "argument 1 (token): expected a token; a pin is verified with its subject");
            return;
        }
    } else {
        request.subject = sql_call_text(call, 0, "subject");
        request.code = request.subject == NULL ? NULL : sql_call_text(call, 1, "code");
        if (request.code == NULL)
            return;
        if (!call_optional(call, 2, "device_id", &request.device_id))
            return;
    }
    verify(call, &request);
}

static bool customer_has(struct session *session, const struct lookup_reading *reading)
{
    struct ledger_statement *customer = ledger_use(session->ledger, STATEMENT_customer_of_subject);
    ledger_set_integer(customer, ":key", reading->key);
    ledger_set_text(customer, ":text", reading->text);
    bool found = ledger_row(customer);
    if (found)
        ledger_done(customer);
    return found;
}

/* Whether a customer has the text as his address, number or username, in any reading. */
static void exists(struct sql_call *call, const char *what, enum subject_kind kind)
{
    struct lookup who;
    bool found = false;
    if (sql_call_is_null(call, 0))
        return;
    const char *text = sql_call_text(call, 0, what);
    if (text == NULL)
        return;
    lookup_read(call->session, text, &who);
    for (size_t i = 0; i < who.count && !found; i++)
        found = who.readings[i].kind == kind && customer_has(call->session, &who.readings[i]);
    if (sql_call_succeeded(call))
        sqlite3_result_int(call->context, found);
}

void functions_email_exists(struct sql_call *call)
{
    exists(call, "email", SUBJECT_EMAIL);
}

void functions_phone_exists(struct sql_call *call)
{
    exists(call, "phone", SUBJECT_PHONE);
}

void functions_username_exists(struct sql_call *call)
{
    exists(call, "username", SUBJECT_USERNAME);
}

void functions_report_payload(struct sql_call *call)
{
    int64_t attempt;
    if (sql_call_is_null(call, 0) || !sql_call_integer(call, 0, "attempt_id", &attempt))
        return;
    char *payload =
        ledger_ready(call->session->ledger) ? payload_preview(call->session, attempt) : NULL;
    if (sql_call_succeeded(call) && payload != NULL)
        sqlite3_result_text(call->context, payload, -1, SQLITE_TRANSIENT);
    payload_free(payload);
}

/* The password is judged and hashed before the ledger is locked for the code. */
void functions_complete(struct sql_call *call)
{
    struct error error;
    struct late_password completion = {.subject = NULL};
    struct verify_request request = {.subject = NULL};
    request.subject = completion.subject = sql_call_text(call, 0, "subject");
    request.code = request.subject == NULL ? NULL : sql_call_text(call, 1, "code");
    completion.password = request.code == NULL ? NULL : sql_call_text(call, 2, "password");
    if (completion.password == NULL || !call_optional(call, 3, "device_id", &request.device_id))
        return;
    const struct settings *settings = session_settings(call->session);
    if (!sql_call_succeeded(call))
        return;
    if (!late_password_judge(&completion, settings, &error)) {
        sql_call_fail_as(call, &error);
    } else if (completion.refusal[0] != '\0') {
        sqlite3_result_text(call->context, completion.refusal, -1, SQLITE_TRANSIENT);
    } else {
        request.password_hash = completion.stored;
        request.fingerprint = completion.fingerprint;
        verify(call, &request);
    }
    late_password_wipe(&completion);
}

void functions_verify_login(struct sql_call *call)
{
    if (sql_call_is_null(call, 0) || sql_call_is_null(call, 1))
        return;
    const char *subject = sql_call_text(call, 0, "subject");
    const char *password = subject == NULL ? NULL : sql_call_text(call, 1, "password");
    if (password == NULL)
        return;
    bool right =
        ledger_ready(call->session->ledger) && login_verify(call->session, subject, password);
    if (sql_call_succeeded(call))
        sqlite3_result_int(call->context, right);
}

void functions_set_consent(struct sql_call *call)
{
    const char *subject = sql_call_text(call, 0, "subject");
    const char *name = subject == NULL ? NULL : sql_call_text(call, 1, "name"), *version;
    if (name == NULL || !call_optional(call, 2, "version", &version))
        return;
    const char *state = sql_call_text(call, 3, "state");
    if (state == NULL)
        return;
    ledger_begin(call->session->ledger);
    customer_set_consent(call->session, subject, name, version, state);
    ledger_end(call->session->ledger);
    if (sql_call_succeeded(call))
        sqlite3_result_value(call->context, call->arguments[3]);
}

void functions_record_step(struct sql_call *call)
{
    struct customer_step step = {NULL, NULL, NULL};
    const char *subject = sql_call_text(call, 0, "subject");
    step.name = subject == NULL ? NULL : sql_call_text(call, 1, "step");
    step.status = step.name == NULL ? NULL : sql_call_text(call, 2, "status");
    if (step.status == NULL || !call_optional(call, 3, "reference", &step.reference))
        return;
    ledger_begin(call->session->ledger);
    customer_record_step(call->session, subject, &step);
    ledger_end(call->session->ledger);
    if (sql_call_succeeded(call))
        sqlite3_result_value(call->context, call->arguments[2]);
}

/* The WAL keeps old pages until the host checkpoints it: `regjob forget` truncates it. */
void functions_forget(struct sql_call *call)
{
    struct customer_forgotten forgotten = {.attempts = 0};
    const char *subject = sql_call_text(call, 0, "subject");
    if (subject == NULL)
        return;
    ledger_begin(call->session->ledger);
    customer_forget(call->session, subject, false, &forgotten);
    if (forgotten.refused)
        ledger_fail(call->session->ledger, SQLITE_ERROR,
                    "subject: matches several people: %s; `regjob forget --all` erases them all, "
                    "`regjob forget --id` one of them",
                    forgotten.people.names);
    ledger_end(call->session->ledger);
    if (sql_call_succeeded(call))
        sqlite3_result_int64(call->context, forgotten.attempts);
}
