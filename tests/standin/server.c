/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 4000, IDLE_SECONDS = 60 };

int64_t server_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *server_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *server_query(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

void server_refuse(struct request *request, unsigned status, const char *message)
{
    answer_message(&request->answer, status, message);
}

static bool is_media_type(const char *value, const char *type)
{
    size_t length = strlen(type);
    return strncasecmp(value, type, length) == 0 &&
           (value[length] == '\0' || value[length] == ';' || value[length] == ' ');
}

json_t *server_json(struct request *request)
{
    const char *type = server_header(request, "Content-Type");
    if (type == NULL) {
        server_refuse(request, 400, "Content-Type: missing");
        return NULL;
    }
    if (!is_media_type(type, "application/json")) {
        server_refuse(request, 406, "Content-Type: must be application/json");
        return NULL;
    }
    json_error_t error;
    json_t *json = json_loadb(request->body.data == NULL ? "" : request->body.data,
                              request->body.size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        char message[JSON_ERROR_TEXT_LENGTH + 64];
        snprintf(message, sizeof message, "the body is not JSON: line %d, column %d: %s",
                 error.line, error.column, error.text);
        server_refuse(request, 400, message);
    }
    return json;
}

unsigned server_copies(const struct request *request)
{
    return request->fault != NULL && request->fault->kind == FAULT_TWICE ? 2 : 1;
}

unsigned server_answered(const struct request *request, unsigned usual)
{
    return fault_status(request->fault, usual);
}

static bool path_matches(const char *pattern, const char *path)
{
    while (*pattern != '\0') {
        if (pattern[0] == '{' && pattern[1] == '}') {
            size_t length = strcspn(path, "/");
            if (length == 0) {
                return false;
            }
            pattern += 2;
            path += length;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    return *path == '\0';
}

static void find_endpoint(struct request *request, const char *method)
{
    static const struct endpoint *const tables[] = {vendor_endpoints, gateway_endpoints,
                                                    control_endpoints};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct endpoint *endpoint = tables[i]; endpoint->path != NULL; endpoint++) {
            if (!path_matches(endpoint->path, request->path)) {
                continue;
            }
            request->endpoint = endpoint;
            request->method_allowed = strcmp(endpoint->method, method) == 0;
            if (request->method_allowed) {
                return;
            }
        }
    }
}

static void count_begin(struct request *request)
{
    struct server_counts *counts = &request->server->counts;
    counts->requests++;
    counts->concurrent++;
    if (counts->concurrent > counts->max_concurrent) {
        counts->max_concurrent = counts->concurrent;
    }
    if (counts->first_ms == 0) {
        counts->first_ms = request->received_ms;
    }
    counts->last_ms = request->received_ms;
}

/* As soon as it is decided, so that a client that has its answer finds it counted. */
static void count_answer(struct request *request)
{
    struct server *server = request->server;
    const struct answer *answer = &request->answer;
    unsigned status = answer->form == ANSWER_NONE ? 0 : answer->status;
    if (!request->counted) {
        return;
    }
    if (status == 0) {
        server->counts.unanswered++;
    } else if (status < SERVER_STATUSES) {
        server->counts.by_status[status]++;
    }
    if (server->unchecked) {
        return;
    }
    if (server->visit_count == server->visit_room) {
        server->visit_room = server->visit_room == 0 ? 1024 : server->visit_room * 2;
        server->visits = bytes_memory(server->visits, server->visit_room * sizeof *server->visits);
    }
    server->visits[server->visit_count++] = (struct server_visit){
        request->received_ms, request->endpoint == NULL ? "unknown" : request->endpoint->path,
        status};
}

static struct request *request_begin(struct server *server, struct MHD_Connection *connection,
                                     const char *path, const char *method)
{
    struct request *request = bytes_memory(NULL, sizeof *request);
    memset(request, 0, sizeof *request);
    request->server = server;
    request->connection = connection;
    request->path = strdup(path);
    if (request->path == NULL) {
        free(request);
        return NULL;
    }
    request->received_ms = server_now_ms();
    find_endpoint(request, method);
    request->counted = request->endpoint == NULL || request->endpoint->counted;
    if (!request->counted) {
        return request;
    }
    count_begin(request);
    bool standard = request->endpoint != NULL && request->method_allowed;
    const struct fault *fault =
        server->faults.count == 0 ? NULL : fault_choose(&server->faults, path, standard);
    if (fault != NULL) {
        request->fault = bytes_memory(NULL, sizeof *request->fault);
        *request->fault = *fault;
    }
    return request;
}

static void request_end(void *context, struct MHD_Connection *connection, void **held,
                        enum MHD_RequestTerminationCode code)
{
    (void)context;
    (void)connection;
    (void)code;
    struct request *request = *held;
    if (request == NULL) {
        return;
    }
    if (request->counted && request->server->counts.concurrent > 0) {
        request->server->counts.concurrent--;
    }
    bool stop = request->stop;
    bytes_end(&request->body);
    bytes_end(&request->answer.body);
    free(request->fault);
    free(request->path);
    free(request);
    *held = NULL;
    if (stop) {
        /* To the main thread, which waits for it. */
        kill(getpid(), SIGTERM);
    }
}

static void take_body(struct request *request, const char *data, size_t size)
{
    if (request->server->unchecked && request->endpoint != NULL && request->endpoint->counted) {
        return;
    }
    if (request->body.size + size > SERVER_MAX_BODY) {
        request->too_large = true;
        return;
    }
    bytes_add(&request->body, data, size);
}

static void decide_answer(struct request *request)
{
    if (request->fault != NULL && !fault_keeps(request->fault)) {
        answer_spoil(&request->answer, request->fault, &request->server->faults);
        return;
    }
    if (request->too_large) {
        server_refuse(request, 413, "the body is larger than 1 MiB");
    } else if (request->endpoint == NULL) {
        server_refuse(request, 404, "there is no such path");
    } else if (!request->method_allowed) {
        server_refuse(request, 405, "this method is not allowed here");
        request->answer.allow = request->endpoint->method;
    } else {
        request->endpoint->handle(request);
    }
    if (request->fault != NULL && request->accepted) {
        answer_spoil(&request->answer, request->fault, &request->server->faults);
    }
}

/* How long the answer has to wait; negative: for ever. */
static int64_t wait_ms(const struct request *request)
{
    if (request->fault != NULL && request->fault->kind == FAULT_NEVER && request->accepted) {
        return DELAY_FOR_EVER;
    }
    int64_t wait = request->fault == NULL ? 0 : request->fault->wait_ms;
    const char *latency = server_header(request, "Ravelin-Min-Latency");
    if (latency != NULL) {
        /* The vendor's sandbox waits as long as it is asked to. */
        long asked = strtol(latency, NULL, 10);
        wait = asked > wait && asked <= 600000 ? asked : wait;
    }
    return wait;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *size, void **held)
{
    (void)version;
    struct request *request = *held;
    if (request == NULL) {
        request = request_begin(context, connection, path, method);
        *held = request;
        if (request != NULL && request->fault != NULL &&
            request->fault->kind == FAULT_HANGUP_BEFORE) {
            request->answer.form = ANSWER_NONE;
            count_answer(request);
            return MHD_NO;
        }
        return request == NULL ? MHD_NO : MHD_YES;
    }
    if (*size > 0) {
        take_body(request, data, *size);
        *size = 0;
        return MHD_YES;
    }
    if (!request->complete) {
        request->complete = true;
        decide_answer(request);
        count_answer(request);
        int64_t wait = request->counted ? wait_ms(request) : 0;
        if (wait != 0 && delay_connection(&request->delay, connection, wait)) {
            return MHD_YES;
        }
    }
    return answer_send(&request->answer, connection);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **held,
                          enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    (void)held;
    struct server *server = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        server->counts.connections++;
    }
}

static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < CONNECTIONS + 64) {
        limit.rlim_cur = limit.rlim_max < CONNECTIONS + 64 ? limit.rlim_max : CONNECTIONS + 64;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

bool server_start(struct server *server, uint16_t *port, char *error, size_t error_size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    raise_descriptors();
    if (!delay_start(error, error_size)) {
        return false;
    }
    server->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO | MHD_ALLOW_SUSPEND_RESUME, *port, NULL, NULL,
        on_request, server, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address,
        MHD_OPTION_NOTIFY_COMPLETED, request_end, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_END);
    const union MHD_DaemonInfo *information =
        server->daemon == NULL ? NULL
                               : MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (information == NULL) {
        snprintf(error, error_size, "127.0.0.1 port %u: cannot listen: %s", *port, strerror(errno));
        delay_end();
        return false;
    }
    *port = information->port;
    return true;
}

void server_stop(struct server *server)
{
    delay_end();
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
    event_close(&server->events);
    message_close(&server->messages);
    free(server->visits);
    server->visits = NULL;
    server->visit_count = server->visit_room = 0;
}
