#include "customer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "host.h"
#include "text.h"
#include "who.h"

enum { LONGEST_WORD = 64, LONGEST_REFERENCE = 255 };

static const char *folded_text(const struct who *who)
{
    return who->email[0] != '\0' ? who->email : who->phone[0] != '\0' ? who->phone : who->username;
}

/* The customer's attempt, or the newest pending one of the subject; 0 with the error set where
 * there is neither. */
static int64_t attempt_of(struct door *door, const char *subject, int64_t now)
{
    struct who who;
    int64_t attempt = 0;
    if (who_is(door, subject, &who)) {
        struct ledger_statement *row = ledger_use(door->ledger, STATEMENT_attempt_of_subject);
        who_bind(row, &who);
        ledger_set_text(row, ":text", folded_text(&who));
        ledger_set_integer(row, ":now", now);
        if (ledger_row(row)) {
            attempt = ledger_integer(row, 0);
            ledger_done(row);
        }
    }
    if (attempt == 0)
        ledger_fail(door->ledger, SQLITE_ERROR,
                    "subject: no customer and no pending attempt has it");
    return attempt;
}

static bool is_word(struct door *door, const char *what, const char *text, size_t longest)
{
    if (text_is_clean(text, longest))
        return true;
    ledger_fail(door->ledger, SQLITE_ERROR,
                "%s: a text of 1 to %zu bytes without control characters is expected", what,
                longest);
    return false;
}

void customer_set_consent(struct door *door, const char *subject, const char *name,
                          const char *version, const char *state, int64_t now)
{
    const struct settings *settings = door_settings(door);
    if (settings == NULL || !is_word(door, "name", name, LONGEST_WORD) ||
        (version != NULL && !is_word(door, "version", version, LONGEST_WORD)))
        return;
    const char *current = settings_consent_version(settings, name);
    if (strcmp(state, "accepted") != 0 && strcmp(state, "declined") != 0)
        ledger_fail(door->ledger, SQLITE_ERROR, "state: accepted or declined is expected");
    if (current != NULL && (version == NULL || strcmp(version, current) != 0))
        ledger_fail(door->ledger, SQLITE_ERROR, "version: the current version of %s is %s", name,
                    current);
    int64_t attempt = ledger_failed(door->ledger) ? 0 : attempt_of(door, subject, now);
    struct ledger_statement *insert = ledger_use(door->ledger, STATEMENT_insert_consent);
    ledger_set_integer(insert, ":attempt_id", attempt);
    ledger_set_text(insert, ":name", name);
    ledger_set_text(insert, ":version", version);
    ledger_set_text(insert, ":state", state);
    ledger_set_integer(insert, ":recorded_at", now);
    ledger_run(insert);
}

void customer_record_step(struct door *door, const char *subject, const struct customer_step *step,
                          int64_t now)
{
    if (!is_word(door, "step", step->name, LONGEST_WORD) ||
        !is_word(door, "status", step->status, LONGEST_WORD) ||
        (step->reference != NULL &&
         !is_word(door, "reference", step->reference, LONGEST_REFERENCE)))
        return;
    int64_t attempt = attempt_of(door, subject, now);
    struct ledger_statement *insert = ledger_use(door->ledger, STATEMENT_insert_step);
    ledger_set_integer(insert, ":attempt_id", attempt);
    ledger_set_text(insert, ":name", step->name);
    ledger_set_text(insert, ":status", step->status);
    ledger_set_text(insert, ":reference", step->reference);
    ledger_set_integer(insert, ":recorded_at", now);
    ledger_run(insert);
}

/* Forgetting */

/* The ids as a JSON array; freed with sqlite3_free(). */
static char *list_attempts(struct door *door, const struct who *who, int64_t *count,
                           int64_t *customers)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    struct ledger_statement *row = ledger_use(door->ledger, STATEMENT_attempts_of_person);
    who_bind(row, who);
    ledger_set_text(row, ":text", folded_text(who));
    for (*count = 0; ledger_row(row); (*count)++) {
        sqlite3_str_appendf(json, "%s%lld", *count > 0 ? "," : "",
                            (long long)ledger_integer(row, 0));
        *customers = ledger_integer(row, 1);
    }
    sqlite3_str_appendchar(json, 1, ']');
    return sqlite3_str_finish(json);
}

int64_t customer_forget(struct door *door, const char *subject, bool all, int64_t now)
{
    struct who who;
    char keys[96];
    int64_t count = 0, customers = 0;
    const struct settings *settings = door_settings(door);
    if (settings == NULL || !who_is(door, subject, &who))
        return 0;
    char *attempts = list_attempts(door, &who, &count, &customers);
    if (attempts == NULL)
        ledger_fail(door->ledger, SQLITE_NOMEM, "out of memory");
    else if (customers > 1 && !all)
        ledger_fail(door->ledger, SQLITE_ERROR,
                    "subject: %lld customers share it; `regjob forget --all` erases them all",
                    (long long)customers);
    /* A key of 0 is nobody's: SipHash gives it to no more texts than any other. */
    snprintf(keys, sizeof keys, "[%lld,%lld,%lld]", (long long)who.email_key,
             (long long)who.phone_key, (long long)who.username_key);
    struct ledger_statement *forget = ledger_use(door->ledger, STATEMENT_forget);
    ledger_set_text(forget, ":attempts", attempts);
    ledger_set_text(forget, ":keys", keys);
    ledger_set_integer(forget, ":recorded_at", now);
    ledger_set_text(forget, ":reportable", settings->reportable_reasons);
    ledger_run(forget);
    sqlite3_free(attempts);
    return ledger_failed(door->ledger) ? 0 : count;
}
