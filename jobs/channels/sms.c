/* SPDX-License-Identifier: MIT */
/* sms.c: see sms.h. */
#include "channels/sms.h"

#include "channels/maildir.h"
#include "channels/success_body.h"
#include "config/url.h"
#include "delivery/http_status.h"
#include "delivery/response.h"
#include "values/utf.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct sms {
    const struct config_sms *config;
    struct message_templates *templates;
    struct maildir *maildir; /* NULL: by HTTP */
    struct curl_slist *headers;
    struct success_body *success; /* NULL: the status says it all */
    char *url;
};

/* -- length on the air -- */

enum alphabet { GSM_BASIC, GSM_EXTENDED, NOT_GSM };

/* 3GPP TS 23.038: the default alphabet beyond what it shares with ASCII, and its extension. */
static enum alphabet alphabet_of(UChar32 character)
{
    static const UChar32 basic[] = {
        '\n', '\r', 0xa1, 0xa3,  0xa4,  0xa5,  0xa7,  0xbf,  0xc4,  0xc5,  0xc6,  0xc7,  0xc9, 0xd1,
        0xd6, 0xd8, 0xdc, 0xdf,  0xe0,  0xe4,  0xe5,  0xe6,  0xe8,  0xe9,  0xec,  0xf1,  0xf2, 0xf6,
        0xf8, 0xf9, 0xfc, 0x393, 0x394, 0x398, 0x39b, 0x39e, 0x3a0, 0x3a3, 0x3a6, 0x3a8, 0x3a9};
    static const char extended[] = "^{}\\[~]|\f";
    if (character == 0x20ac)
        return GSM_EXTENDED;
    if (character > 0 && character < 0x7f) {
        if (strchr(extended, (int)character))
            return GSM_EXTENDED;
        return character >= 0x20 && character != '`'    ? GSM_BASIC
               : character == '\n' || character == '\r' ? GSM_BASIC
                                                        : NOT_GSM;
    }
    for (size_t i = 0; i < sizeof basic / sizeof *basic; i++)
        if (basic[i] == character)
            return GSM_BASIC;
    return NOT_GSM;
}

static bool needs_unicode(const char *text, int32_t length)
{
    for (int32_t at = 0; at < length;) {
        if (alphabet_of(utf_next8(text, &at, length)) == NOT_GSM)
            return true;
    }
    return false;
}

struct sms_length sms_segments(const char *text)
{
    enum { ONE_GSM = 160, PART_GSM = 153, ONE_UNICODE = 70, PART_UNICODE = 67 };
    int32_t length = (int32_t)strlen(text);
    struct sms_length result = {.unicode = needs_unicode(text, length), .segments = 1};
    unsigned most = result.unicode ? PART_UNICODE : PART_GSM;
    unsigned filled = 0; /* of the last segment; a pair of units is never split */
    for (int32_t at = 0; at < length;) {
        UChar32 character = utf_next8(text, &at, length);
        unsigned units = 1;
        if (result.unicode ? character > 0xffff : alphabet_of(character) == GSM_EXTENDED)
            units = 2;
        result.units += units;
        if (filled + units > most) {
            result.segments++;
            filled = 0;
        }
        filled += units;
    }
    if (result.units <= (result.unicode ? ONE_UNICODE : ONE_GSM))
        result.segments = 1;
    return result;
}

/* -- the request's body -- */

enum { TO, FROM, TEXT, PARTS };

/* As the inside of a JSON string, malloc'ed. */
static char *encode_json(const char *text)
{
    enum { LONGEST = 6 }; /* \u000a */
    char *encoded = malloc(strlen(text) * LONGEST + 1);
    char *at = encoded;
    if (!encoded)
        return NULL;
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte < 0x20) {
            at += snprintf(at, LONGEST + 1, "\\u%04x", byte);
            continue;
        }
        if (byte == '"' || byte == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at = 0;
    return encoded;
}

/* By RFC 3986, malloc'ed. */
static char *encode_form(const char *text)
{
    char *escaped = curl_easy_escape(NULL, text, (int)strlen(text));
    char *encoded = escaped ? strdup(escaped) : NULL;
    if (escaped)
        sodium_memzero(escaped, strlen(escaped));
    curl_free(escaped);
    return encoded;
}

/* The part whose placeholder stands at `at`, with the placeholder's length. */
static int placeholder_at(const char *at, size_t *length)
{
    static const char *const names[PARTS] = {[TO] = "{to}", [FROM] = "{from}", [TEXT] = "{text}"};
    for (int i = 0; i < PARTS; i++) {
        *length = strlen(names[i]);
        if (strncmp(at, names[i], *length) == 0)
            return i;
    }
    *length = 1;
    return PARTS;
}

/* The template with its parts encoded and put in, malloc'ed. */
static char *fill_body(const char *template, bool json, const char *const parts[PARTS])
{
    char *encoded[PARTS] = {NULL};
    char *body = NULL;
    size_t size = 1;
    size_t length;
    for (int i = 0; i < PARTS; i++)
        if (!(encoded[i] = json ? encode_json(parts[i]) : encode_form(parts[i])))
            goto out;
    for (const char *at = template; *at; at += length) {
        int part = placeholder_at(at, &length);
        size += part < PARTS ? strlen(encoded[part]) : 1;
    }
    body = malloc(size);
    if (!body)
        goto out;
    char *to = body;
    for (const char *at = template; *at; at += length) {
        int part = placeholder_at(at, &length);
        const char *piece = part < PARTS ? encoded[part] : at;
        size_t piece_length = part < PARTS ? strlen(piece) : 1;
        memcpy(to, piece, piece_length);
        to += piece_length;
    }
    *to = 0;
out:
    for (int i = 0; i < PARTS; i++) {
        if (encoded[i])
            sodium_memzero(encoded[i], strlen(encoded[i]));
        free(encoded[i]);
    }
    return body;
}

static const char *body_template(const struct config_sms *config)
{
    switch (config->profile) {
    case CONFIG_SMS_TWILIO:
        return "To={to}&From={from}&Body={text}";
    case CONFIG_SMS_FORM:
        return config->body[0] ? config->body : "to={to}&from={from}&text={text}";
    default:
        return config->body[0] ? config->body
                               : "{\"to\":\"{to}\",\"from\":\"{from}\",\"text\":\"{text}\"}";
    }
}

/* -- opening -- */

/* A body that cannot work should be found before the first message. */
static bool check_body(const struct config_sms *config, struct error *error)
{
    static const char *const samples[PARTS] = {"+1", "a", "a \"quoted\" line\nand another"};
    const char *template = body_template(config);
    if (!strstr(template, "{to}") || !strstr(template, "{text}")) {
        error_set(error, ERROR_INVALID, "[sms] body: must hold {to} and {text}");
        return false;
    }
    if (config->profile != CONFIG_SMS_JSON)
        return true;
    char *body = fill_body(template, true, samples);
    json_t *parsed = body ? json_loads(body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    bool good = parsed != NULL;
    if (!good)
        error_set(error, ERROR_INVALID,
                  "[sms] body: not JSON once filled in: put {to}, {from} and {text} inside quotes");
    json_decref(parsed);
    free(body);
    return good;
}

static bool has_header(const struct curl_slist *list, const char *name)
{
    for (; list; list = list->next)
        if (strncasecmp(list->data, name, strlen(name)) == 0)
            return true;
    return false;
}

/* The configuration's `Name: value` pieces, separated by |, and what every request needs. */
static bool make_headers(struct sms *sms, struct error *error)
{
    const struct config_sms *config = sms->config;
    struct curl_slist *list = response_header(NULL, "Expect:");
    for (const char *at = config->headers; list && *at;) {
        char header[CONFIG_TEXT];
        size_t skip = strspn(at, " |");
        size_t length = strcspn(at + skip, "|");
        snprintf(header, sizeof header, "%.*s", (int)length, at + skip);
        size_t name = strcspn(header, ": \t");
        if (length > 0 && (name == 0 || header[name] != ':')) {
            error_set(error, ERROR_INVALID, "[sms] headers: give `Name: value`, separated by |");
            response_headers_free(list);
            return false;
        }
        if (length > 0)
            list = response_header(list, header);
        sodium_memzero(header, sizeof header);
        at += skip + length;
    }
    const char *type = config->profile == CONFIG_SMS_JSON
                           ? "Content-Type: application/json"
                           : "Content-Type: application/x-www-form-urlencoded";
    if (list && !has_header(list, "Content-Type:"))
        list = response_header(list, type);
    if (list && !has_header(list, "Accept:"))
        list = response_header(list, "Accept: application/json, */*");
    if (!list)
        error_no_memory(error, NULL);
    sms->headers = list;
    return list != NULL;
}

static bool make_url(struct sms *sms, struct error *error)
{
    const struct config_sms *config = sms->config;
    size_t length = strlen(config->url);
    if (config->profile != CONFIG_SMS_TWILIO) {
        sms->url = strdup(config->url);
    } else if (!config->username[0] || !config->token[0] || !config->from[0]) {
        error_set(error, ERROR_INVALID,
                  "[sms] profile = twilio needs username (the account), a token and from");
        return false;
    } else {
        char *account = encode_form(config->username);
        while (length > 0 && config->url[length - 1] == '/')
            length--;
        if (!account || asprintf(&sms->url, "%.*s/2010-04-01/Accounts/%s/Messages.json",
                                 (int)length, config->url, account) < 0)
            sms->url = NULL;
        free(account);
    }
    if (!sms->url)
        error_no_memory(error, NULL);
    return sms->url != NULL;
}

static bool read_success(struct sms *sms, struct error *error)
{
    if (!sms->config->success_body[0])
        return true;
    sms->success = success_body_open(sms->config->success_body, error);
    if (!sms->success)
        error_at(error, "[sms] success_body");
    return sms->success != NULL;
}

struct sms *sms_open(const struct config_sms *config, struct error *error)
{
    const char *folder = url_file_path(config->url);
    struct sms *sms = calloc(1, sizeof *sms);
    bool good = false;
    if (!sms || sodium_init() < 0) {
        error_no_memory(error, NULL);
        goto out;
    }
    sms->config = config;
    sms->templates = message_open(config->templates, MESSAGE_SMS, error);
    if (!sms->templates) {
        error_at(error, "[sms] templates");
        goto out;
    }
    if (folder) {
        sms->maildir = maildir_open(folder, error);
        good = sms->maildir != NULL;
        if (!good)
            error_at(error, "[sms] url");
    } else {
        good = check_body(config, error) && read_success(sms, error) && make_headers(sms, error) &&
               make_url(sms, error);
    }
out:
    if (good)
        return sms;
    sms_close(sms);
    return NULL;
}

void sms_close(struct sms *sms)
{
    if (!sms)
        return;
    message_close(sms->templates);
    maildir_close(sms->maildir);
    response_headers_free(sms->headers);
    success_body_close(sms->success);
    free(sms->url);
    free(sms);
}

/* -- the channel -- */

static bool setup(void *context, CURL *easy)
{
    const struct sms *sms = context;
    const struct config_sms *config = sms->config;
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, sms->url);
    code |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
    code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sms->headers);
    code |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "sqlite-reg/" REG_VERSION);
    if (config->ca_file[0])
        code |= curl_easy_setopt(easy, CURLOPT_CAINFO, config->ca_file);
    if (config->username[0]) {
        code |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        code |= curl_easy_setopt(easy, CURLOPT_USERNAME, config->username);
        code |= curl_easy_setopt(easy, CURLOPT_PASSWORD, config->token);
    } else if (config->token[0]) {
        code |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        code |= curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, config->token);
    }
    return code == CURLE_OK;
}

/* The text as it is sent, malloc'ed: with the line by which browsers know whose code it is. */
static char *compose(struct sms *sms, const struct message_request *request)
{
    struct message_text message;
    const char *code = request->values.code;
    bool origin = sms->config->web_domain[0] && code && code[0];
    char *text = NULL;
    if (!message_render(sms->templates, request->locale, &request->values, &message))
        return NULL;
    size_t length = strlen(message.text);
    while (length > 0 && message.text[length - 1] == '\n')
        length--;
    if (asprintf(&text, "%.*s%s%s%s%s", (int)length, message.text, origin ? "\n\n@" : "",
                 origin ? sms->config->web_domain : "", origin ? " #" : "", origin ? code : "") < 0)
        text = NULL;
    message_end(&message);
    return text;
}

static void deliver(struct sms *sms, const char *to, const char *text, struct transfer_call *call,
                    struct transfer_answer *answer)
{
    bool uncertain = false;
    char outcome[ERROR_SIZE];
    struct error error;
    struct sms_length air = sms_segments(text);
    int length = asprintf(&call->body, "To: %s\nFrom: %s\n\n%s\n", to, sms->config->from, text);
    if (length < 0) {
        call->body = NULL;
        answer->result = TRANSFER_NOT_ACCEPTED;
        snprintf(answer->text, sizeof answer->text, "out of memory");
        return;
    }
    call->body_length = (size_t)length;
    answer->result = TRANSFER_ACCEPTED;
    snprintf(outcome, sizeof outcome, "delivered (%u segment%s of %s)", air.segments,
             air.segments == 1 ? "" : "s", air.unicode ? "UCS-2" : "GSM-7");
    if (!maildir_deliver(sms->maildir, call->body, call->body_length, ".txt", &uncertain, &error)) {
        answer->result = uncertain ? TRANSFER_AMBIGUOUS : TRANSFER_ABOUT_US;
        snprintf(outcome, sizeof outcome, "%s", error.text);
    }
    response_escape(answer->text, sizeof answer->text, outcome, strlen(outcome), call->hide);
}

static bool is_number(const char *to)
{
    enum { LONGEST = 15 };
    size_t digits = to[0] == '+' ? strspn(to + 1, "0123456789") : 0;
    return digits > 0 && digits <= LONGEST && to[digits + 1] == 0;
}

static enum transfer_prepared prepare(void *context, const void *argument,
                                      struct transfer_call *call, struct transfer_answer *answer)
{
    struct sms *sms = context;
    const struct message_request *request = argument;
    response_hide(call, request->values.code);
    response_hide(call, request->values.link);
    response_hide(call, request->token);
    response_hide(call, request->to);
    call->recipient = request->to;
    if (!is_number(request->to)) {
        response_refuse(answer, "not a phone number in E.164");
        return TRANSFER_ANSWERED;
    }
    response_hide(call, request->to + 1); /* gateways repeat it without the + */
    call->kept = compose(sms, request);
    if (!call->kept)
        return TRANSFER_UNREADY;
    if (sms->maildir) {
        deliver(sms, request->to, call->kept, call, answer);
        return TRANSFER_ANSWERED;
    }
    const char *const parts[PARTS] = {request->to, sms->config->from, call->kept};
    call->body =
        fill_body(body_template(sms->config), sms->config->profile == CONFIG_SMS_JSON, parts);
    if (!call->body)
        return TRANSFER_UNREADY;
    call->body_length = strlen(call->body);
    CURLcode code = curl_easy_setopt(call->easy, CURLOPT_POSTFIELDS, call->body);
    code |=
        curl_easy_setopt(call->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_length);
    return code == CURLE_OK ? TRANSFER_READY : TRANSFER_UNREADY;
}

/* A status of success is not all that it takes: the body may say that the message was refused, and
 * a page is not from the gateway at all. What broke off may have been a success. */
static void judge_body(const struct sms *sms, const struct transfer_reply *reply,
                       struct transfer_answer *answer)
{
    bool whole = reply->code == CURLE_OK && !reply->body_cut;
    char shown[TRANSFER_TEXT - 64];
    if (sms->success && success_body_holds(sms->success, reply->body, reply->body_length))
        return;
    if (http_status_is_page(reply)) {
        http_status_judge_page(reply, answer);
    } else if (sms->success) {
        response_escape(shown, sizeof shown, reply->body, reply->body_length, reply->hide);
        answer->result = whole ? TRANSFER_REFUSED : TRANSFER_AMBIGUOUS;
        snprintf(answer->text, sizeof answer->text, "HTTP %ld, but %s: %s", reply->status,
                 whole ? "its body says no success" : "its body broke off", shown);
    }
}

static void judge(void *context, const struct transfer_reply *reply, struct transfer_answer *answer)
{
    const struct sms *sms = context;
    /* No gateway's 429 is known to keep the message. */
    http_status_judge(reply, sms->config->success_low, sms->config->success_high, true, answer);
    if (answer->result == TRANSFER_ACCEPTED)
        judge_body(sms, reply, answer);
}

struct transfer_channel sms_channel(struct sms *sms)
{
    return (struct transfer_channel){
        .context = sms,
        .local = sms->maildir != NULL,
        .setup = setup,
        .prepare = prepare,
        .judge = judge,
    };
}
