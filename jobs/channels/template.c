/* SPDX-License-Identifier: MIT */
/* template.c: see template.h. */
#include "channels/template.h"

#include "channels/builtin.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "values/utf.h"

enum { LARGEST_FILE = 256 * 1024 };

static const char *const placeholder_names[TEMPLATE_PLACEHOLDERS] = {
    [TEMPLATE_CODE] = "code",    [TEMPLATE_NAME] = "name",       [TEMPLATE_SUBJECT] = "subject",
    [TEMPLATE_LINK] = "link",    [TEMPLATE_MINUTES] = "minutes", [TEMPLATE_EXPIRES] = "expires",
    [TEMPLATE_PREFIX] = "prefix"};

struct where {
    const char *path; /* FOLDER/NAME, or only the name of a file that the program brings with it */
    bool is_builtin;
    struct error *error;
};

/* `line` 0: of the whole file. */
static bool fail(const struct where *where, size_t line, const char *text)
{
    if (line > 0)
        return error_set(where->error, ERROR_INVALID, "%s:%zu: %s", where->path, line, text);
    return error_set(where->error, ERROR_INVALID, "%s: %s", where->path, text);
}

static bool fail_for_memory(const struct where *where)
{
    return error_no_memory(where->error, where->path);
}

/* By errno. */
static bool fail_to_read(const struct where *where)
{
    return error_set(where->error, ERROR_IO, "%s: %s", where->path, strerror(errno));
}

/* -- reading -- */

/* The length of `{name}` at `text`, 0: nothing like a placeholder (as in CSS). */
static size_t placeholder_length(const char *text, size_t length)
{
    size_t at = 1;
    if (length < 3 || text[0] != '{')
        return 0;
    while (at < length && islower((unsigned char)text[at]))
        at++;
    return at > 1 && at < length && text[at] == '}' ? at + 1 : 0;
}

static enum template_placeholder placeholder_find(const char *text, size_t length)
{
    for (int i = 0; i < TEMPLATE_PLACEHOLDERS; i++)
        if (strlen(placeholder_names[i]) == length - 2 &&
            memcmp(placeholder_names[i], text + 1, length - 2) == 0)
            return (enum template_placeholder)i;
    return TEMPLATE_LITERAL;
}

static bool line_add(struct template_line *line, struct template_piece piece)
{
    struct template_piece *longer = realloc(line->pieces, (line->count + 1) * sizeof *longer);
    if (!longer)
        return false;
    line->pieces = longer;
    line->pieces[line->count++] = piece;
    if (piece.kind != TEMPLATE_LITERAL && piece.kind != TEMPLATE_PREFIX)
        line->needs |= 1U << piece.kind;
    return true;
}

static bool line_parse(struct template_line *line, const char *text, size_t length,
                       const struct where *where, size_t number)
{
    size_t literal = 0;
    for (size_t at = 0; at <= length;) {
        size_t size = at < length ? placeholder_length(text + at, length - at) : 0;
        if (size == 0 && at < length) {
            at++;
            continue;
        }
        struct template_piece before = {TEMPLATE_LITERAL, text + literal, at - literal};
        struct template_piece value = {TEMPLATE_LITERAL, text + at, size};
        if (before.length > 0 && !line_add(line, before))
            return fail_for_memory(where);
        if (size == 0)
            break;
        value.kind = placeholder_find(text + at, size);
        if (value.kind == TEMPLATE_LITERAL) {
            char message[160];
            snprintf(message, sizeof message,
                     "unknown placeholder %.*s: use {code} {name} {subject} {link} {minutes} "
                     "{expires} {prefix}",
                     size > 40 ? 40 : (int)size, text + at);
            return fail(where, number, message);
        }
        if (!line_add(line, value))
            return fail_for_memory(where);
        at += size;
        literal = at;
    }
    return true;
}

static bool lines_add(struct template_lines *lines, const char *text, size_t length,
                      const struct where *where, size_t number)
{
    struct template_line *longer = realloc(lines->line, (lines->count + 1) * sizeof *longer);
    if (!longer)
        return fail_for_memory(where);
    lines->line = longer;
    lines->line[lines->count] = (struct template_line){0};
    return line_parse(&lines->line[lines->count++], text, length, where, number);
}

static void lines_free(struct template_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        free(lines->line[i].pieces);
    free(lines->line);
}

/* The `Subject:` lines up to the first blank line; `number` is left at the line after it. */
static bool subjects_parse(struct template *template, const char **at, size_t *number,
                           const struct where *where)
{
    static const char header[] = "Subject:";
    for (;; (*number)++) {
        const char *line = *at;
        size_t length = strcspn(line, "\n");
        bool last = line[length] == 0;
        *at = line + length + !last;
        if (length == 0 && template->subjects.count > 0) {
            (*number)++;
            return true;
        }
        if (length < sizeof header - 1 || strncasecmp(line, header, sizeof header - 1) != 0)
            return fail(where, *number,
                        "an e-mail begins with `Subject: ...` lines, and nothing else, and a "
                        "blank line");
        size_t skip = sizeof header - 1;
        skip += strspn(line + skip, " ");
        if (skip == length)
            return fail(where, *number, "the subject is empty");
        if (!lines_add(&template->subjects, line + skip, length - skip, where, *number))
            return false;
        if (last)
            return fail(where, *number, "no text after the subject");
    }
}

static bool lines_parse(struct template_lines *lines, const char *at, size_t number,
                        const struct where *where)
{
    while (*at) {
        size_t length = strcspn(at, "\n");
        if (!lines_add(lines, at, length, where, number++))
            return false;
        at += length + (at[length] == '\n');
    }
    return lines->count > 0 || fail(where, 0, "the file has no text");
}

/* NULL with errno. */
static FILE *source_open(const struct where *where)
{
    if (!where->is_builtin)
        return fopen(where->path, "re");
    for (const struct builtin_file *file = builtin_files; file->name; file++)
        if (strcmp(file->name, where->path) == 0)
            return fmemopen((void *)(uintptr_t)file->text, strlen(file->text), "r");
    errno = ENOENT;
    return NULL;
}

/* A whole file as UTF-8 text with LF line ends and no BOM. NULL: error filled. */
static char *source_read(const struct where *where)
{
    char *text = NULL;
    bool good = false;
    size_t length = 0;
    FILE *file = source_open(where);
    if (!file) {
        fail_to_read(where);
        return NULL;
    }
    text = malloc(LARGEST_FILE + 1);
    if (!text) {
        fail_for_memory(where);
        goto out;
    }
    length = fread(text, 1, LARGEST_FILE + 1, file);
    if (ferror(file)) {
        fail_to_read(where);
        goto out;
    }
    if (length > LARGEST_FILE) {
        fail(where, 0, "larger than 256 KiB");
        goto out;
    }
    size_t kept = 0;
    size_t line = 1;
    for (int32_t at = 0; at < (int32_t)length;) {
        int32_t from = at;
        UChar32 character = utf_next8(text, &at, (int32_t)length);
        if (character <= 0 || (character < 0x20 && !strchr("\t\r\n", character))) {
            fail(where, line, "not UTF-8 text");
            goto out;
        }
        line += character == '\n';
        bool bom = from == 0 && character == 0xfeff;
        if (character == '\r' || bom)
            continue;
        memmove(text + kept, text + from, (size_t)(at - from));
        kept += (size_t)(at - from);
    }
    text[kept] = 0;
    good = true;
out:
    fclose(file);
    if (good)
        return text;
    free(text);
    return NULL;
}

bool template_read(struct template *template, enum message_kind kind, const char *folder,
                   struct error *error)
{
    char path[4096];
    bool is_builtin = folder[0] == '\0';
    const char *slash = is_builtin ? "" : "/";
    struct where where = {path, is_builtin, error};
    const char *noun = kind == MESSAGE_EMAIL ? "email" : "sms";
    size_t number = 1;
    snprintf(path, sizeof path, "%s%s%s.%s.txt", folder, slash, noun, template->locale);
    template->source = source_read(&where);
    if (!template->source)
        return false;
    const char *at = template->source;
    if (kind == MESSAGE_EMAIL && !subjects_parse(template, &at, &number, &where))
        return false;
    if (!lines_parse(&template->text, at, number, &where))
        return false;
    snprintf(path, sizeof path, "%s%s%s.%s.html", folder, slash, noun, template->locale);
    FILE *probe = kind == MESSAGE_EMAIL ? source_open(&where) : NULL;
    if (!probe) /* there need not be one; one that cannot be read is an error below */
        return kind != MESSAGE_EMAIL || errno == ENOENT || fail_to_read(&where);
    fclose(probe);
    template->html_source = source_read(&where);
    return template->html_source && lines_parse(&template->html, template->html_source, 1, &where);
}

bool template_locale(const char *name, enum message_kind kind, char locale[MESSAGE_LOCALE])
{
    static const char suffix[] = ".txt";
    const char *prefix = kind == MESSAGE_EMAIL ? "email." : "sms.";
    size_t start = strlen(prefix);
    size_t length = strlen(name);
    if (strncmp(name, prefix, start) != 0 || length <= start + sizeof suffix - 1 ||
        strcmp(name + length - (sizeof suffix - 1), suffix) != 0)
        return false;
    length -= start + sizeof suffix - 1;
    if (length >= MESSAGE_LOCALE)
        return false;
    for (size_t i = 0; i < length; i++) {
        char letter = name[start + i];
        if (!isalnum((unsigned char)letter) && letter != '-')
            return false;
        locale[i] = letter;
    }
    locale[length] = 0;
    return true;
}

void template_free(struct template *template)
{
    lines_free(&template->subjects);
    lines_free(&template->text);
    lines_free(&template->html);
    free(template->source);
    free(template->html_source);
}
