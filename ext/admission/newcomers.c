/* SPDX-License-Identifier: MIT */
#include "admission/newcomers.h"

#include <stdlib.h>
#include <string.h>

#include "ledger/session.h"

enum { MOST = 32 };

struct newcomers {
    struct ledger *ledger;
    struct admit_values values[MOST];
    int count;
};

static const char pointer_kind[] = "newcomers";
static const sqlite3_module newcomer_module;

struct newcomers *newcomers_open(struct session *session)
{
    struct newcomers *newcomers = calloc(1, sizeof *newcomers);
    if (newcomers == NULL)
        return NULL;
    newcomers->ledger = session->ledger;
    if (sqlite3_create_module_v2(ledger_database(session->ledger), "reg_newcomer", &newcomer_module,
                                 NULL, NULL) == SQLITE_OK)
        return newcomers;
    free(newcomers);
    return NULL;
}

void newcomers_forget(struct newcomers *newcomers)
{
    for (int i = 0; i < newcomers->count; i++)
        admit_values_wipe(&newcomers->values[i]);
    newcomers->count = 0;
}

void newcomers_close(struct newcomers *newcomers)
{
    if (newcomers == NULL)
        return;
    newcomers_forget(newcomers);
    free(newcomers);
}

struct admit_values *newcomers_next(struct newcomers *newcomers)
{
    return &newcomers->values[newcomers->count];
}

/* As the step `attempt` of the rule decides where no identifier is held. */
enum admit_outcome newcomers_judge(const struct admit_values *values)
{
    const struct admit_bound *told = &values->bound[ADMIT_told];
    const struct admit_bound *confirm = &values->bound[ADMIT_confirm];
    if (told->type == ADMIT_BIND_TEXT)
        return strcmp(told->bytes, "success") == 0 ? ADMIT_SUCCESS : ADMIT_FAILURE;
    if (values->bound[ADMIT_reasons].length > 0)
        return ADMIT_FAILURE;
    return strcmp(confirm->bytes, "everyone") == 0 || strcmp(confirm->bytes, "before") == 0
               ? ADMIT_PENDING
               : ADMIT_SUCCESS;
}

bool newcomers_add(struct newcomers *newcomers, enum admit_outcome outcome)
{
    static const char *const names[] = {
        [ADMIT_SUCCESS] = "success", [ADMIT_PENDING] = "pending", [ADMIT_FAILURE] = "failure"};
    newcomers->values[newcomers->count++].bound[SIGNUP_outcome] = (struct admit_bound){
        .type = ADMIT_BIND_TEXT, .length = strlen(names[outcome]), .bytes = names[outcome]};
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
    write(newcomers, STATEMENT_admit_newcomer_attempts);
    write(newcomers, STATEMENT_admit_newcomer_persons);
    newcomers_forget(newcomers);
}

/* The table: a column for each parameter, in the order of enum admit_parameter, and at last which
 * newcomers they are. */

enum { NEWCOMERS = ADMIT_PARAMETER_COUNT };

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
    sqlite3_str_appendall(declaration, "newcomers HIDDEN)");
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
    if (number < ADMIT_PARAMETER_COUNT)
        admit_values_give(&cursor->newcomers->values[cursor->row], number, context);
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
