/* What comes from outside: judged, shortened, escaped. */
#include "delivery/response.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void escapes_to(const char *bytes, const char *const *hide, const char *expected)
{
    char text[TRANSFER_TEXT];
    response_escape(text, sizeof text, bytes, strlen(bytes), hide);
    assert_string_equal(text, expected);
}

static void test_escape(void **state)
{
    (void)state;
    static const char *const hide[] = {"123456", "jane@example.com", NULL};
    char text[TRANSFER_TEXT];
    static const char nul[] = "a fairly long text with a NUL\0in it";
    escapes_to("plain", NULL, "plain");
    escapes_to("", NULL, "");
    escapes_to(" two\r\n\tlines \n", NULL, "two lines");
    response_escape(text, sizeof text, nul, sizeof nul - 1, NULL);
    assert_string_equal(text, "a fairly long text with a NUL\\u{0}in it");
    escapes_to("clear \x1b[2J screen", NULL, "clear \\u{1B}[2J screen");
    escapes_to("C1 csi \xc2\x9b 8-bit", NULL, "C1 csi \\u{9B} 8-bit");
    escapes_to("bad utf8 \xff\xc3 end", NULL, "bad utf8 \\xFF\\xC3 end");
    escapes_to("right-to-left \xe2\x80\xae mark", NULL, "right-to-left \\u{202E} mark");
    escapes_to("Grüße 日本", NULL, "Grüße 日本");
    escapes_to("code 123456 for Jane@Example.com!", hide, "code [hidden] for [hidden]!");
    escapes_to("hash ef92b778bafe771e89245b89ecbc08a44a4e166c06659911881f383d4473e94f.", NULL,
               "hash [hidden].");
    escapes_to("short hex deadbeef stays", NULL, "short hex deadbeef stays");
}

static void test_escape_is_bounded(void **state)
{
    (void)state;
    char text[32];
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    response_escape(text, sizeof text, bytes, sizeof bytes, NULL);
    assert_int_equal(strlen(text), 31);
    assert_string_equal(text + 28, "...");
    for (size_t i = 0; i + 1 < sizeof bytes; i += 2) /* never half a character */
        memcpy(bytes + i, "ü", 2);
    for (size_t size = 8; size < sizeof text; size++) {
        response_escape(text, size, bytes, sizeof bytes, NULL);
        assert_true(strlen(text) < size);
        assert_string_equal(text + strlen(text) - 3, "...");
        assert_int_equal((strlen(text) - 3) % 2, 0);
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i % 7);
    response_escape(text, sizeof text, bytes, sizeof bytes, NULL);
    assert_string_equal(text, "(4096 bytes of binary data)");
}

static void test_retry_after(void **state)
{
    (void)state;
    int64_t now = 1512828988000; /* Sat, 09 Dec 2017 14:16:28 GMT */
    assert_int_equal(response_retry_after("120", now), 120000);
    assert_int_equal(response_retry_after(" 0 ", now), 0);
    assert_int_equal(response_retry_after("3601", now), 3600000);
    assert_int_equal(response_retry_after("99999999999999999999999999", now), 3600000);
    assert_int_equal(response_retry_after("Sat, 09 Dec 2017 14:17:28 GMT", now), 60000);
    assert_int_equal(response_retry_after("Sat, 09 Dec 2017 14:00:00 GMT", now), 0);
    assert_int_equal(response_retry_after("Sun, 10 Dec 2017 14:00:00 GMT", now), 3600000);
    assert_int_equal(response_retry_after("", now), -1);
    assert_int_equal(response_retry_after("-5", now), -1);
    assert_int_equal(response_retry_after("12s", now), -1);
    assert_int_equal(response_retry_after("soon", now), -1);
}

static struct transfer_answer judge(CURLcode code, long status, bool sent, bool retry_429)
{
    struct transfer_answer answer;
    struct transfer_reply reply = {
        .code = code,
        .error = curl_easy_strerror(code),
        .status = status,
        .sent = sent,
        .body = "{\"message\":\"no\"}",
        .body_length = 16,
        .last_line = "",
        .location = "http://elsewhere/\x1b",
        .retry_after_ms = 7000,
    };
    response_judge_http(&reply, 200, 299, retry_429, &answer);
    return answer;
}

static void test_judge_status(void **state)
{
    static const struct {
        long status;
        enum transfer_result result;
        bool down;
    } table[] = {
        {200, TRANSFER_ACCEPTED, false},     {201, TRANSFER_ACCEPTED, false},
        {301, TRANSFER_FATAL, false},        {302, TRANSFER_FATAL, false},
        {308, TRANSFER_FATAL, false},        {402, TRANSFER_FATAL, false},
        {400, TRANSFER_REFUSED, false},      {401, TRANSFER_FATAL, false},
        {403, TRANSFER_FATAL, false},        {404, TRANSFER_FATAL, false},
        {405, TRANSFER_REFUSED, false},      {406, TRANSFER_REFUSED, false},
        {407, TRANSFER_FATAL, false},        {408, TRANSFER_NOT_ACCEPTED, false},
        {425, TRANSFER_NOT_ACCEPTED, false}, {418, TRANSFER_REFUSED, false},
        {429, TRANSFER_DEFERRED, false},     {500, TRANSFER_AMBIGUOUS, false},
        {502, TRANSFER_AMBIGUOUS, true},     {503, TRANSFER_NOT_ACCEPTED, true},
        {504, TRANSFER_AMBIGUOUS, true},     {599, TRANSFER_AMBIGUOUS, false},
        {600, TRANSFER_REFUSED, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct transfer_answer answer = judge(CURLE_OK, table[i].status, true, false);
        assert_int_equal(answer.result, table[i].result);
        assert_int_equal(answer.down, table[i].down);
        assert_int_equal(answer.status, table[i].status);
        assert_false(answer.unreached);
        bool pushed = table[i].status == 429 || table[i].status == 503;
        assert_int_equal(answer.slow_down, pushed);
        assert_int_equal(answer.retry_after_ms, pushed ? 7000 : -1);
        /* A status is an answer, however the rest of it ended. */
        assert_int_equal(judge(CURLE_PARTIAL_FILE, table[i].status, true, false).result,
                         table[i].result);
    }
    assert_int_equal(judge(CURLE_OK, 429, true, true).result, TRANSFER_NOT_ACCEPTED);
    assert_string_equal(judge(CURLE_OK, 200, true, false).text, "HTTP 200");
    assert_string_equal(judge(CURLE_OK, 400, true, false).text, "HTTP 400: {\"message\":\"no\"}");
    assert_string_equal(judge(CURLE_OK, 302, true, false).text,
                        "HTTP 302 (redirects are not followed): http://elsewhere/\\u{1B}");
}

static void test_judge_silence(void **state)
{
    static const struct {
        CURLcode code;
        bool sent;
        enum transfer_result result;
    } table[] = {
        {CURLE_COULDNT_RESOLVE_HOST, false, TRANSFER_NOT_ACCEPTED},
        {CURLE_COULDNT_CONNECT, false, TRANSFER_NOT_ACCEPTED},
        {CURLE_SSL_CONNECT_ERROR, false, TRANSFER_NOT_ACCEPTED},
        {CURLE_PEER_FAILED_VERIFICATION, false, TRANSFER_NOT_ACCEPTED},
        {CURLE_OPERATION_TIMEDOUT, false, TRANSFER_NOT_ACCEPTED},
        {CURLE_OPERATION_TIMEDOUT, true, TRANSFER_AMBIGUOUS},
        {CURLE_RECV_ERROR, true, TRANSFER_AMBIGUOUS},
        {CURLE_SEND_ERROR, true, TRANSFER_AMBIGUOUS},
        {CURLE_GOT_NOTHING, true, TRANSFER_AMBIGUOUS},
        {CURLE_SSL_CACERT_BADFILE, false, TRANSFER_FATAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct transfer_answer answer = judge(table[i].code, 0, table[i].sent, false);
        assert_int_equal(answer.result, table[i].result);
        assert_int_equal(answer.unreached, !table[i].sent);
        assert_int_equal(answer.down, table[i].result != TRANSFER_FATAL);
        assert_true(answer.text[0] != 0);
    }
}

static void test_pages(void **state)
{
    static const struct {
        const char *type, *body;
        bool html, page;
    } table[] = {
        {"text/html", "<!DOCTYPE html><title>Log in</title>", true, true},
        {"Text/HTML; charset=utf-8", "\xef\xbb\xbf\r\n <HTML>", true, true},
        {"application/xhtml+xml", "<?xml version='1.0'?><html/>", true, false},
        {"application/json", "<html>", false, true},
        {"", "", false, false},
        {"text/html", "OK 17", true, false},
        {"text/htmlx", "{}", false, false},
        {"text/xml", "<answer>queued</answer>", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct transfer_reply reply = {
            .type = table[i].type, .body = table[i].body, .body_length = strlen(table[i].body)};
        assert_int_equal(response_is_html(&reply), table[i].html);
        assert_int_equal(response_is_page(&reply), table[i].page);
    }
}

static void test_upload_and_hide(void **state)
{
    (void)state;
    char body[] = "0123456789";
    char buffer[4];
    struct transfer_call call = {.body = body, .body_length = 10};
    assert_int_equal(response_upload(buffer, 1, 4, &call), 4);
    assert_int_equal(response_upload(buffer, 2, 2, &call), 4);
    assert_false(call.upload_ended);
    assert_int_equal(response_upload(buffer, 1, 4, &call), 2);
    assert_memory_equal(buffer, "89", 2);
    assert_true(call.upload_ended);
    assert_int_equal(response_upload(buffer, 1, 4, &call), 0);
    response_hide(&call, NULL);
    response_hide(&call, "ab");
    assert_null(call.hide[0]);
    for (int i = 0; i < 20; i++)
        response_hide(&call, "secret");
    assert_non_null(call.hide[TRANSFER_HIDE - 1]);
    assert_null(call.hide[TRANSFER_HIDE]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escape),          cmocka_unit_test(test_escape_is_bounded),
        cmocka_unit_test(test_retry_after),     cmocka_unit_test(test_judge_status),
        cmocka_unit_test(test_judge_silence),   cmocka_unit_test(test_pages),
        cmocka_unit_test(test_upload_and_hide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
