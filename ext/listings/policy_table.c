/* SPDX-License-Identifier: MIT */
#include "listings/policy_table.h"

#include <stdio.h>
#include <string.h>

#include "ledger/session.h"
#include "listings/catalog.h"
#include "passwords/policy.h"
#include "tables/table.h"

enum { REQUIREMENT_SIZE = 256 };
enum column { RULE, REQUIREMENT, MET, PASSWORD, PROFILE };
enum plan {
    WITH_PASSWORD = 1,
    WITH_PROFILE = 2
}; /* bits of idxNum; the arguments come in this order */

static const char name[] = "reg_policy";
static const char declaration[] =
    "CREATE TABLE x(rule TEXT, requirement TEXT, met INTEGER, password HIDDEN, profile HIDDEN)";

struct cursor {
    struct table_cursor base;
    struct policy policy;
    uint32_t broken;
    bool judged; /* there is a password */
    enum policy_rule rules[POLICY_RULES];
};

static int policy_connect(sqlite3 *database, void *client, int count, const char *const *arguments,
                          sqlite3_vtab **made, char **error)
{
    (void)count;
    (void)arguments;
    /* DIRECTONLY: a profile may name a file. */
    const struct table_design design = {declaration, SQLITE_VTAB_DIRECTONLY, NULL};
    return table_make(database, ((struct catalog_module *)client)->session, &design, made, error);
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    static const char *const names[] = {"password", "profile"};
    info->estimatedRows = POLICY_RULES;
    info->estimatedCost = POLICY_RULES;
    return table_arguments(table, info, PASSWORD, PROFILE - PASSWORD + 1, names);
}

static int cursor_open(sqlite3_vtab *table, sqlite3_vtab_cursor **made)
{
    int code = table_is_meant(table, ((struct table *)table)->session, false);
    ((struct table *)table)->given.columns = 0;
    return code == SQLITE_OK ? table_open(sizeof(struct cursor), made) : code;
}

static bool requirement(const struct cursor *cursor, enum policy_rule rule,
                        char text[REQUIREMENT_SIZE])
{
    return policy_rule_requirement(&cursor->policy, rule, text, REQUIREMENT_SIZE);
}

static int read_policy(struct table *table, struct cursor *cursor, sqlite3_value *profile)
{
    struct error error;
    const char *text = profile == NULL ? NULL : (const char *)sqlite3_value_text(profile);
    if (text == NULL && profile != NULL && sqlite3_value_type(profile) != SQLITE_NULL)
        return SQLITE_NOMEM;
    if (text != NULL)
        return policy_parse(text, &cursor->policy, &error) ? SQLITE_OK
                                                           : table_fail(&table->base, name, &error);
    const struct settings *settings = session_settings_or_defaults(table->session);
    if (settings == NULL)
        return table_fail_by_ledger(&table->base, name, table->session->ledger);
    cursor->policy = settings->policy;
    return SQLITE_OK;
}

static int cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *text, int count,
                         sqlite3_value **arguments)
{
    struct cursor *cursor = (struct cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct error error;
    char words[REQUIREMENT_SIZE];
    (void)text;
    const char *password =
        (plan & WITH_PASSWORD) != 0 ? (const char *)sqlite3_value_text(arguments[0]) : NULL;
    if (password == NULL && (plan & WITH_PASSWORD) != 0 &&
        sqlite3_value_type(arguments[0]) != SQLITE_NULL)
        return SQLITE_NOMEM;
    int code = read_policy(table, cursor, (plan & WITH_PROFILE) != 0 ? arguments[count - 1] : NULL);
    if (code != SQLITE_OK)
        return code;
    cursor->base.row = cursor->base.count = 0;
    cursor->broken = 0;
    cursor->judged = password != NULL;
    if (password != NULL &&
        !policy_check(&cursor->policy, password, strlen(password), NULL, &cursor->broken, &error))
        return table_fail(&table->base, name, &error);
    for (int rule = 0; rule < POLICY_RULES; rule++)
        if (requirement(cursor, (enum policy_rule)rule, words))
            cursor->rules[cursor->base.count++] = (enum policy_rule)rule;
    return SQLITE_OK;
}

static int cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    enum policy_rule rule = cursor->rules[cursor->base.row];
    char words[REQUIREMENT_SIZE];
    if (column == RULE)
        sqlite3_result_text(context, policy_rule_name(rule), -1, SQLITE_STATIC);
    else if (column == REQUIREMENT && requirement(cursor, rule, words))
        sqlite3_result_text(context, words, -1, SQLITE_TRANSIENT);
    else if (column == MET && cursor->judged)
        sqlite3_result_int(context, (cursor->broken >> rule & 1) == 0);
    return SQLITE_OK; /* the arguments read NULL: a password is not shown again */
}

const sqlite3_module policy_module = {
    .iVersion = 0,
    .xConnect = policy_connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xOpen = cursor_open,
    .xClose = table_close,
    .xFilter = cursor_filter,
    .xNext = table_next,
    .xEof = table_eof,
    .xColumn = cursor_column,
    .xRowid = table_rowid,
};
