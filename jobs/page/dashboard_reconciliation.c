/* SPDX-License-Identifier: MIT */
/* dashboard_reconciliation.c: the newest export on the page. */
#include "page/dashboard_reconciliation.h"

#include <stdlib.h>
#include <unistd.h>

#include "fraud/vendor_export.h"
#include "inbox/inbox.h"
#include "page/reconcile_report.h"

/* By how many units a day differs, whichever way. */
struct parts {
    int64_t explained, unexplained;
};

static struct parts parts_of(const struct reconcile_row *row)
{
    struct parts parts = {0, llabs(row->causes[CAUSE_unexplained])};
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (i != CAUSE_unexplained)
            parts.explained += llabs(row->causes[i]);
    return parts;
}

/* The two outcomes of a day stand one after the other. */
static void put_days(struct page *page, const struct reconcile *result, json_t *data)
{
    static const char *const head[] = {"day", "explained", "unexplained"};
    static const char caption[] = "Units of difference by day, explained and unexplained";
    json_t *labels = json_array(), *sets = json_array(),
           *explained = page_chart_set(sets, "explained"),
           *unexplained = page_chart_set(sets, "unexplained");
    page_chart(page, "reconciliation", caption);
    page_table(page, caption, "lrr", head);
    for (size_t i = 0; i < result->count;) {
        char text[16];
        int64_t day = result->rows[i].day;
        struct parts sum = {0, 0};
        for (; i < result->count && result->rows[i].day == day; i++) {
            struct parts parts = parts_of(&result->rows[i]);
            sum.explained += parts.explained;
            sum.unexplained += parts.unexplained;
        }
        export_day_text(day, text);
        page_row(page);
        page_cell(page, text);
        page_number(page, sum.explained);
        page_number(page, sum.unexplained);
        json_array_append_new(labels, json_string(text));
        json_array_append_new(explained, json_integer(sum.explained));
        json_array_append_new(unexplained, json_integer(sum.unexplained));
    }
    page_table_end(page);
    json_object_set_new(
        data, "reconciliation",
        json_pack("{s:s, s:o, s:o}", "unit", "units", "labels", labels, "sets", sets));
}

enum exit_code dashboard_reconciliation_put(struct page *page, struct job *job, json_t *data)
{
    char path[INBOX_PATH];
    struct reconcile_report newest;
    const char *inbox = job->config.reconcile.inbox;
    int file = inbox[0] == '\0' ? -1 : inbox_newest(inbox, path);
    if (file < 0) {
        page_paragraph(
            page, "There is no export of the fraud vendor's dashboard to compare the ledger with.");
        return EXIT_DONE;
    }
    enum exit_code status = reconcile_report_read(&newest, job, file, path, NULL);
    close(file);
    if (status == EXIT_DONE || status == EXIT_PARTLY) {
        put_days(page, &newest.result, data);
        reconcile_report_put(page, &newest);
        status = EXIT_DONE; /* what is unexplained is seen: the page is all done */
    } else {
        page_paragraph(page,
                       "The newest export, %.500s, cannot be compared with the ledger: regjob "
                       "reconcile says why.",
                       newest.name);
    }
    reconcile_report_end(&newest);
    return status;
}
