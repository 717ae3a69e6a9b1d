/* SPDX-License-Identifier: MIT */
/* The functions about passwords, and those that need no ledger. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "admission/prepared_password.h"
#include "functions/functions.h"
#include "passwords/hash.h"
#include "passwords/policy.h"
#include "values/subject.h"
#include "values/text.h"

void functions_version(struct sql_call *call)
{
    sqlite3_result_text(call->context, REG_VERSION, -1, SQLITE_STATIC);
}

static void answer_rules(struct sql_call *call, uint32_t broken)
{
    char json[512];
    size_t length = 1;
    json[0] = '[';
    for (int rule = 0; rule < POLICY_RULES; rule++)
        if ((broken >> rule & 1) != 0)
            length +=
                (size_t)snprintf(json + length, sizeof json - length, "%s\"%s\"",
                                 length > 1 ? "," : "", policy_rule_name((enum policy_rule)rule));
    snprintf(json + length, sizeof json - length, "]");
    sqlite3_result_text(call->context, json, -1, SQLITE_TRANSIENT);
}

void functions_check_policy(struct sql_call *call)
{
    struct error error;
    struct policy named;
    const struct policy *policy = &named;
    uint32_t broken = 0;
    if (sql_call_is_null(call, 0))
        return;
    const char *password = sql_call_text(call, 0, "password"), *profile;
    if (password == NULL || !call_optional(call, 1, "profile", &profile))
        return;
    if (profile != NULL) {
        if (!policy_parse(profile, &named, &error)) {
            sql_call_fail_as(call, &error);
            return;
        }
    } else {
        const struct settings *settings = session_settings_or_defaults(call->session);
        if (!sql_call_succeeded(call))
            return;
        policy = &settings->policy;
    }
    if (!policy_check(policy, password, strlen(password), NULL, &broken, &error))
        sql_call_fail_as(call, &error);
    else
        answer_rules(call, broken);
}

static void answer_wiped(struct sql_call *call, char *text, size_t size)
{
    sqlite3_result_text(call->context, text, -1, SQLITE_TRANSIENT);
    sodium_memzero(text, size);
}

void functions_hash_password(struct sql_call *call)
{
    char stored[PASSWORD_STORED_SIZE], wire[PASSWORD_WIRE_SIZE];
    enum password_format format;
    if (sql_call_is_null(call, 0))
        return;
    const char *password = sql_call_text(call, 0, "password");
    if (password == NULL)
        return;
    if (call->count == 2) {
        const char *name = sql_call_text(call, 1, "format");
        if (name == NULL)
            return;
        if (!password_format_named(name, &format)) {
            sql_call_fail(call, SQLITE_ERROR,
                          "argument 2 (format): expected sha256, sha1sha256 or md5");
            return;
        }
        password_wire(password, strlen(password), format, wire);
        answer_wiped(call, wire, sizeof wire);
        return;
    }
    const struct settings *settings = session_settings_or_defaults(call->session);
    if (!sql_call_succeeded(call))
        return;
    if (policy_hash(&settings->policy, password, settings->password_cost, stored))
        answer_wiped(call, stored, sizeof stored);
    else
        sqlite3_result_error_nomem(call->context);
}

void functions_prepare_password(struct sql_call *call)
{
    char prepared[PREPARED_SIZE];
    const char *format = NULL;
    enum admit_password kind = ADMIT_CLEAR;
    if (sql_call_is_null(call, 0))
        return;
    const char *password = sql_call_text(call, 0, "password");
    if (password == NULL || !call_optional(call, 1, "format", &format))
        return;
    if (format != NULL) {
        if (strcmp(format, "md5") != 0) {
            sql_call_fail(call, SQLITE_ERROR, "argument 2 (format): expected md5");
            return;
        }
        if (!text_is_hex(password, 32)) {
            sql_call_fail(call, SQLITE_ERROR,
                          "argument 1 (password): expected 32 hexadecimal digits");
            return;
        }
        kind = ADMIT_MD5;
    }
    const struct settings *settings = session_settings(call->session);
    const struct key *key = settings == NULL ? NULL : session_key(call->session);
    if (!sql_call_succeeded(call))
        return;
    if (prepared_make(key, settings, kind, password, prepared))
        answer_wiped(call, prepared, sizeof prepared);
    else
        sqlite3_result_error_nomem(call->context);
}

/* As the policy reads it, and as it was typed: so it was hashed before the policy said NFKC, or
 * elsewhere. */
static void verify(struct sql_call *call, const struct settings *settings, const char *password,
                   const char *stored)
{
    const struct password_limit *limit = &settings->password_limit;
    char *form = policy_form(&settings->policy, password);
    if (form == NULL) {
        sqlite3_result_error_nomem(call->context);
        return;
    }
    bool right = password_verify(form, strlen(form), stored, limit);
    if (!right && strcmp(form, password) != 0)
        right = password_verify(password, strlen(password), stored, limit);
    policy_wipe_form(form);
    sqlite3_result_int(call->context, right);
}

void functions_verify_password(struct sql_call *call)
{
    if (sql_call_is_null(call, 0) || sql_call_is_null(call, 1))
        return;
    const char *password = sql_call_text(call, 0, "password");
    const char *stored = password == NULL ? NULL : sql_call_text(call, 1, "stored");
    const struct settings *settings =
        stored == NULL ? NULL : session_settings_or_defaults(call->session);
    if (stored == NULL || !sql_call_succeeded(call))
        return;
    const struct password_limit *limit = &settings->password_limit;
    char read[PASSWORD_STORED_SIZE];
    bool fast;
    enum rule rule = password_read(stored, limit, read, &fast);
    if (rule == (enum rule)HASH_NO_MEMORY)
        sqlite3_result_error_nomem(call->context);
    else if (rule == RULE_hash_cost)
        sql_call_fail(
            call, SQLITE_ERROR,
            "argument 2 (stored): it costs more than the setting passwordHashLimit allows "
            "(%u KiB of memory, %u passes)",
            (unsigned)limit->memory_kib, (unsigned)limit->passes);
    else /* a vendor's is none of the formats */
        verify(call, settings, password, rule == RULE_as_given ? read : stored);
}

void functions_needs_rehash(struct sql_call *call)
{
    if (sql_call_is_null(call, 0))
        return;
    const char *stored = sql_call_text(call, 0, "stored");
    const struct settings *settings =
        stored == NULL ? NULL : session_settings_or_defaults(call->session);
    if (stored != NULL && sql_call_succeeded(call))
        sqlite3_result_int(call->context, password_needs_rehash(stored, settings->password_cost,
                                                                &settings->password_limit));
}

void functions_mask(struct sql_call *call)
{
    char masked[2048];
    if (sql_call_is_null(call, 0))
        return;
    const char *text = sql_call_text(call, 0, "text");
    if (text == NULL)
        return;
    subject_mask(text, masked, sizeof masked);
    sqlite3_result_text(call->context, masked, -1, SQLITE_TRANSIENT);
}
