/* SPDX-License-Identifier: MIT */
/* control.c: the stand-in's own endpoints: what it saw, and what it is to do. */
#include "server.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Gives the answer a JSON value, and releases it. */
static void answer_with(struct request *request, json_t *json)
{
    char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (text == NULL) {
        server_refuse(request, 500, "the answer could not be written as JSON");
        return;
    }
    request->answer.status = 200;
    bytes_print(&request->answer.body, "%s\n", text);
    free(text);
}

static void show_stats(struct request *request)
{
    const struct server *server = request->server;
    const struct server_counts *counts = &server->counts;
    json_t *by_status = json_object();
    for (unsigned status = 0; status < SERVER_STATUSES; status++) {
        if (counts->by_status[status] > 0) {
            char name[16];
            snprintf(name, sizeof name, "%u", status);
            json_object_set_new(by_status, name,
                                json_integer((json_int_t)counts->by_status[status]));
        }
    }
    answer_with(request,
                json_pack("{s:I, s:I, s:I, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "requests",
                          (json_int_t)counts->requests, "accepted", (json_int_t)counts->accepted,
                          "duplicates", (json_int_t)server->events.duplicates, "by_status",
                          by_status, "unanswered", (json_int_t)counts->unanswered, "connections",
                          (json_int_t)counts->connections, "concurrent",
                          (json_int_t)counts->concurrent, "max_concurrent",
                          (json_int_t)counts->max_concurrent, "first_ms",
                          (json_int_t)counts->first_ms, "last_ms", (json_int_t)counts->last_ms,
                          "sms_messages", (json_int_t)server->messages.count));
}

static void show_accepted(struct request *request)
{
    request->answer.status = 200;
    event_print_all(&request->server->events, &request->answer.body);
}

static void show_messages(struct request *request)
{
    request->answer.status = 200;
    message_print_all(&request->server->messages, &request->answer.body);
}

static void show_requests(struct request *request)
{
    const struct server *server = request->server;
    struct bytes *text = &request->answer.body;
    request->answer.status = 200;
    bytes_print(text, "[");
    for (size_t i = 0; i < server->visit_count; i++) {
        const struct server_visit *visit = &server->visits[i];
        bytes_print(text, "%s\n{\"received_ms\":%" PRId64 ",\"path\":\"%s\",\"status\":%u}",
                    i == 0 ? "" : ",", visit->received_ms, visit->path, visit->status);
    }
    bytes_print(text, "\n]\n");
}

/* +HH:MM or -HH:MM; a plus sign in a query stands for a blank. */
static bool read_offset(const char *text, int *minutes)
{
    unsigned hour, minute;
    char rest;
    if (strlen(text) != 6 || strchr("+- ", text[0]) == NULL ||
        strspn(text + 1, "0123456789:") != 5 || text[3] != ':' ||
        sscanf(text + 1, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 14 || minute > 59) {
        return false;
    }
    *minutes = (int)(hour * 60 + minute) * (text[0] == '-' ? -1 : 1);
    return true;
}

static void show_dashboard(struct request *request)
{
    const char *zone = server_query(request, "tz");
    const char *shape = server_query(request, "shape");
    int minutes = 0;
    if (request->server->unchecked) {
        server_refuse(request, 409, "there is no dashboard: --unchecked keeps no event");
    } else if (zone != NULL && !read_offset(zone, &minutes)) {
        server_refuse(request, 400, "tz: must be +HH:MM or -HH:MM");
    } else if (shape != NULL && strcmp(shape, "long") != 0 && strcmp(shape, "wide") != 0) {
        server_refuse(request, 400, "shape: must be wide or long");
    } else {
        request->answer.status = 200;
        request->answer.type = "text/csv";
        event_print_dashboard(&request->server->events, minutes,
                              shape != NULL && strcmp(shape, "long") == 0, &request->answer.body);
    }
}

static void show_faults(struct request *request)
{
    answer_with(request, fault_describe(&request->server->faults));
}

static void set_faults(struct request *request)
{
    char error[160];
    json_t *json = json_loadb(request->body.data == NULL ? "" : request->body.data,
                              request->body.size, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_is_object(json) ? json_object_get(json, "faults") : json;
    if (fault_replace(&request->server->faults, list, error, sizeof error)) {
        show_faults(request);
    } else {
        server_refuse(request, 400, error);
    }
    json_decref(json);
}

static void reset(struct request *request)
{
    struct server *server = request->server;
    event_clear(&server->events);
    message_clear(&server->messages);
    server->visit_count = 0;
    /* Requests that still wait for their answer are still there. */
    server->counts = (struct server_counts){.concurrent = server->counts.concurrent,
                                            .max_concurrent = server->counts.concurrent};
    answer_message(&request->answer, 200, "all counts, events and messages are cleared");
}

static void stop(struct request *request)
{
    request->stop = true;
    answer_message(&request->answer, 200, "stopping");
}

const struct endpoint control_endpoints[] = {{"GET", "/dashboard.csv", false, show_dashboard},
                                             {"GET", "/accepted", false, show_accepted},
                                             {"GET", "/stats", false, show_stats},
                                             {"GET", "/requests", false, show_requests},
                                             {"GET", "/sms/messages", false, show_messages},
                                             {"GET", "/control/faults", false, show_faults},
                                             {"POST", "/control/faults", false, set_faults},
                                             {"POST", "/control/reset", false, reset},
                                             {"POST", "/control/stop", false, stop},
                                             {NULL, NULL, false, NULL}};
