/* SPDX-License-Identifier: MIT */
/* cluster.c: a ledger on a cluster: its statements, their text and values, and what is read; its
 * leases. */
#include "ledger/cluster.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger_inside.h"
#include "values/moment.h"
#include "values/utf.h"

static void no_memory(struct ledger *ledger)
{
    ledger_fail(ledger, SQLITE_NOMEM, "out of memory");
}

/* -- joining -- */

bool ledger_is_shared(const struct ledger *ledger)
{
    return ledger->cluster != NULL;
}

bool ledger_is_unmade(const struct ledger *ledger)
{
    return ledger->cluster != NULL && ledger->cluster->version == 0;
}

bool ledger_remembers(const struct ledger *ledger, int64_t read_at)
{
    return ledger->cluster != NULL && !ledger->cluster->writing &&
           moment_monotonic() - read_at < CLUSTER_REMEMBER_MS;
}

static void make_model(struct ledger *ledger)
{
    for (int i = 0; i < ledger_version(); i++)
        ledger_execute(ledger, statement_upgrades[i]);
    ledger_execute(ledger, statement_text[STATEMENT_rules]);
    ledger_execute(ledger, statement_text[STATEMENT_views]);
}

bool cluster_join(struct ledger *ledger, const struct cluster_link *link, const char *owner,
                  int version)
{
    make_model(ledger);
    struct cluster *cluster = calloc(1, sizeof *cluster);
    if (cluster != NULL) {
        cluster->link = *link;
        cluster->version = version;
        cluster->leases = json_array();
        cluster->premises = json_array();
        sqlite3_snprintf(CLUSTER_OWNER_SIZE, cluster->owner, "%s", owner);
    }
    if (cluster == NULL || cluster->leases == NULL || cluster->premises == NULL)
        no_memory(ledger);
    if (!ledger_failed(ledger)) {
        ledger->cluster = cluster;
        return true;
    }
    cluster_close(cluster);
    return false;
}

/* -- which tables a statement is about -- */

static void note_table(struct ledger_tables *tables, const char *table)
{
    for (unsigned i = 0; table != NULL && i < STATEMENT_OBJECTS; i++)
        if (strcmp(statement_objects[i], table) == 0)
            tables->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

/* SQLite asks whether a statement may do each thing that it does, within triggers, too. */
static int note_action(void *context, int action, const char *first, const char *second,
                       const char *schema, const char *trigger)
{
    struct remote_statement *remote = context;
    (void)second, (void)schema, (void)trigger;
    if (action == SQLITE_READ)
        note_table(&remote->reads, first);
    else if (action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE)
        note_table(&remote->writes, first);
    return SQLITE_OK;
}

bool cluster_prepare(struct ledger_statement *statement, enum statement name)
{
    struct ledger *ledger = statement->ledger;
    struct remote_statement *remote = calloc(1, sizeof *remote);
    statement->name = name;
    statement->remote = remote;
    if (remote == NULL) {
        no_memory(ledger);
        return false;
    }
    sqlite3_set_authorizer(ledger->database, note_action, remote);
    bool kept = ledger_keep(ledger, statement_text[name], &statement->prepared);
    sqlite3_set_authorizer(ledger->database, NULL, NULL);
    if (!kept)
        return false;
    remote->parameters = sqlite3_bind_parameter_count(statement->prepared);
    remote->bound = calloc((size_t)remote->parameters + 1, sizeof *remote->bound);
    if (remote->bound == NULL)
        no_memory(ledger);
    return remote->bound != NULL;
}

void cluster_reset(struct ledger_statement *statement)
{
    struct remote_statement *remote = statement->remote;
    json_decref(remote->rows);
    remote->rows = NULL;
    remote->next = 0;
    free(remote->texts);
    remote->texts = NULL;
    memset(remote->cells, 0, sizeof remote->cells);
    if (remote->bound != NULL)
        memset(remote->bound, 0, (size_t)remote->parameters * sizeof *remote->bound);
}

void cluster_finalize(struct ledger_statement *statement)
{
    if (statement->remote == NULL)
        return;
    cluster_reset(statement);
    json_decref(statement->remote->foreseen);
    free(statement->remote->bound);
    free(statement->remote);
    statement->remote = NULL;
}

struct ledger_value *cluster_bind(struct ledger_statement *statement, int parameter)
{
    static struct ledger_value nowhere;
    struct remote_statement *remote = statement->remote;
    if (parameter >= 1 && parameter <= remote->parameters)
        return &remote->bound[parameter - 1];
    ledger_fail(statement->ledger, SQLITE_RANGE, "statement %s has no parameter %d",
                statement_name[statement->name], parameter);
    return &nowhere;
}

/* -- values as JSON -- */

/* A text that JSON can carry to SQLite and back: UTF-8, and no NUL, where SQLite would end it. */
static bool is_plain(const char *text, size_t length)
{
    int32_t at = 0;
    if (length > INT32_MAX)
        return false;
    while (at < (int32_t)length) {
        UChar32 point =
            (unsigned char)text[at] < 0x80 ? text[at++] : utf_next8(text, &at, (int32_t)length);
        if (point <= 0)
            return false;
    }
    return true;
}

static void append_text(sqlite3_str *json, const char *text, size_t length)
{
    size_t from = 0;
    sqlite3_str_appendchar(json, 1, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        sqlite3_str_append(json, text + from, (int)(i - from));
        sqlite3_str_appendf(json, byte >= 0x20 ? "\\%c" : "\\u%04x", byte);
        from = i + 1;
    }
    sqlite3_str_append(json, text + from, (int)(length - from));
    sqlite3_str_appendchar(json, 1, '"');
}

static void append_hex(sqlite3_str *json, const char *bytes, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    sqlite3_str_appendchar(json, 1, '"');
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        const char pair[] = {digits[byte >> 4], digits[byte & 15]};
        sqlite3_str_append(json, pair, 2);
    }
    sqlite3_str_appendchar(json, 1, '"');
}

/* As few digits as tell it from its neighbours, and always with what makes it no integer. */
static void append_real(sqlite3_str *json, double real)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, real);
        if (strtod(text, NULL) == real)
            break;
    }
    sqlite3_str_appendf(json, "%s%s", text, strpbrk(text, ".eE") == NULL ? ".0" : "");
}

enum cluster_kind cluster_encode(sqlite3_str *json, const struct ledger_value *value)
{
    switch (value->type) {
    case VALUE_NULL:
        sqlite3_str_appendall(json, "null");
        return KIND_ANY;
    case VALUE_INTEGER:
        sqlite3_str_appendf(json, "%lld", (long long)value->integer);
        return KIND_PLAIN;
    case VALUE_REAL:
        append_real(json, value->real);
        return KIND_PLAIN;
    case VALUE_TEXT:
        if (is_plain(value->bytes, value->length)) {
            append_text(json, value->bytes, value->length);
            return KIND_PLAIN;
        }
        append_hex(json, value->bytes, value->length);
        return KIND_HEX_TEXT;
    case VALUE_BLOB:
        break;
    }
    append_hex(json, value->bytes, value->length);
    return KIND_HEX;
}

void cluster_understand(sqlite3_str *sql, enum cluster_kind kind, const char *base, int place)
{
    static const char *const before[] = {"(", "(", "unhex(", "CAST(unhex("};
    static const char *const after[] = {")", ")", ")", ") AS TEXT)"};
    sqlite3_str_appendf(sql, "%s%s ->> %d%s", before[kind], base, place, after[kind]);
}

/* -- the text of a statement -- */

/* Steps over a string, a comment or any other character. */
static size_t token_length(const char *text)
{
    if (text[0] == '-' && text[1] == '-')
        return strcspn(text, "\n");
    if (text[0] == '\'') {
        size_t length = 1 + strcspn(text + 1, "'");
        return text[length] == '\'' ? length + 1 : length;
    }
    return 1;
}

void cluster_rewrite(const struct ledger_statement *statement, sqlite3_str *sql,
                     cluster_expression *expression, void *context)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
    const char *text = statement_text[statement->name];
    while (*text != '\0') {
        size_t length = token_length(text);
        size_t name = text[0] == ':' ? strspn(text + 1, letters) : 0;
        char parameter[64];
        if (name == 0) {
            if (text[0] != '-' || length == 1) /* comments stay at home */
                sqlite3_str_append(sql, text, (int)length);
            text += length;
            continue;
        }
        snprintf(parameter, sizeof parameter, "%.*s", (int)name + 1, text);
        expression(context, sql, sqlite3_bind_parameter_index(statement->prepared, parameter) - 1);
        text += name + 1;
    }
}

/* -- literals -- */

static int hex_digit(char digit)
{
    return digit >= '0' && digit <= '9'   ? digit - '0'
           : digit >= 'A' && digit <= 'F' ? digit - 'A' + 10
                                          : -1;
}

/* Its text is kept, too: a column of any type may be read as one. */
static bool read_number(const char *literal, struct ledger_value *value, char **room)
{
    char *end = NULL;
    value->type = strpbrk(literal, ".eE") != NULL ? VALUE_REAL : VALUE_INTEGER;
    if (value->type == VALUE_REAL)
        value->real = strtod(literal, &end);
    else
        value->integer = strtoll(literal, &end, 10);
    value->length = strlen(literal);
    memcpy(*room, literal, value->length + 1);
    *room += value->length + 1;
    return end != literal && *end == '\0';
}

/* 'It''s', X'4142', 12, 1.5, NULL. False: it is none. `room` moves behind what it holds. */
static bool read_literal(const char *literal, struct ledger_value *value, char **room)
{
    char *to = *room;
    *value = (struct ledger_value){.type = VALUE_NULL};
    if (literal == NULL || strcmp(literal, "NULL") == 0)
        return literal != NULL;
    value->bytes = to;
    if (literal[0] == '\'') {
        value->type = VALUE_TEXT;
        for (literal++; literal[0] != '\0' && (literal[0] != '\'' || literal[1] == '\'');) {
            literal += literal[0] == '\'';
            *to++ = *literal++;
        }
    } else if (literal[0] == 'X' && literal[1] == '\'') {
        value->type = VALUE_BLOB;
        for (literal += 2; hex_digit(literal[0]) >= 0 && hex_digit(literal[1]) >= 0; literal += 2)
            *to++ = (char)(hex_digit(literal[0]) << 4 | hex_digit(literal[1]));
    } else {
        return read_number(literal, value, room);
    }
    value->length = (size_t)(to - value->bytes);
    *to++ = '\0';
    *room = to;
    return strcmp(literal, "'") == 0;
}

static bool read_row(struct ledger_statement *statement, const json_t *row)
{
    struct remote_statement *remote = statement->remote;
    size_t columns = (size_t)sqlite3_column_count(statement->prepared), size = 1;
    for (size_t i = 0; i < columns; i++)
        size += json_string_length(json_array_get(row, i)) + 1;
    free(remote->texts);
    remote->texts = malloc(size);
    char *room = remote->texts;
    if (room == NULL) {
        no_memory(statement->ledger);
        return false;
    }
    for (size_t i = 0; i < columns && i < LEDGER_MOST_COLUMNS; i++)
        if (!read_literal(json_string_value(json_array_get(row, i)), &remote->cells[i], &room)) {
            ledger_fail(statement->ledger, SQLITE_CORRUPT,
                        "statement %s: the cluster's answer is not what was asked for",
                        statement_name[statement->name]);
            return false;
        }
    return true;
}

bool cluster_row(struct ledger_statement *statement)
{
    struct remote_statement *remote = statement->remote;
    if (!sqlite3_stmt_readonly(statement->prepared)) {
        cluster_gather(statement);
        return false;
    }
    if (remote->rows == NULL)
        cluster_fetch(statement);
    if (ledger_failed(statement->ledger))
        return false;
    const json_t *row = json_array_get(remote->rows, remote->next++);
    if (row != NULL)
        return read_row(statement, row);
    cluster_reset(statement);
    return false;
}

/* -- leases -- */

static size_t place_of_lease(const struct cluster *cluster, const char *what)
{
    size_t i;
    json_t *lease;
    json_array_foreach(cluster->leases, i, lease)
    {
        if (strcmp(json_string_value(lease), what) == 0)
            break;
    }
    return i;
}

bool ledger_take_lease(struct ledger *ledger, const char *what, const char *host,
                       char holder[CLUSTER_OWNER_SIZE])
{
    enum { OWNER };
    static const char *const columns[] = {"owner", NULL};
    struct cluster *cluster = ledger->cluster;
    int64_t now = moment_now();
    holder[0] = '\0';
    if (cluster == NULL)
        return true;
    ledger_begin(ledger);
    struct ledger_statement *take = ledger_use(ledger, STATEMENT_take_lease);
    ledger_set_text(take, ":what", what);
    ledger_set_text(take, ":owner", cluster->owner);
    ledger_set_text(take, ":host", host);
    ledger_set_integer(take, ":recorded_at", now);
    ledger_set_integer(take, ":lease_until", now + CLUSTER_LEASE_MS);
    ledger_run(take);
    ledger_end(ledger);
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_lease_owner, columns);
    ledger_set_text(row, ":what", what);
    if (ledger_row(row)) {
        sqlite3_snprintf(CLUSTER_OWNER_SIZE, holder, "%s", ledger_word(row, OWNER));
        ledger_done(row);
    }
    bool taken = !ledger_failed(ledger) && strcmp(holder, cluster->owner) == 0;
    if (taken && place_of_lease(cluster, what) == json_array_size(cluster->leases))
        json_array_append_new(cluster->leases, json_string(what));
    return taken;
}

void ledger_release_lease(struct ledger *ledger, const char *what)
{
    struct cluster *cluster = ledger->cluster;
    if (cluster == NULL || place_of_lease(cluster, what) == json_array_size(cluster->leases))
        return;
    json_array_remove(cluster->leases, place_of_lease(cluster, what));
    bool failed = ledger_failed(ledger); /* the lease ends by itself, then */
    if (failed || cluster->unknown)
        return;
    ledger_begin(ledger);
    struct ledger_statement *release = ledger_use(ledger, STATEMENT_release_lease);
    ledger_set_text(release, ":what", what);
    ledger_set_text(release, ":owner", cluster->owner);
    ledger_run(release);
    ledger_end(ledger);
    ledger_forgive(ledger);
}

void ledger_keep_leases(struct ledger *ledger)
{
    struct cluster *cluster = ledger->cluster;
    if (cluster == NULL || json_array_size(cluster->leases) == 0 ||
        moment_monotonic() - cluster->wrote_at < CLUSTER_LEASE_MS / 3)
        return;
    ledger_begin(ledger);
    struct ledger_statement *nothing = ledger_use(ledger, STATEMENT_forget_sessions);
    ledger_set_integer(nothing, ":before", 0);
    ledger_run(nothing);
    ledger_end(ledger);
}
