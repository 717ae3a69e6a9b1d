/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "admission/notes.h"
#include "commands/commands.h"
#include "page/dashboard.h"
#include "page/dashboard_reconciliation.h"
#include "page/delivery_times.h"
#include "values/moment.h"
#include "page/page.h"
#include "ledger/reasons.h"
#include "run/say.h"
#include "run/atomic_file.h"

/* Reasons that have a colour and a column of their own; what is left over shares one more. */
enum { SHOWN_REASONS = 6, STAGES = 7, DELIVERY_SETS = 4, PAGE_ERROR = 1024 };

enum section {
    OUTCOMES,
    FUNNEL,
    REASONS_WHY,
    NOTED,
    DELIVERY,
    QUEUES,
    RUNS,
    RECONCILIATION,
    SECTIONS
};

static const struct page_section sections[SECTIONS + 1] = {
    [OUTCOMES] = {"outcomes", "Outcomes by day"},
    [FUNNEL] = {"funnel", "Funnel"},
    [REASONS_WHY] = {"reasons", "Why attempts fail"},
    [NOTED] = {"notes", "What was done to values"},
    [DELIVERY] = {"delivery", "Delivery of codes"},
    [QUEUES] = {"queues", "Queues"},
    [RUNS] = {"runs", "Last runs"},
    [RECONCILIATION] = {"reconciliation", "Reconciliation"},
};

/* --- Outcomes -------------------------------------------------------------------------------- */

static double percent(int64_t part, int64_t whole)
{
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static json_t *day_labels(int64_t first, size_t days)
{
    char date[DASHBOARD_NAME];
    json_t *labels = json_array();
    for (size_t i = 0; i < days; i++) {
        dashboard_date(first + (int64_t)i, date);
        json_array_append_new(labels, json_string(date));
    }
    return labels;
}

static void put_outcomes(struct page *page, const struct dashboard *numbers, json_t *data)
{
    static const char *const head[] = {"day", "attempts", "success", "pending", "failure"};
    const struct dashboard_day *total = &numbers->total;
    json_t *sets = json_array(), *success = page_chart_set(sets, "success"),
           *pending = page_chart_set(sets, "pending"), *failure = page_chart_set(sets, "failure");
    page_section(page, &sections[OUTCOMES]);
    page_figures(page);
    page_figure(page, "attempts", "%" PRId64, total->attempts);
    page_figure(page, "success", "%" PRId64 " (%.1f %%)", total->success,
                percent(total->success, total->attempts));
    page_figure(page, "pending", "%" PRId64, total->pending);
    page_figure(page, "failure", "%" PRId64, total->failure);
    page_figures_end(page);
    page_chart(page, "outcomes", "Attempts by day and outcome");
    page_table(page, "Attempts by day and outcome", "lrrrr", head);
    for (size_t i = numbers->days; i-- > 0;) { /* the newest on top */
        char date[DASHBOARD_NAME];
        dashboard_date(numbers->first_day + (int64_t)i, date);
        page_row(page);
        page_cell(page, date);
        page_number(page, numbers->day[i].attempts);
        page_number(page, numbers->day[i].success);
        page_number(page, numbers->day[i].pending);
        page_number(page, numbers->day[i].failure);
    }
    page_table_end(page);
    page_section_end(page);
    for (size_t i = 0; i < numbers->days; i++) {
        json_array_append_new(success, json_integer(numbers->day[i].success));
        json_array_append_new(pending, json_integer(numbers->day[i].pending));
        json_array_append_new(failure, json_integer(numbers->day[i].failure));
    }
    json_object_set_new(data, "outcomes",
                        json_pack("{s:s, s:o, s:o}", "unit", "attempts", "labels",
                                  day_labels(numbers->first_day, numbers->days), "sets", sets));
}

/* --- Funnel ---------------------------------------------------------------------------------- */

static void put_funnel(struct page *page, struct ledger *ledger, int64_t first_day, json_t *data)
{
    static const char *const stages[STAGES] = {"received",   "accepted", "code sent", "confirmed",
                                               "registered", "KYC",      "subscribed"};
    static const char *const head[] = {"stage", "attempts", "of received"};
    json_t *labels = json_array(), *sets = json_array(), *values = page_chart_set(sets, "attempts");
    page_section(page, &sections[FUNNEL]);
    page_paragraph(page,
                   "How far the attempts have come. Accepted: not failed at once. Who needs no "
                   "code is registered without one.");
    page_chart(page, "funnel", "Attempts by the stage they have reached");
    page_table(page, "Attempts by the stage they have reached", "lrr", head);
    struct ledger_statement *funnel = ledger_use(ledger, STATEMENT_dashboard_funnel);
    ledger_set_integer(funnel, ":first", first_day);
    bool found = ledger_row(funnel);
    for (int i = 0; found && i < STAGES; i++) {
        char share[DASHBOARD_NAME];
        int64_t number = ledger_integer(funnel, i);
        snprintf(share, sizeof share, "%.1f %%", percent(number, ledger_integer(funnel, 0)));
        page_row(page);
        page_cell(page, stages[i]);
        page_number(page, number);
        page_cell(page, share);
        json_array_append_new(labels, json_string(stages[i]));
        json_array_append_new(values, json_integer(number));
    }
    ledger_done(funnel);
    page_table_end(page);
    page_section_end(page);
    json_object_set_new(
        data, "funnel",
        json_pack("{s:s, s:o, s:o}", "unit", "attempts", "labels", labels, "sets", sets));
}

/* --- Reasons --------------------------------------------------------------------------------- */

static const char *sentence_of(const char *reason)
{
    char name[64];
    const char *sentence;
    for (size_t n = 0; (sentence = reasons_nth(n, name)) != NULL; n++)
        if (strcmp(name, reason) == 0)
            return sentence;
    return "";
}

/* Failures of a day whose first reason is the n-th shown, or one of those left over. */
static int64_t shown_reason(const struct dashboard *numbers, size_t n, size_t day)
{
    int64_t sum = 0;
    for (size_t i = n; i < (n < SHOWN_REASONS ? n + 1 : numbers->reasons); i++)
        sum += numbers->reason[i].first_by_day[day];
    return sum;
}

static void put_reason_days(struct page *page, const struct dashboard *numbers, json_t *data)
{
    const char *head[SHOWN_REASONS + 2] = {"day"};
    char align[SHOWN_REASONS + 3] = "l";
    json_t *sets = json_array();
    size_t shown = numbers->reasons < SHOWN_REASONS ? numbers->reasons : SHOWN_REASONS + 1;
    for (size_t n = 0; n < shown; n++) {
        head[n + 1] = n < SHOWN_REASONS ? numbers->reason[n].name : "all others";
        align[n + 1] = 'r';
        json_t *values = page_chart_set(sets, head[n + 1]);
        for (size_t day = 0; day < numbers->days; day++)
            json_array_append_new(values, json_integer(shown_reason(numbers, n, day)));
    }
    page_chart(page, "reasons", "Failures by day and first reason");
    page_table(page, "Failures by day and first reason", align, head);
    for (size_t day = numbers->days; day-- > 0;) {
        char date[DASHBOARD_NAME];
        if (numbers->day[day].failure == 0)
            continue;
        dashboard_date(numbers->first_day + (int64_t)day, date);
        page_row(page);
        page_cell(page, date);
        for (size_t n = 0; n < shown; n++)
            page_number(page, shown_reason(numbers, n, day));
    }
    page_table_end(page);
    json_object_set_new(data, "reasons",
                        json_pack("{s:s, s:o, s:o}", "unit", "failures", "labels",
                                  day_labels(numbers->first_day, numbers->days), "sets", sets));
}

static void put_reasons(struct page *page, const struct dashboard *numbers, json_t *data)
{
    static const char *const head[] = {"reason", "meaning", "first", "among others"};
    page_section(page, &sections[REASONS_WHY]);
    if (numbers->reasons == 0) {
        page_paragraph(page, "None has failed.");
        page_section_end(page);
        return;
    }
    page_paragraph(page,
                   "An attempt can have several reasons. By the one that stands first they add "
                   "up to the failures.");
    put_reason_days(page, numbers, data);
    page_table(page, "Reasons", "llrr", head);
    for (size_t i = 0; i < numbers->reasons; i++) {
        const struct dashboard_reason *reason = &numbers->reason[i];
        page_row(page);
        page_cell(page, reason->name);
        page_cell(page, sentence_of(reason->name));
        page_number(page, reason->first);
        page_number(page, reason->any - reason->first);
    }
    page_table_end(page);
    page_section_end(page);
}

/* --- Notes ----------------------------------------------------------------------------------- */

static const char *sentence_of_rule(const char *rule)
{
    const char *name, *done, *sentence;
    for (size_t n = 0; notes_rule(n, &name, &done, &sentence); n++)
        if (strcmp(name, rule) == 0)
            return sentence;
    return "";
}

static void put_notes(struct page *page, struct ledger *ledger, int64_t first_day)
{
    static const char *const head[] = {"column", "rule", "meaning", "what was done", "values"};
    enum { COLUMN, DONE, RULE, NUMBER };
    static const char *const columns[] = {"column", "done", "rule", "number", NULL};
    struct ledger_statement *note = ledger_select(ledger, STATEMENT_dashboard_notes, columns);
    ledger_set_integer(note, ":first", first_day);
    bool any = ledger_row(note);
    page_section(page, &sections[NOTED]);
    if (!any) {
        page_paragraph(page, "Every value was taken as it was given.");
        page_section_end(page);
        return;
    }
    page_paragraph(page,
                   "Values that were taken in another form, left out, or refused. Which attempts: "
                   "SELECT a.id, n.value FROM reg_attempts a, json_each(a.notes) n WHERE n.value "
                   "->> 'column' = 'phone'");
    page_table(page, "Notes by column and rule", "llllr", head);
    for (; any; any = ledger_row(note)) {
        page_row(page);
        page_cell(page, ledger_word(note, COLUMN));
        page_cell(page, ledger_word(note, RULE));
        page_cell(page, sentence_of_rule(ledger_word(note, RULE)));
        page_cell(page, ledger_word(note, DONE));
        page_number(page, ledger_integer(note, NUMBER));
    }
    page_table_end(page);
    page_section_end(page);
}

/* --- Delivery -------------------------------------------------------------------------------- */

static void put_delivery_sums(struct page *page, const struct delivery_summary *summary)
{
    static const char *const head[] = {"channel",   "time",    "codes",
                                       "median, s", "95 %, s", "longest, s"};
    static const char *const step[] = {"asked for to handed over", "handed over to confirmed"};
    page_table(page, "Times of codes by channel, in seconds", "llrrrr", head);
    for (int i = 0; i < DELIVERY_STEPS; i++)
        for (int k = 0; k < DELIVERY_CHANNELS; k++) {
            const struct delivery_times *times = &summary->times[i][k];
            if (times->count == 0)
                continue;
            page_row(page);
            page_cell(page, delivery_channels[k]);
            page_cell(page, step[i]);
            page_number(page, (int64_t)times->count);
            page_seconds(page, delivery_times_percentile(times, 0, times->count, 50));
            page_seconds(page, delivery_times_percentile(times, 0, times->count, 95));
            page_seconds(page, delivery_times_percentile(times, 0, times->count, 100));
        }
    page_table_end(page);
}

/* The days of a chart: those without a code have a place, and no point. */
struct delivery_chart {
    json_t *labels, *values[DELIVERY_SETS];
    int64_t last; /* 0: none yet */
};

static void extend_chart(struct delivery_chart *chart, int64_t day)
{
    char date[DASHBOARD_NAME];
    if (chart->last == 0 || day - chart->last > DASHBOARD_DAYS) /* the clock was not where it is */
        chart->last = day - 1;
    for (; chart->last < day; chart->last++) {
        dashboard_date(chart->last + 1, date);
        json_array_append_new(chart->labels, json_string(date));
        for (size_t i = 0; i < DELIVERY_SETS; i++)
            json_array_append_new(chart->values[i], json_null());
    }
}

static void put_delivery_day(struct page *page, const struct delivery_times *times, size_t first,
                             size_t channel, struct delivery_chart *chart)
{
    char date[DASHBOARD_NAME];
    size_t count = delivery_times_of_day(times, first), set = 2 * channel;
    double median = delivery_times_percentile(times, first, count, 50),
           most = delivery_times_percentile(times, first, count, 95);
    extend_chart(chart, times->each[first].day);
    size_t place = json_array_size(chart->labels) - 1;
    json_array_set_new(chart->values[set], place, json_real(median));
    json_array_set_new(chart->values[set + 1], place, json_real(most));
    dashboard_date(times->each[first].day, date);
    page_row(page);
    page_cell(page, date);
    page_cell(page, delivery_channels[channel]);
    page_number(page, (int64_t)count);
    page_seconds(page, median);
    page_seconds(page, most);
}

static void put_delivery_days(struct page *page, const struct delivery_summary *summary,
                              json_t *data)
{
    static const char *const head[] = {"day", "channel", "codes", "median, s", "95 %, s"};
    static const char *const names[DELIVERY_SETS] = {"email, median", "email, 95 %", "sms, median",
                                                     "sms, 95 %"};
    struct delivery_chart chart = {.labels = json_array()};
    json_t *sets = json_array();
    size_t at[DELIVERY_CHANNELS] = {0};
    for (size_t i = 0; i < DELIVERY_SETS; i++)
        chart.values[i] = page_chart_set(sets, names[i]);
    page_chart(page, "delivery", "Seconds from the request of a code to its hand-over, by day");
    page_table(page, "Seconds from the request of a code to its hand-over, by day", "llrrr", head);
    for (;;) {
        const struct delivery_times *email = &summary->times[0][0], *sms = &summary->times[0][1];
        bool mails = at[0] < email->count, texts = at[1] < sms->count;
        if (!mails && !texts)
            break;
        size_t channel =
            mails && (!texts || email->each[at[0]].day <= sms->each[at[1]].day) ? 0 : 1;
        put_delivery_day(page, &summary->times[0][channel], at[channel], channel, &chart);
        at[channel] += delivery_times_of_day(&summary->times[0][channel], at[channel]);
    }
    page_table_end(page);
    json_object_set_new(
        data, "delivery",
        json_pack("{s:s, s:o, s:o}", "unit", "seconds", "labels", chart.labels, "sets", sets));
}

static void put_delivery(struct page *page, struct ledger *ledger, json_t *data)
{
    page_section(page, &sections[DELIVERY]);
    struct delivery_summary summary;
    delivery_summary_read(&summary, ledger);
    bool any = summary.times[0][0].count + summary.times[0][1].count > 0;
    if (any) {
        page_paragraph(page,
                       "Half of the codes took no longer than the median, 95 of 100 no longer "
                       "than the 95 %% time.");
        put_delivery_days(page, &summary, data);
        delivery_summary_forget_days(&summary);
        put_delivery_sums(page, &summary);
    } else {
        page_paragraph(page, "No code has been handed over yet.");
    }
    delivery_summary_end(&summary);
    page_section_end(page);
}

/* --- The job --------------------------------------------------------------------------------- */

static void put_queues(struct page *page, struct ledger *ledger)
{
    static const char *const head[] = {"what waits", "how many", "oldest (UTC)"};
    page_section(page, &sections[QUEUES]);
    page_table(page, "Queues", "lrl", head);
    enum { WHAT, NUMBER, OLDEST };
    static const char *const columns[] = {"what", "number", "oldest", NULL};
    struct ledger_statement *queue = ledger_select(ledger, STATEMENT_queue_state, columns);
    while (ledger_row(queue)) {
        page_row(page);
        page_cell(page, ledger_word(queue, WHAT));
        page_number(page, ledger_integer(queue, NUMBER));
        if (ledger_is_null(queue, OLDEST))
            page_cell(page, NULL);
        else
            page_moment(page, ledger_integer(queue, OLDEST));
    }
    page_table_end(page);
    page_section_end(page);
}

static void put_exit_code(struct page *page, struct ledger_statement *run, int column)
{
    if (ledger_is_null(run, column)) {
        page_verdict(page, "open", "not finished");
        return;
    }
    switch (ledger_integer(run, column)) {
    case EXIT_DONE:
        page_verdict(page, "good", "0, all done");
        return;
    case EXIT_RETRY:
        page_verdict(page, "bad", "1, to be run again");
        return;
    case EXIT_PARTLY:
        page_verdict(page, "open", "2, done in part");
        return;
    case EXIT_LOCKED:
        page_verdict(page, "open", "75, another was at it");
        return;
    default: {
        char text[DASHBOARD_NAME];
        snprintf(text, sizeof text, "%" PRId64 ", failed", ledger_integer(run, column));
        page_verdict(page, "bad", text);
    }
    }
}

/* {"import": {"read": 3}, "settle": {"settled": 0}} as `import: read 3`: zeros are left away. */
static void put_counts(struct page *page, const char *json)
{
    json_t *counts = json == NULL ? NULL : json_loads(json, 0, NULL), *step, *number;
    char *text = NULL;
    size_t length = 0;
    const char *name, *what, *before = "";
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) {
        json_decref(counts);
        page_cell(page, NULL);
        return;
    }
    json_object_foreach(counts, name, step)
    {
        const char *named = name;
        json_object_foreach(step, what, number)
        {
            if (json_integer_value(number) == 0)
                continue;
            fprintf(stream, "%s%s%s%s %" JSON_INTEGER_FORMAT, named == NULL ? ", " : before,
                    named == NULL ? "" : named, named == NULL ? "" : ": ", what,
                    json_integer_value(number));
            named = NULL;
            before = "; ";
        }
    }
    fclose(stream);
    page_cell(page, text);
    free(text);
    json_decref(counts);
}

static void put_runs(struct page *page, struct ledger *ledger)
{
    static const char *const head[] = {"run",       "command", "began (UTC)",
                                       "exit code", "seconds", "counted"};
    page_section(page, &sections[RUNS]);
    page_table(page, "The last runs of the job", "rlllrl", head);
    enum { ID, COMMAND, STARTED_AT, FINISHED_AT, EXIT_CODE, COUNTS };
    static const char *const columns[] = {"id",        "command", "started_at", "finished_at",
                                          "exit_code", "counts",  NULL};
    struct ledger_statement *run = ledger_select(ledger, STATEMENT_last_runs, columns);
    while (ledger_row(run)) {
        page_row(page);
        page_number(page, ledger_integer(run, ID));
        page_cell(page, ledger_word(run, COMMAND));
        page_moment(page, ledger_integer(run, STARTED_AT));
        put_exit_code(page, run, EXIT_CODE);
        if (ledger_is_null(run, FINISHED_AT))
            page_cell(page, NULL);
        else
            page_seconds(
                page, (double)(ledger_integer(run, FINISHED_AT) - ledger_integer(run, STARTED_AT)) /
                          1000);
        put_counts(page, ledger_is_null(run, COUNTS) ? NULL : ledger_text(run, COUNTS));
    }
    page_table_end(page);
    page_section_end(page);
}

/* --- The command ----------------------------------------------------------------------------- */

static struct page *begin(const struct job *job, const struct dashboard *numbers, int64_t now)
{
    char title[PAGE_ERROR], intro[PAGE_ERROR], moment[MOMENT_SIZE], first[DASHBOARD_NAME],
        last[DASHBOARD_NAME];
    const char *slash = strrchr(job->config.ledger, '/');
    snprintf(title, sizeof title, "Registrations: %.255s",
             slash == NULL ? job->config.ledger : slash + 1);
    moment_format(now, moment);
    dashboard_date(numbers->first_day, first);
    dashboard_date(numbers->first_day + (int64_t)numbers->days - 1, last);
    if (numbers->days == 0)
        snprintf(intro, sizeof intro,
                 "The ledger at %.10s %.5s UTC: nobody has asked to register yet.", moment,
                 moment + 11);
    else
        snprintf(intro, sizeof intro,
                 "The ledger at %.10s %.5s UTC. Attempts are those of %s to %s, by the day (UTC) "
                 "on which "
                 "people asked to register; the ledger holds %" PRId64 " in all.",
                 moment, moment + 11, first, last, numbers->all_attempts);
    return page_begin(title, intro, sections);
}

static const char *put_all(struct page *page, struct job *job, const struct dashboard *numbers,
                           enum exit_code *status, size_t *length)
{
    struct ledger *ledger = job->session->ledger;
    json_t *data = json_object();
    put_outcomes(page, numbers, data);
    put_funnel(page, ledger, numbers->first_day, data);
    put_reasons(page, numbers, data);
    put_notes(page, ledger, numbers->first_day);
    put_delivery(page, ledger, data);
    put_queues(page, ledger);
    put_runs(page, ledger);
    page_section(page, &sections[RECONCILIATION]);
    *status = dashboard_reconciliation_put(page, job, data);
    page_section_end(page);
    return page_end(page, data, length);
}

/* Who may read the page stays as it was set; a new one is its owner's alone. False: there is
 * something that is not to be replaced. */
static bool mode_of(const char *path, mode_t *mode)
{
    struct stat facts;
    bool there = lstat(path, &facts) == 0;
    *mode = there ? facts.st_mode & 0777 : 0600;
    return !there || S_ISREG(facts.st_mode);
}

static enum exit_code write_page(const char *path, const char *text, size_t length)
{
    struct error error;
    mode_t mode;
    if (!mode_of(path, &mode)) {
        say_error("%s is no regular file: name one that the page may replace", path);
        return EXIT_USAGE;
    }
    if (!atomic_file_write(path, text, length, mode, &error)) {
        say_error("%s", error.text);
        return EXIT_RETRY;
    }
    say_note("%s: %zu bytes", path, length);
    return EXIT_DONE;
}

enum exit_code dashboard_command(struct job *job)
{
    enum exit_code status = EXIT_RETRY, compared = EXIT_DONE;
    struct ledger *ledger = job->session->ledger;
    struct page *page = NULL;
    const char *text = NULL;
    size_t length = 0;

    job_read_lean(job);
    ledger_look(ledger);
    struct dashboard *numbers = dashboard_read(ledger, ledger_now(ledger));
    if (numbers != NULL)
        page = begin(job, numbers, moment_now());
    if (page != NULL)
        text = put_all(page, job, numbers, &compared, &length);
    ledger_undo(ledger);
    if (ledger_failed(ledger))
        status = job_ledger_failed(job, "reading for the page");
    else if (text == NULL)
        say_error("%s: out of memory for the page", job->config.ledger);
    else
        status = job_worse(compared, write_page(job->options.output, text, length));
    page_free(page);
    free(numbers);
    return status;
}
