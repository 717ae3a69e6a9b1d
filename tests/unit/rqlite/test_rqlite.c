/* SPDX-License-Identifier: MIT */
/* The client of rqlite, against nodes that answer what they are told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rqlite/rqlite.h"
#include "rqlite/rqlite_answer.h"

enum { ANSWERS = 8, REQUEST = 8192, MOST = 32 };

/* A node: takes one connection after the other, keeps what it was sent, and answers the next of its
 * answers, the last one again and again. "": hangs up without a word; NULL: says nothing at all. */
struct node {
    int listener;
    char address[64];
    const char *answers[ANSWERS];
    char got[MOST][REQUEST];
    size_t count;
    pthread_t thread;
};

static void take_one(struct node *node, int peer)
{
    char *got = node->got[node->count % MOST];
    size_t length = 0, wanted = REQUEST - 1, answer = node->count;
    while (length < wanted) {
        ssize_t more = recv(peer, got + length, REQUEST - 1 - length, 0);
        if (more <= 0)
            break;
        length += (size_t)more;
        got[length] = '\0';
        const char *end = strstr(got, "\r\n\r\n"), *size = strstr(got, "Content-Length: ");
        if (end != NULL && size != NULL)
            wanted = (size_t)(end + 4 - got) + strtoul(size + 16, NULL, 10);
    }
    while (answer > 0 && (answer >= ANSWERS || node->answers[answer] == NULL))
        answer--;
    node->count++;
    const char *text = node->answers[answer];
    if (text != NULL && send(peer, text, strlen(text), MSG_NOSIGNAL) < 0)
        return;
    char byte;
    while (text == NULL && recv(peer, &byte, 1, 0) > 0) /* until the other side has enough of it */
        ;
}

static void *serve(void *context)
{
    struct node *node = context;
    int peer;
    while ((peer = accept(node->listener, NULL, NULL)) >= 0) {
        take_one(node, peer);
        close(peer);
    }
    return NULL;
}

static void node_start(struct node *node)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof place;
    node->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(node->listener, (struct sockaddr *)&place, sizeof place), 0);
    assert_int_equal(listen(node->listener, 8), 0);
    assert_int_equal(getsockname(node->listener, (struct sockaddr *)&place, &size), 0);
    snprintf(node->address, sizeof node->address, "http://127.0.0.1:%d", ntohs(place.sin_port));
    assert_int_equal(pthread_create(&node->thread, NULL, serve, node), 0);
}

static void node_stop(struct node *node)
{
    shutdown(node->listener, SHUT_RDWR);
    pthread_join(node->thread, NULL);
    close(node->listener);
    free(node);
}

static struct node *node_with(const char *first, const char *then)
{
    struct node *node = calloc(1, sizeof *node);
    assert_non_null(node);
    node->answers[0] = first;
    node->answers[1] = then;
    node_start(node);
    return node;
}

#define OK(body) "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" body
#define DONE OK("{\"results\":[{\"rows_affected\":1}]}")

static struct rqlite *client(struct node *one, struct node *two, int64_t give_up_ms)
{
    struct error error = {ERROR_NONE, ""};
    struct rqlite_options options = {.nodes = {one->address, two == NULL ? NULL : two->address},
                                     .node_count = two == NULL ? 1 : 2,
                                     .connect_ms = 2000,
                                     .request_ms = 300,
                                     .give_up_ms = give_up_ms,
                                     .first_pause_ms = 1,
                                     .longest_pause_ms = 4};
    struct rqlite *rqlite = rqlite_open(&options, &error);
    if (rqlite == NULL)
        fail_msg("%s", error.text);
    return rqlite;
}

static struct rqlite_request *one_statement(void)
{
    struct rqlite_request *request = rqlite_request_new();
    assert_true(
        rqlite_request_add(request, "INSERT INTO t VALUES (:n)", json_pack("{s:i}", "n", 5)));
    return request;
}

static enum rqlite_outcome send_to(struct node *one, struct node *two, unsigned *tries,
                                   struct error *error)
{
    struct rqlite *rqlite = client(one, two, 5000);
    struct rqlite_request *request = one_statement();
    json_t *results = NULL;
    enum rqlite_outcome outcome = rqlite_execute(rqlite, request, &results, error);
    assert_int_equal(results != NULL, outcome == RQLITE_DONE);
    *tries = rqlite_tries(rqlite);
    json_decref(results);
    rqlite_request_free(request);
    rqlite_close(rqlite);
    return outcome;
}

static void it_sends_all_in_one_transaction(void **state)
{
    (void)state;
    struct node *node = node_with(DONE, NULL);
    struct error error;
    unsigned tries;
    assert_int_equal(send_to(node, NULL, &tries, &error), RQLITE_DONE);
    assert_int_equal(tries, 1);
    assert_non_null(
        strstr(node->got[0], "POST /db/execute?transaction&norwrandom&norwtime HTTP/1.1\r\n"));
    assert_non_null(strstr(node->got[0], "\r\n\r\n[[\"INSERT INTO t VALUES (:n)\",{\"n\":5}]]"));
    node_stop(node);
}

/* Of each of these nobody knows what became of it. */
static void the_same_bytes_go_again_where_nobody_knows(void **state)
{
    (void)state;
    static const char *const unknown[] = {
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"results\":[",
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\nleader not found",
        "HTTP/1.1 500 Internal Server Error\r\nConnection: close\r\n\r\n",
        OK("{\"results\":[],\"error\":\"leadership lost while committing log\"}"),
        OK("{\"results\":[]}"),
        OK("{\"results\":[{\"error\":\"database is locked\"}]}"),
        OK("not JSON"),
        OK("")};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        struct node *node = node_with(unknown[i], DONE);
        struct error error;
        unsigned tries;
        assert_int_equal(send_to(node, NULL, &tries, &error), RQLITE_DONE);
        assert_int_equal(tries, 2);
        const char *first = strstr(node->got[0], "\r\n\r\n"),
                   *second = strstr(node->got[1], "\r\n\r\n");
        assert_string_equal(first, second);
        node_stop(node);
    }
}

static void the_next_node_is_asked(void **state)
{
    (void)state;
    struct node *silent = node_with(NULL, NULL), *good = node_with(DONE, NULL);
    struct error error;
    unsigned tries;
    /* Whichever was asked first. */
    for (int i = 0; i < 6; i++) {
        assert_int_equal(send_to(silent, good, &tries, &error), RQLITE_DONE);
        assert_true(tries <= 2);
    }
    assert_int_equal(good->count, 6);
    node_stop(silent);
    node_stop(good);
}

static void what_is_refused_is_not_sent_again(void **state)
{
    (void)state;
    static const char *const refused[] = {
        OK("{\"results\":[{\"error\":\"NOT NULL constraint failed: t.n\"}]}"),
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"};
    for (size_t i = 0; i < 2; i++) {
        struct node *node = node_with(refused[i], DONE);
        struct error error;
        unsigned tries;
        assert_int_equal(send_to(node, NULL, &tries, &error), RQLITE_REFUSED);
        assert_int_equal(node->count, 1);
        assert_int_equal(error.code, ERROR_INVALID);
        assert_non_null(strstr(error.text, node->address));
        node_stop(node);
    }
}

static void a_wrong_password_is_told_at_once(void **state)
{
    (void)state;
    struct node *one = node_with("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n", NULL),
                *two = node_with("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n", NULL);
    struct error error;
    unsigned tries;
    assert_int_equal(send_to(one, two, &tries, &error), RQLITE_DENIED);
    assert_int_equal(tries, 2);
    node_stop(one);
    node_stop(two);
    one = node_with(
        "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\nConnection: close\r\n\r\n", DONE);
    assert_int_equal(send_to(one, NULL, &tries, &error), RQLITE_DENIED);
    assert_int_equal(one->count, 1);
    node_stop(one);
    /* Where something may have been carried out, that is what counts. */
    one = node_with("", "HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
    assert_int_equal(send_to(one, NULL, &tries, &error), RQLITE_UNKNOWN);
    assert_int_equal(tries, 2);
    node_stop(one);
}

static void it_gives_up_in_time(void **state)
{
    (void)state;
    struct node *node = node_with("", NULL);
    struct error error;
    struct rqlite *rqlite = client(node, NULL, 50);
    struct rqlite_request *request = one_statement();
    assert_int_equal(rqlite_execute(rqlite, request, NULL, &error), RQLITE_UNKNOWN);
    assert_true(rqlite_tries(rqlite) > 1);
    rqlite_request_free(request);
    rqlite_close(rqlite);
    node_stop(node);
}

static void what_looks_like_a_blob_goes_in_rows_alone(void **state)
{
    (void)state;
    struct rqlite_request *request = rqlite_request_new();
    assert_false(rqlite_request_add(request, "SELECT :t", json_pack("{s:s}", "t", "x'4142'")));
    assert_false(rqlite_request_add(request, "SELECT :t", json_pack("{s:s}", "t", "X'")) &&
                 rqlite_request_add(request, "SELECT :t", json_pack("{s:s}", "t", "X''")));
    assert_false(rqlite_request_add(request, "SELECT :t", json_pack("{s:[i]}", "t", 1)));
    assert_true(rqlite_request_add(
        request, "SELECT :t",
        json_pack("{s:o}", "t", rqlite_rows(json_pack("[[s, i]]", "x'4142'", 2)))));
    assert_true(rqlite_request_add(request, "SELECT 1", NULL));
    rqlite_request_free(request);
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const char *const wrong[] = {"http://example.com:4001", "ftp://127.0.0.1",
                                        "https://user:secret@n1:4001", "https://n1:4001/db",
                                        "n1 n2"};
    static const char *const right[] = {"https://n1:4001", "http://127.0.0.1:4001/",
                                        "http://localhost:1", "http://[::1]:4001"};
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct rqlite_options options = {.nodes = {wrong[i]}, .node_count = 1};
        assert_null(rqlite_open(&options, &error));
        assert_int_equal(error.code, ERROR_INVALID);
        assert_null(strstr(error.text, "secret"));
    }
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        struct rqlite_options options = {.nodes = {right[i]}, .node_count = 1};
        struct rqlite *rqlite = rqlite_open(&options, &error);
        assert_non_null(rqlite);
        rqlite_close(rqlite);
    }
}

static int start(void **state)
{
    (void)state;
    return sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_sends_all_in_one_transaction),
        cmocka_unit_test(the_same_bytes_go_again_where_nobody_knows),
        cmocka_unit_test(the_next_node_is_asked),
        cmocka_unit_test(what_is_refused_is_not_sent_again),
        cmocka_unit_test(a_wrong_password_is_told_at_once),
        cmocka_unit_test(it_gives_up_in_time),
        cmocka_unit_test(what_looks_like_a_blob_goes_in_rows_alone),
        cmocka_unit_test(addresses_are_checked),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
