/* SPDX-License-Identifier: MIT */
/* page.c: HTML, and the policy that keeps the page to itself. */
#include "page/page.h"
#include "values/document.h"
#include "values/moment.h"
#include "page/page_part.h"
#include "values/text.h"
#include "values/utf.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_FORMATTED = 1024, PAGE_COLUMNS = 16, PAGE_HASH = 64 };

struct page {
    FILE *stream; /* into text */
    char *text;
    size_t length;
    char align[PAGE_COLUMNS + 1]; /* of the table that is being written */
    size_t column;
    bool in_row;
    bool failed;
};

/* --- Text ------------------------------------------------------------------------------------ */

static void put(struct page *page, const char *markup)
{
    fputs(markup, page->stream);
}

static const char *entity(char character)
{
    switch (character) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

/* What cannot be seen becomes U+FFFD; HTML does not allow most of it. */
static void put_text(struct page *page, const char *text)
{
    while (*text != '\0') {
        int32_t length = 0;
        bool seen = text_class(utf_next8(text, &length, -1)) == TEXT_SEEN;
        const char *replaced = seen ? entity(*text) : "\xEF\xBF\xBD";
        if (replaced != NULL)
            fputs(replaced, page->stream);
        else
            fwrite(text, 1, (size_t)length, page->stream);
        text += length;
    }
}

static void put_formatted(struct page *page, const char *format, va_list arguments)
{
    char text[PAGE_FORMATTED];
    int length = vsnprintf(text, sizeof text, format, arguments);
    page->failed = page->failed || length < 0 || (size_t)length >= sizeof text;
    put_text(page, text);
}

/* --- The page -------------------------------------------------------------------------------- */

static void put_part(struct page *page, const char *open, const struct page_part *part,
                     const char *close)
{
    put(page, open);
    fwrite(part->bytes, 1, part->length, page->stream);
    put(page, close);
}

/* 'sha256-...', as the policy names a script or style that may be in the page. */
static void put_hash(struct page *page, const struct page_part *part)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[PAGE_HASH];
    crypto_hash_sha256(hash, part->bytes, part->length);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    fprintf(page->stream, " 'sha256-%s'", text);
}

static void put_head(struct page *page, const char *title)
{
    put(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
              "base-uri 'none'; form-action 'none'; script-src");
    put_hash(page, &page_part_library);
    put_hash(page, &page_part_charts);
    put(page, "; style-src");
    put_hash(page, &page_part_style);
    put(page, "\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
              "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    put_text(page, title);
    put(page, "</title>\n");
    put_part(page, "<style>", &page_part_style, "</style>\n</head>\n");
}

static void put_contents(struct page *page, const struct page_section *contents)
{
    put(page, "<nav aria-label=\"Contents\">\n<ul>\n");
    for (; contents->id != NULL; contents++) {
        put(page, "<li><a href=\"#");
        put_text(page, contents->id);
        put(page, "\">");
        put_text(page, contents->heading);
        put(page, "</a></li>\n");
    }
    put(page, "</ul>\n</nav>\n");
}

struct page *page_begin(const char *title, const char *intro, const struct page_section *contents)
{
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return NULL;
    page->stream = open_memstream(&page->text, &page->length);
    if (page->stream == NULL) {
        free(page);
        return NULL;
    }
    put_head(page, title);
    put(page, "<body>\n<a class=\"skip\" href=\"#main\">To the numbers</a>\n<header>\n<h1>");
    put_text(page, title);
    put(page, "</h1>\n<p>");
    put_text(page, intro);
    put(page, "</p>\n");
    put_contents(page, contents);
    put(page, "</header>\n<main id=\"main\">\n");
    return page;
}

const char *page_end(struct page *page, json_t *data, size_t *length)
{
    char *json = document_text(data, JSON_COMPACT);
    json_decref(data);
    put(page, "</main>\n<script type=\"application/json\" id=\"data\">");
    page->failed = page->failed || json == NULL;
    /* A text in it could otherwise end the element. */
    for (const char *at = json == NULL ? "" : json; *at != '\0'; at++) {
        if (*at == '<')
            put(page, "\\u003c");
        else
            fputc(*at, page->stream);
    }
    free(json);
    put(page, "</script>\n");
    put_part(page, "<script>", &page_part_library, "</script>\n");
    put_part(page, "<script>", &page_part_charts, "</script>\n</body>\n</html>\n");
    if (fflush(page->stream) != 0 || ferror(page->stream) || page->failed)
        return NULL;
    *length = page->length;
    return page->text;
}

void page_free(struct page *page)
{
    if (page == NULL)
        return;
    fclose(page->stream);
    free(page->text);
    free(page);
}

/* --- Sections -------------------------------------------------------------------------------- */

void page_section(struct page *page, const struct page_section *section)
{
    fprintf(page->stream,
            "<section id=\"%s\" aria-labelledby=\"%s-heading\">\n<h2 id=\"%s-heading\">",
            section->id, section->id, section->id);
    put_text(page, section->heading);
    put(page, "</h2>\n");
}

void page_section_end(struct page *page)
{
    put(page, "</section>\n");
}

void page_paragraph(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put(page, "<p>");
    put_formatted(page, format, arguments);
    put(page, "</p>\n");
    va_end(arguments);
}

void page_figures(struct page *page)
{
    put(page, "<dl class=\"figures\">\n");
}

void page_figure(struct page *page, const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    put(page, "<div><dt>");
    put_text(page, name);
    put(page, "</dt><dd>");
    put_formatted(page, format, arguments);
    put(page, "</dd></div>\n");
    va_end(arguments);
}

void page_figures_end(struct page *page)
{
    put(page, "</dl>\n");
}

void page_chart(struct page *page, const char *id, const char *label)
{
    fprintf(page->stream,
            "<figure>\n<div class=\"chart\"><canvas data-chart=\"%s\" role=\"img\" "
            "aria-label=\"",
            id);
    put_text(page, label);
    put(page, "\"></canvas></div>\n<figcaption>");
    put_text(page, label);
    put(page, "</figcaption>\n</figure>\n");
}

json_t *page_chart_set(json_t *sets, const char *label)
{
    json_t *values = json_array();
    json_array_append_new(sets, json_pack("{s:s, s:o}", "label", label, "values", values));
    return values;
}

/* --- Tables ---------------------------------------------------------------------------------- */

void page_table(struct page *page, const char *caption, const char *align, const char *const *head)
{
    snprintf(page->align, sizeof page->align, "%s", align);
    page->failed = page->failed || strlen(align) > PAGE_COLUMNS;
    /* A wide table scrolls within its frame, not the page; the keyboard must get there too. */
    put(page, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"");
    put_text(page, caption);
    put(page, "\">\n<table>\n<caption>");
    put_text(page, caption);
    put(page, "</caption>\n<thead>\n<tr>");
    for (size_t i = 0; page->align[i] != '\0'; i++) {
        put(page, page->align[i] == 'r' ? "<th scope=\"col\" class=\"r\">" : "<th scope=\"col\">");
        put_text(page, head[i]);
        put(page, "</th>");
    }
    put(page, "</tr>\n</thead>\n<tbody>\n");
    page->in_row = false;
}

static void end_row(struct page *page)
{
    if (page->in_row)
        put(page, "</tr>\n");
    page->in_row = false;
}

void page_row(struct page *page)
{
    end_row(page);
    put(page, "<tr>");
    page->in_row = true;
    page->column = 0;
}

static void open_cell(struct page *page)
{
    bool right = page->align[page->column] == 'r';
    if (page->column == 0)
        put(page, "<th scope=\"row\"");
    else
        put(page, "<td");
    put(page, right ? " class=\"r\">" : ">");
}

static void close_cell(struct page *page)
{
    put(page, page->column == 0 ? "</th>" : "</td>");
    page->failed = page->failed || page->align[page->column] == '\0';
    page->column += page->align[page->column] == '\0' ? 0 : 1;
}

void page_cell(struct page *page, const char *text)
{
    open_cell(page);
    put_text(page, text == NULL ? "" : text);
    close_cell(page);
}

void page_number(struct page *page, int64_t number)
{
    open_cell(page);
    fprintf(page->stream, "%" PRId64, number);
    close_cell(page);
}

void page_seconds(struct page *page, double seconds)
{
    open_cell(page);
    fprintf(page->stream, "%.1f", seconds);
    close_cell(page);
}

void page_moment(struct page *page, int64_t milliseconds)
{
    char text[MOMENT_SIZE];
    moment_format(milliseconds, text);
    open_cell(page);
    fprintf(page->stream, "<time datetime=\"%s\">%.10s %.8s</time>", text, text,
            strlen(text) > 11 ? text + 11 : "");
    close_cell(page);
}

void page_verdict(struct page *page, const char *kind, const char *text)
{
    open_cell(page);
    fprintf(page->stream, "<span class=\"%s\">", kind);
    put_text(page, text);
    put(page, "</span>");
    close_cell(page);
}

void page_table_end(struct page *page)
{
    end_row(page);
    put(page, "</tbody>\n</table>\n</div>\n");
}
