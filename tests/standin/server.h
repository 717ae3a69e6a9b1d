/* SPDX-License-Identifier: MIT */
/* server.h: the stand-in's HTTP server: one thread, a table of endpoints, one request's way.
 *
 * All state below belongs to the server's one thread: endpoints need no lock.
 */
#ifndef SERVER_H
#define SERVER_H

#include "answer.h"
#include "delay.h"
#include "event.h"
#include "fault.h"
#include "message.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SERVER_STATUSES = 1000, SERVER_MAX_BODY = 1 << 20 };

/* Over the vendor's and the gateway's endpoints; the stand-in's own do not count. */
struct server_counts {
    uint64_t requests;
    uint64_t accepted;   /* events, or requests where --unchecked keeps none */
    uint64_t unanswered; /* hung up, or never answered */
    uint64_t connections;
    uint64_t by_status[SERVER_STATUSES];
    uint64_t concurrent;
    uint64_t max_concurrent;
    int64_t first_ms;
    int64_t last_ms;
};

/* One line of what GET /requests tells. */
struct server_visit {
    int64_t received_ms;
    const char *path;
    unsigned status; /* 0: no answer */
};

struct server {
    const char *token;
    bool unchecked;
    struct fault_list faults;
    struct event_store events;
    struct message_store messages;
    struct server_counts counts;
    struct server_visit *visits;
    size_t visit_count;
    size_t visit_room;
    struct MHD_Daemon *daemon;
};

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    const struct endpoint *endpoint; /* NULL: no such path */
    char *path;
    bool method_allowed;
    bool counted;
    bool complete; /* the body is there and the answer decided */
    bool too_large;
    bool stop;     /* the program ends once this is answered */
    bool accepted; /* the endpoint took it: a fault may spoil the answer */
    int64_t received_ms;
    struct bytes body;
    struct fault *fault; /* NULL: none */
    struct answer answer;
    struct delay delay;
};

struct endpoint {
    const char *method;
    const char *path; /* `{}` stands for one part of the path */
    bool counted;     /* the vendor's or the gateway's */
    void (*handle)(struct request *request);
};

/* In vendor.c, gateway.c and control.c; each ends with a NULL path. */
extern const struct endpoint vendor_endpoints[];
extern const struct endpoint gateway_endpoints[];
extern const struct endpoint control_endpoints[];

/* Listens on 127.0.0.1; `port` 0 takes any, and the one taken is put there. */
bool server_start(struct server *server, uint16_t *port, char *error, size_t error_size);
void server_stop(struct server *server);

int64_t server_now_ms(void);
const char *server_header(const struct request *request, const char *name);
const char *server_query(const struct request *request, const char *name);

/* Refuses the request: the endpoint returns after it. */
void server_refuse(struct request *request, unsigned status, const char *message);

/* The body as JSON, or NULL once the request has been refused. The caller releases it. */
json_t *server_json(struct request *request);

/* How often the fault wants an accepted request kept, and what it will be answered. */
unsigned server_copies(const struct request *request);
unsigned server_answered(const struct request *request, unsigned usual);

#endif
