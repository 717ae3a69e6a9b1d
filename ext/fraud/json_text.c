/* SPDX-License-Identifier: MIT */
#include "fraud/json_text.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "values/utf.h"

enum { FIRST_SIZE = 1024, LONGEST_NUMBER = 40, LONGEST_ESCAPE = 6 };

/* Room for `more` bytes. What is outgrown is wiped: it may hold a fingerprint. */
static bool reserve(struct json_text *json, size_t more)
{
    if (json->failed)
        return false;
    if (json->length + more <= json->size)
        return true;
    size_t size = json->size == 0 ? FIRST_SIZE : json->size;
    while (size < json->length + more)
        size *= 2;
    char *text = malloc(size);
    if (text == NULL) {
        json->failed = true;
        return false;
    }
    if (json->text != NULL) {
        memcpy(text, json->text, json->length);
        sodium_memzero(json->text, json->length);
        free(json->text);
    }
    json->text = text;
    json->size = size;
    return true;
}

static void put(struct json_text *json, const char *bytes, size_t length)
{
    if (!reserve(json, length))
        return;
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
}

static void put_byte(struct json_text *json, char byte)
{
    put(json, &byte, 1);
}

static void put_name(struct json_text *json, const char *member)
{
    if (json->failed)
        return;
    if (json->open[json->depth].any)
        put_byte(json, ',');
    json->open[json->depth].any = true;
    put_byte(json, '"');
    put(json, member, strlen(member));
    put(json, "\":", 2);
}

/* -- objects -- */

void json_text_begin(struct json_text *json)
{
    *json = (struct json_text){0};
    put_byte(json, '{');
}

void json_text_open(struct json_text *json, const char *member)
{
    size_t before = json->length;
    bool any = json->open[json->depth].any;
    if (json->depth + 1 >= JSON_TEXT_DEPTH)
        json->failed = true;
    put_name(json, member);
    put_byte(json, '{');
    if (json->failed)
        return;
    json->open[json->depth].any = any; /* until something is said in it */
    json->depth++;
    json->open[json->depth].before = before;
    json->open[json->depth].any = false;
}

void json_text_close(struct json_text *json)
{
    if (json->failed)
        return;
    bool any = json->open[json->depth].any;
    if (any)
        put_byte(json, '}');
    else
        json->length = json->open[json->depth].before;
    json->depth--;
    json->open[json->depth].any = json->open[json->depth].any || any;
}

/* -- members -- */

static bool is_plain(char byte)
{
    return byte >= ' ' && byte != '"' && byte != '\\' && byte <= '~';
}

static void put_escape(struct json_text *json, unsigned char byte)
{
    static const char letters[] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                   ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    char escape[LONGEST_ESCAPE + 1];
    char letter = byte < sizeof letters ? letters[byte] : '\0';
    int length = letter != '\0' ? snprintf(escape, sizeof escape, "\\%c", letter)
                                : snprintf(escape, sizeof escape, "\\u%04X", byte);
    put(json, escape, (size_t)length);
}

/* False: `text` is no valid UTF-8. */
static bool put_text(struct json_text *json, const char *text)
{
    while (*text != '\0') {
        int32_t length = 0;
        while (is_plain(text[length]))
            length++;
        UChar32 point = length > 0 ? ' ' : utf_next8(text, &length, -1);
        if (point < 0)
            return false;
        if (point < ' ' || point == '"' || point == '\\')
            put_escape(json, (unsigned char)point);
        else
            put(json, text, (size_t)length);
        text += length;
    }
    return true;
}

void json_text_string(struct json_text *json, const char *member, const char *text)
{
    size_t before = json->length;
    bool any = json->open[json->depth].any;
    if (text == NULL)
        return;
    put_name(json, member);
    put_byte(json, '"');
    if (put_text(json, text)) {
        put_byte(json, '"');
    } else {
        json->length = before;
        json->open[json->depth].any = any;
    }
}

static void put_number(struct json_text *json, const char *member, const char *digits)
{
    put_name(json, member);
    put(json, digits, strlen(digits));
}

void json_text_integer(struct json_text *json, const char *member, int64_t value)
{
    char digits[LONGEST_NUMBER];
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    put_number(json, member, digits);
}

/* SQLite's printf writes a point in every locale, and `!` a digit behind it. */
void json_text_real(struct json_text *json, const char *member, double value)
{
    char digits[LONGEST_NUMBER];
    sqlite3_snprintf((int)sizeof digits, digits, "%!.15g", value);
    put_number(json, member, digits);
}

void json_text_boolean(struct json_text *json, const char *member, bool value)
{
    put_number(json, member, value ? "true" : "false");
}

/* -- the end -- */

char *json_text_end(struct json_text *json)
{
    put(json, "}", 2); /* with the closing NUL */
    if (json->failed) {
        json_text_drop(json);
        return NULL;
    }
    char *text = json->text;
    json->text = NULL;
    return text;
}

void json_text_drop(struct json_text *json)
{
    if (json->text != NULL) {
        sodium_memzero(json->text, json->length);
        free(json->text);
    }
    json->text = NULL;
}
