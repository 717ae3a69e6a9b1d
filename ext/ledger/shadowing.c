/* SPDX-License-Identifier: MIT */
#include "ledger/shadowing.h"

#include <stdio.h>
#include <string.h>

#include "statements.h"

/* As reg.c registers them. */
static const char *const tables[] = {
    "reg_attempts",         "reg_codes",         "reg_reports",   "reg_policy",
    "reg_functions",        "reg_reasons",       "reg_rules",     "reg_columns",
    "reg_signups",          "reg_dashboard",     "reg_reconcile", "reg_hash_formats",
    "reg_password_formats", "reg_shared_origins"};

enum { TABLES = sizeof tables / sizeof *tables, FIRST_ATTACHED = 2, DB_NAME_SINCE = 3039000 };

/* As SQLite compares names, whatever the host's locale. */
static bool is_same(const char *left, const char *right)
{
    return sqlite3_stricmp(left, right) == 0;
}

static bool is_among(const char *const *names, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (is_same(names[i], name))
            return true;
    return false;
}

bool shadowing_is_ours(const char *name)
{
    return is_among(tables, TABLES, name);
}

/* FNV-1a, of a name after those before it. */
static uint64_t add_name(uint64_t hash, const char *name)
{
    hash = (hash ^ 14695981039346656037U) * 1099511628211U;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211U;
    return hash;
}

/* For an older SQLite. False: it cannot be told. */
static bool read_attached(sqlite3 *database, uint64_t *hash)
{
    sqlite3_stmt *list = NULL;
    int code = sqlite3_prepare_v2(database, "PRAGMA database_list", -1, &list, NULL);
    *hash = 0;
    while (code == SQLITE_OK && (code = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 1);
        code = name == NULL ? SQLITE_NOMEM : SQLITE_OK;
        if (name != NULL && sqlite3_column_int(list, 0) >= FIRST_ATTACHED)
            *hash = add_name(*hash, name);
    }
    sqlite3_finalize(list);
    return code == SQLITE_DONE;
}

uint64_t shadowing_attached(sqlite3 *database)
{
    static _Thread_local uint64_t unknown;
    uint64_t hash = 0;
    const char *name;
    if (sqlite3_libversion_number() < DB_NAME_SINCE)
        return read_attached(database, &hash) ? hash : --unknown;
    for (int i = FIRST_ATTACHED; (name = sqlite3_db_name(database, i)) != NULL; i++)
        hash = add_name(hash, name);
    return hash;
}

bool shadowing_hides(sqlite3 *database)
{
    for (int i = 0; i < TABLES; i++)
        if (sqlite3_table_column_metadata(database, NULL, tables[i], NULL, NULL, NULL, NULL, NULL,
                                          NULL) == SQLITE_OK)
            return true;
    return false;
}

/* Says what stands there, where nothing has been said yet. */
static void say(char text[SHADOWING_TEXT], const char *schema, const char *type, const char *name,
                const char *verb, const char *after)
{
    bool plain = strspn(schema, "abcdefghijklmnopqrstuvwxyz") == strlen(schema);
    const char *quote = plain ? "" : "\"", *kind = strcmp(type, "view") == 0 ? "VIEW" : "TABLE";
    if (text[0] == '\0')
        sqlite3_snprintf(SHADOWING_TEXT, text,
                         "%s%w%s.\"%w\" is a %s that %s; remove it with DROP %s %s%w%s.\"%w\"%s",
                         quote, schema, quote, name, type, verb, kind, quote, schema, quote, name,
                         after);
}

static void take(struct shadowing_facts *facts, const char *schema, const char *type,
                 const char *name, const char *sql)
{
    bool main = strcmp(schema, "main") == 0, temporary = strcmp(schema, "temp") == 0;
    if (sqlite3_strnicmp(name, "sqlite_", 7) == 0)
        return; /* SQLite's own, as ANALYZE makes them */
    facts->empty = facts->empty && !main;
    if (strcmp(type, "table") != 0 && strcmp(type, "view") != 0)
        return;
    bool ours = is_among(statement_objects, STATEMENT_OBJECTS, name);
    if (shadowing_is_ours(name))
        say(facts->hidden, schema, type, name,
            "hides the extension's table of that name: its rows are not registered, and passwords "
            "in them are in plain text; save the rows you need",
            temporary ? "" : ", then VACUUM");
    if (temporary && ours)
        say(facts->shadow, schema, type, name, "hides the ledger's", "");
    if (main && ours && facts->taken[0] == '\0')
        sqlite3_snprintf(SHADOWING_TEXT, facts->taken, "%s \"%w\"", type, name);
    facts->ledger = facts->ledger || (main && is_same(name, "ledger") &&
                                      strstr(sql, "subject_salt BLOB NOT NULL") != NULL);
    facts->snapshot = facts->snapshot || (main && is_same(name, "ledger_snapshot") &&
                                          strstr(sql, "taken_at INTEGER NOT NULL") != NULL);
    facts->share = facts->share || (main && is_same(name, "ledger_share") &&
                                    strstr(sql, "made_at INTEGER NOT NULL") != NULL);
}

static int read_one(sqlite3 *database, const char *schema, struct shadowing_facts *facts)
{
    sqlite3_stmt *rows = NULL;
    char *sql = sqlite3_mprintf("SELECT type, name, sql FROM \"%w\".sqlite_schema", schema);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(database, sql, -1, &rows, NULL);
    sqlite3_free(sql);
    while (code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
        const char *type = (const char *)sqlite3_column_text(rows, 0),
                   *name = (const char *)sqlite3_column_text(rows, 1),
                   *text = (const char *)sqlite3_column_text(rows, 2);
        code = SQLITE_OK;
        if (type != NULL && name != NULL)
            take(facts, schema, type, name, text == NULL ? "" : text);
        else if (sqlite3_errcode(database) == SQLITE_NOMEM)
            code = SQLITE_NOMEM; /* NULL otherwise: an edited schema, which SQLite ignores, too */
    }
    if (code == SQLITE_DONE)
        code = SQLITE_OK;
    int ended = sqlite3_finalize(rows);
    return code == SQLITE_OK ? ended : code;
}

int shadowing_read(sqlite3 *database, struct shadowing_facts *facts)
{
    sqlite3_stmt *list = NULL;
    memset(facts, 0, sizeof *facts);
    facts->empty = true;
    int code = read_one(database, "main", facts);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(database, "PRAGMA database_list", -1, &list, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(list)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(list, 1);
        code = name == NULL ? SQLITE_NOMEM : SQLITE_OK;
        /* An attached database that cannot be read now, as it is locked, does not concern us. */
        if (name != NULL && sqlite3_column_int(list, 0) > 0 &&
            read_one(database, name, facts) == SQLITE_NOMEM)
            code = SQLITE_NOMEM;
    }
    if (code == SQLITE_DONE)
        code = SQLITE_OK;
    int ended = sqlite3_finalize(list);
    return code == SQLITE_OK ? ended : code;
}
