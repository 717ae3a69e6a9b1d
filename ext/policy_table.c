#include "policy_table.h"

#include <stdio.h>
#include <string.h>

#include "door.h"
#include "listing.h"
#include "policy.h"
#include "text.h"

enum column { RULE, REQUIREMENT, MET, PASSWORD, PROFILE };
enum plan {
    WITH_PASSWORD = 1,
    WITH_PROFILE = 2
}; /* bits of idxNum; the arguments come in this order */

static const char declaration[] =
    "CREATE TABLE x(rule TEXT, requirement TEXT, met INTEGER, password HIDDEN, profile HIDDEN)";

struct table {
    sqlite3_vtab base;
    struct door *door;
};

struct cursor {
    sqlite3_vtab_cursor base;
    struct policy policy;
    uint32_t broken;
    bool judged; /* there is a password */
    int rule;
    char requirement[256];
};

static int fail(struct table *table, const char *text)
{
    sqlite3_free(table->base.zErrMsg);
    table->base.zErrMsg = sqlite3_mprintf("reg_policy: %s", text);
    return text_tells_no_memory(text) ? SQLITE_NOMEM : SQLITE_ERROR;
}

static int policy_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                          sqlite3_vtab **made, char **error)
{
    (void)count;
    (void)arguments;
    (void)error;
    int code = sqlite3_declare_vtab(database, declaration);
    struct table *table = code == SQLITE_OK ? sqlite3_malloc(sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    memset(table, 0, sizeof *table);
    table->door = door_hold(((struct listing_module *)client)->door);
    sqlite3_vtab_config(database, SQLITE_VTAB_DIRECTONLY); /* a profile may name a file */
    *made = &table->base;
    return SQLITE_OK;
}

static int policy_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    door_rest(table->door);
    door_release(table->door);
    sqlite3_free(table);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int found[2] = {-1, -1};
    (void)table;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        if (column < PASSWORD || info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ)
            continue;
        if (!info->aConstraint[i].usable)
            return SQLITE_CONSTRAINT; /* without its arguments the table has other rows */
        found[column - PASSWORD] = i;
    }
    info->idxNum = 0;
    int arguments = 0;
    for (int k = 0; k < 2; k++)
        if (found[k] >= 0) {
            info->idxNum |= 1 << k;
            info->aConstraintUsage[found[k]].argvIndex = ++arguments;
            info->aConstraintUsage[found[k]].omit = 1;
        }
    info->estimatedRows = POLICY_RULES;
    info->estimatedCost = POLICY_RULES;
    return SQLITE_OK;
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    (void)table;
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *made = &cursor->base;
    return SQLITE_OK;
}

static int cursor_close(sqlite3_vtab_cursor *cursor)
{
    sqlite3_free(cursor);
    return SQLITE_OK;
}

static int cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    while (++cursor->rule < POLICY_RULES)
        if (policy_rule_requirement(&cursor->policy, (enum policy_rule)cursor->rule,
                                    cursor->requirement, sizeof cursor->requirement))
            break;
    return SQLITE_OK;
}

static int read_policy(struct table *table, struct cursor *cursor, sqlite3_value *profile)
{
    char error[512];
    const char *text = profile == NULL ? NULL : (const char *)sqlite3_value_text(profile);
    if (text == NULL && profile != NULL && sqlite3_value_type(profile) != SQLITE_NULL)
        return SQLITE_NOMEM;
    if (text != NULL)
        return policy_parse(text, &cursor->policy, error, sizeof error) ? SQLITE_OK
                                                                        : fail(table, error);
    const struct settings *settings = door_settings_or_defaults(table->door);
    if (settings == NULL) {
        int code = ledger_code(table->door->ledger);
        fail(table, ledger_error(table->door->ledger));
        ledger_forgive(table->door->ledger);
        return code;
    }
    cursor->policy = settings->policy;
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    char error[512];
    (void)text;
    const char *password =
        (plan & WITH_PASSWORD) != 0 ? (const char *)sqlite3_value_text(arguments[0]) : NULL;
    if (password == NULL && (plan & WITH_PASSWORD) != 0 &&
        sqlite3_value_type(arguments[0]) != SQLITE_NULL)
        return SQLITE_NOMEM;
    int code = read_policy(table, cursor, (plan & WITH_PROFILE) != 0 ? arguments[count - 1] : NULL);
    if (code != SQLITE_OK)
        return code;
    cursor->rule = -1;
    cursor->broken = 0;
    cursor->judged = password != NULL;
    if (password != NULL && !policy_check(&cursor->policy, password, strlen(password), NULL,
                                          &cursor->broken, error, sizeof error))
        return fail(table, error);
    return cursor_next(base);
}

static int cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((struct cursor *)base)->rule >= POLICY_RULES;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct cursor *cursor = (struct cursor *)base;
    if (column == RULE)
        sqlite3_result_text(context, policy_rule_name((enum policy_rule)cursor->rule), -1,
                            SQLITE_STATIC);
    else if (column == REQUIREMENT)
        sqlite3_result_text(context, cursor->requirement, -1, SQLITE_TRANSIENT);
    else if (column == MET && cursor->judged)
        sqlite3_result_int(context, (cursor->broken >> cursor->rule & 1) == 0);
    return SQLITE_OK; /* the arguments read NULL: a password is not shown again */
}

static int cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
    *rowid = ((struct cursor *)base)->rule;
    return SQLITE_OK;
}

const sqlite3_module policy_module = {
    .iVersion = 0,
    .xConnect = policy_connect,
    .xBestIndex = best_index,
    .xDisconnect = policy_disconnect,
    .xOpen = cursor_open,
    .xClose = cursor_close,
    .xFilter = cursor_filter,
    .xNext = cursor_next,
    .xEof = cursor_eof,
    .xColumn = cursor_column,
    .xRowid = cursor_rowid,
};
