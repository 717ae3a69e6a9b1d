/* SPDX-License-Identifier: MIT */
/* The engine and the fraud API's channel against the small server of transfer_rig.h. */
#include "transfer_rig.h"

static void test_request(void **state)
{
    (void)state;
    config.min_latency_ms = 250;
    add("200:{\"status\":200,\"timestamp\":1512828998826}");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(results(TRANSFER_ACCEPTED), 1);
    assert_int_equal(source.items[0].transfer.answer.timestamp, 1512828998826);
    assert_string_equal(source.items[0].transfer.answer.text, "HTTP 200");
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
    run();
    assert_int_equal(results(TRANSFER_ACCEPTED), source.count);
    for (size_t i = 0; i < source.count; i++)
        assert_int_equal(source.items[i].transfer.answer.timestamp, i == 1 ? 5 : -1);
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
        assert_int_equal(source.items[i].transfer.answer.result, table[i].result);
    /* One request for each item: redirects were not followed, nothing was silently sent twice. */
    assert_int_equal(server.requests, source.count);
}

static void test_endless_headers(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("headers");
    add("200");
    run();
    /* The status had arrived; the rest was not read, so that the connection was given up. */
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_ACCEPTED);
    assert_int_equal(server.connections, 2);
}

static void test_a_kept_connection_that_breaks_is_not_sent_again(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("200");
    add("close"); /* on the same connection: libcurl would try again by itself */
    add("200");
    run();
    assert_int_equal(results(TRANSFER_ACCEPTED), 2);
    assert_int_equal(source.items[1].transfer.answer.result, TRANSFER_AMBIGUOUS);
    assert_false(source.items[1].transfer.answer.unreached);
    assert_int_equal(server.requests, 3);
}

static void test_connections_are_kept(void **state)
{
    (void)state;
    add_many("200", 300);
    run();
    assert_int_equal(results(TRANSFER_ACCEPTED), 300);
    assert_true(server.connections <= 4);
    assert_true(server.most_under_way <= 4);
}

static void test_hidden_texts(void **state)
{
    (void)state;
    add("400:bad jane@example.com, +16045555555; s3cret-token");
    source.items[0].request.hide[0] = "jane@example.com";
    source.items[0].request.hide[1] = "+16045555555";
    run();
    assert_string_equal(source.items[0].transfer.answer.text,
                        "HTTP 400: bad [hidden], [hidden]; [hidden]");
}

static void test_fatal_ends_the_run(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    add("200");
    add("403:wrong key");
    add("200");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_ABOUT_US);
    assert_string_equal(outcome.text, "HTTP 403: wrong key");
    assert_int_equal(source.items[2].handed, 0);
}

static void test_fatal_is_not_covered_by_the_end_of_the_items(void **state)
{
    (void)state;
    add("401");
    assert_int_equal(run().end, TRANSFER_END_ABOUT_US);
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
    assert_int_equal(results(TRANSFER_NOT_ACCEPTED), 5 + 3);
    assert_true(source.items[0].transfer.answer.unreached);
    assert_int_equal(source.items[8].handed, 0);
    close(taken);
}

static void test_destination_comes_back(void **state)
{
    (void)state;
    add_many("close", 7);
    add_many("200", 60);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_DONE);
    assert_int_equal(results(TRANSFER_AMBIGUOUS), 7);
    assert_int_equal(results(TRANSFER_ACCEPTED), 60);
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
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_AMBIGUOUS);
    assert_true(source.items[0].transfer.answer.down);
}

static void test_time_limit_without_a_byte(void **state)
{
    (void)state;
    config.patience.idle_seconds = 1;
    add("hang");
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start < 15000);
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_AMBIGUOUS);
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
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_NOT_ACCEPTED);
    assert_true(source.items[0].transfer.answer.unreached);
}

static void test_time_limit_of_the_run(void **state)
{
    (void)state;
    limits.run_ms = 300;
    source.later_after = 1;
    source.later_ms = 3600000;
    add_many("200", 5);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_TIME);
    assert_int_equal(results(TRANSFER_ACCEPTED), 1);
}

static void test_asking_again_later(void **state)
{
    (void)state;
    source.later_after = 2;
    source.later_ms = 300;
    add_many("200", 4);
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start >= 300);
    assert_int_equal(results(TRANSFER_ACCEPTED), 4);
}

static void test_retry_after_holds_the_destination_where_all_are_pushed_back(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    config.retry_429 = true;
    add_many("429 1", 3);
    add("200");
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start >= 1000);
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_NOT_ACCEPTED);
    assert_int_equal(source.items[0].transfer.answer.retry_after_ms, 1000);
    assert_int_equal(results(TRANSFER_ACCEPTED), 1);
}

static void test_retry_after_is_of_its_own_answer(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    config.retry_429 = true;
    add("429 2");
    add("200");
    add("429 9000");
    add("200");
    add("429 0");
    add("429");
    run();
    static const int64_t expected[] = {2000, -1, 3600000, -1, -1, -1};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(source.items[i].transfer.answer.retry_after_ms, expected[i]);
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
    assert_int_equal(results(TRANSFER_NOT_ACCEPTED), 8);
    assert_int_equal(results(TRANSFER_ACCEPTED), 4);
}

static void test_set_up_ends_the_run(void **state)
{
    static const char *const orders[] = {"404", "302", "308", "402",
                                         "200:<!DOCTYPE html><title>Log in</title>"};
    (void)state;
    config.pace.concurrency = 1;
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        memset(&source, 0, sizeof source);
        add(orders[i]);
        add("200");
        assert_int_equal(run().end, TRANSFER_END_ABOUT_US);
        assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_ABOUT_US);
        assert_false(source.items[0].transfer.answer.behind);
        assert_int_equal(source.items[1].handed, 0);
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
    assert_int_equal(outcome.end, TRANSFER_END_ABOUT_US);
    assert_string_equal(outcome.text, "3 identical refusals in a row: HTTP 400: no, request 4713");
    for (int i = 0; i < 4; i++) {
        bool refused = i != 1;
        assert_int_equal(source.items[i].transfer.answer.result,
                         refused ? TRANSFER_ABOUT_US : TRANSFER_AMBIGUOUS);
        assert_int_equal(source.items[i].transfer.answer.behind, refused);
    }
    assert_int_equal(source.items[4].handed, 0);
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
    assert_int_equal(results(TRANSFER_REFUSED), 20);
    assert_int_equal(results(TRANSFER_ACCEPTED), 2);
}

static void test_a_stop_before_it_is_known_gives_refusals_back(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    limits.run_ms = 300;
    source.later_after = 2;
    source.later_ms = 3600000;
    add_many("400:no", 5);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_TIME);
    assert_int_equal(results(TRANSFER_ABOUT_US), 2);
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
    assert_int_equal(source.items[1].handed, 0);
}

static void test_pace_over_the_network(void **state)
{
    (void)state;
    config.pace.rate = 50;
    add_many("200", 26);
    int64_t start = milliseconds();
    run();
    assert_true(milliseconds() - start >= 480); /* 25 pauses, less a burst of nothing */
    assert_true(source.most_room <= 5 + 13);
}

static void test_stop(void **state)
{
    (void)state;
    config.pace.concurrency = 1;
    source.stop_after = 3;
    add_many("200", 20);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_STOPPED);
    assert_int_equal(results(TRANSFER_ACCEPTED), 3);
    assert_int_equal(source.next, 3);
}

static void test_libcurl_that_fails_ends_the_run(void **state)
{
    (void)state;
    config.pace.concurrency = 3;
    libcurl_fails = 40;
    add("hang");
    add_many("200", 200);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_string_equal(outcome.text, "Internal error");
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_AMBIGUOUS);
    assert_string_equal(source.items[0].transfer.answer.text, "stopped before an answer came");
    assert_false(source.items[0].transfer.answer.down);
    assert_true(source.next < 150);
}

static void test_libcurl_that_fails_before_anything_was_sent(void **state)
{
    (void)state;
    libcurl_fails = 3; /* connected by then, without an answer in TLS */
    snprintf(config.url, sizeof config.url, "https://127.0.0.1:%u/", server.port);
    add("no TLS answers this");
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_int_equal(source.items[0].ended, 1);
    assert_false(source.items[0].transfer.answered);
}

static void test_a_failing_ledger_ends_the_run(void **state)
{
    (void)state;
    source.break_after = 2;
    source.later_after = 2;
    source.later_ms = 3600000;
    add_many("200", 4);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_string_equal(outcome.text, "the ledger failed");
    assert_int_equal(source.next, 2);
}

static void test_destinations_side_by_side(void **state)
{
    (void)state;
    struct transfer_outcome outcomes[2];
    config.patience.transfer_seconds = 1;
    config.pace.concurrency = 1;
    add_many("hang", 1);
    for (; other.count < 100; other.count++)
        other.items[other.count].request = (struct fraud_request){.body = "200", .length = 3};
    /* When the last of the other's items has ended, the first destination still hangs. */
    other.stop_after = 100;
    run_many(2, outcomes);
    assert_int_equal(outcomes[0].end, TRANSFER_END_STOPPED);
    assert_int_equal(source.items[0].transfer.answer.result, TRANSFER_AMBIGUOUS);
    assert_int_equal(count_of(&other, TRANSFER_ACCEPTED), 100);
}

static void test_broken_source(void **state)
{
    (void)state;
    source.broken_after = 3;
    add_many("200", 20);
    struct transfer_outcome outcome = run();
    assert_int_equal(outcome.end, TRANSFER_END_BROKEN);
    assert_int_equal(results(TRANSFER_ACCEPTED), 3);
}

static void test_configuration(void **state)
{
    (void)state;
    struct error error;
    strncpy(config.token, "two words", sizeof config.token - 1);
    assert_null(fraud_open(&config, &error));
    assert_non_null(strstr(error.text, "[fraud] token"));
    assert_null(strstr(error.text, "words"));
    strncpy(config.token, "x\r\nX-Other: y", sizeof config.token - 1);
    assert_null(fraud_open(&config, &error));
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
        TEST(test_retry_after_is_of_its_own_answer),
        TEST(test_retry_after_for_one_holds_that_one),
        TEST(test_set_up_ends_the_run),
        TEST(test_refusals_alike_are_about_us),
        TEST(test_a_success_makes_refusals_the_items_own),
        TEST(test_a_stop_before_it_is_known_gives_refusals_back),
        TEST(test_a_wait_past_the_runs_end),
        TEST(test_pace_over_the_network),
        TEST(test_stop),
        TEST(test_libcurl_that_fails_ends_the_run),
        TEST(test_libcurl_that_fails_before_anything_was_sent),
        TEST(test_a_failing_ledger_ends_the_run),
        TEST(test_destinations_side_by_side),
        TEST(test_broken_source),
        TEST(test_configuration),
    };
    alarm(300); /* a run that never ends is a failure too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
