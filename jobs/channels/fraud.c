/* SPDX-License-Identifier: MIT */
/* fraud.c: see fraud.h. */
#include "channels/fraud.h"

#include "delivery/http_status.h"
#include "delivery/response.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fraud {
    const struct config_fraud *config;
    struct curl_slist *headers;
    char *url;
};

/* -- opening -- */

/* A header's value: anything else would let the token end the header, or be sent cut. */
static bool is_token(const char *token)
{
    for (const char *at = token; *at; at++)
        if (*at <= ' ' || *at > '~')
            return false;
    return token[0] != 0;
}

static bool make_headers(struct fraud *fraud)
{
    char header[CONFIG_TEXT + 64];
    struct curl_slist *list = response_header(NULL, "Content-Type: application/json");
    if (list)
        list = response_header(list, "Expect:");
    if (list) {
        snprintf(header, sizeof header, "Authorization: token %s", fraud->config->token);
        list = response_header(list, header);
        sodium_memzero(header, sizeof header);
    }
    if (list && fraud->config->min_latency_ms > 0) {
        snprintf(header, sizeof header, "Ravelin-Min-Latency: %u", fraud->config->min_latency_ms);
        list = response_header(list, header);
    }
    fraud->headers = list;
    return list != NULL;
}

struct fraud *fraud_open(const struct config_fraud *config, struct error *error)
{
    bool good = false;
    size_t length = strlen(config->url);
    struct fraud *fraud = calloc(1, sizeof *fraud);
    if (!fraud || sodium_init() < 0) {
        error_no_memory(error, NULL);
        goto out;
    }
    fraud->config = config;
    if (!is_token(config->token)) {
        error_set(error, ERROR_INVALID,
                  "[fraud] token: missing, or contains spaces or other characters that a token "
                  "cannot have: check the file or variable that it comes from");
        goto out;
    }
    while (length > 0 && config->url[length - 1] == '/')
        length--;
    if (asprintf(&fraud->url, "%.*s/v2/%sregistration", (int)length, config->url,
                 config->backfill ? "backfill/" : "") < 0)
        fraud->url = NULL;
    good = fraud->url && make_headers(fraud);
    if (!good)
        error_no_memory(error, NULL);
out:
    if (good)
        return fraud;
    fraud_close(fraud);
    return NULL;
}

void fraud_close(struct fraud *fraud)
{
    if (!fraud)
        return;
    response_headers_free(fraud->headers);
    free(fraud->url);
    free(fraud);
}

/* -- the channel -- */

static bool setup(void *context, CURL *easy)
{
    const struct fraud *fraud = context;
    const struct config_fraud *config = fraud->config;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, fraud->url);
    code |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fraud->headers);
    code |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "sqlite-reg/" REG_VERSION);
    if (config->ca_file[0])
        code |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    if (config->proxy[0])
        code |= curl_easy_setopt(easy, CURLOPT_PROXY, config->proxy);
    return code == CURLE_OK;
}

static enum transfer_prepared prepare(void *context, const void *argument,
                                      struct transfer_call *call, struct transfer_answer *answer)
{
    const struct fraud *fraud = context;
    const struct fraud_request *request = argument;
    (void)answer;
    response_hide(call, fraud->config->token);
    for (size_t i = 0; i < sizeof request->hide / sizeof *request->hide; i++)
        response_hide(call, request->hide[i]);
    CURLcode code = curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, request->body);
    code |= curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->length);
    return code == CURLE_OK ? TRANSFER_READY : TRANSFER_UNREADY;
}

/* The `timestamp` of an acknowledgement; -1 where the body is null, broken or has none, which takes
 * nothing from the acknowledgement: that is the status. Only a page is not from the API. */
static int64_t read_timestamp(const char *body, size_t length)
{
    json_t *parsed = json_loadb(body, length, 0, NULL);
    const json_t *timestamp = json_object_get(parsed, "timestamp");
    int64_t milliseconds = json_is_integer(timestamp) ? json_integer_value(timestamp) : -1;
    json_decref(parsed);
    return milliseconds > 0 ? milliseconds : -1;
}

static void judge(void *context, const struct transfer_reply *reply, struct transfer_answer *answer)
{
    const struct fraud *fraud = context;
    http_status_judge(reply, 200, 299, fraud->config->retry_429, answer);
    if (answer->result == TRANSFER_ACCEPTED &&
        (http_status_is_html(reply) || http_status_is_page(reply)))
        http_status_judge_page(reply, answer);
    if (answer->result == TRANSFER_ACCEPTED)
        answer->timestamp = read_timestamp(reply->body, reply->body_length);
}

struct transfer_channel fraud_channel(struct fraud *fraud)
{
    return (struct transfer_channel){
        .context = fraud,
        .setup = setup,
        .prepare = prepare,
        .judge = judge,
    };
}
