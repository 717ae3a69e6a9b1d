/* SPDX-License-Identifier: MIT */
/* framing.c: where a CSV record ends. */
#include "csv/framing.h"

#include <string.h>

void framing_begin(struct framing *framing, unsigned char separator)
{
    memset(framing, 0, sizeof *framing);
    framing->separator = separator;
    framing->state = FRAMING_AT_FIELD;
}

/* The first byte from `at` on that can end an unquoted field or does not belong in one. */
static const unsigned char *end_of_plain(const unsigned char *at, const unsigned char *end,
                                         unsigned char separator)
{
    if (separator != ',') {
        while (at < end && *at != separator && *at != '"' && *at != '\n' && *at != '\r')
            at++;
        return at;
    }
    /* Nearly every byte of a file is greater than a comma: one comparison for those. */
    while (at < end && (*at > ',' || (*at != ',' && *at != '"' && *at != '\n' && *at != '\r')))
        at++;
    return at;
}

/* Takes the byte that ended a run of plain ones, at `position`. */
static enum framing_verdict take_mark(struct framing *framing, unsigned char mark,
                                      uint64_t position)
{
    if (mark == framing->separator) {
        framing->field++;
        framing->field_start = position + 1;
        framing->state = FRAMING_AT_FIELD;
        return FRAMING_MORE;
    }
    switch (mark) {
    case '\n':
        framing->line_end = 1;
        return FRAMING_WHOLE;
    case '\r':
        framing->state = FRAMING_AT_RETURN;
        return FRAMING_MORE;
    default:
        framing->bad = position;
        return FRAMING_STRAY_QUOTE;
    }
}

/* Takes the byte after a quote in a quoted field. */
static enum framing_verdict take_after_quote(struct framing *framing, unsigned char byte,
                                             uint64_t position)
{
    if (byte == '"') {
        framing->state = FRAMING_IN_QUOTES;
        return FRAMING_MORE;
    }
    if (byte == framing->separator || byte == '\n' || byte == '\r')
        return take_mark(framing, byte, position);
    framing->bad = position;
    framing->bad_byte = byte;
    return FRAMING_AFTER_QUOTE;
}

enum framing_verdict framing_feed(struct framing *framing, const unsigned char *bytes,
                                  size_t length)
{
    const unsigned char *end = bytes + length, *at = bytes;
    const uint64_t first = framing->position;
    enum framing_verdict verdict = FRAMING_MORE;

    while (at < end && verdict == FRAMING_MORE) {
        const unsigned char *stop = at;
        switch (framing->state) {
        case FRAMING_AT_FIELD:
            if (*at == '"') {
                framing->quoted = true;
                framing->state = FRAMING_IN_QUOTES;
                break;
            }
            framing->state = FRAMING_IN_FIELD; /* and on as in one */
            /* fall through */
        case FRAMING_IN_FIELD:
            stop = end_of_plain(at, end, framing->separator);
            if (stop < end)
                verdict = take_mark(framing, *stop, first + (uint64_t)(stop - bytes));
            break;
        case FRAMING_IN_QUOTES:
            stop = memchr(at, '"', (size_t)(end - at));
            if (stop)
                framing->state = FRAMING_AT_QUOTE;
            else
                stop = end;
            break;
        case FRAMING_AT_QUOTE:
            verdict = take_after_quote(framing, *at, first + (uint64_t)(at - bytes));
            break;
        case FRAMING_AT_RETURN:
            framing->line_end = 2;
            verdict = *at == '\n' ? FRAMING_WHOLE : FRAMING_STRAY_RETURN;
            framing->bad = first + (uint64_t)(at - bytes) - 1;
            break;
        }
        at = stop < end ? stop + 1 : end;
    }
    framing->position = first + (uint64_t)(at - bytes);
    return verdict;
}

enum framing_verdict framing_finish(struct framing *framing)
{
    switch (framing->state) {
    case FRAMING_IN_QUOTES:
        framing->bad = framing->field_start;
        return FRAMING_UNCLOSED;
    case FRAMING_AT_RETURN:
        framing->bad = framing->position - 1;
        return FRAMING_STRAY_RETURN;
    default:
        framing->line_end = 0;
        return FRAMING_WHOLE;
    }
}

uint64_t framing_field_at(const unsigned char *bytes, size_t position, unsigned char separator)
{
    struct framing framing;
    framing_begin(&framing, separator);
    framing_feed(&framing, bytes, position);
    return framing.field;
}

uint64_t framing_field_start(const unsigned char *bytes, size_t length, uint64_t field,
                             unsigned char separator)
{
    struct framing framing;
    framing_begin(&framing, separator);
    while (framing.field < field && framing.position < length)
        framing_feed(&framing, bytes + framing.position, 1);
    return framing.field_start;
}
