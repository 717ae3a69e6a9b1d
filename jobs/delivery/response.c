/* wire.c: see wire.h. */
#include "delivery/response.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

enum {
    LONGEST_WAIT_SECONDS = 3600,
    SHORTEST_HIDDEN = 3, /* shorter texts would blot out whole answers and hide nothing */
    FINGERPRINT_DIGITS = 32,
    SAMPLE_BYTES = 256, /* of an answer, to tell binary data from text */
};

void response_answer_clear(struct transfer_answer *answer)
{
    *answer =
        (struct transfer_answer){.result = TRANSFER_REFUSED, .retry_after_ms = -1, .timestamp = -1};
}

void response_refuse(struct transfer_answer *answer, const char *reason)
{
    response_answer_clear(answer);
    answer->unreached = true;
    snprintf(answer->text, sizeof answer->text, "%s", reason);
}

/* -- showing what came from outside -- */

static bool is_blank(UChar32 character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* Controls, bidirectional and invisible marks, line separators and unassigned characters can change
 * what a terminal or a report shows around them. */
static bool is_showable(UChar32 character)
{
    if (character < 0)
        return false;
    if (character < 0x7f)
        return character >= 0x20;
    switch (u_charType(character)) {
    case U_CONTROL_CHAR:
    case U_FORMAT_CHAR:
    case U_LINE_SEPARATOR:
    case U_PARAGRAPH_SEPARATOR:
    case U_PRIVATE_USE_CHAR:
    case U_SURROGATE:
    case U_UNASSIGNED:
        return false;
    default:
        return true;
    }
}

static bool is_binary(const char *bytes, size_t length)
{
    int32_t at = 0;
    int32_t end = (int32_t)(length < SAMPLE_BYTES ? length : SAMPLE_BYTES);
    unsigned characters = 0;
    unsigned strange = 0;
    while (at < end) {
        UChar32 character;
        U8_NEXT((const uint8_t *)bytes, at, end, character);
        characters++;
        if (!is_blank(character) && !is_showable(character))
            strange++;
    }
    return strange > characters / 4;
}

/* How many bytes at `bytes` must be hidden. */
static size_t hidden_length(const char *bytes, size_t length, const char *const *hide)
{
    for (; hide && *hide; hide++) {
        size_t size = strlen(*hide);
        if (size <= length && strncasecmp(bytes, *hide, size) == 0)
            return size;
    }
    size_t digits = 0;
    while (digits < length && isxdigit((unsigned char)bytes[digits]))
        digits++;
    return digits >= FINGERPRINT_DIGITS ? digits : 0;
}

void response_escape(char *text, size_t text_size, const char *bytes, size_t length,
                     const char *const *hide)
{
    static const char more[] = "...";
    size_t used = 0;
    text[0] = 0;
    if (is_binary(bytes, length)) {
        snprintf(text, text_size, "(%zu bytes of binary data)", length);
        return;
    }
    size_t at = 0;
    while (at < length) {
        char piece[16];
        size_t size = hidden_length(bytes + at, length - at, hide);
        if (size > 0) {
            snprintf(piece, sizeof piece, "[hidden]");
        } else {
            UChar32 character;
            size_t room = length - at < 4 ? length - at : 4;
            int32_t step = 0;
            U8_NEXT((const uint8_t *)bytes + at, step, (int32_t)room, character);
            size = (size_t)step;
            if (is_blank(character)) {
                bool joined = used == 0 || text[used - 1] == ' ';
                snprintf(piece, sizeof piece, "%s", joined ? "" : " ");
            } else if (is_showable(character)) {
                memcpy(piece, bytes + at, size);
                piece[size] = 0;
            } else if (character >= 0) {
                snprintf(piece, sizeof piece, "\\u{%X}", (unsigned)character);
            } else {
                size = 1;
                snprintf(piece, sizeof piece, "\\x%02X", (unsigned char)bytes[at]);
            }
        }
        size_t piece_length = strlen(piece);
        if (used + piece_length + sizeof more > text_size) {
            memcpy(text + used, more, sizeof more);
            return;
        }
        memcpy(text + used, piece, piece_length + 1);
        used += piece_length;
        at += size;
    }
    if (used > 0 && text[used - 1] == ' ')
        text[used - 1] = 0;
}

/* -- judging -- */

bool response_is_html(const struct transfer_reply *reply)
{
    static const char *const types[] = {"text/html", "application/xhtml+xml"};
    size_t length = strcspn(reply->type, "; \t");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (length == strlen(types[i]) && strncasecmp(reply->type, types[i], length) == 0)
            return true;
    return false;
}

bool response_is_page(const struct transfer_reply *reply)
{
    static const char mark[] = "\xef\xbb\xbf";
    const char *at = reply->body;
    if (strncmp(at, mark, sizeof mark - 1) == 0)
        at += sizeof mark - 1;
    at += strspn(at, " \t\r\n");
    return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0;
}

void response_judge_page(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    char shown[TRANSFER_TEXT - 64];
    answer->result = TRANSFER_FATAL;
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

void response_judge_silence(const struct transfer_reply *reply, struct transfer_answer *answer)
{
    response_answer_clear(answer);
    answer->unreached = !reply->sent;
    answer->down = !reply->stopped;
    answer->result = reply->sent ? TRANSFER_AMBIGUOUS : TRANSFER_NOT_ACCEPTED;
    if (!reply->sent && is_own_fault(reply->code)) {
        answer->result = TRANSFER_FATAL;
        answer->down = false;
    }
    response_escape(answer->text, sizeof answer->text, reply->error, strlen(reply->error),
                    reply->hide);
}

void response_judge_http(const struct transfer_reply *reply, unsigned success_low,
                         unsigned success_high, bool retry_429, struct transfer_answer *answer)
{
    long status = reply->status;
    if (status == 0) {
        response_judge_silence(reply, answer);
        return;
    }
    response_answer_clear(answer);
    answer->status = status;
    if (status >= (long)success_low && status <= (long)success_high) {
        answer->result = TRANSFER_ACCEPTED;
    } else if ((status >= 300 && status < 400) || (status >= 401 && status <= 404) ||
               status == 407) {
        answer->result = TRANSFER_FATAL;
    } else if (status == 408 || status == 425) {
        /* What came was not whole, or came too early: nothing was done with it. */
        answer->result = TRANSFER_NOT_ACCEPTED;
    } else if (status == 429) {
        answer->result = retry_429 ? TRANSFER_NOT_ACCEPTED : TRANSFER_DEFERRED;
        answer->slow_down = true;
        answer->for_one = retry_429 && reply->retry_after_ms > 0;
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

int64_t response_retry_after(const char *value, int64_t now)
{
    while (*value == ' ' || *value == '\t')
        value++;
    size_t digits = strspn(value, "0123456789");
    int64_t seconds = 0;
    if (digits > 0) {
        if (strspn(value + digits, " \t\r\n") != strlen(value + digits))
            return -1;
        for (size_t i = 0; i < digits && seconds <= LONGEST_WAIT_SECONDS; i++)
            seconds = seconds * 10 + (value[i] - '0');
        if (seconds > LONGEST_WAIT_SECONDS)
            seconds = LONGEST_WAIT_SECONDS;
        return seconds * 1000;
    }
    if (!isalpha((unsigned char)*value))
        return -1;
    time_t date = curl_getdate(value, NULL);
    if (date == -1)
        return -1;
    int64_t wait = (int64_t)date * 1000 - now;
    if (wait < 0)
        return 0;
    return wait < LONGEST_WAIT_SECONDS * 1000LL ? wait : LONGEST_WAIT_SECONDS * 1000LL;
}

/* -- requests -- */

void response_hide(struct transfer_call *call, const char *text)
{
    size_t count = 0;
    if (!text || strlen(text) < SHORTEST_HIDDEN)
        return;
    while (call->hide[count])
        count++;
    if (count < TRANSFER_HIDE)
        call->hide[count] = text;
}

size_t response_upload(char *buffer, size_t size, size_t count, void *argument)
{
    struct transfer_call *call = argument;
    size_t room = size * count;
    size_t left = call->body_length - call->upload_at;
    if (left < room)
        room = left;
    memcpy(buffer, call->body + call->upload_at, room);
    call->upload_at += room;
    if (call->upload_at == call->body_length)
        call->upload_ended = true;
    return room;
}

struct curl_slist *response_header(struct curl_slist *list, const char *header)
{
    struct curl_slist *longer = curl_slist_append(list, header);
    if (!longer)
        response_headers_free(list);
    return longer;
}

void response_headers_free(struct curl_slist *list)
{
    for (struct curl_slist *item = list; item; item = item->next)
        sodium_memzero(item->data, strlen(item->data));
    curl_slist_free_all(list);
}
