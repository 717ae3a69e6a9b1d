/* The engine and the fraud API's channel against a small server on loopback. What the server
 * answers is the request's body: "200", "429 2" (Retry-After), "close", "hang", "huge", ...
 */
#include "channels/fraud.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
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

/* -- the owner -- */

struct owned {
    struct fraud_request request;
    unsigned handed;
    unsigned done;
    unsigned returned;
    struct transfer_answer answer;
};

struct owner {
    struct owned items[MOST_ITEMS];
    size_t count;
    size_t next;
    unsigned most_room;
    size_t stop_after; /* results; 0: never */
    sig_atomic_t stop_value;
    size_t results;
    unsigned ticks;
    bool stop_at_tick;
    unsigned fail_at_tick; /* 0: never */
    size_t later_after;    /* items; 0: never */
    int64_t later_ms;
    bool was_later;
    size_t broken_after;
};

static struct owner owner;
static volatile sig_atomic_t stop;

static enum transfer_supply hand_out(void *context, unsigned room, struct transfer_item *item,
                                     int64_t *later_ms)
{
    struct owner *own = context;
    assert_true(room >= 1);
    if (room > own->most_room)
        own->most_room = room;
    if (own->broken_after && own->next == own->broken_after)
        return TRANSFER_BROKEN;
    if (own->later_after && own->next == own->later_after && !own->was_later) {
        own->was_later = true;
        *later_ms = own->later_ms;
        return TRANSFER_LATER;
    }
    if (own->next == own->count)
        return TRANSFER_NO_MORE;
    struct owned *owned = &own->items[own->next++];
    owned->handed++;
    item->request = &owned->request;
    item->tag = owned;
    return TRANSFER_ITEM;
}

static void take_result(void *context, const struct transfer_item *item,
                        const struct transfer_answer *answer)
{
    struct owner *own = context;
    struct owned *owned = item->tag;
    owned->done++;
    owned->answer = *answer;
    if (++own->results == own->stop_after)
        stop = own->stop_value;
}

static void take_back(void *context, const struct transfer_item *item)
{
    struct owned *owned = item->tag;
    (void)context;
    owned->returned++;
}

static bool tick(void *context)
{
    struct owner *own = context;
    own->ticks++;
    if (own->stop_at_tick)
        stop = 2;
    return own->ticks != own->fail_at_tick;
}

static void add(const char *order)
{
    struct owned *owned = &owner.items[owner.count++];
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

/* A fresh owner, a configuration without pace, and short limits. */
static int prepare_run(void **state)
{
    memset(&owner, 0, sizeof owner);
    stop = 0;
    config = (struct config_fraud){
        .token = "s3cret-token",
        .pace = {.rate = 0, .concurrency = 4},
        .patience = {.connect_seconds = 5, .transfer_seconds = 20, .idle_seconds = 20},
    };
    limits = (struct transfer_limits){
        .stop = &stop, .probe_pause_ms = 1, .tick = tick, .tick_context = &owner};
    int failed = server_start(state);
    snprintf(config.url, sizeof config.url, "http://127.0.0.1:%u/base/", server.port);
    return failed;
}

static struct transfer_outcome run(void)
{
    char error[512];
    struct transfer_outcome outcome;
    struct fraud *fraud = fraud_open(&config, error, sizeof error);
    assert_non_null(fraud);
    struct transfer_destination destination = {
        .name = "fraud API",
        .channel = fraud_channel(fraud),
        .pace = config.pace,
        .patience = config.patience,
        .owner = {&owner, hand_out, take_result, take_back},
    };
    assert_true(transfer_run(&destination, 1, &limits, &outcome));
    fraud_close(fraud);
    size_t started = 0;
    size_t returned = 0;
    for (size_t i = 0; i < owner.count; i++) {
        const struct owned *owned = &owner.items[i];
        /* Every item handed out comes back once; the others were never touched. */
        assert_int_equal(owned->handed, owned->done + owned->returned);
        assert_null(strstr(owned->answer.text, "s3cret"));
        started += owned->done;
        returned += owned->returned;
    }
    assert_int_equal(outcome.started, started);
    assert_int_equal(outcome.returned, returned);
    assert_true(owner.ticks >= 1);
    return outcome;
}

/* -- tests -- */

static void test_request(void **state)
{
    (void)state;
    config.min_latency_ms = 250;
    add("200:{\"status\":200,\"timestamp\":1512828998826}");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 1);
    assert_int_equal(owner.items[0].answer.timestamp, 1512828998826);
    assert_string_equal(owner.items[0].answer.text, "HTTP 200");
    assert_int_equal(strncmp(server.last, "POST /base/v2/registration HTTP/1.1\r\n", 37), 0);
    assert_non_null(strstr(server.last, "\r\nAuthorization: token s3cret-token\r\n"));
    assert_non_null(strstr(server.last, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(server.last, "\r\nUser-Agent: sqlite-reg/"));
    assert_non_null(strstr(server.last, "\r\nRavelin-Min-Latency: 250\r\n"));
    assert_null(strstr(server.last, "Expect"));
}

static void test_backfill(void **state)
{
    (void)state;
    config.backfill = true;
    add("200");
    run();
    assert_int_equal(strncmp(server.last, "POST /base/v2/backfill/registration ", 36), 0);
    assert_null(strstr(server.last, "Ravelin-Min-Latency"));
}

static void test_bodies_of_acknowledgements(void **state)
{
    static const char *const orders[] = {"200:null",
                                         "200:{\"status\":200,\"new\":[1],\"timestamp\":5}",
                                         "200:{\"timestamp\":",
                                         "200:{\"timestamp\":\"5\"}",
                                         "200:[]",
                                         "200:{\"timestamp\":-5}",
                                         "cut",
                                         "huge 200"};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        add(orders[i]);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], owner.count);
    for (size_t i = 0; i < owner.count; i++)
        assert_int_equal(owner.items[i].answer.timestamp, i == 1 ? 5 : -1);
    assert_false(server.read_to_the_end);
}

static void test_answers(void **state)
{
    static const struct {
        const char *order;
        enum transfer_result result;
    } table[] = {
        {"400:{\"message\":\"no \\u001b\"}", TRANSFER_REFUSED},
        {"429", TRANSFER_DEFERRED},
        {"408", TRANSFER_NOT_ACCEPTED},
        {"425", TRANSFER_NOT_ACCEPTED},
        {"500", TRANSFER_AMBIGUOUS},
        {"502", TRANSFER_AMBIGUOUS},
        {"503", TRANSFER_NOT_ACCEPTED},
        {"504", TRANSFER_AMBIGUOUS},
        {"close", TRANSFER_AMBIGUOUS},
        {"garbage", TRANSFER_AMBIGUOUS},
        {"huge 400", TRANSFER_REFUSED},
        {"200", TRANSFER_ACCEPTED},
    };
    (void)state;
    config.pace.concurrency = 1;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        add(table[i].order);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(owner.items[i].answer.result, table[i].result);
    /* One request for each item: redirects were not followed, nothing was silently sent twice. */
    assert_int_equal(server.requests, owner.count);
}

static void test_endless_headers(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("headers");
    add("200");
    run();
    /* The status had arrived; the rest was not read, so that the connection was given up. */
    assert_int_equal(owner.items[0].answer.result, TRANSFER_ACCEPTED);
    assert_int_equal(server.connections, 2);
}

static void test_a_kept_connection_that_breaks_is_not_sent_again(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("200");
    add("close"); /* on the same connection: libcurl would try again by itself */
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 2);
    assert_int_equal(owner.items[1].answer.result, TRANSFER_AMBIGUOUS);
    assert_false(owner.items[1].answer.unreached);
    assert_int_equal(server.requests, 3);
}

static void test_connections_are_kept(void **state)
{
    (void)state;
    add_many("200", 300);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 300);
    assert_true(server.connections <= 4);
    assert_true(server.most_under_way <= 4);
}

static void test_hidden_texts(void **state)
{
    (void)state;
    add("400:bad jane@example.com, +16045555555; s3cret-token");
    owner.items[0].request.hide[0] = "jane@example.com";
    owner.items[0].request.hide[1] = "+16045555555";
    run();
    assert_string_equal(owner.items[0].answer.text, "HTTP 400: bad [hidden], [hidden]; [hidden]");
}

static void test_fatal_ends_the_run(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("200");
    add("403:wrong key");
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_FATAL);
    assert_string_equal(outcome.text, "HTTP 403: wrong key");
    assert_int_equal(owner.items[2].handed, 0);
}

static void test_fatal_is_not_covered_by_the_end_of_the_items(void **state)
{
    (void)state;
    add("401");
    assert_int_equal(run().end, TRANSFER_END_FATAL);
}

static void test_destination_down(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    limits.probes = 3;
    /* A port that is taken, so that nobody else can listen on it, but does not listen. */
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int taken = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &size), 0);
    snprintf(config.url, sizeof config.url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    add_many("200", 50);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DOWN);
    assert_int_equal(strncmp(outcome.text, "destination down: ", 18), 0);
    assert_int_equal(outcome.results[TRANSFER_NOT_ACCEPTED], 5 + 3);
    assert_int_equal(outcome.started, 5 + 3);
    assert_true(owner.items[0].answer.unreached);
    assert_int_equal(owner.items[8].handed, 0);
    close(taken);
}

static void test_destination_comes_back(void **state)
{
    (void)state;
    add_many("close", 7);
    add_many("200", 60);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(outcome.results[TRANSFER_AMBIGUOUS], 7);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 60);
}

static void test_time_limit_of_a_call(void **state)
{
    (void)state;
    config.patience.transfer_seconds = 1;
    add("hang");
    int64_t start = milliseconds();
    struct transfer_outcome outcome = run();
    assert_true(milliseconds() - start < 15000);
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_AMBIGUOUS);
    assert_true(owner.items[0].answer.down);
}

static void test_time_limit_without_a_byte(void **state)
{
    (void)state;
    config.patience.idle_seconds = 1;
    add("hang");
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start < 15000);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_AMBIGUOUS);
}

static void test_time_limit_of_connecting(void **state)
{
    (void)state;
    config.patience.connect_seconds = 1;
    snprintf(config.url, sizeof config.url, "https://127.0.0.1:%u/", server.port);
    add("no TLS answers this");
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start < 15000);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_NOT_ACCEPTED);
    assert_true(owner.items[0].answer.unreached);
}

static void test_time_limit_of_the_run(void **state)
{
    (void)state;
    limits.run_ms = 300;
    owner.later_after = 1;
    owner.later_ms = 3600000;
    add_many("200", 5);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_TIME);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 1);
}

static void test_asking_again_later(void **state)
{
    (void)state;
    owner.later_after = 2;
    owner.later_ms = 300;
    add_many("200", 4);
    int64_t start = milliseconds();
    struct transfer_outcome outcome = run();
    assert_true(milliseconds() - start >= 300);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 4);
}

static void test_retry_after_holds_the_destination_where_all_are_pushed_back(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    config.retry_429 = true;
    add_many("429 1", 3);
    add("200");
    int64_t start = milliseconds();
    struct transfer_outcome outcome = run();
    assert_true(milliseconds() - start >= 1000);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_NOT_ACCEPTED);
    assert_int_equal(owner.items[0].answer.retry_after_ms, 1000);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 1);
}

static void test_retry_after_for_one_holds_that_one(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    config.retry_429 = true;
    limits.run_ms = 20000;
    for (int i = 0; i < 4; i++) {
        add_many("429 900", 2);
        add("200");
    }
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(outcome.results[TRANSFER_NOT_ACCEPTED], 8);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 4);
}

static void test_set_up_ends_the_run(void **state)
{
    static const char *const orders[] = {"404", "302", "308", "402",
                                         "200:<!DOCTYPE html><title>Log in</title>"};
    (void)state;
    config.pace.concurrency = 1;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        memset(&owner, 0, sizeof owner);
        add(orders[i]);
        add("200");
        assert_int_equal(run().end, TRANSFER_END_FATAL);
        assert_int_equal(owner.items[0].answer.result, TRANSFER_FATAL);
        assert_false(owner.items[0].answer.behind);
        assert_int_equal(owner.items[1].handed, 0);
    }
}

static void test_refusals_alike_are_about_us(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("400:no, request 4711");
    add("500");
    add("400:no, request 4712");
    add("400:no, request 4713");
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_FATAL);
    assert_string_equal(outcome.text, "3 in a row alike: HTTP 400: no, request 4713");
    for (int i = 0; i < 4; i++) {
        bool refused = i != 1;
        assert_int_equal(owner.items[i].answer.result,
                         refused ? TRANSFER_FATAL : TRANSFER_AMBIGUOUS);
        assert_int_equal(owner.items[i].answer.behind, refused);
    }
    assert_int_equal(owner.items[4].handed, 0);
}

static void test_a_success_makes_refusals_the_items_own(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add_many("400:no", 2);
    add("200");
    add_many("400:no", 9); /* one less than says that it is about us */
    add_many("422:no", 9);
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(outcome.results[TRANSFER_REFUSED], 20);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 2);
}

static void test_a_stop_before_it_is_known_gives_refusals_back(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    limits.run_ms = 300;
    owner.later_after = 2;
    owner.later_ms = 3600000;
    add_many("400:no", 5);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_TIME);
    assert_int_equal(outcome.results[TRANSFER_FATAL], 2);
}

static void test_a_wait_past_the_runs_end(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    limits.run_ms = 20000;
    add("503 900");
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_HELD);
    assert_true(outcome.hold_ms > 890000 && outcome.hold_ms <= 900000);
    assert_int_equal(owner.items[1].handed, 0);
}

static void test_pace_over_the_network(void **state)
{
    (void)state;
    config.pace.rate = 50;
    add_many("200", 26);
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start >= 480); /* 25 pauses, less a burst of nothing */
    assert_true(owner.most_room <= 5 + 13);
}

static void test_stop(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    owner.stop_after = 3;
    owner.stop_value = 1;
    add_many("200", 20);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_STOPPED);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 3);
    assert_int_equal(owner.next, 3);
}

static void test_abort(void **state)
{
    (void)state;
    config.pace.concurrency = 3;
    owner.stop_after = 40;
    owner.stop_value = 2;
    add("hang");
    add_many("200", 100);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_ABORTED);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_AMBIGUOUS);
    assert_string_equal(owner.items[0].answer.text, "stopped before an answer came");
    assert_false(owner.items[0].answer.down);
    assert_true(owner.next < 60);
}

static void test_abort_before_anything_was_sent(void **state)
{
    (void)state;
    owner.stop_at_tick = true;
    snprintf(config.url, sizeof config.url, "https://127.0.0.1:%u/", server.port);
    add("no TLS answers this");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_ABORTED);
    assert_int_equal(owner.items[0].returned, 1);
    assert_int_equal(outcome.started, 0);
}

static void test_failing_tick(void **state)
{
    (void)state;
    owner.fail_at_tick = 1;
    owner.later_after = 2;
    owner.later_ms = 3600000;
    add_many("200", 4);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_int_equal(owner.next, 2);
}

static void test_destinations_side_by_side(void **state)
{
    (void)state;
    char error[512];
    static struct owner other;
    struct transfer_outcome outcomes[2];
    struct fraud *fraud = fraud_open(&config, error, sizeof error);
    assert_non_null(fraud);
    memset(&other, 0, sizeof other);
    limits.run_ms = 2000;
    config.patience.transfer_seconds = 1;
    config.pace.concurrency = 1;
    add_many("hang", 1);
    struct transfer_destination destinations[2] = {
        {.name = "one",
         .channel = fraud_channel(fraud),
         .pace = config.pace,
         .patience = config.patience,
         .owner = {&owner, hand_out, take_result, take_back}},
        {.name = "other",
         .channel = fraud_channel(fraud),
         .pace = config.pace,
         .patience = config.patience,
         .owner = {&other, hand_out, take_result, take_back}},
    };
    for (; other.count < 100; other.count++)
        other.items[other.count].request = (struct fraud_request){.body = "200", .length = 3};
    /* When the last of the other's items is done, the first destination still hangs. */
    other.stop_after = 100;
    other.stop_value = 2;
    assert_true(transfer_run(destinations, 2, &limits, outcomes));
    assert_int_equal(outcomes[0].end, TRANSFER_END_ABORTED);
    assert_int_equal(owner.items[0].answer.result, TRANSFER_AMBIGUOUS);
    assert_int_equal(outcomes[1].results[TRANSFER_ACCEPTED], 100);
    fraud_close(fraud);
}

static void test_broken_owner(void **state)
{
    (void)state;
    owner.broken_after = 3;
    add_many("200", 20);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_int_equal(outcome.results[TRANSFER_ACCEPTED], 3);
}

static void test_configuration(void **state)
{
    (void)state;
    char error[512];
    strncpy(config.token, "two words", sizeof config.token - 1);
    assert_null(fraud_open(&config, error, sizeof error));
    assert_non_null(strstr(error, "[fraud] token"));
    assert_null(strstr(error, "words"));
    strncpy(config.token, "x\r\nX-Other: y", sizeof config.token - 1);
    assert_null(fraud_open(&config, error, sizeof error));
}

static void test_pause(void **state)
{
    (void)state;
    struct config_patience patience = {.pause_seconds = 10, .longest_pause_seconds = 100};
    for (int i = 0; i < 200; i++) {
        assert_in_range(transfer_pause_ms(&patience, 1), 5000, 15000);
        assert_in_range(transfer_pause_ms(&patience, 3), 20000, 60000);
        assert_in_range(transfer_pause_ms(&patience, 1000), 50000, 100000);
    }
    assert_string_equal(transfer_result_name(TRANSFER_NOT_ACCEPTED), "not_accepted");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare_run, server_end)
    static const struct CMUnitTest tests[] = {
        TEST(test_request),
        TEST(test_backfill),
        TEST(test_bodies_of_acknowledgements),
        TEST(test_answers),
        TEST(test_endless_headers),
        TEST(test_a_kept_connection_that_breaks_is_not_sent_again),
        TEST(test_connections_are_kept),
        TEST(test_hidden_texts),
        TEST(test_fatal_ends_the_run),
        TEST(test_fatal_is_not_covered_by_the_end_of_the_items),
        TEST(test_destination_down),
        TEST(test_destination_comes_back),
        TEST(test_time_limit_of_a_call),
        TEST(test_time_limit_without_a_byte),
        TEST(test_time_limit_of_connecting),
        TEST(test_time_limit_of_the_run),
        TEST(test_asking_again_later),
        TEST(test_retry_after_holds_the_destination_where_all_are_pushed_back),
        TEST(test_retry_after_for_one_holds_that_one),
        TEST(test_set_up_ends_the_run),
        TEST(test_refusals_alike_are_about_us),
        TEST(test_a_success_makes_refusals_the_items_own),
        TEST(test_a_stop_before_it_is_known_gives_refusals_back),
        TEST(test_a_wait_past_the_runs_end),
        TEST(test_pace_over_the_network),
        TEST(test_stop),
        TEST(test_abort),
        TEST(test_abort_before_anything_was_sent),
        TEST(test_failing_tick),
        TEST(test_destinations_side_by_side),
        TEST(test_broken_owner),
        TEST(test_configuration),
        cmocka_unit_test(test_pause),
    };
    alarm(300); /* a run that never ends is a failure too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
