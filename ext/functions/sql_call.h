/* SPDX-License-Identifier: MIT */
/* sql_call.h: one SQL function of the extension: how it is registered, and how an implementation
 * reads its arguments and answers. */
#ifndef SQL_CALL_H
#define SQL_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/session.h"
#include "host.h"

/* What an implementation is given. */
struct sql_call {
    const char *name;
    struct session *session;
    sqlite3_context *context;
    int count;
    sqlite3_value **arguments;
};

typedef void sql_call_body(struct sql_call *call);

/* A row of the table of functions. */
struct sql_function {
    const char *name;
    int arguments;
    int flags; /* SQLITE_DETERMINISTIC, SQLITE_INNOCUOUS, SQLITE_DIRECTONLY */
    sql_call_body *function;
    const char *signature;
    const char *help;
    const char *source; /* the systems' documents and the standards that its rules come from */
};

/* Registers a row for a connection; the session is held until the connection closes. */
int sql_function_register(sqlite3 *database, struct session *session,
                          const struct sql_function *row);

/* A text argument. NULL with the call's error set where it is of another type or holds a NUL;
 * `what` names it. */
const char *sql_call_text(struct sql_call *call, int argument, const char *what);
/* The same of an argument that need not be given: SQL's NULL and an empty text are as good as none,
 * and give NULL in `text`. False with the call's error set. */
bool call_optional(struct sql_call *call, int argument, const char *what, const char **text);
/* As sql_call_text(), but a blob is allowed too: what readfile() gives of a text file. */
const char *sql_call_document(struct sql_call *call, int argument, const char *what);
/* A whole number, as INTEGER affinity takes it: drivers bind real numbers and texts. */
bool sql_value_whole(sqlite3_value *given, int64_t *value);
bool sql_call_integer(struct sql_call *call, int argument, const char *what, int64_t *value);

/* Whether an argument is SQL's NULL or was not given. */
bool sql_call_is_null(const struct sql_call *call, int argument);

/* Answers with an error that names the function. */
void sql_call_fail(struct sql_call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Answers with an error that came from elsewhere. */
void sql_call_fail_as(struct sql_call *call, const struct error *error);

/* Where the ledger failed: answers with its error, clears it, and gives false. */
bool sql_call_succeeded(struct sql_call *call);

#endif
