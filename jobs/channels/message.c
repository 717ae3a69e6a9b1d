/* SPDX-License-Identifier: MIT */
/* message.c: see message.h. */
#include "channels/message.h"

#include "channels/builtin.h"
#include "channels/template.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unicode/uchar.h>
#include <unicode/udat.h>
#include <unicode/udatpg.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "values/text.h"
#include "values/utf.h"

enum {
    LONGEST_NAME = 100,   /* bytes of a customer's name that a message shows */
    LONGEST_VALUE = 2048, /* bytes of any other value */
};

static const char last_resort[] = "en";

struct message_templates {
    struct template *list;
    size_t count;
    /* The date format of the last message's locale: making one costs more than a message. */
    char date_locale[MESSAGE_LOCALE];
    UDateFormat *date;
};

/* The values of one message, cleaned; "" where there is none. */
struct filled {
    char value[TEMPLATE_PLACEHOLDERS][LONGEST_VALUE];
};

/* -- opening -- */

static struct template *find(const struct message_templates *templates, const char *locale)
{
    for (size_t i = 0; i < templates->count; i++)
        if (strcasecmp(templates->list[i].locale, locale) == 0)
            return &templates->list[i];
    return NULL;
}

static bool add(struct message_templates *templates, const struct template *template)
{
    struct template *longer = realloc(templates->list, (templates->count + 1) * sizeof *longer);
    if (!longer)
        return false;
    templates->list = longer;
    templates->list[templates->count++] = *template;
    return true;
}

/* Reads the template that a file name speaks of, if it does. */
static bool read_named(struct message_templates *templates, const char *name,
                       enum message_kind kind, const char *folder, struct error *error)
{
    struct template template = {0};
    if (!template_locale(name, kind, template.locale))
        return true;
    bool read = template_read(&template, kind, folder, error);
    if (read && add(templates, &template))
        return true;
    if (read)
        error_no_memory(error, name);
    template_free(&template);
    return false;
}

static bool read_builtin(struct message_templates *templates, enum message_kind kind,
                         struct error *error)
{
    for (const struct builtin_file *file = builtin_files; file->name; file++)
        if (!read_named(templates, file->name, kind, "", error))
            return false;
    return true;
}

static bool read_folder(struct message_templates *templates, enum message_kind kind,
                        const char *folder, struct error *error)
{
    bool good = true;
    DIR *directory = opendir(folder);
    if (!directory)
        return error_set(error, ERROR_IO, "%s: %s", folder, strerror(errno));
    for (struct dirent *entry; good && (entry = readdir(directory));)
        good = read_named(templates, entry->d_name, kind, folder, error);
    closedir(directory);
    return good;
}

struct message_templates *message_open(const char *folder, enum message_kind kind,
                                       struct error *error)
{
    struct message_templates *templates = calloc(1, sizeof *templates);
    if (!templates) {
        error_no_memory(error, NULL);
        return NULL;
    }
    if (folder[0] == '\0' ? read_builtin(templates, kind, error)
                          : read_folder(templates, kind, folder, error)) {
        if (find(templates, last_resort))
            return templates;
        error_set(error, ERROR_INVALID, "%s: no %s.en.txt: the English text is the last resort",
                  folder, kind == MESSAGE_EMAIL ? "email" : "sms");
    }
    message_close(templates);
    return NULL;
}

void message_close(struct message_templates *templates)
{
    if (!templates)
        return;
    for (size_t i = 0; i < templates->count; i++)
        template_free(&templates->list[i]);
    free(templates->list);
    if (templates->date)
        udat_close(templates->date);
    free(templates);
}

/* -- values -- */

/* A value as one line of UTF-8, shortened to `most` bytes: what is not seen would let it break out
 * of its line, or rewrite how the rest reads. */
static void clean(char value[LONGEST_VALUE], const char *from, int32_t most)
{
    int32_t used = 0;
    int32_t length = from ? (int32_t)strnlen(from, LONGEST_VALUE) : 0;
    for (int32_t at = 0; at < length && used < most;) { /* U8_APPEND needs room for one byte */
        UBool failed = false;
        UChar32 character = utf_next8(from, &at, length);
        if (character < 0)
            character = UTF_REPLACEMENT;
        if (character == '\n' || character == '\r' || character == '\t')
            character = ' ';
        if (text_class(character) != TEXT_SEEN)
            continue;
        U8_APPEND((uint8_t *)value, used, most, (uint32_t)character, failed);
        if (failed)
            break;
    }
    value[used] = 0;
}

/* Anyone can sign up with someone else's address; what he gives as a name must not advertise. */
static bool looks_like_link(const char *name)
{
    if (strchr(name, '/') || strchr(name, '@'))
        return true;
    /* Mail programs make links of `shop.example` too, but not of `J. Smith` or `J.R. Smith`. */
    for (const char *dot = strchr(name, '.'); dot; dot = strchr(dot + 1, '.'))
        if (isalnum((unsigned char)dot[1]) && isalnum((unsigned char)dot[2]))
            return true;
    return false;
}

/* Whether both name the same language: the template's dates then follow the customer's region. */
static bool same_language(const char *one, const char *other)
{
    size_t length = strcspn(one, "-_");
    return length == strcspn(other, "-_") && strncasecmp(one, other, length) == 0;
}

/* Date and time with the zone, e.g. "1 February 2025 at 14:05 UTC". NULL: ICU has none. */
static UDateFormat *date_format(struct message_templates *templates, const char *locale)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar pattern[128];
    if (templates->date && strcmp(templates->date_locale, locale) == 0)
        return templates->date;
    if (templates->date)
        udat_close(templates->date);
    templates->date = NULL;
    UDateTimePatternGenerator *generator = udatpg_open(locale, &status);
    int32_t length = udatpg_getBestPattern(generator, u"yMMMMdjmz", -1, pattern,
                                           sizeof pattern / sizeof *pattern, &status);
    udatpg_close(generator);
    UDateFormat *date =
        udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, u"UTC", -1, pattern, length, &status);
    if (U_FAILURE(status))
        return NULL;
    templates->date = date;
    snprintf(templates->date_locale, sizeof templates->date_locale, "%s", locale);
    return date;
}

static void format_expires(struct message_templates *templates, const char *locale, int64_t expires,
                           char value[LONGEST_VALUE])
{
    UErrorCode status = U_ZERO_ERROR;
    UChar text[256];
    value[0] = 0;
    UDateFormat *date = expires > 0 ? date_format(templates, locale) : NULL;
    if (!date)
        return;
    int32_t length =
        udat_format(date, (UDate)expires, text, sizeof text / sizeof *text, NULL, &status);
    /* Plain blanks: the narrow ones that ICU puts before "PM" would double an SMS's length. */
    for (int32_t i = 0; i < length && i < (int32_t)(sizeof text / sizeof *text); i++)
        if (text[i] == 0x202f || text[i] == 0xa0)
            text[i] = ' ';
    u_strToUTF8(value, LONGEST_VALUE, NULL, text, length, &status);
    if (U_FAILURE(status))
        value[0] = 0;
}

static void fill(struct message_templates *templates, const char *locale,
                 const struct message_values *values, struct filled *filled)
{
    enum { MOST = LONGEST_VALUE - 1 };
    clean(filled->value[TEMPLATE_CODE], values->code, MOST);
    clean(filled->value[TEMPLATE_NAME], values->name, LONGEST_NAME);
    clean(filled->value[TEMPLATE_SUBJECT], values->subject, MOST);
    clean(filled->value[TEMPLATE_LINK], values->link, MOST);
    clean(filled->value[TEMPLATE_PREFIX], values->prefix, MOST);
    if (looks_like_link(filled->value[TEMPLATE_NAME]))
        filled->value[TEMPLATE_NAME][0] = 0;
    filled->value[TEMPLATE_MINUTES][0] = 0;
    if (values->minutes > 0)
        snprintf(filled->value[TEMPLATE_MINUTES], LONGEST_VALUE, "%u", values->minutes);
    format_expires(templates, locale, values->expires, filled->value[TEMPLATE_EXPIRES]);
}

/* -- filling in -- */

/* Where text goes; without `bytes` it is only measured, so that no copy of a code is left behind by
 * a growing buffer. */
struct sink {
    char *bytes;
    size_t length;
};

static void put(struct sink *sink, const char *text, size_t length)
{
    if (sink->bytes)
        memcpy(sink->bytes + sink->length, text, length);
    sink->length += length;
}

static void put_html(struct sink *sink, const char *text)
{
    for (; *text; text++) {
        const char *name = NULL;
        switch (*text) {
        case '&':
            name = "&amp;";
            break;
        case '<':
            name = "&lt;";
            break;
        case '>':
            name = "&gt;";
            break;
        case '"':
            name = "&quot;";
            break;
        case '\'':
            name = "&#39;";
            break;
        default:
            break;
        }
        put(sink, name ? name : text, name ? strlen(name) : 1);
    }
}

static void put_line(struct sink *sink, const struct template_line *line,
                     const struct filled *filled, bool html)
{
    for (size_t i = 0; i < line->count; i++) {
        const struct template_piece *piece = &line->pieces[i];
        if (piece->kind == TEMPLATE_LITERAL)
            put(sink, piece->text, piece->length);
        else if (html)
            put_html(sink, filled->value[piece->kind]);
        else
            put(sink, filled->value[piece->kind], strlen(filled->value[piece->kind]));
    }
}

static bool has_values(const struct template_line *line, const struct filled *filled)
{
    for (int i = 0; i < TEMPLATE_PLACEHOLDERS; i++)
        if ((line->needs & (1U << i)) && !filled->value[i][0])
            return false;
    return true;
}

static void put_lines(struct sink *sink, const struct template_lines *lines,
                      const struct filled *filled, bool html)
{
    bool after_gap = false; /* the line before was left out */
    for (size_t i = 0; i < lines->count; i++) {
        const struct template_line *line = &lines->line[i];
        bool left_out = !has_values(line, filled) || (after_gap && line->count == 0);
        after_gap = left_out && line->count > 0;
        if (left_out)
            continue;
        put_line(sink, line, filled, html);
        put(sink, "\n", 1);
    }
}

static char *make_lines(const struct template_lines *lines, const struct filled *filled, bool html)
{
    struct sink sink = {0};
    put_lines(&sink, lines, filled, html);
    char *text = malloc(sink.length + 1);
    if (!text)
        return NULL;
    sink = (struct sink){.bytes = text};
    put_lines(&sink, lines, filled, html);
    text[sink.length] = 0;
    return text;
}

static char *make_subject(const struct template_lines *subjects, const struct filled *filled)
{
    size_t chosen = 0;
    while (chosen + 1 < subjects->count && !has_values(&subjects->line[chosen], filled))
        chosen++;
    struct sink sink = {0};
    put_line(&sink, &subjects->line[chosen], filled, false);
    char *text = malloc(sink.length + 1);
    if (!text)
        return NULL;
    sink = (struct sink){.bytes = text};
    put_line(&sink, &subjects->line[chosen], filled, false);
    text[sink.length] = 0;
    return text;
}

/* `zh-Hant-TW`, `zh-Hant`, `zh`, then English. */
static const struct template *choose(const struct message_templates *templates, const char *locale)
{
    char shorter[MESSAGE_LOCALE];
    snprintf(shorter, sizeof shorter, "%s", locale ? locale : "");
    for (char *letter = shorter; *letter; letter++)
        if (*letter == '_')
            *letter = '-';
    for (;;) {
        const struct template *template = find(templates, shorter);
        if (template)
            return template;
        char *last = strrchr(shorter, '-');
        if (!last)
            return find(templates, last_resort);
        *last = 0;
    }
}

bool message_render(struct message_templates *templates, const char *locale,
                    const struct message_values *values, struct message_text *text)
{
    bool good = false;
    const struct template *template = choose(templates, locale);
    bool regional =
        locale && same_language(locale, template->locale) && strlen(locale) < MESSAGE_LOCALE;
    *text = (struct message_text){0};
    snprintf(text->locale, sizeof text->locale, "%s", template->locale);
    struct filled *filled = malloc(sizeof *filled);
    if (!filled)
        return false;
    fill(templates, regional ? locale : template->locale, values, filled);
    if (template->subjects.count > 0 &&
        !(text->subject = make_subject(&template->subjects, filled)))
        goto out;
    if (!(text->text = make_lines(&template->text, filled, false)))
        goto out;
    if (template->html.count > 0 && !(text->html = make_lines(&template->html, filled, true)))
        goto out;
    good = true;
out:
    sodium_memzero(filled, sizeof *filled);
    free(filled);
    if (!good)
        message_end(text);
    return good;
}

static void wipe(char *text)
{
    if (text)
        sodium_memzero(text, strlen(text));
    free(text);
}

void message_end(struct message_text *text)
{
    wipe(text->subject);
    wipe(text->text);
    wipe(text->html);
    *text = (struct message_text){0};
}
