/* SPDX-License-Identifier: MIT */
/* What each answer means for its item. */
#include "delivery/http_status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

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
    http_status_judge(&reply, 200, 299, retry_429, &answer);
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
        {301, TRANSFER_ABOUT_US, false},     {302, TRANSFER_ABOUT_US, false},
        {308, TRANSFER_ABOUT_US, false},     {402, TRANSFER_ABOUT_US, false},
        {400, TRANSFER_REFUSED, false},      {401, TRANSFER_ABOUT_US, false},
        {403, TRANSFER_ABOUT_US, false},     {404, TRANSFER_ABOUT_US, false},
        {405, TRANSFER_REFUSED, false},      {406, TRANSFER_REFUSED, false},
        {407, TRANSFER_ABOUT_US, false},     {408, TRANSFER_NOT_ACCEPTED, false},
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
                        "HTTP 302 (redirects are not followed): http://elsewhere/\\x1B");
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
        {CURLE_SSL_CACERT_BADFILE, false, TRANSFER_ABOUT_US},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct transfer_answer answer = judge(table[i].code, 0, table[i].sent, false);
        assert_int_equal(answer.result, table[i].result);
        assert_int_equal(answer.unreached, !table[i].sent);
        assert_int_equal(answer.down, table[i].result != TRANSFER_ABOUT_US);
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
        assert_int_equal(http_status_is_html(&reply), table[i].html);
        assert_int_equal(http_status_is_page(&reply), table[i].page);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_status),
        cmocka_unit_test(test_judge_silence),
        cmocka_unit_test(test_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
