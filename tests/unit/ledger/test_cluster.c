/* SPDX-License-Identifier: MIT */
/* A ledger on a cluster, which is a database here that requests are carried out on as a node does:
 * what is read and written comes over whole, and a write is carried out once, on what was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ledger/cluster.h"
#include "ledger/connection.h"

struct node {
    sqlite3 *database;
    unsigned reads, writes;
    int loses;    /* of so many writes nobody learns what came of them, though they are made */
    bool twice;   /* each is sent twice */
    json_t *last; /* the last request */
};

/* -- the node -- */

/* SQLite has it from 3.41 on. */
static void from_hex(sqlite3_context *context, int count, sqlite3_value **values)
{
    const char *text = (const char *)sqlite3_value_text(values[0]);
    unsigned char bytes[4096];
    size_t length = 0;
    (void)count;
    if (text == NULL)
        return;
    for (; text[0] != '\0'; text += 2, length++) {
        const char pair[] = {text[0], text[1], '\0'};
        bytes[length] = (unsigned char)strtoul(pair, NULL, 16);
    }
    sqlite3_result_blob(context, bytes, (int)length, SQLITE_TRANSIENT);
}

static sqlite3_stmt *prepare(struct node *node_there, const char *sql, const json_t *parameters)
{
    sqlite3_stmt *statement = NULL;
    const char *name;
    json_t *value;
    if (sqlite3_prepare_v2(node_there->database, sql, -1, &statement, NULL) != SQLITE_OK)
        return NULL; /* the error is the database's */
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
    {
        char text[16];
        snprintf(text, sizeof text, ":%s", name);
        sqlite3_bind_text(statement, sqlite3_bind_parameter_index(statement, text),
                          json_string_value(value), -1, SQLITE_TRANSIENT);
    }
    return statement;
}

static bool read_rows(void *context, const char *sql, const char *values, bool strong,
                      json_t **rows, struct error *error)
{
    struct node *node = context;
    json_t *parameters = values == NULL ? NULL : json_pack("{s:s}", "v", values);
    (void)strong, (void)error;
    node->reads++;
    *rows = json_array();
    sqlite3_stmt *statement = prepare(node, sql, parameters);
    if (statement == NULL)
        fail_msg("%s: %s", sql, sqlite3_errmsg(node->database));
    while (sqlite3_step(statement) == SQLITE_ROW) {
        json_t *row = json_array();
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            json_array_append_new(row,
                                  json_string((const char *)sqlite3_column_text(statement, i)));
        json_array_append_new(*rows, row);
    }
    sqlite3_finalize(statement);
    json_decref(parameters);
    return true;
}

static enum cluster_end carry_out(void *context, const json_t *statements, struct error *error)
{
    struct node *node = context;
    size_t i;
    json_t *one;
    bool failed = false;
    node->writes++;
    json_decref(node->last);
    node->last = json_deep_copy(statements);
    sqlite3_exec(node->database, "BEGIN", NULL, NULL, NULL);
    json_array_foreach(statements, i, one)
    {
        sqlite3_stmt *statement =
            prepare(node, json_string_value(json_array_get(one, 0)), json_array_get(one, 1));
        while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
            ;
        failed = statement == NULL || sqlite3_finalize(statement) != SQLITE_OK;
        if (failed)
            break;
    }
    if (failed)
        error_set(error, ERROR_INVALID, "%s", sqlite3_errmsg(node->database));
    sqlite3_exec(node->database, failed ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL);
    if (node->loses > 0 && node->loses-- > 0) {
        error_set(error, ERROR_IO, "no answer");
        return CLUSTER_UNKNOWN;
    }
    return failed ? CLUSTER_REFUSED : CLUSTER_DONE;
}

/* An answer that was lost: the same bytes again. */
static enum cluster_end write_rows(void *context, const json_t *statements, struct error *error)
{
    const struct node *node = context;
    if (node->twice)
        assert_int_equal(carry_out(context, statements, error), CLUSTER_DONE);
    return carry_out(context, statements, error);
}

static const struct cluster_link link_to = {.read = read_rows, .write = write_rows};

/* -- a ledger there -- */

static struct node node;

static struct ledger *join_as(const char *owner, int version)
{
    struct error error;
    struct cluster_link link = link_to;
    link.context = &node;
    struct ledger *ledger = ledger_open(connection_open(NULL, CONNECTION_PRIVATE, 0, &error));
    assert_non_null(ledger);
    assert_true(cluster_join(ledger, &link, owner, version));
    return ledger;
}

static void leave(struct ledger *ledger)
{
    sqlite3 *database = ledger_database(ledger);
    ledger_close(ledger);
    assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

static int make_cluster(void **state)
{
    memset(&node, 0, sizeof node);
    assert_int_equal(sqlite3_open(":memory:", &node.database), SQLITE_OK);
    sqlite3_create_function(node.database, "unhex", 1, SQLITE_UTF8, NULL, from_hex, NULL, NULL);
    struct ledger *ledger = join_as("host:1:a", 0);
    assert_int_equal(ledger_version_found(ledger), 0);
    ledger_create(ledger, &(struct ledger_making){.settings = "{}"});
    assert_string_equal(ledger_error(ledger), "");
    assert_int_equal(ledger_version_found(ledger), ledger_version());
    *state = ledger;
    return 0;
}

static int end_cluster(void **state)
{
    leave(*state);
    json_decref(node.last);
    return sqlite3_close(node.database);
}

static int64_t ask(const char *sql)
{
    sqlite3_stmt *statement = prepare(&node, sql, NULL);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* -- tests -- */

static void it_is_made_in_one_request(void **state)
{
    struct ledger *ledger = *state;
    assert_int_equal(node.writes, 1);
    assert_int_equal(ask("PRAGMA user_version"), ledger_version());
    assert_int_equal(ask("PRAGMA application_id"), ledger_application_id());
    assert_int_equal(ask("SELECT count(*) FROM ledger"), 1);
    ledger_create(ledger, &(struct ledger_making){.settings = "{}"}); /* again: nothing */
    assert_int_equal(node.writes, 1);
    /* Who thinks that there is none is refused by what is there. */
    struct ledger *late = join_as("host:2:b", 0);
    ledger_create(late, &(struct ledger_making){.settings = "{}"});
    assert_true(ledger_failed(late));
    assert_non_null(strstr(ledger_error(late), "already exists"));
    assert_int_equal(ask("SELECT count(*) FROM ledger"), 1);
    leave(late);
}

/* The same DDL, letter by letter, as in a file. */
static void its_schema_is_that_of_a_file(void **state)
{
    static const char dump[] = "SELECT group_concat(type || name || coalesce(sql, ''), ';') FROM "
                               "(SELECT * FROM sqlite_schema ORDER BY name)";
    sqlite3 *file;
    sqlite3_stmt *ours, *theirs;
    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &file), SQLITE_OK);
    struct ledger *ledger = ledger_open(file);
    ledger_create(ledger, &(struct ledger_making){.settings = "{}"});
    assert_int_equal(sqlite3_prepare_v2(file, dump, -1, &theirs, NULL), SQLITE_OK);
    ours = prepare(&node, dump, NULL);
    assert_int_equal(sqlite3_step(ours), SQLITE_ROW);
    assert_int_equal(sqlite3_step(theirs), SQLITE_ROW);
    assert_true(sqlite3_column_bytes(ours, 0) > 10000);
    assert_string_equal((const char *)sqlite3_column_text(ours, 0),
                        (const char *)sqlite3_column_text(theirs, 0));
    sqlite3_finalize(ours);
    sqlite3_finalize(theirs);
    ledger_close(ledger);
    sqlite3_close(file);
}

static void insert_attempt(struct ledger *ledger, int64_t id, double latitude, const char *name,
                           size_t length)
{
    struct ledger_statement *admit = ledger_use(ledger, STATEMENT_admit);
    ledger_set_integer(admit, ":id", id);
    ledger_set_integer(admit, ":recorded_at", 1000);
    ledger_set_integer(admit, ":attempted_at", INT64_MAX - id);
    ledger_set_integer(admit, ":setting_id", 1);
    ledger_set_integer(admit, ":has_password", 0);
    ledger_set_text(admit, ":reasons", "");
    ledger_set_text(admit, ":told", "success");
    ledger_set_text(admit, ":confirm", "never");
    ledger_set_text(admit, ":reportable", "[]");
    ledger_set_integer(admit, ":unique_email", 1);
    ledger_set_integer(admit, ":unique_phone", 1);
    ledger_set_real_at(admit, ledger_parameter(admit, ":latitude"), latitude);
    ledger_set_text_at(admit, ledger_parameter(admit, ":name"), name, length);
    ledger_set_integer_at(admit, ledger_parameter(admit, ":longitude"), -id);
    ledger_set_blob(admit, ":sealed", "\0\xffx", 3);
    ledger_run(admit);
}

/* What goes there, byte by byte: in one statement where it can. */
static void values_arrive_whole(void **state)
{
    static const char *const names[] = {"x'4142'",
                                        "X'00'",
                                        "it's; \"quoted\"\\n",
                                        "",
                                        "NULL",
                                        "[1]",
                                        "\xF0\x9F\x90\x9D\xC3\xA9\t\x01\x7f"};
    static const double numbers[] = {2.0, 49.28, -0.1, 1e300, 5e-324, 123456789012345680.0, 0.0};
    enum { ROWS = 7 };
    struct ledger *ledger = *state;
    ledger_begin(ledger);
    for (int i = 0; i < ROWS; i++)
        insert_attempt(ledger, i + 1, numbers[i], names[i], strlen(names[i]));
    insert_attempt(ledger, ROWS + 1, 1, "a\0b", 3); /* neither can travel as text */
    insert_attempt(ledger, ROWS + 2, 1,
                   "a\xff"
                   "b",
                   3);
    ledger_end(ledger);
    assert_string_equal(ledger_error(ledger), "");
    /* PRAGMA, once, the seven, the two. */
    assert_int_equal(json_array_size(node.last), 4);
    sqlite3_stmt *row = prepare(&node,
                                "SELECT p.name, p.latitude, typeof(p.latitude), p.longitude, "
                                "a.attempted_at, f.sealed FROM person p JOIN attempt a ON "
                                "a.id = p.attempt_id JOIN fingerprint f ON f.attempt_id = a.id "
                                "ORDER BY a.id",
                                NULL);
    for (int i = 0; i < ROWS; i++) {
        assert_int_equal(sqlite3_step(row), SQLITE_ROW);
        assert_int_equal(sqlite3_column_type(row, 0), SQLITE_TEXT);
        assert_string_equal((const char *)sqlite3_column_text(row, 0), names[i]);
        assert_true(sqlite3_column_double(row, 1) == numbers[i]);
        assert_string_equal((const char *)sqlite3_column_text(row, 2), "real");
        assert_int_equal(sqlite3_column_int64(row, 3), -(i + 1));
        assert_true(sqlite3_column_int64(row, 4) == INT64_MAX - (i + 1));
        assert_int_equal(sqlite3_column_bytes(row, 5), 3);
        assert_memory_equal(sqlite3_column_blob(row, 5), "\0\xffx", 3);
    }
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(row, 0), 3);
    assert_memory_equal(sqlite3_column_text(row, 0), "a\0b", 3);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    assert_int_equal(sqlite3_column_bytes(row, 0), 3);
    assert_memory_equal(sqlite3_column_text(row, 0),
                        "a\xff"
                        "b",
                        3);
    assert_int_equal(sqlite3_step(row), SQLITE_DONE);
    sqlite3_finalize(row);
}

/* And back. */
static void values_come_back_whole(void **state)
{
    struct ledger *ledger = *state;
    sqlite3_exec(
        node.database,
        "INSERT INTO code (id, ordinal, channel, kind, nonce, digits, prefix, sandbox, "
        "recorded_at, lifetime_ms) VALUES (1, 1, 'email', 'pin', "
        "x'00270022FF0000000000000000000041', 9007199254740991, 'it''s x''41''', 0, -5, 1); "
        "INSERT INTO setting (id, recorded_at, json) VALUES (2, 1, '{\"a\":\"\xC3\xA9\"}')",
        NULL, NULL, NULL);
    enum { ID, JSON };
    static const char *const columns[] = {"id", "json", NULL};
    struct ledger_statement *row = ledger_select(ledger, STATEMENT_newest_setting, columns);
    assert_true(ledger_row(row));
    assert_int_equal(ledger_integer(row, ID), 2);
    assert_string_equal(ledger_word(row, JSON), "{\"a\":\"\xC3\xA9\"}");
    assert_string_equal(ledger_text(row, ID), "2");
    assert_false(ledger_row(row));
    size_t length;
    row = ledger_use(ledger, STATEMENT_codes_of_subject);
    ledger_set_text(row, ":codes", "[1]");
    assert_false(ledger_row(row)); /* it has no recipient */
    sqlite3_exec(node.database,
                 "INSERT INTO recipient VALUES (1, -9223372036854775807, 'a@b', NULL)", NULL, NULL,
                 NULL);
    row = ledger_use(ledger, STATEMENT_codes_of_subject);
    ledger_set_text(row, ":codes", "[1]");
    ledger_set_integer(row, ":known_by", 5);
    assert_true(ledger_row(row));
    assert_memory_equal(ledger_blob(row, 3, &length),
                        "\x00\x27\x00\x22\xFF\0\0\0\0\0\0\0\0\0\0\x41", 16);
    assert_int_equal(length, 16);
    assert_int_equal(ledger_integer(row, 4), INT64_C(9007199254740991));
    assert_string_equal(ledger_text(row, 5), "it's x'41'");
    assert_true(ledger_is_null(row, 1));
    assert_string_equal(ledger_error(ledger), "");
    ledger_done(row);
}

static void set(struct ledger *ledger, const char *json)
{
    struct ledger_statement *insert = ledger_use(ledger, STATEMENT_insert_setting);
    ledger_set_integer(insert, ":recorded_at", 1);
    ledger_set_text(insert, ":json", json);
    ledger_run(insert);
}

/* Another changes what was read: the write is stale, and made again. */
static void what_was_read_must_still_be_so(void **state)
{
    struct ledger *ledger = *state;
    int rounds = 0;
    do {
        ledger_begin(ledger);
        int64_t newest = ledger_number(ledger, STATEMENT_newest_setting_id, 0);
        if (rounds == 0)
            sqlite3_exec(node.database, "INSERT INTO setting VALUES (7, 0, 'another''s')", NULL,
                         NULL, NULL);
        else
            assert_int_equal(newest, 7);
        set(ledger, "ours");
        ledger_end(ledger);
        assert_int_equal(ledger_failed(ledger), rounds == 0);
        rounds++;
    } while (ledger_again(ledger));
    assert_int_equal(rounds, 2);
    assert_int_equal(ask("SELECT id FROM setting WHERE json = 'ours'"), 8);
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'ours'"), 1);
    /* Not for ever. */
    rounds = 0;
    do {
        ledger_begin(ledger);
        ledger_number(ledger, STATEMENT_newest_setting_id, 0);
        sqlite3_exec(node.database, "INSERT INTO setting SELECT max(id) + 1, 0, '' FROM setting",
                     NULL, NULL, NULL);
        set(ledger, "never");
        ledger_end(ledger);
        rounds++;
    } while (rounds < 3 && ledger_again(ledger));
    assert_true(ledger_failed(ledger));
    assert_int_equal(ledger_code(ledger), SQLITE_BUSY);
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'never'"), 0);
    ledger_forgive(ledger);
}

static struct ledger_statement *owner_of(struct ledger *ledger, const char *what)
{
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_lease_owner);
    ledger_set_text(row, ":what", what);
    return row;
}

static void assert_owner(struct ledger *ledger, const char *what, const char *owner)
{
    struct ledger_statement *row = owner_of(ledger, what);
    assert_int_equal(ledger_row(row), owner != NULL);
    if (owner != NULL)
        assert_string_equal(ledger_text(row, 0), owner);
    ledger_done(row);
}

/* And what they found must still be so, of each. */
static void foreseen_reads_go_out_together(void **state)
{
    static const char *const what[] = {"a", "it's \"b\"", "nobody's"};
    struct ledger *ledger = *state;
    int rounds = 0;
    sqlite3_exec(node.database, "INSERT INTO lease VALUES ('a', 'A', 1), ('it''s \"b\"', 'B', 1)",
                 NULL, NULL, NULL);
    for (size_t i = 0; i < 3; i++)
        ledger_foresee(owner_of(ledger, what[i]));
    unsigned before = node.reads;
    assert_owner(ledger, what[2], NULL);
    assert_owner(ledger, what[1], "B");
    assert_owner(ledger, what[0], "A");
    assert_int_equal(node.reads, before + 1);
    assert_owner(ledger, what[0], "A"); /* not foreseen twice */
    assert_int_equal(node.reads, before + 2);
    do {
        ledger_begin(ledger);
        for (size_t i = 0; i < 3; i++)
            ledger_foresee(owner_of(ledger, what[i]));
        assert_owner(ledger, what[0], "A");
        assert_owner(ledger, what[1], rounds == 0 ? "B" : "C");
        if (rounds == 0)
            sqlite3_exec(node.database, "UPDATE lease SET owner = 'C' WHERE owner = 'B'", NULL,
                         NULL, NULL);
        set(ledger, "seen");
        ledger_end(ledger);
        assert_int_equal(ledger_failed(ledger), rounds == 0);
        rounds++;
    } while (ledger_again(ledger));
    assert_int_equal(rounds, 2);
    assert_string_equal(ledger_error(ledger), "");
}

/* What is gathered is not there yet, and to look for it is a mistake. */
static void nobody_reads_what_is_not_written(void **state)
{
    struct ledger *ledger = *state;
    unsigned before = node.writes;
    ledger_begin(ledger);
    set(ledger, "ours");
    assert_int_equal(ledger_number(ledger, STATEMENT_newest_attempt, 5), 5);
    assert_false(ledger_failed(ledger));
    ledger_number(ledger, STATEMENT_newest_setting_id, 0);
    assert_non_null(
        strstr(ledger_error(ledger), "newest_setting_id reads what has just been written"));
    ledger_end(ledger);
    assert_int_equal(node.writes, before);
    ledger_forgive(ledger);
    set(ledger, "outside");
    assert_non_null(strstr(ledger_error(ledger), "writes outside a transaction"));
    ledger_forgive(ledger);
}

/* The same request twice is carried out once; after an answer that was lost nothing more is
 * written. */
static void a_write_is_carried_out_once(void **state)
{
    struct ledger *ledger = *state;
    struct error error = {ERROR_NONE, ""};
    ledger_begin(ledger);
    set(ledger, "first");
    ledger_end(ledger);
    json_t *request = json_deep_copy(node.last);
    assert_int_equal(write_rows(&node, request, &error), CLUSTER_REFUSED);
    assert_string_equal(error.text, "CHECK constraint failed: again");
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'first'"), 1);
    ledger_begin(ledger);
    set(ledger, "second");
    ledger_end(ledger);
    assert_string_equal(ledger_error(ledger), "");
    assert_int_equal(write_rows(&node, request, &error), CLUSTER_REFUSED); /* long after */
    json_decref(request);
    node.loses = 1;
    ledger_begin(ledger);
    set(ledger, "third");
    ledger_end(ledger);
    assert_non_null(strstr(ledger_error(ledger), "is not known"));
    assert_false(ledger_again(ledger));
    ledger_forgive(ledger);
    unsigned before = node.writes;
    ledger_begin(ledger);
    set(ledger, "fourth");
    ledger_end(ledger);
    assert_non_null(strstr(ledger_error(ledger), "nothing more is written"));
    assert_int_equal(node.writes, before);
    assert_int_equal(ask("SELECT count(*) FROM setting"), 4);
    ledger_forgive(ledger);
}

static void a_lost_answer_is_no_loss(void **state)
{
    struct ledger *ledger = *state;
    node.twice = true;
    for (int i = 0; i < 3; i++) {
        ledger_begin(ledger);
        assert_int_equal(ledger_number(ledger, STATEMENT_newest_setting_id, 0), i + 1);
        set(ledger, "ours");
        ledger_end(ledger);
        assert_string_equal(ledger_error(ledger), "");
    }
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'ours'"), 3);
}

/* A lease that another has taken stops whoever had it. */
static void a_lost_lease_stops_the_one_who_had_it(void **state)
{
    struct ledger *ledger = *state, *other = join_as("other:1:b", ledger_version()),
                  *next = join_as("host:9:c", ledger_version());
    char holder[CLUSTER_OWNER_SIZE];
    assert_true(ledger_take_lease(ledger, "step send", NULL, holder));
    assert_false(ledger_take_lease(other, "step send", "other:", holder));
    assert_string_equal(holder, "host:1:a");
    assert_true(ledger_take_lease(other, "step report", NULL, holder));
    assert_true(ledger_take_lease(next, "step send", "host:", holder));
    ledger_begin(ledger);
    set(ledger, "late");
    ledger_end(ledger);
    assert_non_null(strstr(ledger_error(ledger), "another run has taken over"));
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'late'"), 0);
    ledger_forgive(ledger);
    ledger_begin(next);
    set(next, "in time");
    ledger_end(next);
    assert_false(ledger_failed(next));
    ledger_release_lease(next, "step send");
    assert_int_equal(ask("SELECT count(*) FROM lease"), 1);
    ledger_release_lease(other, "step report");
    assert_int_equal(ask("SELECT count(*) FROM lease"), 0);
    leave(other);
    leave(next);
}

/* One that an earlier program made is brought to this one's version, in one request. */
static void an_older_one_is_upgraded(void **state)
{
    (void)state;
    static struct node older; /* another node altogether */
    assert_int_equal(sqlite3_close(node.database), SQLITE_OK);
    assert_int_equal(sqlite3_open(":memory:", &older.database), SQLITE_OK);
    sqlite3_create_function(older.database, "unhex", 1, SQLITE_UTF8, NULL, from_hex, NULL, NULL);
    for (int version = 0; version < 5; version++)
        assert_int_equal(
            sqlite3_exec(older.database, statement_upgrades[version], NULL, NULL, NULL), SQLITE_OK);
    sqlite3_exec(
        older.database,
        "INSERT INTO ledger (id, uuid, subject_salt, created_at) VALUES (1, zeroblob(16), "
        "zeroblob(16), 1); INSERT INTO setting VALUES (1, 1, '{}'); PRAGMA user_version = 5",
        NULL, NULL, NULL);
    node.database = older.database;
    struct ledger *ledger = join_as("host:5:e", 5);
    assert_false(ledger_ready(ledger));
    ledger_forgive(ledger);
    unsigned before = node.writes;
    ledger_create(ledger, &(struct ledger_making){.settings = "{\"a\":1}"});
    assert_string_equal(ledger_error(ledger), "");
    assert_int_equal(node.writes, before + 1);
    assert_int_equal(ask("PRAGMA user_version"), ledger_version());
    assert_int_equal(ask("SELECT count(*) FROM setting"), 1);
    ledger_begin(ledger);
    set(ledger, "after");
    ledger_end(ledger);
    assert_string_equal(ledger_error(ledger), "");
    leave(ledger);
}

/* Times of two machines differ by so much and no more. */
static void time_does_not_go_back_by_much(void **state)
{
    struct ledger *ledger = *state;
    for (int late = 0; late < 2; late++) {
        ledger_begin(ledger);
        int64_t now = ledger_stamp(ledger);
        char sql[80];
        sqlite3_snprintf(sizeof sql, sql, "UPDATE clock SET newest = %lld",
                         (long long)now + CLUSTER_CLOCK_MS + late);
        sqlite3_exec(node.database, sql, NULL, NULL, NULL);
        set(ledger, late ? "late" : "in time");
        ledger_end(ledger);
        assert_int_equal(ledger_failed(ledger), late);
        assert_int_equal(ledger_again(ledger), late);
    }
    /* And from there it goes on. */
    ledger_begin(ledger);
    assert_true(ledger_stamp(ledger) > ask("SELECT newest FROM clock"));
    ledger_end(ledger);
    assert_string_equal(ledger_error(ledger), "");
    assert_int_equal(ask("SELECT count(*) FROM setting WHERE json = 'late'"), 0);
}

static void another_version_stops_everybody(void **state)
{
    struct ledger *ledger = *state;
    sqlite3_exec(node.database, "PRAGMA user_version = 1000", NULL, NULL, NULL);
    ledger_begin(ledger);
    set(ledger, "late");
    ledger_end(ledger);
    assert_non_null(strstr(ledger_error(ledger), "version was changed"));
    assert_int_equal(ask("SELECT count(*) FROM setting"), 1);
    ledger_forgive(ledger);
}

int main(void)
{
#define WITH_CLUSTER(test) cmocka_unit_test_setup_teardown(test, make_cluster, end_cluster)
    const struct CMUnitTest cluster[] = {
        WITH_CLUSTER(it_is_made_in_one_request),
        WITH_CLUSTER(its_schema_is_that_of_a_file),
        WITH_CLUSTER(values_arrive_whole),
        WITH_CLUSTER(values_come_back_whole),
        WITH_CLUSTER(what_was_read_must_still_be_so),
        WITH_CLUSTER(foreseen_reads_go_out_together),
        WITH_CLUSTER(nobody_reads_what_is_not_written),
        WITH_CLUSTER(a_write_is_carried_out_once),
        WITH_CLUSTER(a_lost_answer_is_no_loss),
        WITH_CLUSTER(a_lost_lease_stops_the_one_who_had_it),
        WITH_CLUSTER(another_version_stops_everybody),
        WITH_CLUSTER(an_older_one_is_upgraded),
        WITH_CLUSTER(time_does_not_go_back_by_much),
    };
    return cmocka_run_group_tests(cluster, NULL, NULL);
}
