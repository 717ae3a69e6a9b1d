#include "batch.h"

#include <errno.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "door.h"
#include "settings.h"

enum { MOST_WORKERS = 256 };

struct batch_row {
    bool is_reject;
    bool wants_hash;
    uint64_t line, offset, end;
    char *
        text; /* the fields, one after the other; of a reject its bytes, where they could be held */
    size_t text_size, text_length;
    bool held; /* a reject: `text` has its bytes */
    enum records_kind kind;
    size_t column;
    char message[256];
    struct signup signup;
    struct admission admission;
    bool prepared;
};

bool batch_begin(struct batch *batch, size_t capacity)
{
    memset(batch, 0, sizeof *batch);
    batch->rows = calloc(capacity, sizeof *batch->rows);
    batch->capacity = capacity;
    return batch->rows != NULL;
}

/* Passwords do not outlive their batch. */
static void clear_rows(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_row *row = &batch->rows[i];
        if (row->prepared)
            admit_end(&row->admission);
        row->prepared = false;
        sodium_memzero(row->text, row->text_length);
    }
    batch->count = batch->hashes = batch->bytes = 0;
}

void batch_end(struct batch *batch)
{
    if (batch->rows != NULL)
        clear_rows(batch);
    for (size_t i = 0; batch->rows != NULL && i < batch->capacity; i++)
        free(batch->rows[i].text);
    free(batch->rows);
    settings_free(batch->settings);
    memset(batch, 0, sizeof *batch);
}

bool batch_restart(struct batch *batch, struct door *door, int64_t now)
{
    clear_rows(batch);
    batch->now = now;
    if (batch->settings != NULL &&
        batch->settings->id == ledger_number(door->ledger, STATEMENT_newest_setting_id, 0))
        return !ledger_failed(door->ledger);
    settings_free(batch->settings);
    batch->settings = settings_load(door->ledger);
    return batch->settings != NULL;
}

bool batch_is_full(const struct batch *batch, unsigned workers)
{
    return batch->count == batch->capacity || batch->bytes >= BATCH_MOST_BYTES ||
           batch->hashes >= (size_t)BATCH_HASHES_PER_WORKER * workers;
}

static bool reserve(struct batch *batch, struct batch_row *row, size_t size)
{
    row->text_length = 0;
    if (row->text_size < size) {
        free(row->text);
        row->text = malloc(size);
        row->text_size = row->text == NULL ? 0 : size;
    }
    if (row->text == NULL)
        snprintf(batch->error, sizeof batch->error, "out of memory");
    return row->text != NULL;
}

static struct batch_row *next_row(struct batch *batch, const struct record *record, bool is_reject)
{
    struct batch_row *row = &batch->rows[batch->count];
    row->is_reject = is_reject;
    row->wants_hash = row->prepared = false;
    row->line = record->line;
    row->offset = record->offset;
    row->end = record->end;
    batch->end = record->end;
    batch->next_line = record->next_line;
    return row;
}

/* An empty field is one that was not given: no column of ours has a use for an empty text. */
static void take_field(struct batch_row *row, const struct batch_column *column,
                       const struct fields_field *field)
{
    char *copy = row->text + row->text_length;
    if ((field->length == 0 && !column->keep_empty) ||
        (column->column < 0 && column->consent == NULL))
        return;
    memcpy(copy, field->text, field->length);
    copy[field->length] = '\0';
    row->text_length += field->length + 1;
    if (column->column >= 0) {
        row->signup.text[column->column] = copy;
    } else if (row->signup.consent_count < SIGNUP_CONSENTS_MAX) {
        row->signup.consents[row->signup.consent_count].name = column->consent;
        row->signup.consents[row->signup.consent_count++].value = copy;
    }
}

bool batch_add_row(struct batch *batch, const struct record *record,
                   const struct batch_column *columns, size_t column_count, int64_t import_id)
{
    struct batch_row *row = next_row(batch, record, false);
    size_t size = column_count;
    for (size_t i = 0; i < column_count; i++)
        size += record->fields[i].length;
    if (!reserve(batch, row, size))
        return false;
    memset(&row->signup, 0, sizeof row->signup);
    row->signup.import_id = import_id;
    row->signup.line = (int64_t)record->line;
    for (size_t i = 0; i < column_count; i++)
        take_field(row, &columns[i], &record->fields[i]);
    batch->count++;
    batch->bytes += size;
    row->prepared = true;
    if (!admit_prepare(&row->admission, batch->settings, &row->signup, batch->now, batch->error,
                       sizeof batch->error))
        return false;
    row->wants_hash = admit_wants_hash(&row->admission);
    batch->hashes += row->wants_hash;
    return true;
}

bool batch_add_reject(struct batch *batch, const struct record *record)
{
    struct batch_row *row = next_row(batch, record, true);
    row->kind = record->kind;
    row->column = record->column;
    row->held = record->raw != NULL;
    snprintf(row->message, sizeof row->message, "%s", record->message);
    if (!reserve(batch, row, row->held ? record->raw_length + 1 : 1))
        return false;
    if (row->held) {
        memcpy(row->text, record->raw, record->raw_length);
        row->text_length = record->raw_length;
    }
    batch->bytes += row->text_length;
    batch->count++;
    return true;
}

/* Hashing: each thread takes the next row that nobody has. */
struct hashing {
    struct batch *batch;
    atomic_size_t next;
    atomic_bool failed;
};

static void *hash_rows(void *argument)
{
    struct hashing *hashing = argument;
    arena_begin(hashing->batch->settings->password_cost.memory_kib);
    for (;;) {
        size_t at = atomic_fetch_add(&hashing->next, 1);
        if (at >= hashing->batch->count || atomic_load(&hashing->failed)) {
            arena_end();
            return NULL;
        }
        struct batch_row *row = &hashing->batch->rows[at];
        if (row->wants_hash && !admit_hash(&row->admission))
            atomic_store(&hashing->failed, true);
    }
}

bool batch_hash(struct batch *batch, struct door *door, unsigned workers)
{
    pthread_t threads[MOST_WORKERS];
    unsigned started = 0;
    struct hashing hashing = {.batch = batch};
    for (size_t i = 0; i < batch->count && batch->hashes > 0; i++) {
        struct batch_row *row = &batch->rows[i];
        if (row->wants_hash && admit_is_held(door, &row->admission)) {
            row->wants_hash = false;
            batch->hashes--;
        }
    }
    if (ledger_failed(door->ledger))
        return false;
    if (batch->hashes == 0)
        return true;
    while (started + 1 < workers && started < MOST_WORKERS &&
           pthread_create(&threads[started], NULL, hash_rows, &hashing) == 0)
        started++;
    hash_rows(
        &hashing); /* this thread is one of them, and the only one where no other could be had */
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    if (atomic_load(&hashing.failed))
        snprintf(batch->error, sizeof batch->error, "not enough memory to hash a password");
    return !atomic_load(&hashing.failed);
}

static bool write_reject(struct batch *batch, struct door *door, int64_t import_id,
                         const struct batch_row *row, struct rejects *rejects,
                         const struct records *records, int input)
{
    size_t header_length;
    const char *header = records_header_raw(records, &header_length);
    struct ledger_statement *insert = ledger_use(door->ledger, STATEMENT_insert_reject);
    ledger_set_integer(insert, ":import_id", import_id);
    ledger_set_integer(insert, ":line", (int64_t)row->line);
    ledger_set_integer(insert, ":byte_offset", (int64_t)row->offset);
    ledger_set_integer(insert, ":bytes", (int64_t)(row->end - row->offset));
    if (row->column > 0)
        ledger_set_integer(insert, ":column_number", (int64_t)row->column);
    ledger_set_text(insert, ":kind", records_kind_name(row->kind));
    ledger_set_text(insert, ":message", row->message);
    ledger_set_integer(insert, ":recorded_at", batch->now);
    ledger_run(insert);
    if (ledger_failed(door->ledger) || rejects == NULL)
        return !ledger_failed(door->ledger);
    if (row->held ? rejects_add(rejects, header, header_length, row->text, row->text_length)
                  : input < 0 || rejects_copy(rejects, header, header_length, input, row->offset,
                                              row->end - row->offset))
        return true;
    snprintf(batch->error, sizeof batch->error, "%.300s: %s", rejects->path, strerror(errno));
    return false;
}

static void count_verdict(struct batch_counts *counts, enum admit_outcome outcome)
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

bool batch_write(struct batch *batch, struct door *door, int64_t import_id,
                 struct batch_counts *counts, struct rejects *rejects,
                 const struct records *records, int input)
{
    static struct admit_writer *writer;
    if (writer == NULL)
        writer = admit_writer_open(door);
    admit_writer_begin(writer);
    for (size_t i = 0; i < batch->count; i++) {
        struct batch_row *row = &batch->rows[i];
        counts->read++;
        if (row->is_reject) {
            if (!write_reject(batch, door, import_id, row, rejects, records, input))
                return false;
            counts->rejected++;
        } else {
            struct admit_verdict verdict = admit_writer_write(writer, &row->admission);
            if (ledger_failed(door->ledger))
                return false;
            count_verdict(counts, verdict.outcome);
        }
    }
    if (rejects != NULL && !rejects_sync(rejects)) {
        snprintf(batch->error, sizeof batch->error, "%.300s: %s", rejects->path, strerror(errno));
        return false;
    }
    return true;
}
