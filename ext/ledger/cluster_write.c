/* SPDX-License-Identifier: MIT */
/* cluster_write.c: writes to a ledger on a cluster: gathered, sent together, and what came of it.
 */
#include "ledger/cluster.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_inside.h"
#include "values/moment.h"

enum {
    ROWS_MOST = 2000,     /* of one statement */
    BYTES_MOST = 4 << 20, /* likewise */
    ROUNDS_MOST = 60,     /* of a write that is stale again and again */
    PAUSE_MOST_MS = 400   /* before the next */
};

/* A statement that is gathered, with the values of its rows. */
struct cluster_item {
    struct ledger_statement *statement; /* NULL: `script` */
    char *script;                       /* one statement, as it stands */
    int parameters;
    enum cluster_kind *kinds; /* [parameters] */
    sqlite3_str *json;        /* the values, one after the other, without anything between */
    size_t *ends;             /* [rows * parameters]: where each of them ends */
    size_t rows, room;
};

static void no_memory(struct ledger *ledger)
{
    ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
}

static void free_item(struct cluster_item *item)
{
    sqlite3_free(item->json == NULL ? NULL : sqlite3_str_finish(item->json));
    sqlite3_free(item->script);
    free(item->kinds);
    free(item->ends);
}

static void forget_items(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->item_count; i++)
        free_item(&cluster->items[i]);
    cluster->item_count = 0;
    json_array_clear(cluster->premises);
    memset(&cluster->written, 0, sizeof cluster->written);
}

void cluster_close(struct cluster *cluster)
{
    if (cluster == NULL)
        return;
    forget_items(cluster);
    free(cluster->items);
    json_decref(cluster->premises);
    json_decref(cluster->leases);
    free(cluster);
}

/* -- gathering -- */

/* One more, of which nothing is known yet. */
static struct cluster_item *add_item(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    if (cluster->item_count == cluster->item_room) {
        size_t room = cluster->item_room == 0 ? 16 : 2 * cluster->item_room;
        struct cluster_item *items = realloc(cluster->items, room * sizeof *items);
        if (items == NULL) {
            no_memory(ledger);
            return NULL;
        }
        cluster->items = items;
        cluster->item_room = room;
    }
    struct cluster_item *item = &cluster->items[cluster->item_count];
    memset(item, 0, sizeof *item);
    cluster->item_count++;
    return item;
}

/* INSERT INTO x (...) VALUES (:a, :b): its rows may go together. */
static const char *values_of(const struct ledger_statement *statement)
{
    const char *text = statement_text[statement->name];
    size_t length = strlen(text);
    const char *values = strstr(text, "VALUES (");
    bool whole = strncmp(text, "INSERT INTO ", 12) == 0 && values != NULL &&
                 strchr(values, '\n') == NULL && length > 0 && text[length - 1] == ')' &&
                 strstr(values, "), (") == NULL;
    return whole ? values : NULL;
}

/* A value that must be understood in another way than those before it does not go with them. */
static bool fits(const struct cluster_item *item, const enum cluster_kind *kinds)
{
    for (int i = 0; i < item->parameters; i++)
        if (kinds[i] != KIND_ANY && item->kinds[i] != KIND_ANY && kinds[i] != item->kinds[i])
            return false;
    return true;
}

static struct cluster_item *last_item(struct cluster *cluster)
{
    return cluster->item_count == 0 ? NULL : &cluster->items[cluster->item_count - 1];
}

/* How each value is to be understood, found out by writing it. */
static bool find_kinds(const struct ledger_statement *statement, enum cluster_kind *kinds,
                       sqlite3_str *json, size_t *ends)
{
    for (int i = 0; i < statement->remote->parameters; i++) {
        kinds[i] = cluster_encode(json, &statement->remote->bound[i]);
        ends[i] = (size_t)sqlite3_str_length(json);
    }
    return sqlite3_str_errcode(json) == SQLITE_OK;
}

/* The item that a row goes into: the last, or a new one. */
static struct cluster_item *item_for(struct ledger_statement *statement,
                                     const enum cluster_kind *kinds, size_t length)
{
    struct ledger *ledger = statement->ledger;
    struct cluster_item *item = last_item(ledger->cluster);
    if (item != NULL && item->statement == statement && item->rows < ROWS_MOST &&
        (size_t)sqlite3_str_length(item->json) + length < BYTES_MOST &&
        values_of(statement) != NULL && fits(item, kinds))
        return item;
    item = add_item(ledger);
    if (item == NULL)
        return NULL;
    item->statement = statement;
    item->parameters = statement->remote->parameters;
    item->json = sqlite3_str_new(NULL);
    item->kinds = calloc((size_t)item->parameters + 1, sizeof *item->kinds);
    return item;
}

static bool make_room(struct cluster_item *item)
{
    if (item->rows < item->room)
        return true;
    size_t room = item->room == 0 ? 1 : 2 * item->room;
    size_t *ends = reallocarray(item->ends, room * ((size_t)item->parameters + 1), sizeof *ends);
    if (ends == NULL)
        return false;
    item->ends = ends;
    item->room = room;
    return true;
}

static void add_row(struct cluster_item *item, const enum cluster_kind *kinds, const char *json,
                    const size_t *ends, size_t length)
{
    size_t from = (size_t)sqlite3_str_length(item->json);
    sqlite3_str_append(item->json, json, (int)length);
    for (int i = 0; i < item->parameters; i++) {
        item->kinds[i] = kinds[i] != KIND_ANY ? kinds[i] : item->kinds[i];
        item->ends[item->rows * (size_t)item->parameters + (size_t)i] = from + ends[i];
    }
    item->rows++;
}

void cluster_gather(struct ledger_statement *statement)
{
    struct ledger *ledger = statement->ledger;
    struct cluster *cluster = ledger->cluster;
    size_t count = (size_t)statement->remote->parameters + 1;
    enum cluster_kind *kinds = calloc(count, sizeof *kinds);
    size_t *ends = calloc(count, sizeof *ends);
    sqlite3_str *json = sqlite3_str_new(NULL);
    if (!cluster->writing)
        ledger_fail(ledger, SQLITE_INTERNAL, "statement %s writes outside a transaction",
                    statement_name[statement->name]);
    else if (kinds == NULL || ends == NULL || !find_kinds(statement, kinds, json, ends))
        no_memory(ledger);
    size_t length = (size_t)sqlite3_str_length(json);
    struct cluster_item *item = ledger_failed(ledger) ? NULL : item_for(statement, kinds, length);
    if (item != NULL && item->kinds != NULL && make_room(item))
        add_row(item, kinds, sqlite3_str_value(json), ends, length);
    else
        no_memory(ledger);
    for (size_t i = 0; i < sizeof cluster->written.bits / sizeof *cluster->written.bits; i++)
        cluster->written.bits[i] |= statement->remote->writes.bits[i];
    char *text = sqlite3_str_finish(json);
    if (text != NULL)
        sodium_memzero(text, length); /* a hash or a nonce may stand there */
    sqlite3_free(text);
    free(ends);
    free(kinds);
}

/* Where the next statement begins, or the end. */
static const char *skip_comments(const char *script)
{
    for (;;) {
        script += strspn(script, " \n");
        if (strncmp(script, "--", 2) != 0)
            return script;
        script += strcspn(script, "\n");
    }
}

/* How long the statement is that it begins with: what SQLite takes for a whole one, or all. */
static size_t statement_length(const char *script)
{
    for (size_t length = 0; script[length] != '\0';) {
        length += strcspn(script + length, ";");
        length += script[length] == ';';
        char *text = sqlite3_mprintf("%.*s", (int)length, script);
        bool whole = text != NULL && sqlite3_complete(text) != 0;
        sqlite3_free(text);
        if (whole)
            return length;
    }
    return strlen(script);
}

void cluster_gather_script(struct ledger *ledger, const char *script)
{
    while (!ledger_failed(ledger) && *(script = skip_comments(script)) != '\0') {
        size_t length = statement_length(script);
        struct cluster_item *item = add_item(ledger);
        if (item == NULL)
            return;
        item->script = sqlite3_mprintf("%.*s", (int)length, script);
        if (item->script == NULL)
            no_memory(ledger);
        script += length;
    }
}

void cluster_add_premise(struct ledger *ledger, const char *query, const char *values,
                         const char *found, const char *seen)
{
    /* The text that was seen may look like something else: it travels within JSON, too. */
    struct ledger_value text = {
        .type = VALUE_TEXT, .bytes = seen, .length = seen == NULL ? 0 : strlen(seen)};
    sqlite3_str *json = sqlite3_str_new(NULL);
    sqlite3_str_appendchar(json, 1, '[');
    enum cluster_kind kind = seen == NULL ? KIND_ANY : cluster_encode(json, &text);
    sqlite3_str_appendchar(json, 1, ']');
    char *list = sqlite3_str_finish(json);
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "%s INSERT INTO premise (seen, found) SELECT ", query);
    cluster_understand(sql, kind, ":s", 0);
    sqlite3_str_appendf(sql, ", coalesce((SELECT group_concat(%s, ';') FROM r), '')", found);
    char *statement = sqlite3_str_finish(sql);
    json_t *one = list == NULL || statement == NULL || seen == NULL || found == NULL ? NULL
                  : values == NULL
                      ? json_pack("[s, {s:s}]", statement, "s", list)
                      : json_pack("[s, {s:s, s:s}]", statement, "s", list, "v", values);
    if (one == NULL || json_array_append_new(ledger->cluster->premises, one) != 0)
        no_memory(ledger);
    sqlite3_free(statement);
    sqlite3_free(list);
}

/* -- the text of what is sent -- */

struct columns {
    const struct cluster_item *item;
    int *place; /* [parameters]: from 0 within its list */
    bool *varies;
    bool batch;
};

static const char *value_at(const struct cluster_item *item, size_t row, int parameter,
                            size_t *length)
{
    size_t at = row * (size_t)item->parameters + (size_t)parameter;
    size_t from = at == 0 ? 0 : item->ends[at - 1];
    *length = item->ends[at] - from;
    return sqlite3_str_value(item->json) + from;
}

static bool is_constant(const struct cluster_item *item, int parameter)
{
    size_t length, first;
    const char *value = value_at(item, 0, parameter, &first);
    for (size_t row = 1; row < item->rows; row++) {
        const char *other = value_at(item, row, parameter, &length);
        if (length != first || memcmp(other, value, length) != 0)
            return false;
    }
    return true;
}

static void append_expression(void *context, sqlite3_str *sql, int parameter)
{
    const struct columns *columns = context;
    const char *base = !columns->batch ? ":v" : columns->varies[parameter] ? "v" : ":c";
    cluster_understand(sql, columns->item->kinds[parameter], base, columns->place[parameter]);
}

/* INSERT INTO x (a, b) SELECT (v ->> 0), (:c ->> 0) FROM the rows, in their order. */
static void append_batch(sqlite3_str *sql, struct columns *columns)
{
    sqlite3_str *whole = sqlite3_str_new(NULL);
    cluster_rewrite(columns->item->statement, whole, append_expression, columns);
    char *text = sqlite3_str_finish(whole),
         *values = text == NULL ? NULL : strstr(text, "VALUES (");
    if (values != NULL) {
        size_t length = strlen(values);
        sqlite3_str_append(sql, text, (int)(values - text));
        sqlite3_str_appendf(sql, "SELECT %.*s FROM (SELECT value AS v FROM json_each(:v) LIMIT -1)",
                            (int)(length - strlen("VALUES (") - 1), values + strlen("VALUES ("));
    }
    sqlite3_free(text);
}

/* A JSON array of a row's values, those that vary or those that do not. */
static void append_values(sqlite3_str *json, const struct columns *columns, size_t row,
                          bool varying)
{
    const char *between = "";
    sqlite3_str_appendchar(json, 1, '[');
    for (int i = 0; i < columns->item->parameters; i++) {
        size_t length;
        const char *value = value_at(columns->item, row, i, &length);
        if (columns->varies[i] != varying)
            continue;
        sqlite3_str_appendall(json, between);
        sqlite3_str_append(json, value, (int)length);
        between = ",";
    }
    sqlite3_str_appendchar(json, 1, ']');
}

static char *list_rows(const struct columns *columns)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    if (columns->batch)
        sqlite3_str_appendchar(json, 1, '[');
    for (size_t row = 0; row < columns->item->rows; row++) {
        if (row > 0)
            sqlite3_str_appendchar(json, 1, ',');
        append_values(json, columns, row, true);
    }
    if (columns->batch)
        sqlite3_str_appendchar(json, 1, ']');
    return sqlite3_str_finish(json);
}

static char *list_constants(const struct columns *columns)
{
    sqlite3_str *json = sqlite3_str_new(NULL);
    append_values(json, columns, 0, false);
    return sqlite3_str_finish(json);
}

static json_t *pack(const struct columns *columns)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    if (columns->batch)
        append_batch(text, (struct columns *)columns);
    else
        cluster_rewrite(columns->item->statement, text, append_expression,
                        (struct columns *)columns);
    char *sql = sqlite3_str_finish(text), *rows = list_rows(columns),
         *constants = list_constants(columns);
    json_t *packed = sql == NULL || rows == NULL || constants == NULL ? NULL
                     : columns->item->parameters == 0                 ? json_pack("[s]", sql)
                     : columns->batch ? json_pack("[s, {s:s, s:s}]", sql, "v", rows, "c", constants)
                                      : json_pack("[s, {s:s}]", sql, "v", rows);
    sqlite3_free(sql);
    sqlite3_free(rows);
    sqlite3_free(constants);
    return packed;
}

static json_t *pack_item(const struct cluster_item *item)
{
    if (item->script != NULL)
        return json_pack("[s]", item->script);
    size_t count = (size_t)item->parameters + 1;
    struct columns columns = {.item = item,
                              .place = calloc(count, sizeof *columns.place),
                              .varies = calloc(count, sizeof *columns.varies),
                              .batch = item->rows > 1};
    int places[2] = {0, 0};
    json_t *packed = NULL;
    if (columns.place != NULL && columns.varies != NULL) {
        for (int i = 0; i < item->parameters; i++) {
            columns.varies[i] = !columns.batch || !is_constant(item, i);
            columns.place[i] = places[columns.varies[i]]++;
        }
        packed = pack(&columns);
    }
    free(columns.place);
    free(columns.varies);
    return packed;
}

/* -- sending -- */

/* What every write begins with. It is bound and gathered like any other, and then put in front. */
static void begin_write(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    const struct ledger_clock *clock = ledger_clock_of(ledger);
    char *leases = json_dumps(cluster->leases, JSON_COMPACT);
    int64_t now = moment_now();
    struct ledger_statement *begin = ledger_use(ledger, STATEMENT_begin_write);
    ledger_set_text(begin, ":owner", cluster->owner);
    ledger_set_integer(begin, ":sequence", cluster->sequence + 1);
    ledger_set_integer(begin, ":version", cluster->version);
    ledger_set_text(begin, ":leases", leases);
    ledger_set_integer(begin, ":lease_until", now + CLUSTER_LEASE_MS);
    ledger_set_integer(begin, ":recorded_at", now);
    ledger_set_integer(begin, ":newest",
                       clock->stamped ? clock->now + CLUSTER_CLOCK_MS : INT64_MAX);
    if (leases == NULL)
        no_memory(ledger);
    ledger_run(begin);
    free(leases);
}

/* [once, what was read, what is written]. A ledger that is being made has no such rule yet. */
static json_t *list_statements(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    json_t *all = json_array();
    bool made = cluster->version == ledger_version();
    if (made)
        begin_write(ledger);
    bool good = all != NULL && !ledger_failed(ledger);
    size_t count = cluster->item_count - made;
    if (good && made)
        good = json_array_append_new(
                   all, json_pack("[s]", statement_text[STATEMENT_leave_nothing])) == 0 &&
               json_array_append_new(all, pack_item(&cluster->items[count])) == 0 &&
               json_array_extend(all, cluster->premises) == 0;
    for (size_t i = 0; good && i < count; i++)
        good = json_array_append_new(all, pack_item(&cluster->items[i])) == 0;
    if (good)
        return all;
    no_memory(ledger);
    json_decref(all);
    return NULL;
}

/* Which obstacle a write has met, by the constraint that SQLite names. */
static bool met(const char *said, const char *obstacle)
{
    static const char words[] = "CHECK constraint failed: ";
    return strncmp(said, words, sizeof words - 1) == 0 &&
           strcmp(said + sizeof words - 1, obstacle) == 0;
}

static void refused(struct ledger *ledger, const char *said)
{
    struct cluster *cluster = ledger->cluster;
    if (met(said, "again")) {
        cluster->sequence++; /* an answer was lost: it had been carried out */
        return;
    }
    cluster->stale = met(said, "stale");
    if (cluster->stale)
        ledger_fail(ledger, SQLITE_BUSY, "others write to the ledger again and again");
    else if (met(said, "lost"))
        ledger_fail(ledger, SQLITE_ERROR,
                    "another run has taken over what this one was at: nothing more is written");
    else if (met(said, "gap"))
        ledger_fail(ledger, SQLITE_ERROR, "an earlier write of this run is missing on the cluster");
    else if (met(said, "version"))
        ledger_fail(ledger, SQLITE_ERROR,
                    "the ledger's version was changed meanwhile: start the run again");
    else
        ledger_fail(ledger, SQLITE_ERROR, "%s", said);
}

static void send(struct ledger *ledger, const json_t *statements)
{
    struct cluster *cluster = ledger->cluster;
    struct error error = {ERROR_NONE, ""};
    cluster->wrote_at = moment_monotonic();
    switch (cluster->link.write(cluster->link.context, statements, &error)) {
    case CLUSTER_DONE:
        cluster->sequence += cluster->version == ledger_version();
        cluster->rounds = 0;
        break;
    case CLUSTER_REFUSED:
        refused(ledger, error.text);
        break;
    case CLUSTER_FAILED:
        ledger_fail(ledger, error.code == ERROR_INVALID ? SQLITE_AUTH : SQLITE_IOERR, "%s",
                    error.text);
        break;
    case CLUSTER_UNKNOWN:
        cluster->unknown = true;
        ledger_fail(
            ledger, SQLITE_IOERR,
            "%s: whether the last write was carried out is not known; the next run finds it",
            error.text);
        break;
    }
}

/* -- beginning and end -- */

void cluster_begin(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    forget_items(cluster);
    cluster->writing = true;
    cluster->begun++;
    cluster->stale = false;
    if (cluster->unknown)
        ledger_fail(ledger, SQLITE_IOERR,
                    "whether the last write was carried out is not known: nothing more is written");
}

void cluster_finish(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    if (!ledger_failed(ledger) && cluster->item_count > 0) {
        json_t *statements = list_statements(ledger);
        if (statements != NULL)
            send(ledger, statements);
        json_decref(statements);
    }
    cluster->writing = false;
    cluster->begun++;
    forget_items(cluster);
}

bool ledger_again(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    if (cluster == NULL || !cluster->stale || ++cluster->rounds > ROUNDS_MOST)
        return false;
    cluster->stale = false;
    ledger_forgive(ledger);
    int most = (int)cluster->rounds * 20;
    sqlite3_sleep(
        (int)randombytes_uniform((uint32_t)(most < PAUSE_MOST_MS ? most : PAUSE_MOST_MS)));
    return true;
}
