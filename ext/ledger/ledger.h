/* SPDX-License-Identifier: MIT */
/*
 * ledger.h: the one way to the ledger's SQL: named statements (sql/), bound parameters, rows read,
 * one transaction at a time.
 *
 * An error stays in the handle: after the first one every call does nothing, so that callers read
 * straight down and ask ledger_failed() once at the end. ledger_forgive() clears it. Today the
 * statements run on a SQLite handle; nothing here shows that to a caller but ledger_database().
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger_time.h"
#include "statements.h"
#include "values/error.h"

struct sqlite3;
struct sqlite3_value;
struct ledger;
struct ledger_statement;

enum { LEDGER_UUID_SIZE = 16, LEDGER_SALT_SIZE = 16, LEDGER_ERROR_SIZE = 1024 };

/* A handle for a connection; NULL when out of memory. It touches nothing yet. The caller frees it
 * with ledger_close(), which leaves the connection open. */
struct ledger *ledger_open(struct sqlite3 *database);
void ledger_close(struct ledger *ledger);
/* Finalizes the statements at hand; they are prepared anew when they are needed. */
void ledger_rest(struct ledger *ledger);
/* `sql` is prepared before statements are kept. It names a virtual table whose end calls
 * ledger_rest(): so it is connected by then, and the connection can be closed. */
void ledger_keep_by(struct ledger *ledger, const char *sql);
struct sqlite3 *ledger_database(struct ledger *ledger);

/* What marks a database as a ledger (PRAGMA application_id). */
int ledger_application_id(void);

/* The version that this program writes; the one found in the database (0: no ledger), -1 after an
 * error. */
int ledger_version(void);
int ledger_version_found(struct ledger *ledger);

/* Whether the tables of a ledger are there, but not what marks it as one: .dump and .clone lose
 * that. */
bool ledger_is_unmarked(struct ledger *ledger);

/* Whether something stands before a table of the extension's or of the ledger's, which then is
 * named with the statement that removes it. Keeps no statement, and a schema that cannot be read
 * is no error. */
bool ledger_intruder(struct ledger *ledger, char *text, size_t size);

/* What ledger_create() needs. */
struct ledger_making {
    const char *settings; /* the first ones, as JSON; NULL: none */
    bool beside;          /* also in a database of another application */
    bool one_file;        /* the journal stays what it is: no files beside it */
    /* The ledger's key, where there is to be one: made, with the ledger's error set where that
     * fails; and taken back, if it was made. */
    void (*make_key)(void *context);
    void (*take_back_key)(void *context);
    void *context;
};

/* Creates the ledger or brings it to this program's version, whole or not at all, in a transaction
 * of its own or within the caller's; running it again changes nothing. Refused in another
 * application's database, unless it is to stand beside its tables: then user_version,
 * application_id and journal mode stay as they are. */
void ledger_create(struct ledger *ledger, const struct ledger_making *making);

/* Fails with a message where there is no ledger, or an older or newer one. Cheap: asked before
 * every use. */
bool ledger_ready(struct ledger *ledger);

/* The ledger's own name and the salt of subject keys; valid until ledger_close(). NULL after an
 * error. */
const unsigned char *ledger_uuid(struct ledger *ledger);
const unsigned char *ledger_salt(struct ledger *ledger);

/*
 * A write of its own: IMMEDIATE, so that what is read within stays true; or part of the caller's,
 * where one is open or the running statement writes already. ledger_end() commits, or undoes what
 * was written after an error and keeps the error's message: alone, but where the running statement
 * writes, and undoes it itself, and where an interruption or want of memory leaves only the whole
 * of the caller's transaction to undo. Calls do not nest.
 */
void ledger_begin(struct ledger *ledger);
void ledger_end(struct ledger *ledger);

/*
 * For what is written within a statement of the caller's that writes already, where no savepoint
 * can be opened: of all that `work` writes nothing stays if it fails, whatever transaction is open
 * and whatever becomes of that statement. It fails by the ledger's error.
 */
typedef void ledger_work(void *context);
void ledger_run_as_one(struct ledger *ledger, ledger_work *work, void *context);
/* How that is done: SQLite undoes a statement that may write many rows together with all that is
 * run from within it. Such a statement inserts the work into `reg_attempts`, whose xUpdate hands it
 * on to here, as the value of its first column. False: the value is no work. */
bool ledger_runs_as_one(struct sqlite3_value *value, int *code);

/* After ledger_end(): whether what was read has changed before it could be written, so that all is
 * to be done again, from ledger_begin() on. Only of a ledger on a cluster (cluster.h), and not for
 * ever: then it stays an error. */
bool ledger_again(struct ledger *ledger);

/* Leaves foreign keys unchecked, or checks them again; not while a transaction is open. For
 * statements that cannot break them and run a million times. */
void ledger_trust(struct ledger *ledger, bool trusted);

/* A rehearsal: whatever is written until ledger_undo() is undone by it, ledger_begin() and
 * ledger_end() within notwithstanding. */
void ledger_rehearse(struct ledger *ledger);
/* A look: until ledger_undo() every statement sees the ledger of one moment, and nobody is kept
 * from writing. */
void ledger_look(struct ledger *ledger);
void ledger_undo(struct ledger *ledger);

/* Whether deleted bytes are overwritten from now on (PRAGMA secure_delete, whose numbers these
 * are); gives what was before. */
enum ledger_secure_delete {
    LEDGER_SECURE_DELETE_OFF,
    LEDGER_SECURE_DELETE_ON,
    LEDGER_SECURE_DELETE_FAST
};
enum ledger_secure_delete ledger_secure_delete(struct ledger *ledger,
                                               enum ledger_secure_delete mode);

/* Around whatever writes outside ledger_begin() and ledger_end(), which do the same: what a row
 * leaves behind where it grows or moves is overwritten, or the person would stay there once erased.
 * The host's own secure_delete is put back. */
void ledger_leave_nothing(struct ledger *ledger);
void ledger_leave_as_before(struct ledger *ledger);

/* A named statement, its parameters all NULL. Texts and blobs that are bound must live until it has
 * run. */
struct ledger_statement *ledger_use(struct ledger *ledger, enum statement name);
/* The same for one whose rows have several columns: column i below is then the one named
 * columns[i], wherever the statement has it. Its places are looked up when the statement is
 * prepared; a name that it does not have is an error. `columns` is static and ends with NULL. */
struct ledger_statement *ledger_select(struct ledger *ledger, enum statement name,
                                       const char *const columns[]);
/* From now on `sql` is run in a statement's place, which must do the same with what it will be
 * given: until it is said anew, or the statements are let go. Not of a ledger on a cluster. */
void ledger_restate(struct ledger *ledger, enum statement name, const char *sql);
void ledger_set_integer(struct ledger_statement *statement, const char *parameter, int64_t value);
void ledger_set_text(struct ledger_statement *statement, const char *parameter, const char *text);
void ledger_set_blob(struct ledger_statement *statement, const char *parameter, const void *bytes,
                     size_t length);
/* For a table of C's, which knows the pointer by its kind; NULL to any other. */
void ledger_set_pointer(struct ledger_statement *statement, const char *parameter, void *pointer,
                        const char *kind);

/* The number of a parameter, for the few statements that run a million times; the _at forms take
 * it. 0: no such parameter. */
int ledger_parameter(struct ledger_statement *statement, const char *parameter);
void ledger_set_integer_at(struct ledger_statement *statement, int parameter, int64_t value);
void ledger_set_real_at(struct ledger_statement *statement, int parameter, double value);
void ledger_set_text_at(struct ledger_statement *statement, int parameter, const char *text,
                        size_t length);
void ledger_set_blob_at(struct ledger_statement *statement, int parameter, const void *bytes,
                        size_t length);

/* How many parameters a statement has, numbered from 1, and the name of each, with its colon. */
int ledger_parameters(struct ledger_statement *statement);
const char *ledger_parameter_name(struct ledger_statement *statement, int parameter);

/* What a table or a statement says that is begun anew from within itself: in a database where a
 * view has taken the place of a table, or a trigger asks. SQLite would go on until the stack ends.
 */
#define LEDGER_WITHIN_ITSELF                                                                       \
    "asked for while it is being answered: a view or a trigger in the database leads back to it"

/* The next row; false at the end and after an error. */
bool ledger_row(struct ledger_statement *statement);
/* Runs a statement that gives no rows; the number of rows it changed, which on a cluster nobody
 * knows yet: 0. */
int64_t ledger_run(struct ledger_statement *statement);
/* Lets go of a statement whose rows were not all read. */
void ledger_done(struct ledger_statement *statement);

/*
 * Columns of the row, counted as ledger_select() has them named, or from 0. Texts and blobs live
 * until the next row. A ledger may have been edited, or be damaged: what no program of ours writes
 * is an error that names column and row, and the value is then a harmless one.
 */
bool ledger_is_null(struct ledger_statement *statement, int column);
bool ledger_is_real(struct ledger_statement *statement, int column);
/* Times, counts, ids: within 2^53 on either side, so that sums and differences of two, and a
 * thousand times one, are numbers. NULL is 0. */
#define LEDGER_MOST_INTEGER (INT64_C(1) << 53)
int64_t ledger_integer(struct ledger_statement *statement, int column);
/* One that must be from `least` to `most`. */
int64_t ledger_within(struct ledger_statement *statement, int column, int64_t least, int64_t most);
/* The key of a subject, which is any number of 64 bits. */
int64_t ledger_key(struct ledger_statement *statement, int column);
double ledger_real(struct ledger_statement *statement, int column);
/* NULL for NULL. */
const char *ledger_text(struct ledger_statement *statement, int column);
/* One that must be there. */
const char *ledger_word(struct ledger_statement *statement, int column);
/* NULL for NULL; its length has no bounds. */
const void *ledger_blob(struct ledger_statement *statement, int column, size_t *length);
/* One that must have `length` bytes, copied. */
void ledger_bytes(struct ledger_statement *statement, int column, void *bytes, size_t length);
/* What is said of a place in the ledger ("code.digits") and of what stands there ("is missing"). */
#define LEDGER_DAMAGED "the ledger is damaged, or was edited: %s %s; restore it from a backup"
/* Fails for what stands in a column, in those words: "is too long". */
void ledger_refuse(struct ledger_statement *statement, int column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Shorthand: the first column of the first row, `otherwise` where there is none. Takes no
 * parameters. */
int64_t ledger_number(struct ledger *ledger, enum statement name, int64_t otherwise);

/* Whether a long call may go on: false, with the error set, where the host was interrupted or its
 * progress handler ends the statement that we are called from. */
bool ledger_goes_on(struct ledger *ledger);

/* The error in the handle. `code` is one of SQLite's result codes. */
void ledger_fail(struct ledger *ledger, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* SQLite's code for an error that came from elsewhere: SQLITE_NOMEM or SQLITE_ERROR. */
int ledger_code_for(const struct error *error);
/* ledger_fail() with such an error. Returns false. */
bool ledger_fail_as(struct ledger *ledger, const struct error *error);
/* SQLite's message for a connection, with what to do where it says too little. */
void ledger_say_engine(struct sqlite3 *database, char *text, size_t size);
bool ledger_failed(const struct ledger *ledger);
int ledger_code(const struct ledger *ledger);
const char *ledger_error(const struct ledger *ledger);
void ledger_forgive(struct ledger *ledger);

#endif
