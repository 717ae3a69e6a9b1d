/* The functions that need no ledger. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "functions.h"
#include "password.h"
#include "policy.h"
#include "subject.h"

void functions_version(struct call *call)
{
    sqlite3_result_text(call->context, REG_VERSION, -1, SQLITE_STATIC);
}

static void answer_rules(struct call *call, uint32_t broken)
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

void functions_check_policy(struct call *call)
{
    char error[512];
    struct policy named;
    const struct policy *policy = &named;
    uint32_t broken = 0;
    if (call_is_null(call, 0))
        return;
    const char *password = call_text(call, 0, "password"), *profile;
    if (password == NULL || !call_optional(call, 1, "profile", &profile))
        return;
    if (profile != NULL) {
        if (!policy_parse(profile, &named, error, sizeof error)) {
            call_fail(call, SQLITE_ERROR, "%s", error);
            return;
        }
    } else {
        const struct settings *settings = door_settings_or_defaults(call->door);
        if (!call_succeeded(call))
            return;
        policy = &settings->policy;
    }
    if (!policy_check(policy, password, strlen(password), NULL, &broken, error, sizeof error))
        call_fail(call, SQLITE_ERROR, "%s", error);
    else
        answer_rules(call, broken);
}

static void answer_wiped(struct call *call, char *text, size_t size)
{
    sqlite3_result_text(call->context, text, -1, SQLITE_TRANSIENT);
    sodium_memzero(text, size);
}

void functions_hash_password(struct call *call)
{
    char stored[PASSWORD_STORED_SIZE], wire[PASSWORD_WIRE_SIZE];
    enum password_format format;
    if (call_is_null(call, 0))
        return;
    const char *password = call_text(call, 0, "password");
    if (password == NULL)
        return;
    if (call->count == 2) {
        const char *name = call_text(call, 1, "format");
        if (name == NULL)
            return;
        if (!password_format_named(name, &format)) {
            call_fail(call, SQLITE_ERROR,
                      "argument 2 (format): sha256, sha1sha256 or md5 is expected");
            return;
        }
        password_wire(password, strlen(password), format, wire);
        answer_wiped(call, wire, sizeof wire);
        return;
    }
    const struct settings *settings = door_settings_or_defaults(call->door);
    if (!call_succeeded(call))
        return;
    if (password_hash(password, strlen(password), settings->password_cost, stored))
        answer_wiped(call, stored, sizeof stored);
    else
        sqlite3_result_error_nomem(call->context);
}

void functions_verify_password(struct call *call)
{
    if (call_is_null(call, 0) || call_is_null(call, 1))
        return;
    const char *password = call_text(call, 0, "password");
    const char *stored = password == NULL ? NULL : call_text(call, 1, "stored");
    const struct settings *settings = stored == NULL ? NULL : door_settings_or_defaults(call->door);
    if (stored == NULL || !call_succeeded(call))
        return;
    const struct password_cost limit = settings->password_limit;
    if (password_is_too_costly(stored, limit))
        call_fail(call, SQLITE_ERROR,
                  "argument 2 (stored): it costs more than the setting passwordHashLimit allows "
                  "(%u KiB of memory, %u passes)",
                  (unsigned)limit.memory_kib, (unsigned)limit.passes);
    else
        sqlite3_result_int(call->context,
                           password_verify(password, strlen(password), stored, limit));
}

void functions_needs_rehash(struct call *call)
{
    if (call_is_null(call, 0))
        return;
    const char *stored = call_text(call, 0, "stored");
    const struct settings *settings = stored == NULL ? NULL : door_settings_or_defaults(call->door);
    if (stored != NULL && call_succeeded(call))
        sqlite3_result_int(call->context, password_needs_rehash(stored, settings->password_cost,
                                                                settings->password_limit));
}

void functions_mask(struct call *call)
{
    char masked[2048];
    if (call_is_null(call, 0))
        return;
    const char *text = call_text(call, 0, "text");
    if (text == NULL)
        return;
    subject_mask(text, masked, sizeof masked);
    sqlite3_result_text(call->context, masked, -1, SQLITE_TRANSIENT);
}
