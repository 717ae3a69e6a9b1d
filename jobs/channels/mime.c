/* SPDX-License-Identifier: MIT */
/* mime.c: see mime.h. */
#include "channels/mime.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unicode/utf8.h>

#include "values/text.h"

enum {
    LONGEST_LINE = 76,       /* RFC 2047 and 2045 */
    WORD_FRAME = 12,         /* =?UTF-8?B? and ?= */
    LONGEST_WORD_BYTES = 45, /* 60 digits of base64: a word of 72 characters */
    DATE_SIZE = 40,
};

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* How many bytes of `text` fit into `most` without cutting a character. */
static size_t whole_characters(const char *text, size_t length, size_t most)
{
    if (length <= most)
        return length;
    while (most > 0 && U8_IS_TRAIL(text[most]))
        most--;
    return most;
}

static char *encoded_words(const char *text, size_t used)
{
    size_t left = strlen(text);
    /* Every word takes at least 39 bytes, but the first one and the last. */
    size_t size = (left / 39 + 3) * (LONGEST_LINE + 4);
    char *words = malloc(size);
    char *at = words;
    size_t most = 0;
    if (used + WORD_FRAME + 4 <= LONGEST_LINE)
        most = (LONGEST_LINE - used - WORD_FRAME) / 4 * 3;
    if (most > LONGEST_WORD_BYTES)
        most = LONGEST_WORD_BYTES;
    if (!words)
        return NULL;
    while (left > 0) {
        char digits[LONGEST_LINE];
        size_t part = whole_characters(text, left, most);
        most = LONGEST_WORD_BYTES;
        if (part == 0 && at == words) { /* no room on the header's first line */
            at += snprintf(at, size - (size_t)(at - words), "\r\n ");
            continue;
        }
        if (part == 0) /* not UTF-8: cut anywhere */
            part = left < most ? left : most;
        sodium_bin2base64(digits, sizeof digits, (const unsigned char *)text, part,
                          sodium_base64_VARIANT_ORIGINAL);
        text += part;
        left -= part;
        at += snprintf(at, size - (size_t)(at - words), "=?UTF-8?B?%s?=%s", digits,
                       left > 0 ? "\r\n " : "");
    }
    *at = 0;
    return words;
}

char *mime_header_text(const char *text, size_t used)
{
    if (is_plain(text) && !strstr(text, "=?") && used + strlen(text) <= LONGEST_LINE)
        return strdup(text);
    return encoded_words(text, used);
}

char *mime_phrase(const char *name, size_t used)
{
    static const char specials[] = "()<>[]:;@\\,.\"";
    if (!is_plain(name) || strstr(name, "=?") || used + strlen(name) + 2 > LONGEST_LINE)
        return encoded_words(name, used);
    if (!strpbrk(name, specials))
        return strdup(name);
    size_t size = 2 * strlen(name) + 3;
    char *quoted = malloc(size);
    if (!quoted)
        return NULL;
    char *at = quoted;
    *at++ = '"';
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            *at++ = '\\';
        *at++ = *name;
    }
    *at++ = '"';
    *at = 0;
    return quoted;
}

/* -- bodies -- */

static bool is_literal(const char *text)
{
    unsigned char byte = (unsigned char)*text;
    if (byte == ' ' || byte == '\t') /* may not end a line */
        return text[1] != '\n' && text[1] != 0;
    return byte > 0x20 && byte < 0x7f && byte != '=';
}

char *mime_quoted_printable(const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    /* At worst three bytes for each, and a soft break of three after every 73. */
    size_t length = strlen(text);
    char *encoded = malloc(length * 3 + length * 3 / 73 * 3 + 8);
    char *at = encoded;
    size_t column = 0;
    if (!encoded)
        return NULL;
    for (; *text; text++) {
        if (*text == '\n') {
            *at++ = '\r';
            *at++ = '\n';
            column = 0;
            continue;
        }
        size_t width = is_literal(text) ? 1 : 3;
        bool ends_line = text[1] == '\n' || text[1] == 0;
        if (column + width > (ends_line ? LONGEST_LINE : LONGEST_LINE - 1)) {
            memcpy(at, "=\r\n", 3);
            at += 3;
            column = 0;
        }
        if (width == 1) {
            *at++ = *text;
        } else {
            *at++ = '=';
            *at++ = digits[(unsigned char)*text >> 4];
            *at++ = digits[(unsigned char)*text & 15];
        }
        column += width;
    }
    *at = 0;
    return encoded;
}

/* -- the whole -- */

static void format_date(int64_t milliseconds, char text[DATE_SIZE])
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(milliseconds / 1000);
    struct tm utc = {0};
    gmtime_r(&seconds, &utc);
    snprintf(text, DATE_SIZE, "%s, %d %s %d %02d:%02d:%02d +0000", days[utc.tm_wday], utc.tm_mday,
             months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

static char *format_headers(const struct mime_mail *mail, const char *subject)
{
    char *headers = NULL;
    char date[DATE_SIZE];
    format_date(mail->date, date);
    if (asprintf(&headers,
                 "Date: %s\r\n"
                 "From: %s\r\n"
                 "To: %s\r\n"
                 "Subject: %s\r\n"
                 "Message-ID: <%s>\r\n"
                 "Auto-Submitted: auto-generated\r\n"
                 "Content-Language: %s\r\n"
                 "MIME-Version: 1.0\r\n",
                 date, mail->from, mail->to, subject, mail->message_id, mail->text->locale) < 0)
        return NULL;
    return headers;
}

static char *format_message(const struct mime_mail *mail, const char *headers, const char *text,
                            const char *html)
{
    static const char part[] = "Content-Type: text/%s; charset=utf-8\r\n"
                               "Content-Transfer-Encoding: quoted-printable\r\n"
                               "\r\n";
    char *message = NULL;
    char plain_head[128];
    char html_head[128];
    int length;
    snprintf(plain_head, sizeof plain_head, part, "plain");
    snprintf(html_head, sizeof html_head, part, "html");
    if (!html)
        length = asprintf(&message, "%s%s%s", headers, plain_head, text);
    else /* quoted-printable holds no "=_", so that no part can hold the boundary */
        length = asprintf(&message,
                          "%sContent-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n\r\n"
                          "--=_%s\r\n%s%s\r\n--=_%s\r\n%s%s\r\n--=_%s--\r\n",
                          headers, mail->boundary, mail->boundary, plain_head, text, mail->boundary,
                          html_head, html, mail->boundary);
    return length < 0 ? NULL : message;
}

static void wipe(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

char *mime_build(const struct mime_mail *mail, size_t *length, bool *unsafe)
{
    char *message = NULL;
    char *headers = NULL;
    char *text = NULL;
    char *html = NULL;
    *unsafe = text_has_control(mail->text->subject) || text_has_control(mail->to) ||
              text_has_control(mail->message_id) || text_has_control(mail->text->locale);
    if (*unsafe)
        return NULL;
    char *subject = mime_header_text(mail->text->subject, sizeof "Subject: " - 1);
    if (!subject || !(headers = format_headers(mail, subject)) ||
        !(text = mime_quoted_printable(mail->text->text)) ||
        (mail->text->html && !(html = mime_quoted_printable(mail->text->html))))
        goto out;
    message = format_message(mail, headers, text, html);
    if (message)
        *length = strlen(message);
out:
    wipe(subject);
    wipe(headers);
    wipe(text);
    wipe(html);
    return message;
}
