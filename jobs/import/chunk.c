/* SPDX-License-Identifier: MIT */
#include "import/chunk.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission/deciding_columns.h"
#include "ledger/cluster.h"
#include "ledger/session.h"
#include "ledger/settings.h"

enum { KEPT_TEXT = 1 << 16 }; /* a row's longer text is let go of, not kept for the next */

struct chunk_row {
    bool is_reject;
    bool wants_hash;
    bool spared; /* it wanted one, which would have been wasted */
    uint64_t line, offset, end, next_line;
    char *
        text; /* the fields, one after the other; of a reject its bytes, where they could be held */
    size_t text_size, text_length;
    uint64_t kept_at;
    bool held; /* a reject: `text` has its bytes */
    enum records_kind kind;
    size_t column;
    char message[256];
    struct signup signup;
    struct admission admission;
    struct admit_values values;
    bool prepared;
};

bool chunk_begin(struct chunk *chunk, size_t capacity)
{
    memset(chunk, 0, sizeof *chunk);
    chunk->rows = calloc(capacity, sizeof *chunk->rows);
    chunk->capacity = capacity;
    return chunk->rows != NULL;
}

/* Passwords, and what codes are made of, do not outlive their chunk. */
static void wipe_rows(struct chunk *chunk)
{
    for (size_t i = 0; i < chunk->count; i++) {
        struct chunk_row *row = &chunk->rows[i];
        if (row->prepared) {
            admit_wipe(&row->admission);
            admit_values_wipe(&row->values);
        }
        row->prepared = false;
        sodium_memzero(row->text, row->text_length);
        if (row->text_size > KEPT_TEXT) {
            free(row->text);
            row->text = NULL;
            row->text_size = 0;
        }
    }
    chunk->count = chunk->hashes = chunk->bytes = 0;
}

void chunk_end(struct chunk *chunk)
{
    if (chunk->rows != NULL)
        wipe_rows(chunk);
    for (size_t i = 0; chunk->rows != NULL && i < chunk->capacity; i++)
        free(chunk->rows[i].text);
    free(chunk->rows);
    memset(chunk, 0, sizeof *chunk);
}

void chunk_restart(struct chunk *chunk, struct session *session, const struct settings *settings,
                   int64_t now)
{
    wipe_rows(chunk);
    chunk->session = session;
    chunk->settings = settings;
    chunk->now = now;
}

bool chunk_is_full(const struct chunk *chunk, unsigned workers)
{
    return chunk->count == chunk->capacity || chunk->bytes >= CHUNK_MOST_BYTES ||
           chunk->hashes >= (size_t)CHUNK_HASHES_PER_WORKER * workers;
}

static bool reserve(struct chunk *chunk, struct chunk_row *row, size_t size)
{
    row->text_length = 0;
    if (row->text_size < size) {
        free(row->text);
        row->text = malloc(size);
        row->text_size = row->text == NULL ? 0 : size;
    }
    return row->text != NULL || error_no_memory(&chunk->error, NULL);
}

static struct chunk_row *next_row(struct chunk *chunk, const struct record *record, bool is_reject)
{
    struct chunk_row *row = &chunk->rows[chunk->count];
    row->is_reject = is_reject;
    row->wants_hash = row->spared = row->prepared = false;
    row->line = record->line;
    row->offset = record->offset;
    row->end = record->end;
    row->next_line = record->next_line;
    chunk->end = record->end;
    chunk->next_line = record->next_line;
    return row;
}

bool chunk_add_row(struct chunk *chunk, const struct record *record, const struct header *header,
                   bool confirmations, int64_t import_id)
{
    struct chunk_row *row = next_row(chunk, record, false);
    size_t size = header->count;
    for (size_t i = 0; i < header->count; i++)
        size += record->fields[i].length;
    if (!reserve(chunk, row, size))
        return false;
    memset(&row->signup, 0, sizeof row->signup);
    row->signup.import_id = import_id;
    row->signup.line = (int64_t)record->line;
    deciding_note_lack(&row->signup, header, record->lacks);
    for (size_t i = 0; i < header->count; i++) {
        const struct header_column *column = &header->columns[i];
        const struct fields_field *field = &record->fields[i];
        char *copy = row->text + row->text_length;
        if (column->column < 0 && column->suffix == NULL)
            continue;
        memcpy(copy, field->text, field->length + 1);
        row->text_length += field->length + 1;
        signup_give_cell(&row->signup, column, copy);
        if (confirmations && column->column == SIGNUP_email_confirm_code)
            row->signup.text[SIGNUP_email_confirm_code] = copy;
    }
    chunk->count++;
    chunk->bytes += size;
    row->prepared = true;
    if (!admit_prepare(&row->admission, chunk->settings, &row->signup, chunk->now, &chunk->error))
        return false;
    admit_find_subjects(chunk->session, &row->admission);
    if (!admit_values_prepare(&row->values, &row->admission))
        return error_no_memory(&chunk->error, NULL);
    row->wants_hash = admit_wants_hash(&row->admission);
    chunk->hashes += row->wants_hash;
    return true;
}

bool chunk_add_reject(struct chunk *chunk, const struct record *record, uint64_t kept_at)
{
    struct chunk_row *row = next_row(chunk, record, true);
    row->kind = record->kind;
    row->column = record->column;
    row->held = record->raw != NULL;
    row->kept_at = kept_at;
    snprintf(row->message, sizeof row->message, "%s", record->message);
    if (!reserve(chunk, row, row->held ? record->raw_length + 1 : 1))
        return false;
    if (row->held) {
        memcpy(row->text, record->raw, record->raw_length);
        row->text_length = record->raw_length;
    }
    chunk->bytes += row->text_length;
    chunk->count++;
    return true;
}

struct admission *chunk_to_hash(struct chunk *chunk, size_t row)
{
    return chunk->rows[row].wants_hash ? &chunk->rows[row].admission : NULL;
}

void chunk_spare_hash(struct chunk *chunk, size_t row)
{
    chunk->rows[row].wants_hash = false;
    chunk->rows[row].spared = true;
    chunk->hashes--;
}

static bool keep_bytes(const struct chunk_row *row, const struct chunk_target *target)
{
    size_t header_length;
    const char *header = intake_header_raw(target->intake, &header_length);
    if (row->held)
        return rejects_add(target->rejects, header, header_length, row->text, row->text_length);
    return rejects_copy(target->rejects, header, header_length, target->input, row->kept_at,
                        row->end - row->offset);
}

/* The list of kinds in the table cannot grow: sql/upgrades/5.sql, 6.sql. */
static enum records_kind kept_kind(enum records_kind kind)
{
    return kind == RECORDS_SYNTAX ? RECORDS_QUOTING
           : kind == RECORDS_HEADER_AGAIN || kind == RECORDS_NOT_OBJECT || kind == RECORDS_MEMBER
               ? RECORDS_FIELD_COUNT
               : kind;
}

static bool write_reject(struct chunk *chunk, const struct chunk_row *row,
                         const struct chunk_target *target)
{
    struct ledger_statement *insert = ledger_use(target->session->ledger, STATEMENT_insert_reject);
    ledger_set_integer(insert, ":import_id", target->import_id);
    ledger_set_integer(insert, ":line", (int64_t)row->line);
    ledger_set_integer(insert, ":byte_offset", (int64_t)row->offset);
    ledger_set_integer(insert, ":bytes", (int64_t)(row->end - row->offset));
    if (row->column > 0)
        ledger_set_integer(insert, ":column_number", (int64_t)row->column);
    enum records_kind kind = kept_kind(row->kind);
    ledger_set_text(insert, ":kind", records_kind_name(kind));
    if (row->kind == RECORDS_HEADER_AGAIN)
        ledger_set_text(insert, ":what", records_kind_name(row->kind));
    else if (row->kind != kind)
        ledger_set_text(insert, ":mistake", records_kind_name(row->kind));
    ledger_set_text(insert, ":message", row->message);
    ledger_set_integer(insert, ":recorded_at", ledger_now(target->session->ledger));
    ledger_run(insert);
    if (ledger_failed(target->session->ledger) || target->rejects == NULL)
        return !ledger_failed(target->session->ledger);
    if (!rejects_have_room(target->rejects, row->end - row->offset, row->line) ||
        keep_bytes(row, target))
        return true;
    return error_set(&chunk->error, ERROR_IO, "%.300s: %s", target->rejects->path,
                     errno == 0 ? "the bytes to be kept are gone: the file has become shorter"
                                : strerror(errno));
}

/* A hash was spared because a customer had the identifier; erased meanwhile, he has it no more. */
static bool make_up_for_hash(struct chunk *chunk, struct chunk_row *row, struct session *session)
{
    if (!row->spared || admit_is_held(session, &row->admission) || ledger_failed(session->ledger))
        return true;
    return admit_hash(&row->admission) || error_no_memory(&chunk->error, "hashing a password");
}

static void count_verdict(struct chunk_counts *counts, enum admit_outcome outcome)
{
    switch (outcome) {
    case ADMIT_SUCCESS:
        counts->success++;
        break;
    case ADMIT_PENDING:
        counts->pending++;
        break;
    case ADMIT_FAILURE:
        counts->failed++;
        break;
    case ADMIT_CONTINUED:
        counts->continued++;
        break;
    }
}

static bool stands_alone(const struct chunk_row *row)
{
    return !row->is_reject && row->signup.text[SIGNUP_email_confirm_code] != NULL;
}

bool chunk_next_part(const struct chunk *chunk, struct chunk_part *part)
{
    size_t to = part->from = part->to;
    if (to == chunk->count)
        return false;
    if (stands_alone(&chunk->rows[to]))
        to++;
    else
        while (to < chunk->count && !stands_alone(&chunk->rows[to]))
            to++;
    part->to = to;
    part->line = chunk->rows[part->from].line;
    part->end = chunk->rows[to - 1].end;
    part->next_line = chunk->rows[to - 1].next_line;
    part->prefix = to == chunk->count && chunk->has_prefix ? chunk->prefix : NULL;
    return true;
}

/* Has the processor fetch what is read soon. */
static void fetch(const void *from, size_t size)
{
    enum { CACHE_LINE = 64 };
    for (size_t at = 0; at < size; at += CACHE_LINE)
        __builtin_prefetch((const char *)from + at);
}

/* What is read of a row when it is written, which the reading thread had last: of the long texts,
 * what they mostly have. */
static void fetch_row(const struct chunk_row *row)
{
    enum { HASH = 128, IDENTIFIER = 64 };
    const struct admission *admission = &row->admission;
    fetch(row->text, row->text_length);
    fetch(&row->signup.text[SIGNUP_email_confirm_code], sizeof(char *));
    fetch(&admission->settings, sizeof admission->settings);
    fetch(&admission->has_fingerprint, sizeof admission->has_fingerprint);
    fetch(admission->stored, HASH);
    fetch(admission->email_folded, IDENTIFIER);
    fetch(admission->phone, IDENTIFIER);
    fetch(admission->username_folded, IDENTIFIER);
    fetch(&row->values, offsetof(struct admit_values, reasons));
}

/* Rows ahead of the one that is written. */
static void fetch_ahead(const struct chunk *chunk, size_t row, const struct chunk_target *target)
{
    enum { KEYS_AHEAD = 4, ROWS_AHEAD = 8, POINTERS_AHEAD = 16 };
    if (row + POINTERS_AHEAD < chunk->count)
        __builtin_prefetch(&chunk->rows[row + POINTERS_AHEAD]);
    if (row + ROWS_AHEAD < chunk->count)
        fetch_row(&chunk->rows[row + ROWS_AHEAD]);
    if (row + KEYS_AHEAD < chunk->count && chunk->rows[row + KEYS_AHEAD].prepared)
        admit_writer_fetch(target->writer, &chunk->rows[row + KEYS_AHEAD].values);
}

bool chunk_write(struct chunk *chunk, size_t from, size_t to, const struct chunk_target *target,
                 struct chunk_counts *counts)
{
    bool known = !ledger_is_shared(target->session->ledger);
    for (size_t i = from; i < to; i++) {
        struct chunk_row *row = &chunk->rows[i];
        counts->read++;
        fetch_ahead(chunk, i, target);
        if (row->is_reject) {
            if (!write_reject(chunk, row, target))
                return false;
            counts->rejected++;
        } else {
            if (target->rejects != NULL && !make_up_for_hash(chunk, row, target->session))
                return false;
            struct admit_verdict verdict =
                admit_writer_write(target->writer, &row->admission, &row->values);
            if (ledger_failed(target->session->ledger))
                return false;
            if (known)
                count_verdict(counts, verdict.outcome);
        }
    }
    admit_writer_settle(target->writer); /* before the rows go */
    return !ledger_failed(target->session->ledger);
}
