/* SPDX-License-Identifier: MIT */
/* transfer_rig.h: what the engine is tested with: a small server on loopback, items for it, and a
 * run.
 *
 * What the server answers is the request's body: "200", "429 2" (Retry-After), "close", "hang",
 * "huge", ...
 */
#ifndef TRANSFER_RIG_H
#define TRANSFER_RIG_H

#include "channels/fraud.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 64, REQUEST_SIZE = 4096, MOST_ITEMS = 512 };

/* -- the server -- */

struct server {
    int socket;
    unsigned port;
    pthread_t thread;
    pthread_t threads[MOST_CONNECTIONS];
    int sockets[MOST_CONNECTIONS];
    atomic_uint connections;
    atomic_uint requests;
    atomic_uint under_way;
    atomic_uint most_under_way;
    atomic_bool read_to_the_end; /* of a huge answer */
    pthread_mutex_t lock;        /* over `last` */
    char last[REQUEST_SIZE];
};

static struct server server;

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool reply(int socket, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        ssize_t written = send(socket, text, length, MSG_NOSIGNAL);
        if (written <= 0)
            return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* Reads one request; gives its body, NULL: the connection ended. */
static char *read_request(int socket, char request[REQUEST_SIZE])
{
    size_t length = 0;
    for (;;) {
        ssize_t got = recv(socket, request + length, REQUEST_SIZE - 1 - length, 0);
        if (got <= 0)
            return NULL;
        length += (size_t)got;
        request[length] = 0;
        char *end = strstr(request, "\r\n\r\n");
        char *size = strstr(request, "Content-Length: ");
        if (end && strlen(end + 4) >= (size ? strtoul(size + 16, NULL, 10) : 0))
            return end + 4;
    }
}

/* True: the connection stays. */
static bool answer_request(int socket, const char *order)
{
    char text[1024];
    if (strcmp(order, "close") == 0)
        return false;
    if (strcmp(order, "hang") == 0) {
        char byte;
        recv(socket, &byte, 1, 0);
        return false;
    }
    if (strncmp(order, "huge", 4) == 0) {
        char filler[65536];
        memset(filler, 'x', sizeof filler - 1);
        filler[sizeof filler - 1] = 0;
        snprintf(text, sizeof text, "HTTP/1.1 %s Huge\r\nContent-Length: 1000000000\r\n\r\n",
                 order + 5);
        reply(socket, text);
        for (int i = 0; i < 1000; i++)
            if (!reply(socket, filler))
                return false;
        server.read_to_the_end = true;
        return false;
    }
    if (strcmp(order, "cut") == 0) {
        reply(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"timestamp\":15");
        return false;
    }
    if (strcmp(order, "headers") == 0) {
        reply(socket, "HTTP/1.1 200 OK\r\n");
        for (int i = 0; i < 2000; i++)
            reply(socket, "X-Filler: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
        return reply(socket, "Content-Length: 0\r\n\r\n");
    }
    if (strcmp(order, "garbage") == 0) {
        reply(socket, "\x01\x02 not HTTP\r\n\r\n");
        return false;
    }
    unsigned status = 200;
    unsigned wait = 0;
    char body[512] = "null";
    bool has_wait = sscanf(order, "%u %u", &status, &wait) == 2;
    sscanf(order, "%*u:%511[^\n]", body);
    char header[64] = "";
    if (has_wait)
        snprintf(header, sizeof header, "Retry-After: %u\r\n", wait);
    snprintf(
        text, sizeof text,
        "HTTP/1.1 %u Text\r\n%sLocation: http://127.0.0.1:%u/\r\nContent-Length: %zu\r\n\r\n%s",
        status, header, server.port, strlen(body), body);
    reply(socket, text);
    return true;
}

static void *serve_connection(void *argument)
{
    int socket = *(int *)argument;
    char request[REQUEST_SIZE];
    char *body;
    while ((body = read_request(socket, request))) {
        server.requests++;
        unsigned now = ++server.under_way;
        if (now > server.most_under_way)
            server.most_under_way = now;
        pthread_mutex_lock(&server.lock);
        memcpy(server.last, request, sizeof server.last);
        pthread_mutex_unlock(&server.lock);
        bool stay = answer_request(socket, body);
        server.under_way--;
        if (!stay)
            break;
    }
    shutdown(socket, SHUT_RDWR);
    return NULL;
}

static void *serve(void *argument)
{
    (void)argument;
    for (;;) {
        int socket = accept(server.socket, NULL, NULL);
        if (socket < 0)
            return NULL;
        unsigned index = server.connections;
        if (index == MOST_CONNECTIONS) {
            close(socket);
            continue;
        }
        server.sockets[index] = socket;
        server.connections++; /* before the first request on it can be answered */
        pthread_create(&server.threads[index], NULL, serve_connection, &server.sockets[index]);
    }
}

static int server_start(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memset(&server, 0, sizeof server);
    pthread_mutex_init(&server.lock, NULL);
    server.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.socket, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(server.socket, MOST_CONNECTIONS) != 0 ||
        getsockname(server.socket, (struct sockaddr *)&address, &size) != 0)
        return -1;
    server.port = ntohs(address.sin_port);
    return pthread_create(&server.thread, NULL, serve, NULL);
}

static int server_end(void **state)
{
    (void)state;
    shutdown(server.socket, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.socket);
    for (unsigned i = 0; i < server.connections; i++)
        shutdown(server.sockets[i], SHUT_RDWR);
    for (unsigned i = 0; i < server.connections; i++) {
        pthread_join(server.threads[i], NULL);
        close(server.sockets[i]);
    }
    return 0;
}

/* -- the source -- */

struct owned {
    struct transfer_item transfer; /* first */
    struct fraud_request request;
    unsigned handed;
    unsigned ended;
};

struct source {
    struct owned items[MOST_ITEMS];
    size_t count;
    size_t next;
    unsigned most_room;
    size_t stop_after;  /* results; 0: never */
    size_t break_after; /* results; 0: never */
    size_t results;
    size_t later_after; /* items; 0: never */
    int64_t later_ms;
    bool was_later;
    size_t broken_after;
};

static struct source source, other;
static struct source *const sources[] = {&source, &other};

static enum transfer_supply hand_out(void *context, unsigned room, struct transfer_item **item,
                                     int64_t *later_ms)
{
    struct source *from = context;
    assert_true(room >= 1);
    if (room > from->most_room)
        from->most_room = room;
    if (from->broken_after && from->next == from->broken_after)
        return TRANSFER_BROKEN;
    if (from->later_after && from->next == from->later_after && !from->was_later) {
        from->was_later = true;
        *later_ms = from->later_ms;
        return TRANSFER_LATER;
    }
    if (from->next == from->count)
        return TRANSFER_NO_MORE;
    struct owned *owned = &from->items[from->next++];
    owned->handed++;
    owned->transfer.request = &owned->request;
    *item = &owned->transfer;
    return TRANSFER_ITEM;
}

/* So many times libcurl works before it fails; 0: it does not. */
static unsigned libcurl_fails;

CURLMcode curl_multi_perform(CURLM *multi, int *running)
{
    CURLMcode (*real)(CURLM *, int *) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "curl_multi_perform");
    if (libcurl_fails && --libcurl_fails == 0)
        return CURLM_INTERNAL_ERROR;
    return real(multi, running);
}

static void add(const char *order)
{
    struct owned *owned = &source.items[source.count++];
    owned->request.body = order;
    owned->request.length = strlen(order);
}

static void add_many(const char *order, size_t count)
{
    while (count-- > 0)
        add(order);
}

static struct config_fraud config;
static struct transfer_limits limits;

/* A fresh source, a configuration without pace, and short limits. */
static int prepare_run(void **state)
{
    memset(&source, 0, sizeof source);
    memset(&other, 0, sizeof other);
    libcurl_fails = 0;
    config = (struct config_fraud){
        .token = "s3cret-token",
        .pace = {.rate = 0, .concurrency = 4},
        .patience = {.connect_seconds = 5, .transfer_seconds = 20, .idle_seconds = 20},
    };
    limits = (struct transfer_limits){.probe_pause_ms = 1};
    int failed = server_start(state);
    snprintf(config.url, sizeof config.url, "http://127.0.0.1:%u/base/", server.port);
    return failed;
}

static void take_results(struct transfer *transfer)
{
    struct transfer_item *item;
    while ((item = transfer_ended(transfer))) {
        struct source *from = sources[item->destination];
        ((struct owned *)(void *)item)->ended++;
        if (++from->results == from->stop_after)
            transfer_end(transfer, TRANSFER_END_STOPPED, "stopped");
        if (from->results == from->break_after)
            transfer_end(transfer, TRANSFER_END_BROKEN, "the ledger failed");
    }
}

/* Every item that was given ends once; the others were never touched. */
static void check_results(void)
{
    for (size_t i = 0; i < source.count; i++) {
        const struct owned *owned = &source.items[i];
        assert_int_equal(owned->handed, owned->ended);
        assert_null(strstr(owned->transfer.answer.text, "s3cret"));
    }
}

static void run_many(size_t count, struct transfer_outcome *outcomes)
{
    struct error error;
    struct fraud *fraud = fraud_open(&config, &error);
    assert_non_null(fraud);
    struct transfer_destination destinations[2];
    for (size_t i = 0; i < count; i++)
        destinations[i] = (struct transfer_destination){.channel = fraud_channel(fraud),
                                                        .pace = config.pace,
                                                        .patience = config.patience,
                                                        .source = {sources[i], hand_out}};
    struct transfer *transfer = transfer_open(destinations, count, &limits, &error);
    assert_non_null(transfer);
    for (bool more = true; more;) {
        int64_t start = milliseconds();
        more = transfer_step(transfer);
        assert_true(milliseconds() - start < 10000); /* a step is short */
        take_results(transfer);
    }
    for (size_t i = 0; i < count; i++)
        outcomes[i] = *transfer_outcome(transfer, i);
    transfer_close(transfer);
    fraud_close(fraud);
    check_results();
}

static struct transfer_outcome run(void)
{
    struct transfer_outcome outcome;
    run_many(1, &outcome);
    return outcome;
}

/* How many of a source's items ended so. */
static size_t count_of(const struct source *from, enum transfer_result result)
{
    size_t count = 0;
    for (size_t i = 0; i < from->count; i++)
        count +=
            from->items[i].transfer.answered && from->items[i].transfer.answer.result == result;
    return count;
}

static size_t results(enum transfer_result result)
{
    return count_of(&source, result);
}

#endif
