/* SPDX-License-Identifier: MIT */
/* reconcile_report_format.c: comparisons as CSV, JSON and HTML, for other programs and for reading.
 */
#include <inttypes.h>
#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fraud/vendor_export.h"
#include "values/document.h"
#include "values/moment.h"
#include "page/reconcile_report.h"
#include "run/say.h"

static const char *as_of_from(const struct reconcile_report *one)
{
    return one->as_of_given ? "--as-of" : "the file's modification time";
}

/* -- CSV -- */

static void put_quoted(FILE *stream, const char *text)
{
    fputc('"', stream);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            fputc('"', stream);
        fputc(*text, stream);
    }
    fputc('"', stream);
}

static void put_csv_row(FILE *stream, const struct reconcile_report *one,
                        const struct reconcile_row *row)
{
    char as_of[MOMENT_SIZE], day[16], offset[16];
    moment_format(one->result.as_of, as_of);
    export_day_text(row->day, day);
    reconcile_offset_text(&one->result, offset);
    put_quoted(stream, one->name);
    fprintf(stream, ",%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%s,%s",
            as_of, day, row->success ? "success" : "failure", row->vendor, row->ledger,
            row->certain, row->possible, row->vendor - row->ledger,
            reconcile_verdict_name(row->verdict), offset);
    for (int i = 0; i < CAUSE_COUNT; i++)
        fprintf(stream, ",%" PRId64, row->causes[i]);
    fputs("\r\n", stream);
}

/* Ends the stream and says what is in it. */
static bool say_stream(FILE *stream, char **text, const size_t *length)
{
    bool whole = ferror(stream) == 0;
    whole = fclose(stream) == 0 && whole;
    if (whole)
        say_document(*text, *length);
    free(*text);
    return whole;
}

bool reconcile_report_csv(const struct reconcile_report *all, size_t count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        return false;
    fputs("file,as_of,day,outcome,vendor,ledger,certain,possible,difference,verdict,time_zone",
          stream);
    for (int i = 0; i < CAUSE_COUNT; i++)
        fprintf(stream, ",%s", outcome_cause_name((enum outcome_cause)i));
    fputs("\r\n", stream);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < all[i].result.count; k++)
            put_csv_row(stream, &all[i], &all[i].result.rows[k]);
    return say_stream(stream, &text, &length);
}

/* -- JSON -- */

static json_t *row_json(const struct reconcile_row *row)
{
    char day[16];
    json_t *causes = json_object();
    export_day_text(row->day, day);
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (row->causes[i] != 0)
            json_object_set_new(causes, outcome_cause_name((enum outcome_cause)i),
                                json_integer(row->causes[i]));
    return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:o}", "day", day, "outcome",
                     row->success ? "success" : "failure", "vendor", (json_int_t)row->vendor,
                     "ledger", (json_int_t)row->ledger, "certain", (json_int_t)row->certain,
                     "possible", (json_int_t)row->possible, "difference",
                     (json_int_t)(row->vendor - row->ledger), "verdict",
                     reconcile_verdict_name(row->verdict), "causes", causes);
}

static json_t *causes_json(const struct reconcile *result)
{
    json_t *causes = json_array();
    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct reconcile_total *total = &result->totals[i];
        if (total->places == 0)
            continue;
        char *sql = reconcile_rows_sql(result, (enum outcome_cause)i);
        json_array_append_new(causes,
                              json_pack("{s:s, s:I, s:I, s:s, s:s}", "cause",
                                        outcome_cause_name((enum outcome_cause)i), "units",
                                        (json_int_t)total->units, "rows", (json_int_t)total->rows,
                                        "meaning", outcome_cause_help((enum outcome_cause)i), "sql",
                                        sql == NULL ? "" : sql));
        sqlite3_free(sql);
    }
    return causes;
}

static json_t *one_json(const struct reconcile_report *one)
{
    char as_of[MOMENT_SIZE], offset[16];
    json_t *rows = json_array(), *left_out = json_array();
    moment_format(one->result.as_of, as_of);
    reconcile_offset_text(&one->result, offset);
    for (size_t i = 0; i < one->result.count; i++)
        json_array_append_new(rows, row_json(&one->result.rows[i]));
    for (int i = 0; i < 2; i++)
        if (one->result.left_out[i])
            json_array_append_new(left_out, json_string(i == 0 ? "failure" : "success"));
    return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "file", one->name, "as_of", as_of,
                     "as_of_from", as_of_from(one), "time_zone", one->zone, "vendor_time_zone",
                     one->result.shifted ? json_string(offset) : json_null(), "left_out", left_out,
                     "rows", rows, "causes", causes_json(&one->result));
}

bool reconcile_report_json(const struct reconcile_report *all, size_t count)
{
    json_t *document = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(document, one_json(&all[i]));
    bool whole = json_array_size(document) == count;
    char *text = whole ? document_text(document, JSON_INDENT(2)) : NULL;
    if (text != NULL) {
        say_document(text, strlen(text));
        say_document("\n", 1);
    }
    json_decref(document);
    whole = text != NULL;
    free(text);
    return whole;
}

/* -- HTML -- */

static void put_rows(struct page *page, const struct reconcile_report *one)
{
    static const char *const kinds[] = {"good", "open", "bad"};
    static const char *const head[] = {"day",      "outcome",    "vendor",  "ledger", "certain",
                                       "possible", "difference", "verdict", "causes"};
    char text[16], causes[RECONCILED_CAUSES];
    page_table(page, one->name, "llrrrrrll", head);
    for (size_t i = 0; i < one->result.count; i++) {
        const struct reconcile_row *row = &one->result.rows[i];
        page_row(page);
        export_day_text(row->day, text);
        page_cell(page, text);
        page_cell(page, row->success ? "success" : "failure");
        page_number(page, row->vendor);
        page_number(page, row->ledger);
        page_number(page, row->certain);
        page_number(page, row->possible);
        page_number(page, row->vendor - row->ledger);
        page_verdict(page, kinds[row->verdict], reconcile_verdict_name(row->verdict));
        reconcile_report_causes(row, causes);
        page_cell(page, causes);
    }
    page_table_end(page);
}

static void put_causes(struct page *page, const struct reconcile_report *one)
{
    static const char *const head[] = {"cause", "units", "rows", "what it means",
                                       "SQL that lists its rows"};
    page_table(page, "Causes", "lrrll", head);
    for (int i = 0; i < CAUSE_COUNT; i++) {
        const struct reconcile_total *total = &one->result.totals[i];
        if (total->places == 0)
            continue;
        char *sql = reconcile_rows_sql(&one->result, (enum outcome_cause)i);
        page_row(page);
        page_cell(page, outcome_cause_name((enum outcome_cause)i));
        page_number(page, total->units);
        page_number(page, total->rows);
        page_cell(page, outcome_cause_help((enum outcome_cause)i));
        page_cell(page, sql);
        sqlite3_free(sql);
    }
    page_table_end(page);
}

void reconcile_report_put(struct page *page, const struct reconcile_report *one)
{
    char as_of[MOMENT_SIZE], offset[16];
    moment_format(one->result.as_of, as_of);
    reconcile_offset_text(&one->result, offset);
    page_paragraph(page,
                   "The vendor's counts against the ledger as of %s (%s), by the days of "
                   "%.200s.",
                   as_of, as_of_from(one), one->zone);
    if (one->result.shifted)
        page_paragraph(page, "The vendor's days seem to be those of UTC%s.", offset);
    put_rows(page, one);
    put_causes(page, one);
}

bool reconcile_report_html(const struct reconcile_report *all, size_t count)
{
    static const char intro[] = "Each unit by which the fraud vendor's dashboard differs from the "
                                "ledger, and its cause.";
    char(*ids)[CONFIG_TEXT] = calloc(count + 1, sizeof *ids);
    struct page_section *sections = calloc(count + 1, sizeof *sections);
    struct page *page = NULL;
    const char *text = NULL;
    size_t length = 0;
    for (size_t i = 0; ids != NULL && sections != NULL && i < count; i++) {
        snprintf(ids[i], sizeof ids[i], "export-%zu", i + 1);
        sections[i] = (struct page_section){ids[i], all[i].name};
    }
    if (ids != NULL && sections != NULL)
        page = page_begin("Reconciliation", intro, sections);
    for (size_t i = 0; page != NULL && i < count; i++) {
        page_section(page, &sections[i]);
        reconcile_report_put(page, &all[i]);
        page_section_end(page);
    }
    if (page != NULL)
        text = page_end(page, json_object(), &length);
    if (text != NULL)
        say_document(text, length);
    page_free(page);
    free(ids);
    free(sections);
    return text != NULL;
}
