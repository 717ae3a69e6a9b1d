/* SPDX-License-Identifier: MIT */
/* response.c: see response.h. */
#include "delivery/response.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "values/text.h"
#include "values/utf.h"

enum {
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

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static bool is_binary(const char *bytes, size_t length)
{
    int32_t end = (int32_t)(length < SAMPLE_BYTES ? length : SAMPLE_BYTES);
    unsigned characters = 0;
    unsigned strange = 0;
    for (int32_t at = 0; at < end; characters++) {
        bool blank = is_blank(bytes[at]);
        if (text_class(utf_next8(bytes, &at, end)) != TEXT_SEEN && !blank)
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

/* What stands for the bytes at `bytes`; returns how many they are. */
static size_t next_piece(const char *bytes, size_t length, const char *const *hide,
                         char piece[TEXT_ESCAPED])
{
    int32_t taken = 0;
    size_t hidden = hidden_length(bytes, length, hide);
    if (hidden > 0) {
        snprintf(piece, TEXT_ESCAPED, "[hidden]");
        return hidden;
    }
    if (is_blank(*bytes)) {
        snprintf(piece, TEXT_ESCAPED, " ");
        return 1;
    }
    text_escape_next(bytes, &taken, length < 4 ? (int32_t)length : 4, piece);
    return (size_t)taken;
}

void response_escape(char *text, size_t text_size, const char *bytes, size_t length,
                     const char *const *hide)
{
    static const char more[] = "...";
    char piece[TEXT_ESCAPED];
    size_t used = 0;
    text[0] = 0;
    if (is_binary(bytes, length)) {
        snprintf(text, text_size, "(%zu bytes of binary data)", length);
        return;
    }
    for (size_t at = 0; at < length;) {
        at += next_piece(bytes + at, length - at, hide, piece);
        if (piece[0] == ' ' && (used == 0 || text[used - 1] == ' '))
            continue;
        size_t piece_length = strlen(piece);
        if (used + piece_length + sizeof more > text_size) {
            memcpy(text + used, more, sizeof more);
            return;
        }
        memcpy(text + used, piece, piece_length + 1);
        used += piece_length;
    }
    if (used > 0 && text[used - 1] == ' ')
        text[used - 1] = 0;
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
