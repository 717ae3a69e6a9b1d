/* SPDX-License-Identifier: MIT */
#include "codes/customer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"
#include "host.h"
#include "values/text.h"

enum { LONGEST_WORD = 64, LONGEST_REFERENCE = 255 };

/* The customer's attempt, or the newest pending one of the subject; 0 with the error set where
 * there is neither, or more than one customer. */
static int64_t attempt_of(struct session *session, const char *subject)
{
    struct lookup who;
    struct lookup_found found = {.pending = 0};
    if (lookup_read(session, subject, &who))
        lookup_find(session, &who, ledger_now(session->ledger), &found);
    if (found.people.apart || found.people.customers > 1)
        lookup_refuse(session, &found.people);
    else if (found.pending == 0 && found.customer == 0)
        ledger_fail(session->ledger, SQLITE_ERROR,
                    "subject: no customer and no pending attempt has it");
    return found.customer != 0 ? found.customer : found.pending;
}

static bool is_word(struct session *session, const char *what, const char *text, size_t longest)
{
    if (text_is_clean(text, longest))
        return true;
    ledger_fail(session->ledger, SQLITE_ERROR,
                "%s: expected a text of 1 to %zu bytes without control characters", what, longest);
    return false;
}

void customer_set_consent(struct session *session, const char *subject, const char *name,
                          const char *version, const char *state)
{
    const struct settings *settings = session_settings(session);
    if (settings == NULL || !is_word(session, "name", name, LONGEST_WORD) ||
        (version != NULL && !is_word(session, "version", version, LONGEST_WORD)))
        return;
    const char *current = settings_consent_version(settings, name);
    if (strcmp(state, "accepted") != 0 && strcmp(state, "declined") != 0)
        ledger_fail(session->ledger, SQLITE_ERROR, "state: expected accepted or declined");
    if (current != NULL && (version == NULL || strcmp(version, current) != 0))
        ledger_fail(session->ledger, SQLITE_ERROR, "version: the current version of %s is %s", name,
                    current);
    int64_t attempt = ledger_failed(session->ledger) ? 0 : attempt_of(session, subject);
    int64_t now = ledger_stamp(session->ledger);
    struct ledger_statement *insert = ledger_use(session->ledger, STATEMENT_insert_consent);
    ledger_set_integer(insert, ":attempt_id", attempt);
    ledger_set_text(insert, ":name", name);
    ledger_set_text(insert, ":version", version);
    ledger_set_text(insert, ":state", state);
    ledger_set_integer(insert, ":recorded_at", now);
    ledger_run(insert);
}

void customer_record_step(struct session *session, const char *subject,
                          const struct customer_step *step)
{
    if (!is_word(session, "step", step->name, LONGEST_WORD) ||
        !is_word(session, "status", step->status, LONGEST_WORD) ||
        (step->reference != NULL &&
         !is_word(session, "reference", step->reference, LONGEST_REFERENCE)))
        return;
    int64_t attempt = attempt_of(session, subject);
    int64_t now = ledger_stamp(session->ledger);
    struct ledger_statement *insert = ledger_use(session->ledger, STATEMENT_insert_step);
    ledger_set_integer(insert, ":attempt_id", attempt);
    ledger_set_text(insert, ":name", step->name);
    ledger_set_text(insert, ":status", step->status);
    ledger_set_text(insert, ":reference", step->reference);
    ledger_set_integer(insert, ":recorded_at", now);
    ledger_run(insert);
}

/* Forgetting */

/* The rows' ids as a JSON array; freed with sqlite3_free(). */
static char *list_ids(struct ledger_statement *row, int64_t *count)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    for (*count = 0; ledger_row(row); (*count)++)
        sqlite3_str_appendf(json, "%s%lld", *count > 0 ? "," : "",
                            (long long)ledger_integer(row, 0));
    sqlite3_str_appendchar(json, 1, ']');
    return sqlite3_str_finish(json);
}

/* `row`: the attempts, `over` where they failed long ago. `keys`: of the codes that stand alone, a
 * JSON array. */
static void erase(struct session *session, struct ledger_statement *row, bool over,
                  const char *keys, struct customer_forgotten *forgotten)
{
    const struct settings *settings = session_settings(session);
    char *attempts = list_ids(row, &forgotten->attempts);
    if (attempts == NULL)
        ledger_fail(session->ledger, SQLITE_NOMEM, "out of memory");
    struct ledger_statement *lone = ledger_use(session->ledger, STATEMENT_lone_codes);
    ledger_set_text(lone, ":keys", keys);
    if (ledger_row(lone)) {
        forgotten->codes = ledger_integer(lone, 0);
        ledger_done(lone);
    }
    struct ledger_statement *forget = ledger_use(session->ledger, STATEMENT_forget);
    ledger_set_text(forget, ":attempts", attempts);
    ledger_set_text(forget, ":keys", keys);
    ledger_set_integer(forget, ":over", over);
    ledger_set_integer(forget, ":recorded_at", ledger_stamp(session->ledger));
    ledger_set_text(forget, ":reportable", settings == NULL ? NULL : settings->reportable_reasons);
    ledger_run(forget);
    sqlite3_free(attempts);
}

void customer_forget(struct session *session, const char *subject, bool all,
                     struct customer_forgotten *forgotten)
{
    struct lookup who;
    char keys[LOOKUP_LIST];
    memset(forgotten, 0, sizeof *forgotten);
    if (!lookup_read(session, subject, &who))
        return;
    lookup_list(session, &who, &forgotten->people);
    forgotten->refused = !all && (forgotten->people.apart || forgotten->people.customers > 1);
    if (forgotten->refused || ledger_failed(session->ledger))
        return;
    lookup_keys(&who, keys);
    struct ledger_statement *row = ledger_use(session->ledger, STATEMENT_attempts_of_person);
    lookup_bind(row, &who, LOOKUP_ANY);
    erase(session, row, false, keys, forgotten);
}

static struct ledger_statement *to_tidy(struct session *session, int64_t after, int64_t until,
                                        int64_t before, int64_t most)
{
    struct ledger_statement *row = ledger_use(session->ledger, STATEMENT_attempts_to_tidy);
    ledger_set_integer(row, ":after", after);
    ledger_set_integer(row, ":until", until);
    ledger_set_integer(row, ":before", before);
    ledger_set_integer(row, ":most", most);
    return row;
}

int64_t customer_next_to_tidy(struct session *session, int64_t after, int64_t before)
{
    int64_t found = 0;
    struct ledger_statement *row = to_tidy(session, after, INT64_MAX, before, 1);
    if (ledger_row(row)) {
        found = ledger_integer(row, 0);
        ledger_done(row);
    }
    return found;
}

int64_t customer_count_to_tidy(struct session *session, int64_t after, int64_t until,
                               int64_t before)
{
    int64_t count = 0;
    struct ledger_statement *row = to_tidy(session, after, until, before, until - after);
    while (ledger_row(row))
        count++;
    return count;
}

void customer_tidy(struct session *session, int64_t after, int64_t until, int64_t before,
                   struct customer_forgotten *forgotten)
{
    memset(forgotten, 0, sizeof *forgotten);
    struct ledger_statement *row = to_tidy(session, after, until, before, until - after);
    erase(session, row, true, "[]", forgotten);
}

void customer_forget_attempt(struct session *session, int64_t attempt,
                             struct customer_forgotten *forgotten)
{
    memset(forgotten, 0, sizeof *forgotten);
    struct ledger_statement *row = ledger_use(session->ledger, STATEMENT_attempts_of_person);
    ledger_set_integer(row, ":attempt_id", attempt);
    erase(session, row, false, "[]", forgotten);
}
