/* response.c: see response.h. */
#include "delivery/response.h"

#include <ctype.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

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
