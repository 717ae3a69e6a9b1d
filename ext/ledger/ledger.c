/* SPDX-License-Identifier: MIT */
#include "ledger/ledger.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "ledger/ledger_inside.h"
#include "values/text.h"

#ifdef SQLITE_CORE
/* Only a library that was built with SQLITE_ENABLE_COLUMN_METADATA has it. */
extern const char *sqlite3_column_table_name(sqlite3_stmt *, int) __attribute__((weak));
#endif

/* A rule's trigger opens temporary tables, each with a page cache of 87 KB that lives as long as
 * its statement. glibc would give that memory back to the system and fetch it anew, page by page,
 * with every sign-up: half of what one costs. Once a larger block has come and gone it keeps as
 * much at hand as that block had (mallopt(3), M_MMAP_THRESHOLD); a host's own choice of thresholds
 * stands. */
static void keep_memory_at_hand(void)
{
    sqlite3_free(sqlite3_malloc(1 << 20));
}

struct ledger *ledger_open(sqlite3 *database)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL)
        return NULL;
    ledger->database = database;
    ledger->before = LEDGER_SECURE_DELETE_ON;
    keep_memory_at_hand();
    return ledger;
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    ledger_rest(ledger);
    cluster_close(ledger->cluster);
    free(ledger);
}

void ledger_rest(struct ledger *ledger)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_stmt *prepared = ledger->statements[i].prepared;
        if (ledger->statements[i].under_way) /* it is within its step that a table ends */
            continue;
        cluster_finalize(&ledger->statements[i]);
        ledger->statements[i].prepared = NULL; /* before: its end may end a table that rests, too */
        sqlite3_finalize(prepared);
    }
    ledger_let_go_of_kept(ledger);
    ledger->keeps = false;
}

void ledger_keep_by(struct ledger *ledger, const char *sql)
{
    ledger->keeper = sql;
}

sqlite3 *ledger_database(struct ledger *ledger)
{
    return ledger->database;
}

/* Errors */

void ledger_fail(struct ledger *ledger, int code, const char *format, ...)
{
    if (ledger->code != SQLITE_OK)
        return; /* the first error is the cause of those that follow */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(ledger->error, sizeof ledger->error, format, arguments);
    va_end(arguments);
    ledger->code = code;
}

int ledger_code_for(const struct error *error)
{
    return error->code == ERROR_NO_MEMORY ? SQLITE_NOMEM : SQLITE_ERROR;
}

bool ledger_fail_as(struct ledger *ledger, const struct error *error)
{
    ledger_fail(ledger, ledger_code_for(error), "%s", error->text);
    return false;
}

void ledger_say_engine(sqlite3 *database, char *text, size_t size)
{
    int code = sqlite3_extended_errcode(database);
    const char *file = sqlite3_db_filename(database, "main");
    bool no_place = (code & 0xff) == SQLITE_CANTOPEN || code == SQLITE_READONLY_CANTINIT ||
                    code == SQLITE_READONLY_DIRECTORY;
    if (no_place && file != NULL && file[0] != '\0' && sqlite3_db_readonly(database, "main") == 1)
        snprintf(
            text, size,
            "%s: cannot create %.300s-shm, which reading a WAL ledger needs: copy the ledger to a "
            "writable folder, or open a copy that nobody writes to as file:%.300s?immutable=1",
            sqlite3_errmsg(database), file, file);
    else
        snprintf(text, size, "%s", sqlite3_errmsg(database));
}

void ledger_fail_with_engine(struct ledger *ledger)
{
    char text[LEDGER_ERROR_SIZE];
    int code = sqlite3_extended_errcode(ledger->database);
    ledger_say_engine(ledger->database, text, sizeof text);
    ledger_fail(ledger, code, "%s", text);
}

static void fail_for_memory(struct ledger *ledger)
{
    ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
}

bool ledger_failed(const struct ledger *ledger)
{
    return ledger->code != SQLITE_OK;
}

int ledger_code(const struct ledger *ledger)
{
    return ledger->code;
}

const char *ledger_error(const struct ledger *ledger)
{
    return ledger->error;
}

void ledger_forgive(struct ledger *ledger)
{
    ledger->code = SQLITE_OK;
    ledger->error[0] = '\0';
}

/* Statements */

/* A statement that is kept. False with the error set. */
bool ledger_keep(struct ledger *ledger, const char *sql, sqlite3_stmt **kept)
{
    int code = SQLITE_OK;
    if (ledger->keeper != NULL && !ledger->keeps) {
        sqlite3_stmt *keeper = NULL;
        code = sqlite3_prepare_v2(ledger->database, ledger->keeper, -1, &keeper, NULL);
        sqlite3_finalize(keeper);
        ledger->keeps = code == SQLITE_OK;
    }
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v3(ledger->database, sql, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
    if (code != SQLITE_OK)
        ledger_fail_with_engine(ledger);
    return code == SQLITE_OK;
}

static int place_of(struct ledger_statement *statement, enum statement name, const char *column)
{
    for (int i = 0; i < sqlite3_column_count(statement->prepared); i++)
        if (strcmp(sqlite3_column_name(statement->prepared, i), column) == 0)
            return i;
    ledger_fail(statement->ledger, SQLITE_INTERNAL, "statement %s has no column %s",
                statement_name[name], column);
    return -1;
}

static void find_columns(struct ledger_statement *statement, enum statement name,
                         const char *const columns[])
{
    bool more = columns != NULL;
    for (int i = 0; i < LEDGER_MOST_COLUMNS; i++) {
        more = more && columns[i] != NULL;
        statement->place[i] = columns == NULL ? i
                              : more          ? place_of(statement, name, columns[i])
                                              : -1;
    }
    statement->columns = columns;
}

struct ledger_statement *ledger_use(struct ledger *ledger, enum statement name)
{
    return ledger_select(ledger, name, NULL);
}

static bool prepare(struct ledger_statement *statement, enum statement name)
{
    struct ledger *ledger = statement->ledger;
    return ledger->cluster != NULL
               ? cluster_prepare(statement, name)
               : ledger_keep(ledger, statement_text[name], &statement->prepared);
}

struct ledger_statement *ledger_select(struct ledger *ledger, enum statement name,
                                       const char *const columns[])
{
    struct ledger_statement *statement = &ledger->statements[name];
    statement->ledger = ledger;
    if (ledger_failed(ledger))
        return statement;
    if (statement->under_way) {
        ledger_fail(ledger, SQLITE_ERROR, LEDGER_WITHIN_ITSELF);
        return statement;
    }
    if (statement->prepared == NULL) {
        if (prepare(statement, name))
            find_columns(statement, name, columns);
        return statement;
    }
    if (statement->columns != columns)
        find_columns(statement, name, columns);
    if (statement->remote != NULL) {
        cluster_reset(statement);
    } else {
        sqlite3_reset(statement->prepared);
        sqlite3_clear_bindings(statement->prepared);
    }
    return statement;
}

void ledger_restate(struct ledger *ledger, enum statement name, const char *sql)
{
    struct ledger_statement *statement = &ledger->statements[name];
    statement->ledger = ledger;
    if (ledger_failed(ledger))
        return;
    sqlite3_finalize(statement->prepared);
    statement->prepared = NULL;
    if (ledger_keep(ledger, sql, &statement->prepared))
        find_columns(statement, name, NULL);
}

int ledger_parameter(struct ledger_statement *statement, const char *parameter)
{
    if (ledger_failed(statement->ledger))
        return 0;
    int number = sqlite3_bind_parameter_index(statement->prepared, parameter);
    if (number == 0)
        ledger_fail(statement->ledger, SQLITE_INTERNAL, "statement has no parameter %s", parameter);
    return number;
}

int ledger_parameters(struct ledger_statement *statement)
{
    return ledger_failed(statement->ledger) ? 0 : sqlite3_bind_parameter_count(statement->prepared);
}

const char *ledger_parameter_name(struct ledger_statement *statement, int parameter)
{
    return sqlite3_bind_parameter_name(statement->prepared, parameter);
}

static void check(struct ledger_statement *statement, int code)
{
    if (code != SQLITE_OK)
        ledger_fail_with_engine(statement->ledger);
}

void ledger_set_integer_at(struct ledger_statement *statement, int parameter, int64_t value)
{
    if (ledger_failed(statement->ledger))
        return;
    if (statement->remote == NULL)
        check(statement, sqlite3_bind_int64(statement->prepared, parameter, value));
    else
        *cluster_bind(statement, parameter) =
            (struct ledger_value){.type = VALUE_INTEGER, .integer = value};
}

void ledger_set_real_at(struct ledger_statement *statement, int parameter, double value)
{
    if (ledger_failed(statement->ledger))
        return;
    if (statement->remote == NULL)
        check(statement, sqlite3_bind_double(statement->prepared, parameter, value));
    else
        *cluster_bind(statement, parameter) =
            (struct ledger_value){.type = VALUE_REAL, .real = value};
}

void ledger_set_text_at(struct ledger_statement *statement, int parameter, const char *text,
                        size_t length)
{
    if (ledger_failed(statement->ledger) || text == NULL)
        return;
    if (statement->remote == NULL)
        check(statement, sqlite3_bind_text64(statement->prepared, parameter, text, length,
                                             SQLITE_STATIC, SQLITE_UTF8));
    else
        *cluster_bind(statement, parameter) =
            (struct ledger_value){.type = VALUE_TEXT, .bytes = text, .length = length};
}

void ledger_set_blob_at(struct ledger_statement *statement, int parameter, const void *bytes,
                        size_t length)
{
    if (ledger_failed(statement->ledger) || bytes == NULL)
        return;
    if (statement->remote == NULL)
        check(statement,
              sqlite3_bind_blob64(statement->prepared, parameter, bytes, length, SQLITE_STATIC));
    else
        *cluster_bind(statement, parameter) =
            (struct ledger_value){.type = VALUE_BLOB, .bytes = bytes, .length = length};
}

void ledger_set_integer(struct ledger_statement *statement, const char *parameter, int64_t value)
{
    ledger_set_integer_at(statement, ledger_parameter(statement, parameter), value);
}

void ledger_set_text(struct ledger_statement *statement, const char *parameter, const char *text)
{
    ledger_set_text_at(statement, ledger_parameter(statement, parameter), text,
                       text == NULL ? 0 : strlen(text));
}

void ledger_set_blob(struct ledger_statement *statement, const char *parameter, const void *bytes,
                     size_t length)
{
    ledger_set_blob_at(statement, ledger_parameter(statement, parameter), bytes, length);
}

void ledger_set_pointer(struct ledger_statement *statement, const char *parameter, void *pointer,
                        const char *kind)
{
    int number = ledger_parameter(statement, parameter);
    if (statement->remote != NULL)
        ledger_fail(statement->ledger, SQLITE_MISUSE, "no pointer can be sent to a cluster");
    if (!ledger_failed(statement->ledger))
        check(statement, sqlite3_bind_pointer(statement->prepared, number, pointer, kind, NULL));
}

/* Not from within its own step. */
static void reset(struct ledger_statement *statement)
{
    if (!statement->under_way)
        sqlite3_reset(statement->prepared);
}

bool ledger_row(struct ledger_statement *statement)
{
    if (ledger_failed(statement->ledger)) {
        reset(statement); /* or what it reads would stay open */
        return false;
    }
    if (statement->remote != NULL)
        return cluster_row(statement);
    statement->under_way = true;
    int code = sqlite3_step(statement->prepared);
    statement->under_way = false;
    if (code == SQLITE_ROW)
        return true;
    if (code != SQLITE_DONE)
        ledger_fail_with_engine(statement->ledger);
    sqlite3_reset(statement->prepared);
    return false;
}

int64_t ledger_run(struct ledger_statement *statement)
{
    while (ledger_row(statement))
        ;
    return ledger_failed(statement->ledger) || statement->remote != NULL
               ? 0
               : sqlite3_changes64(statement->ledger->database);
}

void ledger_done(struct ledger_statement *statement)
{
    if (statement->remote != NULL)
        cluster_reset(statement);
    else
        reset(statement);
}

/* What stands in a column, wherever the ledger is. `place` is that in the statement. */

static const struct ledger_value *cell(const struct ledger_statement *statement, int place)
{
    static const struct ledger_value none;
    return place >= 0 && place < LEDGER_MOST_COLUMNS ? &statement->remote->cells[place] : &none;
}

static int type_at(struct ledger_statement *statement, int place)
{
    static const int types[] = {[VALUE_NULL] = SQLITE_NULL,
                                [VALUE_INTEGER] = SQLITE_INTEGER,
                                [VALUE_REAL] = SQLITE_FLOAT,
                                [VALUE_TEXT] = SQLITE_TEXT,
                                [VALUE_BLOB] = SQLITE_BLOB};
    return statement->remote == NULL ? sqlite3_column_type(statement->prepared, place)
                                     : types[cell(statement, place)->type];
}

/* As SQLite converts them. */
static int64_t integer_of(const struct ledger_value *value)
{
    return value->type == VALUE_INTEGER ? value->integer
           : value->type == VALUE_REAL  ? (int64_t)value->real
           : value->bytes != NULL       ? strtoll(value->bytes, NULL, 10)
                                        : 0;
}

static int64_t integer_at(struct ledger_statement *statement, int place)
{
    return statement->remote == NULL ? sqlite3_column_int64(statement->prepared, place)
                                     : integer_of(cell(statement, place));
}

static double real_at(struct ledger_statement *statement, int place)
{
    if (statement->remote == NULL)
        return sqlite3_column_double(statement->prepared, place);
    const struct ledger_value *value = cell(statement, place);
    return value->type == VALUE_REAL ? value->real : (double)integer_of(value);
}

static const void *bytes_at(struct ledger_statement *statement, int place, size_t *length)
{
    if (statement->remote != NULL) {
        *length = cell(statement, place)->length;
        return cell(statement, place)->bytes;
    }
    const void *bytes = sqlite3_column_blob(statement->prepared, place);
    *length = (size_t)sqlite3_column_bytes(statement->prepared, place);
    return bytes;
}

static const char *text_at(struct ledger_statement *statement, int place)
{
    return statement->remote == NULL ? (const char *)sqlite3_column_text(statement->prepared, place)
                                     : cell(statement, place)->bytes;
}

/* Which column of which row: `code.digits, where id is 6`. Only some hosts tell the table. */
static void name_place(struct ledger_statement *statement, int column, char *text, size_t size)
{
    sqlite3_stmt *row = statement->prepared;
    const char *table =
        sqlite3_column_table_name != NULL ? sqlite3_column_table_name(row, column) : NULL;
    int at = 0;
    for (int i = 0; i < sqlite3_column_count(row); i++)
        if (strcmp(sqlite3_column_name(row, i), "id") == 0) {
            at = i;
            break;
        }
    int length = snprintf(text, size, "%s%s%s", table == NULL ? "" : table,
                          table == NULL ? "" : ".", sqlite3_column_name(row, column));
    if (at != column && length > 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, ", where %s is %lld,",
                 sqlite3_column_name(row, at), (long long)integer_at(statement, at));
}

void ledger_refuse(struct ledger_statement *statement, int column, const char *format, ...)
{
    char place[160], what[160];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    name_place(statement, statement->place[column], place, sizeof place);
    ledger_fail(statement->ledger, SQLITE_CORRUPT, LEDGER_DAMAGED, place, what);
}

bool ledger_is_null(struct ledger_statement *statement, int column)
{
    return type_at(statement, statement->place[column]) == SQLITE_NULL;
}

bool ledger_is_real(struct ledger_statement *statement, int column)
{
    return type_at(statement, statement->place[column]) == SQLITE_FLOAT;
}

int64_t ledger_within(struct ledger_statement *statement, int column, int64_t least, int64_t most)
{
    int64_t value = integer_at(statement, statement->place[column]);
    if (value >= least && value <= most)
        return value;
    ledger_refuse(statement, column, "is %lld: expected %lld to %lld", (long long)value,
                  (long long)least, (long long)most);
    return least;
}

int64_t ledger_integer(struct ledger_statement *statement, int column)
{
    int64_t value = integer_at(statement, statement->place[column]);
    if (value >= -LEDGER_MOST_INTEGER && value <= LEDGER_MOST_INTEGER)
        return value;
    ledger_refuse(statement, column, "is %lld", (long long)value);
    return 0;
}

int64_t ledger_key(struct ledger_statement *statement, int column)
{
    return integer_at(statement, statement->place[column]);
}

double ledger_real(struct ledger_statement *statement, int column)
{
    return real_at(statement, statement->place[column]);
}

const char *ledger_text(struct ledger_statement *statement, int column)
{
    bool is_null = ledger_is_null(statement, column); /* before: without memory all looks NULL */
    const char *text = text_at(statement, statement->place[column]);
    if (text != NULL || is_null)
        return text;
    fail_for_memory(statement->ledger);
    return "";
}

const char *ledger_word(struct ledger_statement *statement, int column)
{
    const char *text = ledger_text(statement, column);
    if (text != NULL)
        return text;
    ledger_refuse(statement, column, "is missing");
    return "";
}

const void *ledger_blob(struct ledger_statement *statement, int column, size_t *length)
{
    bool is_blob = type_at(statement, statement->place[column]) == SQLITE_BLOB;
    const void *bytes = bytes_at(statement, statement->place[column], length);
    if (bytes == NULL && is_blob && sqlite3_errcode(statement->ledger->database) == SQLITE_NOMEM)
        fail_for_memory(statement->ledger);
    return bytes;
}

void ledger_bytes(struct ledger_statement *statement, int column, void *bytes, size_t length)
{
    size_t there;
    const void *found = ledger_blob(statement, column, &there);
    if (found != NULL && there == length) {
        memcpy(bytes, found, length);
        return;
    }
    memset(bytes, 0, length);
    if (!ledger_failed(statement->ledger))
        ledger_refuse(statement, column, "has %zu bytes: expected %zu", there, length);
}

int64_t ledger_number(struct ledger *ledger, enum statement name, int64_t otherwise)
{
    struct ledger_statement *statement = ledger_use(ledger, name);
    int64_t number = otherwise;
    if (ledger_row(statement)) {
        if (!ledger_is_null(statement, 0))
            number = ledger_integer(statement, 0);
        ledger_done(statement);
    }
    return number;
}

/* By a statement, which any version of SQLite ends then; sqlite3_is_interrupted() is not in those
 * before 3.41, and knows nothing of progress handlers. */
bool ledger_goes_on(struct ledger *ledger)
{
    ledger_number(ledger, STATEMENT_goes_on, 0);
    return !ledger_failed(ledger);
}

void ledger_execute(struct ledger *ledger, const char *sql)
{
    if (ledger_failed(ledger))
        return;
    if (ledger->cluster != NULL)
        cluster_gather_script(ledger, sql);
    else if (sqlite3_exec(ledger->database, sql, NULL, NULL, NULL) != SQLITE_OK)
        ledger_fail_with_engine(ledger);
}

struct ledger_clock *ledger_clock_of(struct ledger *ledger)
{
    return &ledger->clock;
}

static void learn_identity(struct ledger *ledger)
{
    if (ledger->identity_known && !ledger->unsettled)
        return;
    enum { UUID, SALT };
    static const char *const columns[] = {"uuid", "subject_salt", NULL};
    struct ledger_statement *identity = ledger_select(ledger, STATEMENT_ledger_identity, columns);
    if (ledger_row(identity)) {
        ledger_bytes(identity, UUID, ledger->uuid, sizeof ledger->uuid);
        ledger_bytes(identity, SALT, ledger->salt, sizeof ledger->salt);
        ledger_done(identity);
        ledger->identity_known = !ledger_failed(ledger);
    } else {
        ledger_fail(ledger, SQLITE_CORRUPT,
                    "the ledger's own row is missing: restore the ledger from a backup");
    }
}

const unsigned char *ledger_uuid(struct ledger *ledger)
{
    learn_identity(ledger);
    return ledger_failed(ledger) ? NULL : ledger->uuid;
}

const unsigned char *ledger_salt(struct ledger *ledger)
{
    learn_identity(ledger);
    return ledger_failed(ledger) ? NULL : ledger->salt;
}
