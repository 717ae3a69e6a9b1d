/* SPDX-License-Identifier: MIT */
#include "tables/history_values.h"

#include <string.h>

#include "values/moment.h"
#include "values/subject.h"
#include "values/text.h"
#include "values/time_units.h"

enum { SLACK_MS = DAY_MS };

/* -- What the values allow -- */

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(text, *words) == 0)
            return true;
    return false;
}

static char letter_of_state(enum history_search search, const char *state, bool now)
{
    static const char *const ends[] = {"exhausted", "superseded", "undeliverable", "cancelled",
                                       NULL},
                             *const queued[] = {"queued", "retrying", NULL};
    if (search == SEARCH_CODE_STATE)
        return strcmp(state, "verified") == 0 ? HISTORY_VERIFIED
               : is_one_of(state, ends)       ? HISTORY_ENDED
                                              : '=';
    /* The queue is that of now. */
    return strcmp(state, "dead") == 0        ? HISTORY_DEAD
           : now && is_one_of(state, queued) ? HISTORY_QUEUED
                                             : '=';
}

static char letter_of(enum history_search search, char letter, sqlite3_value *value, bool now)
{
    int type = sqlite3_value_type(value);
    const char *text = type == SQLITE_TEXT ? (const char *)sqlite3_value_text(value) : NULL;
    switch (search) {
    case SEARCH_ORIGIN:
    case SEARCH_TEXT: /* a number may be compared as one, by what it is compared with */
        return type == SQLITE_TEXT ? letter : type == SQLITE_NULL ? HISTORY_NEVER : HISTORY_OPEN;
    case SEARCH_CUSTOMER:
        return sqlite3_value_numeric_type(value) == SQLITE_INTEGER ? '=' : HISTORY_OPEN;
    case SEARCH_CODE_STATE:
    case SEARCH_REPORT_STATE:
    case SEARCH_OWN_REPORT_STATE:
        return text == NULL ? '=' : letter_of_state(search, text, now);
    default:
        return '=';
    }
}

void history_values_settle(const struct history *history, char *plan, int count,
                           sqlite3_value **arguments)
{
    bool now = true;
    for (int i = 0; i < count; i++)
        now = now && history_plan_step(history, plan, i).letter != 'A';
    for (int i = 0; i < count; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        if (step.letter == '=' || step.letter == HISTORY_FEW || step.letter == HISTORY_COMMON)
            history_plan_settle(plan, i,
                                letter_of(step.column->search, step.letter, arguments[i], now));
    }
}

/* -- As the statement's parameters -- */

/* The keys of an address in the index of subjects, which has folded forms: of ASCII, folding makes
 * small letters, as the key does by itself; of any other text its folded form has one, too. */
static void subject_keys(struct session *session, enum history_search search, const char *text,
                         int64_t keys[2])
{
    char folded[SUBJECT_SIZE];
    enum subject_kind kind = search == SEARCH_EMAIL   ? SUBJECT_EMAIL
                             : search == SEARCH_PHONE ? SUBJECT_PHONE
                                                      : SUBJECT_USERNAME;
    keys[0] = keys[1] = session_subject_key(session, kind, text);
    if (!text_is_ascii(text, strlen(text)) &&
        (search == SEARCH_EMAIL ? email_fold(text, folded) : subject_fold_username(text, folded)))
        keys[0] = session_subject_key(session, kind, folded);
}

/* One value of a list: integers as they are; an address by its keys; an outcome, or that from which
 * it can have come. False: out of memory. */
static bool append_value(struct session *session, sqlite3_str *json, enum history_search search,
                         sqlite3_value *value)
{
    const char *comma = sqlite3_str_length(json) > 1 ? "," : "";
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL)
        return sqlite3_value_type(value) == SQLITE_NULL; /* which equals nothing */
    if (search == SEARCH_INTEGER) {
        if (sqlite3_value_numeric_type(value) != SQLITE_TEXT)
            sqlite3_str_appendf(json, "%s%lld", comma, sqlite3_value_int64(value));
    } else if (search == SEARCH_OUTCOME) {
        /* Only a pending attempt can come to another outcome. */
        sqlite3_str_appendf(json, "%s\"pending\"", comma);
        if (strcmp(text, "success") == 0 || strcmp(text, "failure") == 0)
            sqlite3_str_appendf(json, ",\"%s\"", text);
    } else {
        int64_t keys[2];
        subject_keys(session, search, text, keys);
        sqlite3_str_appendf(json, "%s%lld,%lld", comma, (long long)keys[0], (long long)keys[1]);
    }
    return true;
}

static int bind_list(struct session *session, sqlite3_stmt *statement, int parameter,
                     enum history_search search, sqlite3_value *argument)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_value *value;
    bool whole = true;
    int code;
    sqlite3_str_appendchar(json, 1, '[');
    for (code = sqlite3_vtab_in_first(argument, &value); code == SQLITE_OK && whole;
         code = sqlite3_vtab_in_next(argument, &value))
        whole = append_value(session, json, search, value);
    sqlite3_str_appendchar(json, 1, ']');
    /* A list that is cut off would find fewer rows in silence. */
    if (code == SQLITE_DONE && whole)
        code = sqlite3_str_errcode(json);
    else if (!whole)
        code = SQLITE_NOMEM;
    if (code != SQLITE_OK) {
        sqlite3_free(sqlite3_str_finish(json));
        return code;
    }
    int length = sqlite3_str_length(json);
    return sqlite3_bind_text(statement, parameter, sqlite3_str_finish(json), length, sqlite3_free);
}

static int bind_address(struct session *session, sqlite3_stmt *statement, int parameter,
                        enum history_search search, sqlite3_value *argument)
{
    const char *text = (const char *)sqlite3_value_text(argument);
    if (text == NULL && sqlite3_value_type(argument) != SQLITE_NULL)
        return SQLITE_NOMEM;
    if (text == NULL) { /* NULL equals nothing */
        sqlite3_bind_null(statement, parameter);
        return sqlite3_bind_null(statement, parameter + 1);
    }
    int64_t keys[2];
    subject_keys(session, search, text, keys);
    sqlite3_bind_int64(statement, parameter, keys[0]);
    return sqlite3_bind_int64(statement, parameter + 1, keys[1]);
}

/*
 * Bounds on the text of a time. Texts compare byte by byte, so only a bound that is written as the
 * column writes times, or a beginning of it, can be turned into milliseconds, and then with a day's
 * slack: SQLite compares the texts itself afterwards. Anything else narrows nothing.
 */
static int bind_time(sqlite3_stmt *statement, int parameter, char letter, sqlite3_value *argument)
{
    const char *text = sqlite3_value_type(argument) == SQLITE_TEXT
                           ? (const char *)sqlite3_value_text(argument)
                           : NULL;
    int64_t moment = 0;
    if (text == NULL && sqlite3_value_type(argument) == SQLITE_TEXT)
        return SQLITE_NOMEM;
    bool known = text != NULL && strspn(text, "0123456789-:.TZ") == strlen(text) &&
                 moment_parse(text, &moment) && strchr(text, '-') != NULL;
    int64_t low = known ? moment - SLACK_MS : INT64_MIN,
            high = known ? moment + SLACK_MS : INT64_MAX;
    bool upper = letter == 'l' || letter == 'm';
    int code = sqlite3_bind_int64(statement, parameter, upper ? high : low);
    return code != SQLITE_OK || letter != '=' ? code
                                              : sqlite3_bind_int64(statement, parameter + 1, high);
}

int history_values_bind(struct session *session, const struct history *history,
                        sqlite3_stmt *statement, const char *plan, int count,
                        sqlite3_value **arguments)
{
    int code = SQLITE_OK;
    for (int i = 0; i < count && code == SQLITE_OK; i++) {
        struct history_step step = history_plan_step(history, plan, i);
        enum history_search search = step.column->search;
        int parameter = history_plan_parameter(i);
        if (step.letter == 'A' || step.letter == 'n' || step.letter == HISTORY_OPEN ||
            step.letter == HISTORY_NEVER)
            continue;
        if (step.letter == 'N' || step.letter == 'O')
            code = sqlite3_bind_value(statement, parameter, arguments[i]);
        else if (step.letter == 'i')
            code = bind_list(session, statement, parameter, search, arguments[i]);
        else if (search == SEARCH_TIME)
            code = bind_time(statement, parameter, step.letter, arguments[i]);
        else if (search == SEARCH_EMAIL || search == SEARCH_PHONE || search == SEARCH_USERNAME)
            code = bind_address(session, statement, parameter, search, arguments[i]);
        else
            code = sqlite3_bind_value(statement, parameter, arguments[i]);
    }
    return code;
}
