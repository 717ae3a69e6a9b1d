/* SPDX-License-Identifier: MIT */
/* http_status.c: see http_status.h. */
#include "delivery/http_status.h"

#include "delivery/response.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool http_status_is_html(const struct transfer_reply *reply)
{
    static const char *const types[] = {"text/html", "application/xhtml+xml"};
    size_t length = strcspn(reply->type, "; \t");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (length == strlen(types[i]) && strncasecmp(reply->type, types[i], length) == 0)
            return true;
    return false;
}

bool http_status_is_page(const struct transfer_reply *reply)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = reply->body;
    if (strncmp(at, mark, sizeof mark - 1) == 0)
        at += sizeof mark - 1;
    at += strspn(at, " \t\r\n");
    return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0;
}

void http_status_judge_page(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    char shown[TRANSFER_TEXT - 64];
    answer->result = TRANSFER_ABOUT_US;
    response_escape(shown, sizeof shown, reply->body, reply->body_length, reply->hide);
    snprintf(answer->text, sizeof answer->text, "HTTP %ld, but a page in place of an answer: %s",
             reply->status, shown);
}

static void describe_http(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    bool redirect = reply->status >= 300 && reply->status < 400 && reply->location[0];
    /* What an accepted call was answered is of no further use and may repeat the message. */
    const char *from = answer->result == TRANSFER_ACCEPTED ? ""
                       : redirect                          ? reply->location
                                                           : reply->body;
    size_t length = from == reply->body ? reply->body_length : strlen(from);
    char shown[TRANSFER_TEXT - 64];
    response_escape(shown, sizeof shown, from, length, reply->hide);
    snprintf(answer->text, sizeof answer->text, "HTTP %ld%s%s%s", reply->status,
             redirect ? " (redirects are not followed)" : "", shown[0] ? ": " : "", shown);
}

/* Failures that lie in our own set-up: no destination and no time will mend them. */
static bool is_own_fault(CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_NOT_BUILT_IN:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CIPHER:
        return true;
    default:
        return false;
    }
}

void http_status_judge_silence(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    response_answer_clear(answer);
    answer->unreached = !reply->sent;
    answer->down = !reply->stopped;
    answer->result = reply->sent ? TRANSFER_AMBIGUOUS : TRANSFER_NOT_ACCEPTED;
    if (!reply->sent && is_own_fault(reply->code)) {
        answer->result = TRANSFER_ABOUT_US;
        answer->down = false;
    }
    response_escape(answer->text, sizeof answer->text, reply->error, strlen(reply->error),
                    reply->hide);
}

/* 429 Too Many Requests: the pace drops. Where it does not mean that the other side keeps the item
 * for later, it is tried again; with a Retry-After it may have been meant for this item alone. */
static void judge_429(const struct transfer_reply *reply, bool retry_429,
                      struct transfer_answer *answer)
{
    answer->result = retry_429 ? TRANSFER_NOT_ACCEPTED : TRANSFER_DEFERRED;
    answer->slow_down = true;
    answer->for_one = retry_429 && reply->retry_after_ms > 0;
}

void http_status_judge(const struct transfer_reply *reply, unsigned success_low,
                       unsigned success_high, bool retry_429, struct transfer_answer *answer)
{
    long status = reply->status;
    if (status == 0) {
        http_status_judge_silence(reply, answer);
        return;
    }
    response_answer_clear(answer);
    answer->status = status;
    if (status >= (long)success_low && status <= (long)success_high) {
        answer->result = TRANSFER_ACCEPTED;
    } else if ((status >= 300 && status < 400) || (status >= 401 && status <= 404) ||
               status == 407) {
        answer->result = TRANSFER_ABOUT_US;
    } else if (status == 408 || status == 425) {
        /* What came was not whole, or came too early: nothing was done with it. */
        answer->result = TRANSFER_NOT_ACCEPTED;
    } else if (status == 429) {
        judge_429(reply, retry_429, answer);
    } else if (status == 503) {
        answer->result = TRANSFER_NOT_ACCEPTED;
        answer->slow_down = answer->down = true;
    } else if (status >= 500 && status < 600) {
        /* Any other 5xx counts as 500 (RFC 9110, 15): it may have been acted on. */
        answer->result = TRANSFER_AMBIGUOUS;
        answer->down = status == 502 || status == 504;
    } else {
        answer->result = TRANSFER_REFUSED;
    }
    if (answer->slow_down)
        answer->retry_after_ms = reply->retry_after_ms;
    describe_http(reply, answer);
}
