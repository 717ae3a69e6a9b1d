/* SPDX-License-Identifier: MIT */
#include "functions/sql_call.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What SQLite keeps for a registered function. */
struct registered {
    const struct sql_function *row;
    struct session *session;
};

static void forget(void *data)
{
    struct registered *registered = data;
    session_release(registered->session);
    sqlite3_free(registered);
}

static void dispatch(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct registered *registered = sqlite3_user_data(context);
    struct sql_call call = {registered->row->name, registered->session, context, count, arguments};
    registered->row->function(&call);
}

int sql_function_register(sqlite3 *database, struct session *session,
                          const struct sql_function *row)
{
    struct registered *registered = sqlite3_malloc(sizeof *registered);
    if (registered == NULL)
        return SQLITE_NOMEM;
    registered->row = row;
    registered->session = session_hold(session);
    /* On failure SQLite calls forget() itself. */
    return sqlite3_create_function_v2(database, row->name, row->arguments, SQLITE_UTF8 | row->flags,
                                      registered, dispatch, NULL, NULL, forget);
}

void sql_call_fail(struct sql_call *call, int code, const char *format, ...)
{
    char text[1280];
    int length = snprintf(text, sizeof text, "%s: ", call->name);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, sizeof text - (size_t)length, format, arguments);
    va_end(arguments);
    sqlite3_result_error(call->context, text, -1);
    if (code != SQLITE_ERROR) /* keeps the text */
        sqlite3_result_error_code(call->context, code);
}

void sql_call_fail_as(struct sql_call *call, const struct error *error)
{
    sql_call_fail(call, ledger_code_for(error), "%s", error->text);
}

bool sql_call_is_null(const struct sql_call *call, int argument)
{
    return argument >= call->count || sqlite3_value_type(call->arguments[argument]) == SQLITE_NULL;
}

static const char *read_text(struct sql_call *call, int argument, const char *what,
                             bool blob_allowed)
{
    sqlite3_value *value = argument < call->count ? call->arguments[argument] : NULL;
    int type = value == NULL ? SQLITE_NULL : sqlite3_value_type(value);
    if (type != SQLITE_TEXT && !(type == SQLITE_BLOB && blob_allowed)) {
        sql_call_fail(call, SQLITE_ERROR, "argument %d (%s): expected text", argument + 1, what);
        return NULL;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL) {
        sqlite3_result_error_nomem(call->context);
        return NULL;
    }
    if (strlen(text) != (size_t)sqlite3_value_bytes(value)) {
        sql_call_fail(call, SQLITE_ERROR, "argument %d (%s): expected text without NUL characters",
                      argument + 1, what);
        return NULL;
    }
    return text;
}

const char *sql_call_text(struct sql_call *call, int argument, const char *what)
{
    return read_text(call, argument, what, false);
}

bool call_optional(struct sql_call *call, int argument, const char *what, const char **text)
{
    *text = NULL;
    if (sql_call_is_null(call, argument))
        return true;
    *text = sql_call_text(call, argument, what);
    if (*text == NULL)
        return false;
    if ((*text)[0] == '\0')
        *text = NULL;
    return true;
}

const char *sql_call_document(struct sql_call *call, int argument, const char *what)
{
    return read_text(call, argument, what, true);
}

bool sql_value_whole(sqlite3_value *given, int64_t *value)
{
    int type = sqlite3_value_numeric_type(given);
    *value = sqlite3_value_int64(given);
    return type == SQLITE_INTEGER ||
           (type == SQLITE_FLOAT && (double)*value == sqlite3_value_double(given));
}

bool sql_call_integer(struct sql_call *call, int argument, const char *what, int64_t *value)
{
    if (argument < call->count && sql_value_whole(call->arguments[argument], value))
        return true;
    sql_call_fail(call, SQLITE_ERROR, "argument %d (%s): expected an integer", argument + 1, what);
    return false;
}

bool sql_call_succeeded(struct sql_call *call)
{
    struct ledger *ledger = call->session->ledger;
    if (!ledger_failed(ledger))
        return true;
    sql_call_fail(call, ledger_code(ledger), "%s", ledger_error(ledger));
    ledger_forgive(ledger);
    return false;
}
