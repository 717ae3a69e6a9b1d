/* SPDX-License-Identifier: MIT */
/*
 * page.h: one self-contained HTML page, written front to back: sections with tables and charts.
 *
 * It asks nothing of the network: style, scripts and numbers stand in it, and its policy permits
 * these scripts, by their hashes, and nothing else. Whatever text it is given is escaped. An error
 * stays in the page until page_end() tells of it.
 */
#ifndef PAGE_H
#define PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page;

/* Sections in their order, for the list of contents; `id` NULL ends them. */
struct page_section {
    const char *id;
    const char *heading;
};

/* Begins a page with its heading and contents; `intro` is the sentence between. NULL without
 * memory. */
struct page *page_begin(const char *title, const char *intro, const struct page_section *contents);

/* One after the other: sections do not nest. */
void page_section(struct page *page, const struct page_section *section);
void page_section_end(struct page *page);

void page_paragraph(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A figure for people in a hurry: its name and value, side by side with the ones before and after.
 */
void page_figures(struct page *page);
void page_figure(struct page *page, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void page_figures_end(struct page *page);

/* The place of a chart: charts.js draws the member `id` of the data there. `label` says what it
 * shows, for those who do not see it; the numbers are in the table that follows. */
void page_chart(struct page *page, const char *id, const char *label);

/* One of a chart's sets, {"label": ..., "values": []}, at the end of `sets`: the values, for the
 * caller to fill; they are the set's. */
json_t *page_chart_set(json_t *sets, const char *label);

/* A table: columns are aligned by a letter each, l or r. The first cell of a row heads it. */
void page_table(struct page *page, const char *caption, const char *align, const char *const *head);
void page_row(struct page *page);
void page_cell(struct page *page, const char *text); /* NULL: empty */
void page_number(struct page *page, int64_t number);
void page_seconds(struct page *page, double seconds);
void page_moment(struct page *page, int64_t milliseconds);
/* The same cell in words and in colour: `kind` is good, open or bad. */
void page_verdict(struct page *page, const char *kind, const char *text);
void page_table_end(struct page *page);

/* The charts' data and scripts, and the page's end. Takes over `data`. The text and its length,
 * owned by the page; NULL where it did not fit into memory. */
const char *page_end(struct page *page, json_t *data, size_t *length);

void page_free(struct page *page);

#endif
