/* call.h: one SQL function of the extension: how it is registered, and how an implementation reads
 * its arguments and answers. */
#ifndef CALL_H
#define CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "door.h"
#include "host.h"

/* What an implementation is given. */
struct call {
    const char *name;
    struct door *door;
    sqlite3_context *context;
    int count;
    sqlite3_value **arguments;
};

typedef void call_function(struct call *call);

/* A row of the table of functions. */
struct call_row {
    const char *name;
    int arguments;
    int flags; /* SQLITE_DETERMINISTIC, SQLITE_INNOCUOUS, SQLITE_DIRECTONLY */
    call_function *function;
    const char *signature;
    const char *help;
    const char *source; /* the systems' documents and the standards that its rules come from */
};

/* Registers a row for a connection; the door is held until the connection closes. */
int call_register(sqlite3 *database, struct door *door, const struct call_row *row);

/* A text argument. NULL with the call's error set where it is of another type or holds a NUL;
 * `what` names it. */
const char *call_text(struct call *call, int argument, const char *what);
/* The same of an argument that need not be given: SQL's NULL and an empty text are as good as none,
 * and give NULL in `text`. False with the call's error set. */
bool call_optional(struct call *call, int argument, const char *what, const char **text);
/* As call_text(), but a blob is allowed too: what readfile() gives of a text file. */
const char *call_document(struct call *call, int argument, const char *what);
bool call_integer(struct call *call, int argument, const char *what, int64_t *value);

/* Whether an argument is SQL's NULL or was not given. */
bool call_is_null(const struct call *call, int argument);

/* Answers with an error that names the function. */
void call_fail(struct call *call, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Where the ledger failed: answers with its error, clears it, and gives false. */
bool call_succeeded(struct call *call);

#endif
