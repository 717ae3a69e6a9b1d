/* SPDX-License-Identifier: MIT */
/* SMS: lengths, requests to a gateway on loopback, delivery into a folder. */
#include "channels/sms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>

#include "../delivery/deliver.h"
#include "../folder.h"

static void length_is(const char *text, bool unicode, unsigned units, unsigned segments)
{
    struct sms_length length = sms_segments(text);
    assert_int_equal(length.unicode, unicode);
    assert_int_equal(length.units, units);
    assert_int_equal(length.segments, segments);
}

/* `count` times `piece`, then `last`. */
static const char *repeat(const char *piece, size_t count, const char *last)
{
    static char text[4096];
    text[0] = 0;
    while (count-- > 0)
        strncat(text, piece, sizeof text - strlen(text) - 1);
    strncat(text, last, sizeof text - strlen(text) - 1);
    return text;
}

static void test_segments(void **state)
{
    (void)state;
    length_is("", false, 0, 1);
    length_is("Hello @ £5 \n ÄÖÜäöüß Ç Δ", false, 24, 1);
    length_is("[€]", false, 6, 1);
    length_is("ç", true, 1, 1); /* only the capital is in the alphabet */
    length_is("`", true, 1, 1);
    length_is("確認", true, 2, 1);
    length_is("😀", true, 2, 1);
    length_is(repeat("x", 160, ""), false, 160, 1);
    length_is(repeat("x", 161, ""), false, 161, 2);
    length_is(repeat("x", 306, ""), false, 306, 2);
    length_is(repeat("x", 307, ""), false, 307, 3);
    length_is(repeat("x", 152, "€yyyyyyy"), false, 161, 2);
    length_is(repeat("日", 70, ""), true, 70, 1);
    length_is(repeat("日", 71, ""), true, 71, 2);
    length_is(repeat("日", 134, ""), true, 134, 2);
    length_is(repeat("😀", 67, ""), true, 134, 3); /* 33 pairs to a part, no pair split */
}

/* -- a gateway: one request a connection -- */

static struct {
    int socket;
    unsigned port;
    pthread_t thread;
    const char *answer;
    char request[8192];
} gateway;

static void serve_one(int connection)
{
    size_t length = 0;
    for (;;) {
        ssize_t got =
            recv(connection, gateway.request + length, sizeof gateway.request - 1 - length, 0);
        if (got <= 0)
            break;
        length += (size_t)got;
        gateway.request[length] = 0;
        const char *end = strstr(gateway.request, "\r\n\r\n");
        const char *size = strstr(gateway.request, "Content-Length: ");
        if (end && size && strlen(end + 4) >= strtoul(size + 16, NULL, 10)) {
            send(connection, gateway.answer, strlen(gateway.answer), MSG_NOSIGNAL);
            break;
        }
    }
    close(connection);
}

static void *serve(void *argument)
{
    (void)argument;
    int connection;
    while ((connection = accept(gateway.socket, NULL, NULL)) >= 0)
        serve_one(connection);
    return NULL;
}

static struct config_sms config;

static int make_gateway(void **state)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    memset(&gateway, 0, sizeof gateway);
    gateway.socket = socket(AF_INET, SOCK_STREAM, 0);
    if (folder_make(state) != 0 ||
        bind(gateway.socket, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(gateway.socket, 1) != 0 ||
        getsockname(gateway.socket, (struct sockaddr *)&address, &size) != 0)
        return -1;
    gateway.port = ntohs(address.sin_port);
    gateway.answer = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
    config = (struct config_sms){.success_low = 200, .success_high = 299, .from = "Example"};
    snprintf(config.url, sizeof config.url, "http://127.0.0.1:%u/sms", gateway.port);
    snprintf(config.templates, sizeof config.templates, "%s", folder);
    folder_write("sms.en.txt", "Code \"{code}\" & {minutes} minutes\n");
    return pthread_create(&gateway.thread, NULL, serve, NULL);
}

static int end_gateway(void **state)
{
    shutdown(gateway.socket, SHUT_RDWR);
    pthread_join(gateway.thread, NULL);
    close(gateway.socket);
    return folder_remove(state);
}

static struct transfer_answer send_one(const char *to)
{
    struct error error;
    struct sms *sms = sms_open(&config, &error);
    if (!sms)
        print_error("%s\n", error.text);
    assert_non_null(sms);
    struct message_request request = {
        .to = to, .values = {.code = "123456", .minutes = 5}, .token = "Zm9v-YmFy_YmF6"};
    struct transfer_answer answer = deliver_one(sms_channel(sms), &request);
    sms_close(sms);
    return answer;
}

static void sent(const char *text)
{
    if (!strstr(gateway.request, text))
        print_error("%s\n", gateway.request);
    assert_non_null(strstr(gateway.request, text));
}

static void test_json(void **state)
{
    (void)state;
    snprintf(config.token, sizeof config.token, "s3cret");
    snprintf(config.headers, sizeof config.headers, "X-One: 1 | X-Two: 2");
    struct transfer_answer answer = send_one("+16045555555");
    assert_int_equal(answer.result, TRANSFER_ACCEPTED);
    assert_string_equal(answer.text, "HTTP 201");
    sent("POST /sms HTTP/1.1\r\n");
    sent("\r\nContent-Type: application/json\r\n");
    sent("\r\nAuthorization: Bearer s3cret\r\n");
    sent("\r\nX-One: 1");
    sent("\r\nX-Two: 2\r\n");
    sent("\r\n\r\n{\"to\":\"+16045555555\",\"from\":\"Example\","
         "\"text\":\"Code \\\"123456\\\" & 5 minutes\"}");
}

static void test_own_json(void **state)
{
    (void)state;
    snprintf(config.body, sizeof config.body, "%s",
             "{\"messages\":[{\"a\":\"{to}\"}],\"b\":\"{text}\"}");
    snprintf(config.web_domain, sizeof config.web_domain, "example.com");
    send_one("+16045555555");
    sent("\r\n\r\n{\"messages\":[{\"a\":\"+16045555555\"}],"
         "\"b\":\"Code \\\"123456\\\" & 5 minutes\\u000a\\u000a@example.com #123456\"}");
}

static void test_form(void **state)
{
    (void)state;
    config.profile = CONFIG_SMS_FORM;
    snprintf(config.username, sizeof config.username, "user");
    snprintf(config.token, sizeof config.token, "pass");
    send_one("+16045555555");
    sent("\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    sent("\r\nAuthorization: Basic dXNlcjpwYXNz\r\n");
    sent("\r\n\r\nto=%2B16045555555&from=Example&text=Code%20%22123456%22%20%26%205%20minutes");
}

static void test_twilio(void **state)
{
    (void)state;
    config.profile = CONFIG_SMS_TWILIO;
    snprintf(config.url, sizeof config.url, "http://127.0.0.1:%u/", gateway.port);
    snprintf(config.username, sizeof config.username, "AC12");
    snprintf(config.token, sizeof config.token, "pass");
    send_one("+16045555555");
    sent("POST /2010-04-01/Accounts/AC12/Messages.json HTTP/1.1\r\n");
    sent("\r\nAuthorization: Basic QUMxMjpwYXNz\r\n");
    sent("\r\n\r\nTo=%2B16045555555&From=Example&Body=Code%20%22123456%22%20%26%205%20minutes");
}

static void test_answers_do_not_keep_the_message(void **state)
{
    (void)state;
    gateway.answer = "HTTP/1.1 400 No\r\nContent-Length: 43\r\n\r\n"
                     "no: 16045555555 +16045555555 'Code 123456'\n";
    struct transfer_answer answer = send_one("+16045555555");
    assert_int_equal(answer.result, TRANSFER_REFUSED);
    assert_string_equal(answer.text, "HTTP 400: no: [hidden] [hidden] 'Code [hidden]'");
}

/* A token comes in a link, which many an encoder spells in its own way. */
static void test_answers_do_not_keep_the_token(void **state)
{
    (void)state;
    gateway.answer = "HTTP/1.1 400 No\r\nContent-Length: 39\r\n\r\n"
                     "no: https:\\/\\/a.example\\/Zm9v-YmFy_YmF6";
    struct transfer_answer answer = send_one("+16045555555");
    assert_string_equal(answer.text, "HTTP 400: no: https:\\/\\/a.example\\/[hidden]");
}

static void test_success_status(void **state)
{
    (void)state;
    config.success_low = config.success_high = 200;
    assert_int_equal(send_one("+16045555555").result, TRANSFER_REFUSED);
}

/* What an answer with this body comes to, where success_body is `wanted`. */
static struct transfer_answer answered(const char *wanted, const char *type, const char *body)
{
    static char answer[1024];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type,
             strlen(body), body);
    gateway.answer = answer;
    snprintf(config.success_body, sizeof config.success_body, "%s", wanted);
    return send_one("+16045555555");
}

static void test_success_body(void **state)
{
    static const char json[] =
        "{\"messages\":[{\"status\":\"0\",\"a/b\":true,\"n\":17,\"none\":null}]}";
    static const struct {
        const char *wanted, *body;
        enum transfer_result result;
    } table[] = {
        {"", json, TRANSFER_ACCEPTED},
        {"", "ERROR 17", TRANSFER_ACCEPTED},
        {"/messages/0/status=0", json, TRANSFER_ACCEPTED},
        {"/messages/0/status=1", json, TRANSFER_REFUSED},
        {"/messages/1/status=0", json, TRANSFER_REFUSED},
        {"/messages/0/a~1b=true", json, TRANSFER_ACCEPTED},
        {"/messages/0/n=17", json, TRANSFER_ACCEPTED},
        {"/messages/0/n=1", json, TRANSFER_REFUSED},
        {"/messages/0/none=null", json, TRANSFER_ACCEPTED},
        {"/messages/0=null", json, TRANSFER_REFUSED},
        {"/status=0", "not JSON", TRANSFER_REFUSED},
        {"/=1", "{\"\":1}", TRANSFER_ACCEPTED},
        {"^OK [0-9]+$", "OK 17", TRANSFER_ACCEPTED},
        {"^OK [0-9]+$", "ERR 17", TRANSFER_REFUSED},
        {"^OK", "", TRANSFER_REFUSED},
        {"\"status\": *\"(queued|sent)\"", "{\"status\": \"queued\"}", TRANSFER_ACCEPTED},
        {"\"status\": *\"(queued|sent)\"", "{\"status\":\"failed\"}", TRANSFER_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_int_equal(answered(table[i].wanted, "text/html", table[i].body).result,
                         table[i].result);
    struct transfer_answer answer = answered("^OK", "text/plain", "ERR 123456 \x1b[2J");
    assert_string_equal(answer.text,
                        "HTTP 200, but its body says no success: ERR [hidden] \\x1B[2J");
}

static void test_a_page_is_no_answer(void **state)
{
    (void)state;
    static const char page[] = "<!DOCTYPE html><title>Log in</title>OK";
    assert_int_equal(answered("", "text/html", page).result, TRANSFER_ABOUT_US);
    assert_int_equal(answered("^OK", "text/html", page).result, TRANSFER_ABOUT_US);
    assert_int_equal(answered("OK$", "text/html", page).result, TRANSFER_ACCEPTED);
}

static void test_a_body_that_breaks_off(void **state)
{
    (void)state;
    gateway.answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"status\":";
    assert_int_equal(send_one("+16045555555").result, TRANSFER_ACCEPTED);
    snprintf(config.success_body, sizeof config.success_body, "/status=queued");
    assert_int_equal(send_one("+16045555555").result, TRANSFER_AMBIGUOUS);
}

static void test_too_many_requests(void **state)
{
    (void)state;
    gateway.answer = "HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n";
    struct transfer_answer answer = send_one("+16045555555");
    assert_int_equal(answer.result, TRANSFER_NOT_ACCEPTED);
    assert_int_equal(answer.retry_after_ms, 3000);
}

static void test_folder(void **state)
{
    (void)state;
    unsigned mode;
    snprintf(config.url, sizeof config.url, "file:%s/sms", folder);
    struct transfer_answer answer = send_one("+16045555555");
    assert_int_equal(answer.result, TRANSFER_ACCEPTED);
    assert_string_equal(answer.text, "delivered (1 segment of GSM-7)");
    char *text = folder_read_only_file("sms/new", &mode);
    assert_string_equal(text, "To: +16045555555\nFrom: Example\n\nCode \"123456\" & 5 minutes\n");
    assert_int_equal(mode, 0600);
    free(text);
    assert_int_equal(send_one("0604").result, TRANSFER_REFUSED);
    assert_int_equal(send_one("+1604\nX: y").result, TRANSFER_REFUSED);
}

static void refuses(const char *expected)
{
    struct error error;
    assert_null(sms_open(&config, &error));
    if (!strstr(error.text, expected))
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, expected));
}

static void test_configuration(void **state)
{
    (void)state;
    snprintf(config.body, sizeof config.body, "{\"to\":\"{to}\"}");
    refuses("[sms] body: must hold {to} and {text}");
    snprintf(config.body, sizeof config.body, "{\"to\":{to},\"text\":\"{text}\"}");
    refuses("[sms] body: not JSON");
    config.body[0] = 0;
    snprintf(config.headers, sizeof config.headers, "no colon here");
    refuses("[sms] headers: ");
    config.headers[0] = 0;
    snprintf(config.success_body, sizeof config.success_body, "/status");
    refuses("[sms] success_body: expected = and a value after a JSON pointer");
    snprintf(config.success_body, sizeof config.success_body, "(queued");
    refuses("[sms] success_body: ");
    config.success_body[0] = 0;
    config.profile = CONFIG_SMS_TWILIO;
    refuses("needs username");
    snprintf(config.url, sizeof config.url, "file:%s", folder);
    snprintf(config.templates, sizeof config.templates, "/nonexistent");
    refuses("[sms] templates: /nonexistent: ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_gateway, end_gateway)
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segments),
        TEST(test_json),
        TEST(test_own_json),
        TEST(test_form),
        TEST(test_twilio),
        TEST(test_answers_do_not_keep_the_message),
        TEST(test_answers_do_not_keep_the_token),
        TEST(test_success_status),
        TEST(test_success_body),
        TEST(test_a_page_is_no_answer),
        TEST(test_a_body_that_breaks_off),
        TEST(test_too_many_requests),
        TEST(test_folder),
        TEST(test_configuration),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
