/* SPDX-License-Identifier: MIT */
#include "import/explain.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/deciding_columns.h"
#include "import/column_fates.h"
#include "import/import_columns.h"
#include "import/import_file.h"
#include "import/import_input.h"
#include "ledger/connection.h"
#include "ledger/reasons.h"
#include "run/say.h"
#include "run/stop.h"
#include "listings/rehearsal.h"
#include "values/moment.h"

enum {
    LONGEST_NAME = 60,
    REASONS_MOST = 160,
    REJECTS_SHOWN = 20,
    NAME = 128,
    MEANING = 128,
    CELL = 320
};

/* Why rows would fail: a reason and, of a value, the rule that it broke. */
struct cause {
    char reason[64];
    enum rule rule; /* RULE_as_given: none */
    uint64_t rows;
    int64_t line;
};

struct unread {
    uint64_t line;
    size_t column;
    enum records_kind kind;
    char message[CELL];
};

struct explain {
    struct job *job;
    const struct import_request *request;
    struct session *session;
    struct sqlite3 *private; /* without a ledger: an empty one in memory */
    struct import_file file;
    struct import_input input;
    struct rehearsal *rehearsal;
    const struct settings *settings;
    struct fates *fates; /* one for each column of the file */
    struct cause causes[REASONS_MOST];
    size_t cause_count;
    struct unread unread[REJECTS_SHOWN];
    uint64_t rows, rejects, told_failures, outcomes[ADMIT_CONTINUED + 1];
    int64_t now;
    enum exit_code status;
};

static bool fail(struct explain *explain, enum exit_code status, const char *message)
{
    say_error("%s: %s", explain->request->path, message);
    explain->status = status;
    return false;
}

static bool fail_ledger(struct explain *explain)
{
    struct ledger *ledger = explain->session->ledger;
    fail(explain, EXIT_RETRY, ledger_error(ledger));
    ledger_forgive(ledger);
    return false;
}

/* -- the settings that judge -- */

static bool open_private_ledger(struct explain *explain)
{
    struct error error;
    explain->private = connection_open(NULL, CONNECTION_PRIVATE, 0, &error);
    explain->session = explain->private == NULL ? NULL : session_open(explain->private);
    if (explain->session == NULL)
        return fail(explain, EXIT_RETRY, "out of memory");
    return session_init(explain->session, false) > 0 || fail_ledger(explain);
}

static bool open_settings(struct explain *explain)
{
    explain->session = explain->job->session;
    if (explain->session == NULL && !open_private_ledger(explain))
        return false;
    explain->rehearsal = rehearsal_open(explain->session);
    explain->settings = explain->rehearsal == NULL ? NULL : rehearsal_settings(explain->rehearsal);
    return explain->settings != NULL || fail_ledger(explain);
}

/* -- the file -- */

static bool may_lack(void *context, size_t column)
{
    const struct explain *explain = context;
    return deciding_may_lack(explain->settings,
                             &intake_header(explain->input.intake)->columns[column]);
}

static bool fail_reading(struct explain *explain, const struct error *error)
{
    char text[160];
    const char *fault = import_input_fault(&explain->input, text);
    if (fault != NULL)
        return fail(explain, EXIT_BAD_DATA, fault);
    return fail(explain, error->code == ERROR_INVALID ? EXIT_BAD_DATA : EXIT_RETRY, error->text);
}

static bool open_rows(struct explain *explain)
{
    struct error error;
    char unknown[IMPORT_UNKNOWN]; /* shown with all the others */
    if (!import_input_open(&explain->input, &explain->file, true, &error))
        return fail_reading(explain, &error);
    struct intake *intake = explain->input.intake;
    if (!import_columns(explain->request, intake, unknown, &explain->status))
        return false;
    intake_allow_short(intake, may_lack, explain);
    /* JSON may bring more columns. */
    explain->fates = calloc(INTAKE_MOST_COLUMNS, sizeof *explain->fates);
    return explain->fates != NULL || fail(explain, EXIT_RETRY, "out of memory");
}

/* -- one row -- */

static bool password_is_refused(const struct admission *admission)
{
    return admission->told == NULL &&
           (admission->reasons.policy != 0 ||
            (admission->reasons.others >> REASON_password_hash_invalid & 1) != 0);
}

static enum fate fate_of(const struct admission *admission, const struct header_column *column,
                         const char *text)
{
    int ours = column->suffix != NULL ? SIGNUP_consents : column->column;
    const char *done = ours >= 0 && ours < SIGNUP_INPUT_ONLY ? notes_done(admission, ours) : NULL;
    if (text[0] == '\0')
        return done != NULL && strcmp(done, "missing") == 0 ? FATE_MISSING : FATE_EMPTY;
    if (ours < 0)
        return FATE_LEFT_OUT;
    if (ours >= SIGNUP_password && ours <= SIGNUP_password_sha256)
        return password_is_refused(admission) ? FATE_REFUSED : FATE_AS_GIVEN;
    if (done != NULL)
        return fate_of_note(done);
    return ours < SIGNUP_INPUT_ONLY && ours != SIGNUP_consents && admission->given[ours] == NULL
               ? FATE_EMPTY /* blanks */
               : FATE_AS_GIVEN;
}

/* The rule that a value broke, where the reason is about one. */
static enum rule rule_behind(const struct admission *admission, const char *reason)
{
    for (int column = 0; column < SIGNUP_COLUMN_COUNT; column++) {
        const char *name = column < SIGNUP_INPUT_ONLY /* one reason for all ways a hash comes */
                               ? signup_column_name((enum signup_column)column)
                               : signup_column_name(SIGNUP_password_hash),
                   *done = notes_done(admission, column);
        size_t length = strlen(name);
        if (done != NULL && strcmp(done, "refused") == 0 && strncmp(reason, name, length) == 0 &&
            (strcmp(reason + length, "_invalid") == 0 || strcmp(reason + length, "_unknown") == 0))
            return (enum rule)admission->notes.rules[column];
    }
    return RULE_as_given;
}

static void add_cause(struct explain *explain, const char *reason, enum rule rule, int64_t line)
{
    for (size_t i = 0; i < explain->cause_count; i++) {
        struct cause *cause = &explain->causes[i];
        if (strcmp(cause->reason, reason) == 0 && cause->rule == rule) {
            cause->rows++;
            return;
        }
    }
    if (explain->cause_count == REASONS_MOST)
        return;
    struct cause *cause = &explain->causes[explain->cause_count++];
    snprintf(cause->reason, sizeof cause->reason, "%s", reason);
    cause->rule = rule;
    cause->rows = 1;
    cause->line = line;
}

/* `reasons`: ["first","second"]. */
static void add_causes(struct explain *explain, const struct admission *admission,
                       const char *reasons)
{
    char reason[64];
    for (const char *at = strchr(reasons, '"'); at != NULL; at = strchr(at, '"')) {
        size_t length = strcspn(at + 1, "\"");
        snprintf(reason, sizeof reason, "%.*s", (int)length, at + 1);
        add_cause(explain, reason, rule_behind(admission, reason), admission->signup->line);
        at += 1 + length + (at[1 + length] == '"');
    }
}

static bool judge(struct explain *explain, struct admission *admission)
{
    struct rehearsal_verdict verdict = {.outcome = ADMIT_CONTINUED};
    /* A code can only be judged with the ledger's key, which the maker of a file need not have. */
    bool judged = admission->signup->text[SIGNUP_email_confirm_code] == NULL ||
                  session_key_if_any(explain->session) != NULL;
    if (judged && !rehearsal_admit(explain->rehearsal, admission, &verdict))
        return fail_ledger(explain);
    explain->outcomes[verdict.outcome]++;
    if (verdict.outcome == ADMIT_FAILURE && admission->told != NULL)
        explain->told_failures++; /* as the file says */
    else if (verdict.outcome == ADMIT_FAILURE)
        add_causes(explain, admission, verdict.reasons);
    return true;
}

static bool add_row(struct explain *explain, const struct record *record)
{
    const struct header *header = intake_header(explain->input.intake);
    struct signup signup;
    struct admission admission;
    struct error error;
    memset(&signup, 0, sizeof signup);
    signup.line = (int64_t)record->line;
    deciding_note_lack(&signup, header, record->lacks);
    for (size_t i = 0; i < header->count; i++)
        signup_give_cell(&signup, &header->columns[i], record->fields[i].text);
    bool done = admit_prepare(&admission, explain->settings, &signup, explain->now, &error);
    if (!done)
        fail(explain, EXIT_RETRY, error.text);
    for (size_t i = 0; i < header->count && done; i++)
        fates_add(&explain->fates[i],
                  fate_of(&admission, &header->columns[i], record->fields[i].text), 1, signup.line);
    done = done && judge(explain, &admission);
    admit_wipe(&admission);
    return done;
}

static void add_reject(struct explain *explain, const struct record *record)
{
    if (explain->rejects < REJECTS_SHOWN) {
        struct unread *unread = &explain->unread[explain->rejects];
        unread->line = record->line;
        unread->column = record->column;
        unread->kind = record->kind;
        snprintf(unread->message, sizeof unread->message, "%s", record->message);
    }
    explain->rejects++;
}

static bool read_rows(struct explain *explain)
{
    struct record record;
    for (; explain->rows < EXPLAIN_ROWS; explain->rows++) {
        if (stop_asked())
            return fail(explain, EXIT_RETRY, "stopped");
        switch (intake_next(explain->input.intake, &record)) {
        case RECORDS_ROW:
            if (!add_row(explain, &record))
                return false;
            break;
        case RECORDS_REJECT:
            add_reject(explain, &record);
            break;
        case RECORDS_END:
            return true;
        case RECORDS_FAILED:
            return fail_reading(explain, intake_error(explain->input.intake));
        }
    }
    return true;
}

/* -- what is shown -- */

static void show_rows(const struct explain *explain)
{
    const uint64_t numbers[] = {explain->rows,
                                explain->outcomes[ADMIT_SUCCESS],
                                explain->outcomes[ADMIT_PENDING],
                                explain->outcomes[ADMIT_FAILURE] - explain->told_failures,
                                explain->told_failures,
                                explain->outcomes[ADMIT_CONTINUED],
                                explain->rejects};
    static const char *const words[] = {"rows looked at",
                                        "would succeed",
                                        "would wait for a code",
                                        "would fail",
                                        "failed, as the file says",
                                        "would go on with an earlier sign-up",
                                        "cannot be read"};
    enum { WORDS = sizeof words / sizeof *words };
    char texts[WORDS][24], title[512 + INTAKE_FORM], form[INTAKE_FORM];
    const char *cells[2 * WORDS];
    size_t shown = 0;
    for (size_t i = 0; i < WORDS; i++) {
        if (i > 0 && numbers[i] == 0)
            continue;
        snprintf(texts[shown], sizeof texts[shown], "%" PRIu64, numbers[i]);
        cells[2 * shown] = words[i];
        cells[2 * shown + 1] = texts[shown];
        shown++;
    }
    intake_form(explain->input.intake, form);
    snprintf(title, sizeof title, "%.300s%s%s, by the settings of %s%.100s; nothing is written",
             explain->request->path, form[0] == '\0' ? "" : ", read as ", form,
             explain->private == NULL ? "" : "a new ledger, as there is no ",
             explain->job->config.ledger);
    const struct say_table table = {.title = title, .align = "lr", .cells = cells, .rows = shown};
    say_table(&table);
}

static void write_meaning(const struct explain *explain, size_t at, char meaning[MEANING])
{
    const struct intake *intake = explain->input.intake;
    const struct header_column *column = &intake_header(intake)->columns[at];
    const char *cell = intake_cells(intake)[at];
    if (column->suffix != NULL) {
        snprintf(meaning, MEANING, "consent `%s`", column->suffix);
    } else if (column->column >= 0) {
        const char *name = signup_column_name((enum signup_column)column->column);
        snprintf(meaning, MEANING, "%s%s", name,
                 intake_has_profile(intake) || header_same_name(cell, name)
                     ? ""
                     : " (another name of it)");
    } else {
        const char *near = import_columns_nearest(explain->request, cell);
        snprintf(meaning, MEANING, "nothing%s%s%s", near == NULL ? "" : "; did you mean `",
                 near == NULL ? "" : near, near == NULL ? "" : "`?");
    }
}

/* What a profile makes a column of may be long. */
static const char *shortened(const char *name, char text[LONGEST_NAME + 4])
{
    if (strlen(name) <= LONGEST_NAME)
        return name;
    size_t length = LONGEST_NAME;
    while (length > 0 && ((unsigned char)name[length] & 0xC0) == 0x80)
        length--; /* not within a character */
    snprintf(text, LONGEST_NAME + 4, "%.*s...", (int)length, name);
    return text;
}

static bool show_columns(const struct explain *explain)
{
    char title[128];
    static const char *const head[] = {"column", "its name", "its meaning"}, *const made[] = {
                                                                                 "column",
                                                                                 "made of",
                                                                                 "its meaning"};
    enum { CELLS = sizeof head / sizeof *head };
    size_t count = intake_header(explain->input.intake)->count;
    char(*numbers)[24] = calloc(count, sizeof *numbers);
    char(*names)[LONGEST_NAME + 4] = calloc(count, sizeof *names);
    char(*meanings)[MEANING] = calloc(count, sizeof *meanings);
    const char **cells = calloc(count * CELLS, sizeof *cells);
    bool done = names != NULL && numbers != NULL && meanings != NULL && cells != NULL;
    for (size_t i = 0; i < count && done; i++) {
        snprintf(numbers[i], sizeof numbers[i], "%zu", i + 1);
        write_meaning(explain, i, meanings[i]);
        cells[i * CELLS] = numbers[i];
        cells[i * CELLS + 1] = shortened(intake_cells(explain->input.intake)[i], names[i]);
        cells[i * CELLS + 2] = meanings[i];
    }
    snprintf(title, sizeof title,
             "Columns: what becomes of their values, and in parentheses the %s of an example",
             intake_unit(explain->input.intake));
    const struct fates_table table = {.title = title,
                                      .head =
                                          intake_has_profile(explain->input.intake) ? made : head,
                                      .cells = cells,
                                      .cell_count = CELLS,
                                      .fates = explain->fates,
                                      .count = count,
                                      .rows = explain->rows - explain->rejects};
    say_line("%s", "");
    done = done && fates_show(&table);
    free(names);
    free(numbers);
    free(meanings);
    free(cells);
    return done;
}

static const char *sentence_of(const struct cause *cause)
{
    char name[64];
    const char *sentence;
    if (cause->rule != RULE_as_given)
        return notes_sentence(cause->rule);
    for (size_t n = 0; (sentence = reasons_nth(n, name)) != NULL; n++)
        if (strcmp(name, cause->reason) == 0)
            return sentence;
    return "";
}

static int compare_causes(const void *left, const void *right)
{
    const struct cause *a = left, *b = right;
    return a->rows != b->rows ? (a->rows < b->rows) - (a->rows > b->rows)
                              : (a->line > b->line) - (a->line < b->line);
}

static void show_causes(struct explain *explain)
{
    const char *const head[] = {"reason", "rows", intake_unit(explain->input.intake), "why"};
    enum { CELLS = sizeof head / sizeof *head };
    static char texts[REASONS_MOST][2][24];
    static const char *cells[REASONS_MOST * CELLS];
    if (explain->cause_count == 0)
        return;
    qsort(explain->causes, explain->cause_count, sizeof *explain->causes, compare_causes);
    for (size_t i = 0; i < explain->cause_count; i++) {
        const struct cause *cause = &explain->causes[i];
        snprintf(texts[i][0], sizeof texts[i][0], "%" PRIu64, cause->rows);
        snprintf(texts[i][1], sizeof texts[i][1], "%" PRId64, cause->line);
        cells[i * CELLS] = cause->reason;
        cells[i * CELLS + 1] = texts[i][0];
        cells[i * CELLS + 2] = texts[i][1];
        cells[i * CELLS + 3] = sentence_of(cause);
    }
    char title[64];
    snprintf(title, sizeof title, "Why rows would fail, and the %s of an example", head[2]);
    const struct say_table table = {.title = title,
                                    .align = "lrrl",
                                    .head = head,
                                    .cells = cells,
                                    .rows = explain->cause_count};
    say_line("%s", "");
    say_table(&table);
}

static void show_unread(const struct explain *explain)
{
    const char *const head[] = {intake_unit(explain->input.intake), "column", "kind", "why"};
    enum { CELLS = sizeof head / sizeof *head };
    char texts[REJECTS_SHOWN][2][24], title[128];
    const char *cells[REJECTS_SHOWN * CELLS];
    size_t shown = explain->rejects < REJECTS_SHOWN ? (size_t)explain->rejects : REJECTS_SHOWN;
    if (shown == 0)
        return;
    for (size_t i = 0; i < shown; i++) {
        const struct unread *unread = &explain->unread[i];
        snprintf(texts[i][0], sizeof texts[i][0], "%" PRIu64, unread->line);
        texts[i][1][0] = '\0'; /* a JSON record has no columns */
        if (unread->column > 0)
            snprintf(texts[i][1], sizeof texts[i][1], "%zu", unread->column);
        cells[i * CELLS] = texts[i][0];
        cells[i * CELLS + 1] = texts[i][1];
        cells[i * CELLS + 2] = records_kind_name(unread->kind);
        cells[i * CELLS + 3] = unread->message;
    }
    snprintf(title, sizeof title, "Lines that cannot be read%s",
             explain->rejects > shown ? " (the first of them)" : "");
    const struct say_table table = {
        .title = title, .align = "rrll", .head = head, .cells = cells, .rows = shown};
    say_line("%s", "");
    say_table(&table);
}

/* Nobody should believe that a profile takes over everything. */
static void show_unused(const struct explain *explain)
{
    char list[512] = "";
    size_t count, length = 0, shown = 0;
    const char *const *unused = intake_unused(explain->input.intake, &count);
    for (; shown < count && length + NAME < sizeof list; shown++)
        length += (size_t)snprintf(list + length, sizeof list - length, "%s%.*s",
                                   shown == 0 ? "" : ", ", NAME / 2, unused[shown]);
    if (count == 0)
        return;
    say_line("%s", "");
    say_line("What the profile leaves out: %s%s", list, shown < count ? ", ..." : "");
}

static void show(struct explain *explain)
{
    show_rows(explain);
    if (!show_columns(explain)) {
        fail(explain, EXIT_RETRY, "out of memory");
        return;
    }
    show_unused(explain);
    show_causes(explain);
    show_unread(explain);
    if (explain->cause_count > 0 || explain->rejects > 0)
        explain->status = job_worse(explain->status, EXIT_PARTLY);
}

enum exit_code explain_file(struct job *job, const struct import_request *request)
{
    struct explain *explain = calloc(1, sizeof *explain);
    if (explain == NULL) {
        say_error("out of memory");
        return EXIT_RETRY;
    }
    explain->job = job;
    explain->request = request;
    explain->now = moment_now();
    import_file_look(&explain->file, job, request);
    explain->status = explain->file.status;
    if (!explain->file.over && open_settings(explain) && open_rows(explain) && read_rows(explain))
        show(explain);
    enum exit_code status = explain->status;
    rehearsal_close(explain->rehearsal);
    import_input_close(&explain->input);
    import_file_close(&explain->file);
    if (explain->private != NULL) {
        session_release(explain->session);
        sqlite3_close(explain->private);
    }
    free(explain->fates);
    free(explain);
    return status;
}
