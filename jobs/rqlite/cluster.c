/* SPDX-License-Identifier: MIT */
#include "rqlite/cluster.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/nodes.h"
#include "ledger/connection.h"
#include "rqlite/rqlite_inside.h"
#include "run/say.h"
#include "run/stop.h"
#include "values/document.h"
#include "values/moment.h"
#include "values/text.h"
#include "values/time_units.h"

enum {
    CONNECT_MS = 3000,
    REQUEST_MS = 4000,  /* and a second for each 100 KB: a frozen node is left soon */
    GIVE_UP_MS = 60000, /* well below a lease: CLUSTER_LEASE_MS */
    FIRST_PAUSE_MS = 100,
    LONGEST_PAUSE_MS = 2000,
    LEADER_MS = 10000, /* for which a leader is waited for */
    CLOCK_WARN_MS = 2000,
    CLOCK_MOST_MS = CLUSTER_LEASE_MS / 2,
    OLDEST_RQLITE = 8,
    OLDEST_SQLITE = 3041000,  /* unhex() */
    ADVISED_RQLITE = 9004002, /* what went wrong before: errors with RETURNING, backups */
    FACTS_TEXT = 64
};

/* -- how the ledger is read and written -- */

static json_t *first_rows(json_t *results)
{
    json_t *rows = json_object_get(json_array_get(results, 0), "values");
    return rows == NULL ? json_array() : json_incref(rows);
}

static bool read_rows(void *context, const char *sql, const char *values, bool strong,
                      json_t **rows, struct error *error)
{
    json_t *results = NULL;
    struct rqlite_request *request = rqlite_request_new();
    json_t *parameters = values == NULL ? NULL : json_pack("{s:s}", "v", values);
    bool made = request != NULL && (values == NULL || parameters != NULL) &&
                rqlite_request_add(request, sql, parameters);
    bool done = made && rqlite_query(context, request, strong ? "strong" : "weak", &results,
                                     error) == RQLITE_DONE;
    if (!made)
        error_no_memory(error, NULL);
    if (done) {
        *rows = first_rows(results);
        done = *rows != NULL || error_no_memory(error, NULL);
    }
    json_decref(results);
    rqlite_request_free(request);
    return done;
}

static struct rqlite_request *make_request(const json_t *statements)
{
    size_t i;
    json_t *statement;
    struct rqlite_request *request = rqlite_request_new();
    bool made = request != NULL;
    json_array_foreach(statements, i, statement)
    {
        json_t *parameters = json_array_get(statement, 1);
        made = made && rqlite_request_add(request, json_string_value(json_array_get(statement, 0)),
                                          parameters == NULL ? NULL : json_incref(parameters));
    }
    if (made)
        return request;
    rqlite_request_free(request);
    return NULL;
}

static enum cluster_end write_rows(void *context, const json_t *statements, struct error *error)
{
    static const enum cluster_end ends[] = {[RQLITE_DONE] = CLUSTER_DONE,
                                            [RQLITE_REFUSED] = CLUSTER_REFUSED,
                                            [RQLITE_DENIED] = CLUSTER_FAILED,
                                            [RQLITE_UNKNOWN] = CLUSTER_UNKNOWN};
    struct rqlite_request *request = make_request(statements);
    if (request == NULL) {
        error_no_memory(error, NULL);
        return CLUSTER_FAILED;
    }
    enum rqlite_outcome outcome = rqlite_execute(context, request, NULL, error);
    if (outcome == RQLITE_REFUSED)
        error_set(error, ERROR_INVALID, "%s", rqlite_refusal(context));
    rqlite_request_free(request);
    return ends[outcome];
}

static void end(void *remote)
{
    rqlite_close(remote);
}

static struct rqlite *connect_to(const struct config *config, struct error *error)
{
    struct nodes nodes;
    if (!nodes_read(config->ledger, &nodes, error))
        return NULL;
    const struct config_cluster *cluster = &config->cluster;
    struct rqlite_options options = {.node_count = nodes.count,
                                     .connect_ms = CONNECT_MS,
                                     .request_ms = REQUEST_MS,
                                     .give_up_ms = GIVE_UP_MS,
                                     .first_pause_ms = FIRST_PAUSE_MS,
                                     .longest_pause_ms = LONGEST_PAUSE_MS};
    for (size_t i = 0; i < nodes.count; i++)
        options.nodes[i] = nodes.url[i];
    if (cluster->user[0] != '\0') {
        options.user = cluster->user;
        options.password = cluster->password;
    }
    if (cluster->ca_file[0] != '\0')
        options.ca_file = cluster->ca_file;
    return rqlite_open(&options, error);
}

/* -- what the nodes say of themselves -- */

struct facts {
    bool leads, has_leader, foreign_keys;
    int64_t apart_ms; /* its clock against ours; 0: no more than the header's whole seconds */
    char rqlite[FACTS_TEXT], sqlite[FACTS_TEXT];
};

static const char *text_at(const json_t *whole, const char *first, const char *second,
                           const char *third)
{
    const json_t *at = json_object_get(json_object_get(whole, first), second);
    const char *text = json_string_value(third == NULL ? at : json_object_get(at, third));
    return text == NULL ? "" : text;
}

/* The header Date has no fractions: any of its second is right. */
static int64_t clocks_apart(int64_t date, int64_t before, int64_t after)
{
    int64_t from = date * SECOND_MS, to = from + SECOND_MS;
    return from > after ? from - after : to < before ? to - before : 0;
}

static bool read_facts(struct rqlite *rqlite, size_t node, struct facts *facts, struct error *error)
{
    const char *answer;
    size_t length;
    int64_t date, before = moment_now();
    memset(facts, 0, sizeof *facts);
    if (!rqlite_ask_node(rqlite, node, "/status", NULL, &answer, &length, &date, error))
        return false;
    json_t *status = json_loadb(answer, length, 0, NULL);
    if (!json_is_object(json_object_get(status, "store")) ||
        !json_is_object(json_object_get(status, "build"))) {
        json_decref(status);
        return error_set(error, ERROR_INVALID, "%s: it is no node of rqlite",
                         rqlite_node(rqlite, node));
    }
    const char *id =
                   json_string_value(json_object_get(json_object_get(status, "store"), "node_id")),
               *leader = text_at(status, "store", "leader", "node_id");
    facts->has_leader = leader[0] != '\0';
    facts->leads = facts->has_leader && id != NULL && strcmp(id, leader) == 0;
    facts->foreign_keys = json_is_true(json_object_get(
        json_object_get(json_object_get(status, "store"), "db_conf"), "fk_constraints"));
    facts->apart_ms = date < 0 ? 0 : clocks_apart(date, before, moment_now());
    text_escape(facts->rqlite, FACTS_TEXT, text_at(status, "build", "version", NULL));
    text_escape(facts->sqlite, FACTS_TEXT, text_at(status, "store", "sqlite3", "version"));
    json_decref(status);
    return true;
}

/* The leader's, else those of any node. False: error, the last node's. */
static bool look_around(struct rqlite *rqlite, struct facts *found, struct error *error)
{
    bool any = false;
    for (size_t i = 0; i < rqlite_nodes(rqlite); i++) {
        struct facts facts;
        if (!read_facts(rqlite, i, &facts, error))
            continue;
        if (!any || facts.leads)
            *found = facts;
        any = true;
        if (facts.leads) {
            rqlite_prefer(rqlite, i);
            break;
        }
    }
    return any;
}

/* Until one leads: after an election, or a start, that takes a moment. */
static bool find_leader(struct rqlite *rqlite, struct facts *facts, struct error *error)
{
    int64_t give_up = moment_monotonic() + LEADER_MS;
    for (unsigned round = 1;; round++) {
        bool answered = look_around(rqlite, facts, error);
        if (answered && facts->has_leader)
            return true;
        if (answered)
            error_set(error, ERROR_IO,
                      "the cluster has no leader: fewer than half of its nodes are up");
        if (stop_asked() || moment_monotonic() >= give_up ||
            (!answered && error->code == ERROR_INVALID))
            return false;
        rqlite_wait(rqlite_pause(rqlite, round));
    }
}

/* "v9.4.2" or "3.45.1" as 9004002 or 3045001. */
static long version_number(const char *text)
{
    unsigned major = 0, minor = 0, patch = 0;
    text += text[0] == 'v';
    return sscanf(text, "%3u.%3u.%3u", &major, &minor, &patch) < 1
               ? 0
               : (long)major * 1000000 + (long)minor * 1000 + (long)patch;
}

static enum exit_code judge_facts(const struct job *job, const struct facts *facts)
{
    const char *path = job->config.ledger;
    long rqlite = version_number(facts->rqlite), sqlite = version_number(facts->sqlite);
    if (rqlite / 1000000 < OLDEST_RQLITE || sqlite < OLDEST_SQLITE) {
        say_error(
            "%s: rqlite %s with SQLite %s is too old: version %d with SQLite 3.41 or newer is "
            "needed, and 9.4.2 or newer advised",
            path, facts->rqlite, facts->sqlite, OLDEST_RQLITE);
        return EXIT_CONFIG;
    }
    if (!facts->foreign_keys) {
        say_error("%s: its nodes do not check foreign keys: start every one of them with -fk",
                  path);
        return EXIT_CONFIG;
    }
    if (rqlite < ADVISED_RQLITE)
        say_note("%s: rqlite %s; 9.4.2 or newer is advised", path, facts->rqlite);
    if (llabs(facts->apart_ms) > CLOCK_MOST_MS) {
        say_error("%s: its leader's clock and this machine's are %" PRId64
                  " seconds apart: set the clocks right first",
                  path, (int64_t)llabs(facts->apart_ms) / SECOND_MS);
        return EXIT_CONFIG;
    }
    if (llabs(facts->apart_ms) > CLOCK_WARN_MS)
        say_error("%s: its leader's clock and this machine's are %" PRId64 " seconds apart", path,
                  (int64_t)llabs(facts->apart_ms) / SECOND_MS);
    return EXIT_DONE;
}

static enum exit_code failed(const struct job *job, const struct error *error)
{
    say_error("%s: %s", job->config.ledger, error->text);
    return error->code == ERROR_INVALID ? EXIT_CONFIG : EXIT_RETRY;
}

static enum exit_code check_nodes(struct job *job)
{
    struct facts facts;
    struct error error = {ERROR_NONE, ""};
    if (!find_leader(job->cluster.remote, &facts, &error))
        return failed(job, &error);
    return judge_facts(job, &facts);
}

/* -- what the cluster holds -- */

/* The version of the ledger there; 0: nothing at all. -1: said, with `status`. */
static int find_version(const struct job *job, struct rqlite *rqlite, enum exit_code *status)
{
    enum { VERSION, APPLICATION, TABLES };
    json_t *rows = NULL;
    struct error error = {ERROR_NONE, ""};
    if (!read_rows(rqlite,
                   "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_schema) "
                   "FROM pragma_user_version, pragma_application_id",
                   NULL, false, &rows, &error)) {
        *status = failed(job, &error);
        return -1;
    }
    const json_t *row = json_array_get(rows, 0);
    json_int_t version = json_integer_value(json_array_get(row, VERSION)),
               application = json_integer_value(json_array_get(row, APPLICATION)),
               tables = json_integer_value(json_array_get(row, TABLES));
    json_decref(rows);
    if (application == ledger_application_id() && version > 0 && version < INT16_MAX)
        return (int)version;
    if (application == 0 && version == 0 && tables == 0)
        return 0;
    say_error("%s: the cluster holds another application's data (%" JSON_INTEGER_FORMAT
              " tables and indexes, user_version %" JSON_INTEGER_FORMAT
              ", application_id %" JSON_INTEGER_FORMAT "): the ledger needs one of its own",
              job->config.ledger, tables, version, application);
    *status = EXIT_CONFIG;
    return -1;
}

/* -- opening -- */

static bool make_state(struct job *job)
{
    const char *state = job->config.cluster.state;
    struct stat facts;
    if (mkdir(state, 0700) != 0 && errno != EEXIST) {
        say_error("[ledger] state: %s: %s", state, strerror(errno));
        return false;
    }
    if (stat(state, &facts) != 0 || !S_ISDIR(facts.st_mode)) {
        say_error("[ledger] state: %s is no folder", state);
        return false;
    }
    snprintf(job->beside, sizeof job->beside, "%s/ledger", state);
    return true;
}

static const char *key_file_of(const struct job *job)
{
    const char *given = getenv("REG_KEY_FILE");
    return job->config.key_file[0] != '\0' || given == NULL ? job->config.key_file : given;
}

static struct session *join(const struct job *job, struct rqlite *rqlite, const char *owner,
                            int version, sqlite3 **database, struct error *error)
{
    const struct cluster_link link = {.context = rqlite, .read = read_rows, .write = write_rows};
    *database = connection_open(NULL, CONNECTION_PRIVATE, 0, error);
    struct session *session = *database == NULL ? NULL : session_open(*database);
    if (session != NULL && cluster_join(session->ledger, &link, owner, version)) {
        snprintf(session->key_file, sizeof session->key_file, "%s", key_file_of(job));
        return session;
    }
    if (session != NULL)
        error_set(error, ERROR_IO, "%s", ledger_error(session->ledger));
    else if (*database != NULL)
        error_no_memory(error, NULL);
    session_release(session);
    sqlite3_close(*database);
    *database = NULL;
    return NULL;
}

/* It only reads, and is asked after the job's own: nothing is looked at again. */
static bool open_reader(const struct job *job, struct job_reader *reader, struct error *error)
{
    char owner[CLUSTER_OWNER_SIZE];
    struct rqlite *rqlite = connect_to(&job->config, error);
    if (rqlite == NULL)
        return false;
    snprintf(owner, sizeof owner, "%.180s:reads", job->run_owner);
    reader->session = join(job, rqlite, owner, ledger_version(), &reader->database, error);
    if (reader->session == NULL)
        rqlite_close(rqlite);
    else
        reader->remote = rqlite;
    return reader->session != NULL;
}

/* There is no file beside which a key could lie, and each machine needs the same one. */
static enum exit_code check_settings(struct job *job)
{
    if (key_file_of(job)[0] == '\0') {
        say_error(
            "%s: set [ledger] key_file: a ledger on a cluster has its key on each machine that "
            "runs regjob",
            job->config.ledger);
        return EXIT_CONFIG;
    }
    return make_state(job) ? EXIT_DONE : EXIT_RETRY;
}

static enum exit_code check_ledger(struct job *job, int version)
{
    struct ledger *ledger = job->session->ledger;
    if (!ledger_ready(ledger)) {
        enum exit_code status = job_ledger_failed(job, "opening");
        return version != ledger_version() ? EXIT_CONFIG : status;
    }
    return cluster_mark_key(job) ? EXIT_DONE : job_ledger_failed(job, "checking the key");
}

enum exit_code cluster_open(struct job *job, bool create)
{
    struct error error = {ERROR_NONE, ""};
    enum exit_code status = check_settings(job);
    if (status != EXIT_DONE)
        return status;
    struct rqlite *rqlite = connect_to(&job->config, &error);
    if (rqlite == NULL)
        return failed(job, &error);
    job->cluster = (struct job_cluster){.remote = rqlite, .end = end, .open_reader = open_reader};
    status = check_nodes(job);
    int version = status == EXIT_DONE ? find_version(job, rqlite, &status) : -1;
    if (version < 0)
        return status;
    job_name_owner(job);
    job->session = join(job, rqlite, job->run_owner, version, &job->database, &error);
    if (job->session == NULL)
        return failed(job, &error);
    return create ? EXIT_DONE : check_ledger(job, version);
}

/* -- the key -- */

static bool read_mark(struct ledger *ledger, unsigned char mark[KEY_MAC_SIZE])
{
    bool there = false;
    struct ledger_statement *row = ledger_use(ledger, STATEMENT_key_mark);
    if (ledger_row(row)) {
        there = !ledger_is_null(row, 0);
        if (there)
            ledger_bytes(row, 0, mark, KEY_MAC_SIZE);
        ledger_done(row);
    }
    return there;
}

bool cluster_mark_key(struct job *job)
{
    struct ledger *ledger = job->session->ledger;
    const struct key *key = session_key(job->session);
    const unsigned char *uuid = ledger_uuid(ledger);
    unsigned char ours[KEY_MAC_SIZE], theirs[KEY_MAC_SIZE];
    if (key == NULL || uuid == NULL)
        return false;
    key_mark(key, uuid, LEDGER_UUID_SIZE, ours);
    if (!read_mark(ledger, theirs) && !ledger_failed(ledger)) {
        ledger_begin(ledger);
        struct ledger_statement *set = ledger_use(ledger, STATEMENT_set_key_mark);
        ledger_set_blob(set, ":mark", ours, sizeof ours);
        ledger_run(set);
        ledger_end(ledger);
        read_mark(ledger, theirs); /* another may have been quicker */
    }
    if (!ledger_failed(ledger) && sodium_memcmp(ours, theirs, sizeof ours) != 0)
        ledger_fail(
            ledger, SQLITE_AUTH,
            "the key file is not this ledger's: codes and sealed passwords would be of no use");
    return !ledger_failed(ledger);
}
