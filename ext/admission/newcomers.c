/* SPDX-License-Identifier: MIT */
#include "admission/newcomers.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"

enum { MOST = 32 };

struct newcomers {
    struct ledger *ledger;
    const struct admit_values *values[MOST];
    int count;
    uint64_t given[ADMIT_GIVEN_WORDS]; /* bits: parameters that somebody has had a value for */
    bool narrow;                       /* the statements have NULL for all others */
};

static const char pointer_kind[] = "newcomers";
static const sqlite3_module newcomer_module;

/* What is not known before a sign-up is written. */
static const int found_later[] = {ADMIT_id, ADMIT_recorded_at, ADMIT_password_hash, SIGNUP_outcome};

static uint64_t bit_of(int parameter)
{
    return UINT64_C(1) << parameter % ADMIT_GIVEN_BITS;
}

struct newcomers *newcomers_open(struct session *session)
{
    struct newcomers *newcomers = calloc(1, sizeof *newcomers);
    if (newcomers == NULL)
        return NULL;
    newcomers->ledger = session->ledger;
    for (size_t i = 0; i < sizeof found_later / sizeof *found_later; i++)
        newcomers->given[found_later[i] / ADMIT_GIVEN_BITS] |= bit_of(found_later[i]);
    if (sqlite3_create_module_v2(ledger_database(session->ledger), "reg_newcomer", &newcomer_module,
                                 NULL, NULL) == SQLITE_OK)
        return newcomers;
    free(newcomers);
    return NULL;
}

void newcomers_forget(struct newcomers *newcomers)
{
    newcomers->count = 0;
}

void newcomers_close(struct newcomers *newcomers)
{
    free(newcomers);
}

/* As the step `attempt` of the rule decides where no identifier is held. */
enum admit_outcome newcomers_judge(const struct admit_values *values)
{
    const struct admit_value *told = &values->bound[ADMIT_told];
    const struct admit_value *confirm = &values->bound[ADMIT_confirm];
    if (told->type == ADMIT_TEXT)
        return strcmp(told->text, "success") == 0 ? ADMIT_SUCCESS : ADMIT_FAILURE;
    if (values->bound[ADMIT_reasons].length > 0)
        return ADMIT_FAILURE;
    return strcmp(confirm->text, "everyone") == 0 || strcmp(confirm->text, "before") == 0
               ? ADMIT_PENDING
               : ADMIT_SUCCESS;
}

/* With NULL for what no newcomer has a value for, a third of all, which would be asked for one by
 * one to come out as NULL. */

static bool is_never_given(const struct newcomers *newcomers, const char *value, size_t length)
{
    for (int parameter = 0; parameter < ADMIT_PARAMETER_COUNT; parameter++) {
        const char *name = admit_values_name(parameter);
        if (strlen(name) == length && memcmp(name, value, length) == 0)
            return (newcomers->given[parameter / ADMIT_GIVEN_BITS] & bit_of(parameter)) == 0;
    }
    return false;
}

/* INSERT INTO table (COLUMN, ...) SELECT VALUE, ... FROM reg_newcomer(:newcomers), with NULL in
 * place of a value that is the parameter of that name. No value has a comma in it. To be freed with
 * sqlite3_free(); NULL: out of memory. */
static char *with_nulls(const struct newcomers *newcomers, const char *sql)
{
    sqlite3_str *narrow = sqlite3_str_new(ledger_database(newcomers->ledger));
    const char *value = strstr(sql, "SELECT") + strlen("SELECT"), *from = strstr(sql, "FROM");
    sqlite3_str_append(narrow, sql, (int)(value - sql));
    while (value != from) {
        const char *name = value + strspn(value, " \n"), *after = name + strcspn(name, " ,\n"),
                   *comma = strchr(after, ','),
                   *next = comma != NULL && comma < from ? comma + 1 : from;
        if (is_never_given(newcomers, name, (size_t)(after - name)))
            sqlite3_str_appendall(narrow, " NULL");
        else
            sqlite3_str_append(narrow, value, (int)(after - value));
        sqlite3_str_append(narrow, after, (int)(next - after));
        value = next;
    }
    sqlite3_str_appendall(narrow, from);
    return sqlite3_str_finish(narrow);
}

static void restate(struct newcomers *newcomers, enum statement name)
{
    char *sql = with_nulls(newcomers, statement_text[name]);
    if (sql == NULL)
        ledger_fail(newcomers->ledger, SQLITE_NOMEM, "out of memory");
    else
        ledger_restate(newcomers->ledger, name, sql);
    sqlite3_free(sql);
}

static void make_narrow(struct newcomers *newcomers)
{
    restate(newcomers, STATEMENT_admit_newcomer_attempts);
    restate(newcomers, STATEMENT_admit_newcomer_persons);
    newcomers->narrow = !ledger_failed(newcomers->ledger);
}

/* What is given the first time: columns for it are needed from now on. */
static void note_given(struct newcomers *newcomers, const struct admit_values *values)
{
    for (int i = 0; i < ADMIT_GIVEN_WORDS; i++) {
        if ((values->given[i] & ~newcomers->given[i]) != 0)
            newcomers->narrow = false;
        newcomers->given[i] |= values->given[i];
    }
}

bool newcomers_add(struct newcomers *newcomers, struct admit_values *values,
                   enum admit_outcome outcome)
{
    static const char *const names[] = {
        [ADMIT_SUCCESS] = "success", [ADMIT_PENDING] = "pending", [ADMIT_FAILURE] = "failure"};
    values->bound[SIGNUP_outcome] = (struct admit_value){
        .type = ADMIT_TEXT, .length = (uint32_t)strlen(names[outcome]), .text = names[outcome]};
    newcomers->values[newcomers->count++] = values;
    note_given(newcomers, values);
    return newcomers->count < MOST;
}

static void write(struct newcomers *newcomers, enum statement name)
{
    struct ledger_statement *insert = ledger_use(newcomers->ledger, name);
    ledger_set_pointer(insert, ":newcomers", newcomers, pointer_kind);
    ledger_run(insert);
}

void newcomers_write(struct newcomers *newcomers)
{
    if (newcomers->count == 0)
        return;
    if (!newcomers->narrow)
        make_narrow(newcomers);
    write(newcomers, STATEMENT_admit_newcomer_attempts);
    write(newcomers, STATEMENT_admit_newcomer_persons);
    newcomers_forget(newcomers);
}

/* The table: a column for each parameter, in the order of enum admit_parameter; whether the sign-up
 * fails, which takes less than to compare the outcome's text again and again; and at last which
 * newcomers they are. */

enum { FAILS = ADMIT_PARAMETER_COUNT, NEWCOMERS };

struct cursor {
    sqlite3_vtab_cursor base;
    const struct newcomers *newcomers;
    int row;
};

static int connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                   sqlite3_vtab **made, char **error)
{
    (void)client;
    (void)count;
    (void)arguments;
    (void)error;
    sqlite3_str *declaration = sqlite3_str_new(database);
    sqlite3_str_appendall(declaration, "CREATE TABLE x(");
    for (int parameter = 0; parameter < ADMIT_PARAMETER_COUNT; parameter++)
        sqlite3_str_appendf(declaration, "\"%w\", ", admit_values_name(parameter));
    sqlite3_str_appendall(declaration, "fails, newcomers HIDDEN)");
    char *text = sqlite3_str_finish(declaration);
    int code = text == NULL ? SQLITE_NOMEM : sqlite3_declare_vtab(database, text);
    sqlite3_free(text);
    if (code == SQLITE_OK)
        code = sqlite3_vtab_config(database, SQLITE_VTAB_DIRECTONLY);
    *made = code == SQLITE_OK ? sqlite3_malloc(sizeof **made) : NULL;
    if (code == SQLITE_OK && *made == NULL)
        code = SQLITE_NOMEM;
    if (*made != NULL)
        memset(*made, 0, sizeof **made);
    return code;
}

static int disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

/* One plan: all of the newcomers given, which is argument 1 of xFilter. */
static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    for (int i = 0; i < info->nConstraint; i++)
        if (info->aConstraint[i].iColumn == NEWCOMERS && info->aConstraint[i].usable &&
            info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ) {
            info->aConstraintUsage[i].argvIndex = 1;
            info->aConstraintUsage[i].omit = 1;
            info->estimatedCost = MOST;
            info->estimatedRows = MOST;
            return SQLITE_OK;
        }
    return SQLITE_CONSTRAINT;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    *made = sqlite3_malloc(sizeof(struct cursor));
    return *made == NULL ? SQLITE_NOMEM : SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                  sqlite3_value **values)
{
    (void)plan;
    (void)text;
    (void)count;
    struct cursor *cursor = (struct cursor *)base;
    cursor->newcomers = sqlite3_value_pointer(values[0], pointer_kind);
    cursor->row = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *base)
{
    ((struct cursor *)base)->row++;
    return SQLITE_OK;
}

static int eof(sqlite3_vtab_cursor *base)
{
    const struct cursor *cursor = (struct cursor *)base;
    return cursor->newcomers == NULL || cursor->row == cursor->newcomers->count;
}

static int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    const struct cursor *cursor = (struct cursor *)base;
    const struct admit_values *values = cursor->newcomers->values[cursor->row];
    if (number < ADMIT_PARAMETER_COUNT)
        admit_values_give(values, number, context);
    else if (number == FAILS)
        sqlite3_result_int(context, values->bound[SIGNUP_outcome].text[0] == 'f');
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *number)
{
    *number = ((struct cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module newcomer_module = {
    .xConnect = connect,
    .xBestIndex = best_index,
    .xDisconnect = disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = filter,
    .xNext = next,
    .xEof = eof,
    .xColumn = column,
    .xRowid = rowid,
};
