/* SPDX-License-Identifier: MIT */
#include "json/json_scan.h"

#include <string.h>

enum {
    AT_VALUE,
    AT_FIRST_ITEM, /* or the end of the array */
    AT_FIRST_NAME, /* or the end of the object */
    AT_NAME,
    AT_COLON,
    AFTER_VALUE, /* a comma, or the end */
    IN_STRING,
    IN_NUMBER,
    IN_WORD,
    AT_END,
    FAILED
};

/* Parts of a string's escape: none, behind the backslash, and hexadecimal digits that are missing.
 */
enum { PLAIN, BACKSLASH, HEX = 2 };

/* Parts of a number. Those that may end it come last. */
enum { MINUS, POINT, EXPONENT, EXPONENT_SIGN, ZERO, WHOLE, FRACTION, POWER };

static const char *const words[] = {"true", "false", "null"};
enum { WORD_LENGTH = 8 }; /* `part` of a word: which, times this, and how many letters are there */

void json_scan_begin(struct json_scan *scan)
{
    memset(scan, 0, sizeof *scan);
    scan->state = AT_VALUE;
}

static enum json_event fail(struct json_scan *scan, const char *expected)
{
    scan->state = FAILED;
    scan->expected = expected;
    return SCAN_BAD;
}

static bool is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static enum json_event end_value(struct json_scan *scan, enum json_event event)
{
    scan->state = scan->depth == 0 ? AT_END : AFTER_VALUE;
    return event;
}

static enum json_event open_container(struct json_scan *scan, bool is_array)
{
    if (scan->depth == JSON_DEPTH)
        return fail(scan, "at most 64 objects and arrays within each other");
    scan->is_array[++scan->depth] = is_array;
    scan->state = is_array ? AT_FIRST_ITEM : AT_FIRST_NAME;
    return is_array ? SCAN_ARRAY : SCAN_OBJECT;
}

static enum json_event close_container(struct json_scan *scan)
{
    scan->depth--;
    return end_value(scan, SCAN_CLOSE);
}

static enum json_event begin_value(struct json_scan *scan, unsigned char byte)
{
    switch (byte) {
    case '{':
    case '[':
        return open_container(scan, byte == '[');
    case '"':
        scan->state = IN_STRING;
        scan->part = PLAIN;
        scan->name = scan->escaped = false;
        return SCAN_MORE;
    case '-':
        scan->state = IN_NUMBER;
        scan->part = MINUS;
        return SCAN_MORE;
    }
    if (is_digit(byte)) {
        scan->state = IN_NUMBER;
        scan->part = byte == '0' ? ZERO : WHOLE;
        return SCAN_MORE;
    }
    for (int i = 0; i < 3; i++)
        if (byte == (unsigned char)words[i][0]) {
            scan->state = IN_WORD;
            scan->part = i * WORD_LENGTH + 1;
            return SCAN_MORE;
        }
    return fail(scan, "a value");
}

/* A byte between tokens that is no blank. */
static enum json_event take_mark(struct json_scan *scan, unsigned char byte)
{
    switch (scan->state) {
    case AT_FIRST_ITEM:
        if (byte == ']')
            return close_container(scan);
        return begin_value(scan, byte);
    case AT_VALUE:
        return begin_value(scan, byte);
    case AT_FIRST_NAME:
        if (byte == '}')
            return close_container(scan);
        /* fall through */
    case AT_NAME:
        if (byte != '"')
            return fail(scan, "the name of a member in quotes");
        scan->state = IN_STRING;
        scan->part = PLAIN;
        scan->name = true;
        scan->escaped = false;
        return SCAN_MORE;
    case AT_COLON:
        if (byte != ':')
            return fail(scan, "a colon behind the name of a member");
        scan->state = AT_VALUE;
        return SCAN_MORE;
    case AFTER_VALUE:
        if (byte == ',') {
            scan->state = scan->is_array[scan->depth] ? AT_VALUE : AT_NAME;
            return SCAN_MORE;
        }
        if (byte == (scan->is_array[scan->depth] ? ']' : '}'))
            return close_container(scan);
        return fail(scan, scan->is_array[scan->depth] ? "a comma or `]`" : "a comma or `}`");
    default:
        return fail(scan, "nothing more");
    }
}

static bool is_hex(unsigned char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

/* Within a string. Takes a run of plain characters at once; the byte at the result is not taken
 * where it is wrong. */
static const unsigned char *take_string(struct json_scan *scan, const unsigned char *at,
                                        const unsigned char *end, enum json_event *event)
{
    if (scan->part == BACKSLASH) {
        if (*at == 'u')
            scan->part = HEX + 4;
        else if (*at != '\0' && strchr("\"\\/bfnrt", *at))
            scan->part = PLAIN;
        else
            *event = fail(scan, "an escape that JSON has");
        return *event == SCAN_BAD ? at : at + 1;
    }
    if (scan->part > HEX) {
        if (!is_hex(*at))
            *event = fail(scan, "four hexadecimal digits");
        else if (--scan->part == HEX)
            scan->part = PLAIN;
        return *event == SCAN_BAD ? at : at + 1;
    }
    while (at < end && *at != '"' && *at != '\\' && *at >= 0x20)
        at++;
    if (at == end)
        return at;
    if (*at == '\\') {
        scan->part = BACKSLASH;
        scan->escaped = true;
    } else if (*at != '"') {
        *event = fail(scan, "the closing quote of a string (control characters are escaped)");
        return at;
    } else if (scan->name) {
        scan->state = AT_COLON;
        *event = SCAN_NAME;
    } else {
        *event = end_value(scan, SCAN_STRING);
    }
    return at + 1;
}

/* Within a number: what comes of it by this byte; -1: it ends before it. */
static int next_part(int part, unsigned char byte)
{
    if (is_digit(byte))
        switch (part) {
        case MINUS:
            return byte == '0' ? ZERO : WHOLE;
        case POINT:
            return FRACTION;
        case EXPONENT:
        case EXPONENT_SIGN:
            return POWER;
        case ZERO:
            return -1;
        default:
            return part;
        }
    if (byte == '.' && (part == ZERO || part == WHOLE))
        return POINT;
    if ((byte == 'e' || byte == 'E') && (part == ZERO || part == WHOLE || part == FRACTION))
        return EXPONENT;
    if ((byte == '+' || byte == '-') && part == EXPONENT)
        return EXPONENT_SIGN;
    return -1;
}

static enum json_event end_number(struct json_scan *scan)
{
    return scan->part >= ZERO ? end_value(scan, SCAN_NUMBER) : fail(scan, "a digit");
}

static const unsigned char *take_number(struct json_scan *scan, const unsigned char *at,
                                        const unsigned char *end, enum json_event *event)
{
    while (at < end) {
        const int part = next_part(scan->part, *at);
        if (part < 0) {
            *event = end_number(scan);
            break;
        }
        scan->part = part;
        at++;
    }
    return at;
}

static const unsigned char *take_word(struct json_scan *scan, const unsigned char *at,
                                      const unsigned char *end, enum json_event *event)
{
    const int which = scan->part / WORD_LENGTH;
    while (at < end) {
        const int letters = scan->part % WORD_LENGTH;
        if (*at != (unsigned char)words[which][letters]) {
            *event = fail(scan, "true, false or null");
            break;
        }
        at++;
        scan->part++;
        if (words[which][letters + 1] == '\0') {
            *event = end_value(scan, SCAN_TRUE + which);
            break;
        }
    }
    return at;
}

enum json_event json_scan_next(struct json_scan *scan, const unsigned char *bytes, size_t length)
{
    const unsigned char *end = bytes + length, *at = bytes;
    const uint64_t first = scan->position;
    enum json_event event = scan->state == FAILED ? SCAN_BAD : SCAN_MORE;

    while (at < end && event == SCAN_MORE) {
        switch (scan->state) {
        case IN_STRING:
            at = take_string(scan, at, end, &event);
            break;
        case IN_NUMBER:
            at = take_number(scan, at, end, &event);
            break;
        case IN_WORD:
            at = take_word(scan, at, end, &event);
            break;
        default:
            scan->lines += *at == '\n';
            if (*at != ' ' && *at != '\n' && *at != '\t' && *at != '\r') {
                scan->start = first + (uint64_t)(at - bytes);
                event = take_mark(scan, *at);
            }
            at += event != SCAN_BAD;
        }
    }
    scan->position = first + (uint64_t)(at - bytes);
    return event;
}

enum json_event json_scan_finish(struct json_scan *scan)
{
    if (scan->state == AT_END)
        return SCAN_MORE;
    if (scan->state == IN_NUMBER && scan->depth == 0)
        return end_number(scan);
    if (scan->state == FAILED)
        return SCAN_BAD;
    return fail(scan, scan->state == IN_STRING      ? "the closing quote of a string"
                      : scan->depth == 0            ? "a value"
                      : scan->is_array[scan->depth] ? "`]`: the document ends early"
                                                    : "`}`: the document ends early");
}

void json_scan_after_item(const struct json_scan *at_first, struct json_scan *scan,
                          uint64_t position)
{
    *scan = *at_first;
    scan->state = AFTER_VALUE;
    scan->position = position;
}

bool json_scan_in_token(const struct json_scan *scan)
{
    return scan->state == IN_STRING || scan->state == IN_NUMBER || scan->state == IN_WORD;
}

bool json_scan_is_whole(const struct json_scan *scan)
{
    return scan->state == AT_END;
}
