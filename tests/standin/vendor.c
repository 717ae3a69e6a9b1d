/* SPDX-License-Identifier: MIT */
/* vendor.c: the fraud API's endpoints. */
#include "server.h"
#include "shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_authorized(const struct request *request)
{
    const char *value = server_header(request, "Authorization");
    return value != NULL && strncmp(value, "token ", 6) == 0 &&
           strcmp(value + 6, request->server->token) == 0;
}

/* True: the query names a parameter, whose name is put in `name`. */
static enum MHD_Result take_parameter(void *name, enum MHD_ValueKind kind, const char *key,
                                      const char *value)
{
    (void)kind;
    (void)value;
    snprintf(name, 64, "%.60s", key);
    return MHD_NO;
}

static void acknowledge(struct request *request)
{
    request->accepted = true;
    request->answer.status = 200;
    bytes_print(&request->answer.body, "{\"status\":200,\"timestamp\":%" PRId64 "}",
                server_now_ms());
}

/* JSON has no raw line breaks but between its parts: as blanks they leave one line of the file. */
static void make_one_line(struct bytes *body)
{
    for (size_t i = 0; i < body->size; i++) {
        if (body->data[i] == '\n' || body->data[i] == '\r') {
            body->data[i] = ' ';
        }
    }
}

static void keep_event(struct request *request, const json_t *json)
{
    make_one_line(&request->body);
    struct event event = {
        .path = request->endpoint->path,
        .body = request->body.data,
        .size = request->body.size,
        .received_ms = request->received_ms,
        .timestamp_ms = json_integer_value(json_object_get(json, "timestamp")),
        .success = json_is_true(json_object_get(json_object_get(json, "registration"), "success")),
        .answered = server_answered(request, 200)};
    for (unsigned copy = 0; copy < server_copies(request); copy++) {
        if (!event_keep(&request->server->events, &event)) {
            server_refuse(request, 500, "the event could not be kept");
            return;
        }
        request->server->counts.accepted++;
    }
    acknowledge(request);
}

static void take_registration(struct request *request)
{
    if (request->server->unchecked) {
        request->server->counts.accepted++;
        acknowledge(request);
        return;
    }
    char parameter[64] = "";
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, take_parameter,
                              parameter);
    if (!is_authorized(request)) {
        server_refuse(request, 401, "Authorization: must be `token` and the right one");
        request->answer.authenticate = "token";
        return;
    }
    if (parameter[0] != '\0') {
        char message[128];
        snprintf(message, sizeof message, "%s: no query parameter belongs here%s", parameter,
                 strcmp(parameter, "score") == 0 ? ", this is not the Checkpoint" : "");
        server_refuse(request, 400, message);
        return;
    }
    json_t *json = server_json(request);
    char error[320];
    if (json != NULL && !shape_check(json, error, sizeof error)) {
        server_refuse(request, 400, error);
    } else if (json != NULL) {
        keep_event(request, json);
    }
    json_decref(json);
}

const struct endpoint vendor_endpoints[] = {
    {"POST", "/v2/registration", true, take_registration},
    {"POST", "/v2/backfill/registration", true, take_registration},
    {NULL, NULL, false, NULL}};
