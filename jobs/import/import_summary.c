/* SPDX-License-Identifier: MIT */
#include "import/import_summary.h"

#include <inttypes.h>
#include <stdio.h>

#include "import/column_fates.h"
#include "run/say.h"
#include "values/signup.h"

enum { LINES = 160, LINE_TEXT = 96, TITLE = 4096 + 128 };

/* Of imports with fewer sign-ups the share of failures says nothing; so many of the others are a
 * custom. */
enum { LEAST_SIGNUPS = 20, USUAL_IMPORTS = 10 };

struct lines {
    char texts[LINES][2][LINE_TEXT];
    const char *cells[LINES * 2];
    size_t count;
};

static void add_line(struct lines *lines, const char *indent, const char *what, uint64_t number)
{
    if (lines->count == LINES)
        return;
    snprintf(lines->texts[lines->count][0], LINE_TEXT, "%s%s", indent, what);
    snprintf(lines->texts[lines->count][1], LINE_TEXT, "%" PRIu64, number);
    lines->cells[2 * lines->count] = lines->texts[lines->count][0];
    lines->cells[2 * lines->count + 1] = lines->texts[lines->count][1];
    lines->count++;
}

static void add_details(struct job *job, struct lines *lines, enum statement statement,
                        int64_t import_id)
{
    enum { WHAT, NUMBER };
    static const char *const columns[] = {"what", "number", NULL};
    struct ledger_statement *details = ledger_select(job->session->ledger, statement, columns);
    ledger_set_integer(details, ":import_id", import_id);
    while (ledger_row(details))
        add_line(lines, "  ", ledger_word(details, WHAT),
                 (uint64_t)ledger_integer(details, NUMBER));
    ledger_forgive(job->session->ledger); /* a table that could not be shown loses nothing */
}

/* What an import is compared with. */
struct usual {
    int64_t imports;
    double share; /* of failures, from 0 to 1 */
    bool told;    /* the file tells its outcomes: they are not ours to wonder at */
};

static bool read_usual(struct job *job, int64_t import_id, struct usual *usual)
{
    enum { IMPORTS, SHARE, TOLD };
    static const char *const columns[] = {"imports", "share", "told", NULL};
    struct ledger_statement *row =
        ledger_select(job->session->ledger, STATEMENT_import_usual, columns);
    ledger_set_integer(row, ":import_id", import_id);
    ledger_set_integer(row, ":least", LEAST_SIGNUPS);
    ledger_set_integer(row, ":most", USUAL_IMPORTS);
    bool found = ledger_row(row);
    if (found) {
        *usual = (struct usual){ledger_integer(row, IMPORTS), ledger_real(row, SHARE),
                                ledger_integer(row, TOLD) != 0};
        ledger_done(row);
    }
    ledger_forgive(job->session->ledger);
    return found;
}

static void read_first_reason(struct job *job, int64_t import_id, char reason[LINE_TEXT])
{
    enum { WHAT };
    static const char *const columns[] = {"what", NULL};
    struct ledger_statement *row =
        ledger_select(job->session->ledger, STATEMENT_import_reasons, columns);
    ledger_set_integer(row, ":import_id", import_id);
    reason[0] = '\0';
    if (ledger_row(row)) {
        snprintf(reason, LINE_TEXT, "%s", ledger_word(row, WHAT));
        ledger_done(row);
    }
    ledger_forgive(job->session->ledger);
}

/* The share of failures from which on it is said. A share so high that it cannot become as much
 * higher as the setting asks for is halfway to all; one below 1 % is taken for 1 %. */
static double unusual_share(const struct usual *usual, unsigned times)
{
    double mean = usual->share < 0.01 ? 0.01 : usual->share, halfway = (1 + mean) / 2;
    if (usual->imports == 0)
        return 0.5;
    return mean * times < halfway ? mean * times : halfway;
}

/* Always: nobody looks at the attempts of an import that seems to be in order. */
static void say_unusual(struct job *job, const struct import_summary *summary)
{
    const struct chunk_counts *counts = &summary->counts;
    unsigned times = job->config.import.unusual_failures;
    uint64_t signups = counts->success + counts->pending + counts->failed;
    struct usual usual;
    char reason[LINE_TEXT], before[96] = "";
    if (times == 0 || counts->failed == 0 || signups < LEAST_SIGNUPS ||
        !read_usual(job, summary->import_id, &usual) || usual.told)
        return;
    double share = (double)counts->failed / (double)signups;
    if (share <= unusual_share(&usual, times))
        return;
    read_first_reason(job, summary->import_id, reason);
    if (usual.imports == 1)
        snprintf(before, sizeof before, "; %.1f%% in the last import", 100 * usual.share);
    else if (usual.imports > 1)
        snprintf(before, sizeof before, "; %.1f%% in the last %" PRId64 " imports",
                 100 * usual.share, usual.imports);
    say_error("%s: %" PRIu64 " of %" PRIu64 " sign-ups failed (%.1f%%), most often by %s%s",
              summary->path, counts->failed, signups, 100 * share, reason, before);
}

/* Column by column, of those that a note is about. */
static void show_fates(struct job *job, const struct import_summary *summary)
{
    enum { COLUMN, DONE, NUMBER, LINE };
    static const char *const columns[] = {"column_name", "done", "number", "line", NULL};
    static const char *const head[] = {"column"};
    struct fates fates[SIGNUP_INPUT_ONLY] = {{{0}, {0}}};
    const char *names[SIGNUP_INPUT_ONLY];
    size_t count = 0;
    struct ledger_statement *row =
        ledger_select(job->session->ledger, STATEMENT_import_fates, columns);
    ledger_set_integer(row, ":import_id", summary->import_id);
    while (ledger_row(row)) {
        int column = signup_column_named(ledger_word(row, COLUMN));
        enum fate fate = fate_of_note(ledger_word(row, DONE));
        const char *name = column < 0 ? NULL : signup_column_name((enum signup_column)column);
        if (name == NULL || fate == FATES)
            continue;
        if (count == 0 || names[count - 1] != name) {
            if (count == SIGNUP_INPUT_ONLY)
                break;
            names[count++] = name;
        }
        fates_add(&fates[count - 1], fate, (uint64_t)ledger_integer(row, NUMBER),
                  ledger_integer(row, LINE));
    }
    ledger_done(row);
    const struct fates_table table = {
        .title = "Columns: what became of their values, and in parentheses the line of an example",
        .head = head,
        .cells = names,
        .cell_count = 1,
        .fates = fates,
        .count = count,
        .summary = !summary->dry_run};
    if (count > 0)
        fates_show(&table);
    ledger_forgive(job->session->ledger);
}

/* Always: exit code 2 alone says nothing to whoever reads cron's mail. */
void import_summary_say_rejects(struct job *job, const struct import_summary *summary,
                                const struct rejects *rejects)
{
    static const char *const columns[] = {"line", "what", NULL};
    uint64_t rejected = summary->counts.rejected - summary->before.rejected;
    if (rejects->left_out > 0)
        say_error("%s: reached max_rejects_bytes = %" PRIu64 ": counted %" PRIu64
                  " more rejects, the first in %s %" PRIu64 ", but did not write them to %s",
                  summary->path, rejects->most, rejects->left_out, summary->unit,
                  rejects->left_out_from, rejects->path);
    if (rejects->left_out > 0 || rejected == 0 || summary->dry_run)
        return;
    struct ledger_statement *first =
        ledger_select(job->session->ledger, STATEMENT_import_first_reject, columns);
    ledger_set_integer(first, ":import_id", summary->import_id);
    ledger_set_integer(first, ":before", (int64_t)summary->before.rejected);
    char where[LINE_TEXT] = "";
    if (ledger_row(first)) {
        snprintf(where, sizeof where, " (%s%s %" PRId64 ": %s)",
                 rejected == 1 ? "" : "the first in ", summary->unit, ledger_integer(first, 0),
                 ledger_word(first, 1));
        ledger_done(first);
    }
    ledger_forgive(job->session->ledger);
    say_error("%s: %" PRIu64 " %s%s rejected%s: see %s", summary->path, rejected, summary->unit,
              rejected == 1 ? "" : "s", where, rejects->path);
}

/* Of an import that stopped half-way nobody has added it up. */
static uint64_t count_noted(struct job *job, const struct import_summary *summary)
{
    static const char *const columns[] = {"noted", NULL};
    uint64_t noted = summary->noted;
    if (summary->whole || summary->import_id == 0)
        return noted;
    struct ledger_statement *sum =
        ledger_select(job->session->ledger, STATEMENT_import_sum, columns);
    ledger_set_integer(sum, ":import_id", summary->import_id);
    if (ledger_row(sum)) {
        noted = (uint64_t)ledger_integer(sum, 0);
        ledger_done(sum);
    }
    ledger_forgive(job->session->ledger);
    return noted;
}

void import_summary_record(struct job *job, const struct import_summary *summary)
{
    const struct job_file file = {.name = summary->path,
                                  .import_id = summary->import_id,
                                  .read = summary->counts.read,
                                  .failed = summary->counts.failed,
                                  .rejected = summary->counts.rejected,
                                  .noted = count_noted(job, summary),
                                  .unknown = summary->unknown,
                                  .form = summary->form};
    job_add_file(job, &file);
}

void import_summarise(struct job *job, const struct import_summary *summary)
{
    const struct chunk_counts *counts = &summary->counts, *before = &summary->before;
    static struct lines lines;
    char title[TITLE];
    uint64_t read = counts->read - before->read;
    job_add(job, "import", "read", read);
    job_add(job, "import", "success", counts->success - before->success);
    job_add(job, "import", "pending", counts->pending - before->pending);
    job_add(job, "import", "failed", counts->failed - before->failed);
    job_add(job, "import", "continued", counts->continued - before->continued);
    job_add(job, "import", "rejected", counts->rejected - before->rejected);
    if (!summary->dry_run) {
        import_summary_record(job, summary);
        if (summary->whole)
            say_unusual(job, summary);
        if (!say_is_verbose())
            return;
    }
    lines.count = 0;
    add_line(&lines, "", "read", counts->read);
    add_details(job, &lines, STATEMENT_import_notes, summary->import_id);
    add_line(&lines, "", "success", counts->success);
    add_line(&lines, "", "pending", counts->pending);
    add_line(&lines, "", "failed", counts->failed);
    add_details(job, &lines, STATEMENT_import_reasons, summary->import_id);
    add_line(&lines, "", "continued", counts->continued);
    add_details(job, &lines, STATEMENT_import_verdicts, summary->import_id);
    add_line(&lines, "", "rejected", counts->rejected);
    add_details(job, &lines, STATEMENT_import_kinds, summary->import_id);
    if (summary->dry_run)
        snprintf(title, sizeof title, "%s: what an import would do", summary->path);
    else
        snprintf(title, sizeof title, "%s: import %" PRId64 ", %.1f seconds, %.0f rows a second",
                 summary->path, summary->import_id, summary->seconds,
                 summary->seconds > 0 ? (double)read / summary->seconds : (double)read);
    struct say_table table = {
        .title = title, .align = "lr", .cells = lines.cells, .rows = lines.count};
    (summary->dry_run ? say_table : say_summary)(&table);
    show_fates(job, summary);
}
