/* SPDX-License-Identifier: MIT */
/*
 * reg_signups(file): the rows of a file of sign-ups with the verdict that an import would give
 * now, duplicates within the file included; nothing is written.
 *
 * The verdicts come from the one door, in a private ledger (rehearsal.h). What this does not know:
 * whether this very file was imported before (then an import does nothing), and what others write
 * before it is imported. Passwords are not hashed. All of it is held in memory, so a file may have
 * at most MOST_ROWS rows here; `regjob import --dry-run` takes any.
 */
#include <fcntl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admission/deciding_columns.h"
#include "listings/file_table.h"
#include "values/moment.h"
#include "intake/intake.h"
#include "csv/title_lines.h"
#include "values/text.h"
#include "listings/rehearsal.h"

enum {
    LINE,
    ATTEMPTED_AT,
    EMAIL,
    USERNAME,
    PHONE,
    OUTCOME,
    FAILURE_REASON,
    REASONS,
    NOTES,
    DETAIL,
    COLUMNS
};
enum { MOST_ROWS = 100000, TEXTS = 7 };

/* A row's texts, as sent where they are of their form; then its reasons, notes and detail. NULL:
 * none.
 */
enum text {
    TEXT_ATTEMPTED_AT,
    TEXT_EMAIL,
    TEXT_USERNAME,
    TEXT_PHONE,
    TEXT_REASONS,
    TEXT_NOTES,
    TEXT_DETAIL
};
static const enum signup_column shown[] = {SIGNUP_attempted_at, SIGNUP_email, SIGNUP_username,
                                           SIGNUP_phone};

struct row {
    uint64_t line;
    const char *outcome;      /* static */
    const char *texts[TEXTS]; /* in `memory` */
    char *memory;
};

struct signups {
    struct row *rows;
    size_t count, capacity;
};

struct reading {
    struct signups *signups;
    struct session *session;
    struct rehearsal *rehearsal;
    const struct settings *settings;
    const char *path;
    struct intake *intake;
    int64_t now;
    struct error *error;
};

static bool complain(struct reading *reading, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool complain(struct reading *reading, enum error_code code, const char *format, ...)
{
    char what[ERROR_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return error_set(reading->error, code, "%.300s%s", reading->path, what);
}

static bool out_of_memory(struct reading *reading)
{
    return complain(reading, ERROR_NO_MEMORY, ": out of memory");
}

/* -- the header, by the rules of an import -- */

static bool read_header(struct reading *reading)
{
    char title[TITLE_TEXT];
    const struct header *header = intake_header(reading->intake);
    struct records *records = intake_records(reading->intake);
    for (size_t i = 0; i < header->count; i++)
        if (header->columns[i].same_as > 0)
            return complain(reading, ERROR_INVALID,
                            ", line 1, column %zu: column %zu means the same; one of them is "
                            "expected",
                            i + 1, header->columns[i].same_as);
    if (header->prefixed > SIGNUP_CONSENTS_MAX)
        return complain(reading, ERROR_INVALID, ", line 1: expected at most %d columns of consents",
                        SIGNUP_CONSENTS_MAX);
    if (records == NULL || signup_header_names_people(header))
        return true;
    if (title_found(records, &signup_header, signup_header_names_people, title))
        return complain(reading, ERROR_INVALID, ": %s", title);
    return complain(reading, ERROR_INVALID,
                    ", line 1: none of its columns says who signed up: expected %s",
                    signup_people_columns);
}

static void fill(const struct reading *reading, const struct record *record, struct signup *signup)
{
    memset(signup, 0, sizeof *signup);
    signup->line = (int64_t)record->line;
    const struct header *header = intake_header(reading->intake);
    deciding_note_lack(signup, header, record->lacks);
    for (size_t i = 0; i < header->count; i++)
        signup_give_cell(signup, &header->columns[i], record->fields[i].text);
}

/* -- rows -- */

static bool may_lack(void *context, size_t column)
{
    const struct reading *reading = context;
    return deciding_may_lack(reading->settings, &intake_header(reading->intake)->columns[column]);
}

static bool refuse_more(struct reading *reading, uint64_t line)
{
    return complain(reading, ERROR_INVALID,
                    ", line %llu: expected at most %d rows here; `regjob import --dry-run` "
                    "takes more",
                    (unsigned long long)line, MOST_ROWS);
}

static struct intake *open_rows(int file, struct input_descriptor *holder, struct error *why)
{
    /* As an import has them unless configured. */
    const struct intake_options options = {.limits = {.discreet = true},
                                           .names = &signup_header,
                                           .is_header = signup_header_names_people,
                                           .expected = signup_people_columns,
                                           .recognises = true};
    struct input_source source = input_from_descriptor(holder, file);
    return intake_open(&source, &options, why);
}

/* Whether a file has no more rows than there may be, and is whole where it is one document: asked
 * before any is judged, which takes a hundred times as long. What else cannot be read is said when
 * it is read again. */
static bool has_few_rows(struct reading *reading, int file)
{
    struct input_descriptor holder;
    struct record record;
    struct error why;
    struct intake *intake = open_rows(file, &holder, &why);
    uint64_t count = 0, line = 0;
    bool good = true;
    while (intake != NULL && count <= MOST_ROWS && ledger_goes_on(reading->session->ledger)) {
        enum records_result result = intake_next(intake, &record);
        if (result == RECORDS_FAILED && intake_is_document(intake))
            good =
                complain(reading, intake_error(intake)->code, ": %s", intake_error(intake)->text);
        if (result != RECORDS_ROW && result != RECORDS_REJECT)
            break;
        count++;
        line = record.line;
    }
    intake_close(intake);
    if (!good || ledger_failed(reading->session->ledger))
        return false;
    return count > MOST_ROWS ? refuse_more(reading, line) : lseek(file, 0, SEEK_SET) == 0;
}

static struct row *new_row(struct reading *reading, uint64_t line)
{
    struct signups *signups = reading->signups;
    if (signups->count == MOST_ROWS) { /* it has grown since it was counted */
        refuse_more(reading, line);
        return NULL;
    }
    if (signups->count == signups->capacity) {
        size_t capacity = signups->capacity == 0 ? 64 : 2 * signups->capacity;
        struct row *rows = realloc(signups->rows, capacity * sizeof *rows);
        if (rows == NULL) {
            out_of_memory(reading);
            return NULL;
        }
        signups->rows = rows;
        signups->capacity = capacity;
    }
    struct row *row = &signups->rows[signups->count++];
    memset(row, 0, sizeof *row);
    row->line = line;
    return row;
}

/* Copies the texts that a row shows into one piece of memory. */
static bool keep(struct reading *reading, struct row *row, const char *const texts[TEXTS])
{
    size_t size = 1;
    for (int i = 0; i < TEXTS; i++)
        size += texts[i] == NULL ? 0 : strlen(texts[i]) + 1;
    row->memory = malloc(size);
    if (row->memory == NULL)
        return out_of_memory(reading);
    char *at = row->memory;
    for (int i = 0; i < TEXTS; i++) {
        if (texts[i] == NULL)
            continue;
        size_t length = strlen(texts[i]) + 1;
        memcpy(at, texts[i], length);
        row->texts[i] = at;
        at += length;
    }
    return true;
}

static bool add_reject(struct reading *reading, const struct record *record)
{
    char reasons[64], detail[512];
    struct row *row = new_row(reading, record->line);
    if (row == NULL)
        return false;
    snprintf(reasons, sizeof reasons, "[\"%s\"]", records_kind_name(record->kind));
    if (record->column > 0)
        snprintf(detail, sizeof detail, "column %zu: %s", record->column, record->message);
    else /* a JSON record has none */
        snprintf(detail, sizeof detail, "%s", record->message);
    const char *const texts[TEXTS] = {[TEXT_REASONS] = reasons, [TEXT_DETAIL] = detail};
    row->outcome = "rejected";
    return keep(reading, row, texts);
}

static bool add_row(struct reading *reading, const struct record *record)
{
    static const char *const outcomes[] = {[ADMIT_SUCCESS] = "success",
                                           [ADMIT_PENDING] = "pending",
                                           [ADMIT_FAILURE] = "failure",
                                           [ADMIT_CONTINUED] = "continued"};
    struct signup signup;
    struct admission admission;
    struct rehearsal_verdict verdict;
    struct error why;
    char notes[NOTES_TEXT];
    fill(reading, record, &signup);
    if (!admit_prepare(&admission, reading->settings, &signup, reading->now, &why)) {
        admit_wipe(&admission);
        return complain(reading, why.code, ", line %llu: %s", (unsigned long long)record->line,
                        why.text);
    }
    bool done = rehearsal_admit(reading->rehearsal, &admission, &verdict);
    struct row *row = done ? new_row(reading, record->line) : NULL;
    done = row != NULL;
    if (done) {
        const char *noted =
            verdict.outcome == ADMIT_CONTINUED ? NULL : notes_text(&admission, notes);
        const char *texts[TEXTS] = {[TEXT_REASONS] = verdict.reasons,
                                    [TEXT_NOTES] = noted == NULL ? "[]" : noted,
                                    [TEXT_DETAIL] =
                                        verdict.detail[0] == '\0' ? NULL : verdict.detail};
        for (int i = 0; i < TEXT_REASONS; i++) /* no more than the ledger would keep */
            texts[i] =
                admission.values[shown[i]].type == ADMIT_NULL ? NULL : admission.given[shown[i]];
        row->outcome = outcomes[verdict.outcome];
        done = keep(reading, row, texts);
    }
    admit_wipe(&admission);
    return done;
}

static bool read_rows(struct reading *reading)
{
    struct record record;
    for (;;) {
        if (!ledger_goes_on(reading->session->ledger))
            return false;
        switch (intake_next(reading->intake, &record)) {
        case RECORDS_ROW:
            if (!add_row(reading, &record))
                return false;
            break;
        case RECORDS_REJECT:
            if (!add_reject(reading, &record))
                return false;
            break;
        case RECORDS_END:
            return true;
        case RECORDS_FAILED:
            return complain(reading, intake_error(reading->intake)->code, ": %s",
                            intake_error(reading->intake)->text);
        }
    }
}

/* -- the table -- */

static int open_file(struct reading *reading)
{
    struct stat facts;
    int file = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file >= 0 && fstat(file, &facts) == 0 && S_ISREG(facts.st_mode))
        return file;
    complain(reading, file < 0 ? ERROR_IO : ERROR_INVALID, ": %s",
             file < 0 ? strerror(errno) : "expected a regular file");
    if (file >= 0)
        close(file);
    return -1;
}

static bool rehearse(struct reading *reading)
{
    if (!read_header(reading))
        return false;
    reading->rehearsal = rehearsal_open(reading->session);
    reading->settings = reading->rehearsal == NULL ? NULL : rehearsal_settings(reading->rehearsal);
    intake_allow_short(reading->intake, may_lack, reading);
    return reading->settings != NULL && read_rows(reading);
}

static bool load(struct session *session, sqlite3_value *const arguments[FILE_TABLE_ARGUMENTS],
                 void **rows, struct error *error)
{
    struct input_descriptor holder;
    bool done = false;
    struct error why;
    struct signups *signups = calloc(1, sizeof *signups);
    struct reading reading = {.signups = signups,
                              .session = session,
                              .path = (const char *)sqlite3_value_text(arguments[0]),
                              .now = moment_now(),
                              .error = error};
    *rows = signups;
    if (signups == NULL)
        return out_of_memory(&reading);
    int file = open_file(&reading);
    if (file < 0)
        return false;
    if (!ledger_ready(session->ledger) || !has_few_rows(&reading, file)) {
        close(file);
        return false;
    }
    reading.intake = open_rows(file, &holder, &why);
    if (reading.intake == NULL)
        complain(&reading, why.code, ": %s", why.text);
    else
        done = rehearse(&reading);
    rehearsal_close(reading.rehearsal);
    intake_close(reading.intake);
    close(file);
    return done;
}

static size_t count(const void *rows)
{
    return ((const struct signups *)rows)->count;
}

static void show_text(const char *text, sqlite3_context *context)
{
    if (text != NULL)
        sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

/* The first of the reasons: `["first","second"]`. */
static void show_first(const char *reasons, sqlite3_context *context)
{
    if (reasons[1] == '"')
        sqlite3_result_text(context, reasons + 2, (int)strcspn(reasons + 2, "\""),
                            SQLITE_TRANSIENT);
}

static void column(const void *rows, size_t number, int which, sqlite3_context *context)
{
    const struct row *row = &((const struct signups *)rows)->rows[number];
    switch (which) {
    case LINE:
        sqlite3_result_int64(context, (sqlite3_int64)row->line);
        break;
    case OUTCOME:
        sqlite3_result_text(context, row->outcome, -1, SQLITE_STATIC);
        break;
    case FAILURE_REASON:
        show_first(row->texts[TEXT_REASONS], context);
        break;
    case REASONS:
        show_text(row->texts[TEXT_REASONS], context);
        break;
    case NOTES:
        show_text(row->texts[TEXT_NOTES], context);
        break;
    case DETAIL:
        show_text(row->texts[TEXT_DETAIL], context);
        break;
    default:
        show_text(row->texts[TEXT_ATTEMPTED_AT + which - ATTEMPTED_AT], context);
    }
}

static void unload(void *rows)
{
    struct signups *signups = rows;
    for (size_t i = 0; i < signups->count; i++)
        free(signups->rows[i].memory);
    free(signups->rows);
    free(signups);
}

const struct file_table file_table_signups = {
    .name = "reg_signups",
    .declaration =
        "CREATE TABLE x(line INTEGER, attempted_at TEXT, email TEXT, username TEXT, "
        "phone TEXT, outcome TEXT, failure_reason TEXT, reasons TEXT, notes TEXT, detail "
        "TEXT, "
        "file TEXT HIDDEN)",
    .columns = COLUMNS,
    .arguments = 1,
    .names = {"file"},
    .load = load,
    .count = count,
    .column = column,
    .unload = unload,
};
