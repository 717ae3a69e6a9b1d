/* SPDX-License-Identifier: MIT */
/* cluster_read.c: what is asked of a cluster: one query, or many that are foreseen at once; and
 * what a write then goes by. */
#include <stdlib.h>
#include <string.h>

#include "ledger/cluster.h"
#include "ledger/ledger_inside.h"

static void no_memory(struct ledger *ledger)
{
    ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
}

struct reading {
    const enum cluster_kind *kinds; /* NULL: all plain */
    const char *values;             /* what has them */
};

static void one_value(void *context, sqlite3_str *sql, int parameter)
{
    const struct reading *reading = context;
    cluster_understand(sql, reading->kinds == NULL ? KIND_PLAIN : reading->kinds[parameter],
                       reading->values, parameter);
}

/* The values of its parameters as a JSON array, and how each is to be understood. */
static char *list_values(const struct ledger_statement *statement, enum cluster_kind *kinds)
{
    const struct remote_statement *remote = statement->remote;
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    for (int i = 0; i < remote->parameters; i++) {
        if (i > 0)
            sqlite3_str_appendchar(json, 1, ',');
        kinds[i] = cluster_encode(json, &remote->bound[i]);
    }
    sqlite3_str_appendchar(json, 1, ']');
    return sqlite3_str_finish(json);
}

/* `WITH r (c0, c1) AS (...)`: what is asked, its columns with names of ours. */
static void append_query(sqlite3_str *sql, const struct ledger_statement *statement,
                         struct reading reading, const char *name)
{
    int columns = sqlite3_column_count(statement->prepared);
    sqlite3_str_appendf(sql, "WITH %s (", name);
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(sql, "%sc%d", i > 0 ? ", " : "", i);
    sqlite3_str_appendall(sql, ") AS (");
    cluster_rewrite(statement, sql, one_value, &reading);
    sqlite3_str_appendall(sql, "\n)");
}

static char *name_columns(const struct ledger_statement *statement, const enum cluster_kind *kinds)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    append_query(sql, statement, (struct reading){kinds, ":v"}, "r");
    return sqlite3_str_finish(sql);
}

/* `quote(c0) || ',' || quote(c1)`, or the same as columns. Of each value SQLite's own literal comes
 * over: so a blob is whole, 2.0 is no integer, and a text that looks like something else is one. */
static char *quote_columns(int columns, const char *between)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    for (int i = 0; i < columns; i++)
        sqlite3_str_appendf(sql, "%squote(c%d)", i > 0 ? between : "", i);
    return sqlite3_str_finish(sql);
}

/* What a row was found to be, in the form that quote_columns() has it in. */
static void append_seen(sqlite3_str *seen, const json_t *row, bool first)
{
    size_t i;
    json_t *cell;
    if (!first)
        sqlite3_str_appendchar(seen, 1, ';');
    json_array_foreach(row, i, cell)
    {
        sqlite3_str_appendf(seen, "%s%s", i > 0 ? "," : "", json_string_value(cell));
    }
}

static char *list_seen(const json_t *rows)
{
    size_t i;
    json_t *row;
    sqlite3_str *seen = sqlite3_str_new(NULL);
    sqlite3_str_appendall(seen, "");
    json_array_foreach(rows, i, row)
    {
        append_seen(seen, row, i == 0);
    }
    char *text = sqlite3_str_finish(seen);
    return text != NULL ? text : sqlite3_mprintf("");
}

/* Reads that decide nothing: the time, which `once` sees to, and what never changes. */
static bool is_premise(enum statement name)
{
    return name != STATEMENT_newest_entry && name != STATEMENT_ledger_identity &&
           name != STATEMENT_goes_on;
}

static bool meets(const struct ledger_tables *left, const struct ledger_tables *right)
{
    for (size_t i = 0; i < sizeof left->bits / sizeof *left->bits; i++)
        if ((left->bits[i] & right->bits[i]) != 0)
            return true;
    return false;
}

static bool may_be_read(const struct ledger_statement *statement)
{
    struct ledger *ledger = statement->ledger;
    if (ledger->cluster->writing && meets(&statement->remote->reads, &ledger->cluster->written))
        ledger_fail(ledger, SQLITE_INTERNAL, "statement %s reads what has just been written",
                    statement_name[statement->name]);
    return !ledger_failed(ledger);
}

/* `shown`: the columns that are asked for, each an SQL literal; `found`: the same as one text. */
static void ask(struct ledger_statement *statement, const char *query, const char *values,
                const char *shown, const char *found)
{
    struct ledger *ledger = statement->ledger;
    struct cluster *cluster = ledger->cluster;
    struct error error = {ERROR_NONE, ""};
    if (statement->remote->parameters == 0)
        values = NULL;
    char *sql = query == NULL || shown == NULL || found == NULL
                    ? NULL
                    : sqlite3_mprintf("%s SELECT %s FROM r", query, shown);
    if (sql == NULL)
        no_memory(ledger);
    else if (!cluster->link.read(cluster->link.context, sql, values, cluster->unknown,
                                 &statement->remote->rows, &error))
        ledger_fail(ledger, error.code == ERROR_NO_MEMORY ? SQLITE_NOMEM : SQLITE_IOERR, "%s",
                    error.text);
    sqlite3_free(sql);
    if (ledger_failed(ledger) || !cluster->writing || !is_premise(statement->name))
        return;
    char *seen = list_seen(statement->remote->rows);
    cluster_add_premise(ledger, query, values, found, seen);
    sqlite3_free(seen);
}

static void ask_for_one(struct ledger_statement *statement, const char *values,
                        const enum cluster_kind *kinds)
{
    int columns = sqlite3_column_count(statement->prepared);
    char *query = name_columns(statement, kinds), *shown = quote_columns(columns, ", "),
         *found = quote_columns(columns, " || ',' || ");
    ask(statement, query, values, shown, found);
    sqlite3_free(query);
    sqlite3_free(shown);
    sqlite3_free(found);
}

/* -- many reads at once -- */

/* [[1,2],[3,4]]: the values of each read that is foreseen. */
static char *list_foreseen(json_t *foreseen)
{
    const char *values, *between = "[";
    json_t *rows;
    sqlite3_str *json = sqlite3_str_new(NULL);
    json_object_foreach(foreseen, values, rows)
    {
        sqlite3_str_appendf(json, "%s%s", between, values);
        between = ",";
    }
    sqlite3_str_appendchar(json, 1, ']');
    return sqlite3_str_finish(json);
}

/* A row for each, whose one column is a JSON array of what it finds. */
static char *query_for_all(const struct ledger_statement *statement)
{
    char *quoted = quote_columns(sqlite3_column_count(statement->prepared), ", ");
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendall(sql, "WITH r (c0) AS (SELECT (");
    append_query(sql, statement, (struct reading){NULL, "foreseen"}, "one");
    sqlite3_str_appendf(sql,
                        " SELECT json_group_array(json_array(%s)) FROM one) FROM (SELECT value AS "
                        "foreseen FROM json_each(:v) LIMIT -1))",
                        quoted);
    sqlite3_free(quoted);
    char *text = sqlite3_str_finish(sql);
    if (quoted != NULL)
        return text;
    sqlite3_free(text);
    return NULL;
}

/* Each is given the rows that were found for it. */
static void share_out(struct ledger_statement *statement)
{
    struct remote_statement *remote = statement->remote;
    const char *values;
    json_t *rows;
    size_t i = 0;
    json_object_foreach(remote->foreseen, values, rows)
    {
        json_t *row = json_array_get(remote->rows, i++);
        json_t *found = json_loads(row == NULL ? "" : json_string_value(json_array_get(row, 0)),
                                   JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_array(found) || json_object_set_new(remote->foreseen, values, found) != 0)
            ledger_fail(statement->ledger, SQLITE_CORRUPT,
                        "statement %s: the cluster's answer is not what was asked for",
                        statement_name[statement->name]);
    }
    json_decref(remote->rows);
    remote->rows = NULL;
}

static void ask_for_all(struct ledger_statement *statement)
{
    struct remote_statement *remote = statement->remote;
    char *query = query_for_all(statement), *values = list_foreseen(remote->foreseen);
    if (values == NULL)
        no_memory(statement->ledger);
    else
        ask(statement, query, values, "c0", "c0");
    if (!ledger_failed(statement->ledger))
        share_out(statement);
    remote->foreseen_asked = true;
    sqlite3_free(query);
    sqlite3_free(values);
}

/* What was read before a transaction began does not count in it. */
static bool is_foreseen(const struct ledger_statement *statement, const char *values)
{
    const struct remote_statement *remote = statement->remote;
    return remote->foreseen != NULL && remote->foreseen_in == statement->ledger->cluster->begun &&
           json_object_get(remote->foreseen, values) != NULL;
}

void ledger_foresee(struct ledger_statement *statement)
{
    struct remote_statement *remote = statement->remote;
    if (remote == NULL || ledger_failed(statement->ledger))
        return;
    enum cluster_kind *kinds = calloc((size_t)remote->parameters + 1, sizeof *kinds);
    char *values = kinds == NULL ? NULL : list_values(statement, kinds);
    bool plain = values != NULL;
    for (int i = 0; plain && i < remote->parameters; i++)
        plain = kinds[i] == KIND_ANY || kinds[i] == KIND_PLAIN;
    if (remote->foreseen_asked || remote->foreseen_in != statement->ledger->cluster->begun) {
        json_decref(remote->foreseen);
        remote->foreseen = NULL;
        remote->foreseen_asked = false;
        remote->foreseen_in = statement->ledger->cluster->begun;
    }
    if (remote->foreseen == NULL)
        remote->foreseen = json_object();
    if (values == NULL || remote->foreseen == NULL ||
        (plain && json_object_set_new(remote->foreseen, values, json_null()) != 0))
        no_memory(statement->ledger);
    sqlite3_free(values);
    free(kinds);
    cluster_reset(statement);
}

void cluster_fetch(struct ledger_statement *statement)
{
    struct ledger *ledger = statement->ledger;
    struct remote_statement *remote = statement->remote;
    enum cluster_kind *kinds = calloc((size_t)remote->parameters + 1, sizeof *kinds);
    char *values = kinds == NULL ? NULL : list_values(statement, kinds);
    if (values == NULL)
        no_memory(ledger);
    else if (!may_be_read(statement))
        ;
    else if (is_foreseen(statement, values)) {
        if (!remote->foreseen_asked)
            ask_for_all(statement);
        if (!ledger_failed(ledger)) {
            remote->rows = json_incref(json_object_get(remote->foreseen, values));
            json_object_del(remote->foreseen, values);
        }
    } else {
        ask_for_one(statement, values, kinds);
    }
    sqlite3_free(values);
    free(kinds);
}
