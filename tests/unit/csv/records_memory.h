/* SPDX-License-Identifier: MIT */
/* records_memory.h: for the tests of the CSV reader: bytes in memory, or made up as they are read,
 * as a source; and what comes of them as lines of text.
 */
#ifndef RECORDS_MEMORY_H
#define RECORDS_MEMORY_H

#include "csv/records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
    const char *bytes;
    size_t length;
    size_t step;        /* bytes a read at most, 0: as many as wanted */
    uint64_t fail_from; /* reading this byte fails with EIO; 0: none does */
    bool interrupted;   /* every other read fails with EINTR */
    bool seek_fails;    /* with ESPIPE */
    uint64_t position;
    uint64_t total_read;
    unsigned reads;
};

static inline ssize_t memory_read(void *context, void *bytes, size_t size)
{
    struct memory *memory = context;
    size_t count = memory->length - (size_t)memory->position;
    if (memory->interrupted && memory->reads++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    if (memory->fail_from && memory->position >= memory->fail_from) {
        errno = EIO;
        return -1;
    }
    if (memory->fail_from && count > memory->fail_from - memory->position)
        count = (size_t)(memory->fail_from - memory->position);
    if (count > size)
        count = size;
    if (memory->step && count > memory->step)
        count = memory->step;
    memcpy(bytes, memory->bytes + memory->position, count);
    memory->position += count;
    memory->total_read += count;
    return (ssize_t)count;
}

static inline bool memory_seek(void *context, uint64_t offset)
{
    struct memory *memory = context;
    if (memory->seek_fails) {
        errno = ESPIPE;
        return false;
    }
    memory->position = offset < memory->length ? offset : memory->length;
    return true;
}

static inline struct input_source memory_source(struct memory *memory, bool seekable)
{
    return (struct input_source){memory_read, seekable ? memory_seek : NULL, memory};
}

/* A text that grows. */
struct story {
    char *text;
    size_t length, capacity;
};

static inline void __attribute__((format(printf, 2, 3)))
story_add(struct story *story, const char *format, ...)
{
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();
    if (story->length + (size_t)length + 1 > story->capacity) {
        story->capacity = (story->length + (size_t)length + 1) * 2;
        story->text = realloc(story->text, story->capacity);
        if (!story->text)
            abort();
    }
    va_start(arguments, format);
    vsnprintf(story->text + story->length, story->capacity - story->length, format, arguments);
    va_end(arguments);
    story->length += (size_t)length;
}

/* The text, with what does not print as \xx; quotes as they are. */
static inline void story_add_bytes(struct story *story, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte == '\n')
            story_add(story, "\\n");
        else if (byte == '\r')
            story_add(story, "\\r");
        else if (byte < ' ' || byte == '\\' || byte >= 0x7F)
            story_add(story, "\\%02x", byte);
        else
            story_add(story, "%c", byte);
    }
}

static inline bool story_spill(void *context, const void *bytes, size_t length)
{
    struct story *spilled = context;
    story_add_bytes(spilled, bytes, length);
    return true;
}

/* One line for each record from here to the end:
 *   LINE OFFSET-END [field][field]-[]       a row; `-` is an absent field
 *   LINE OFFSET-END KIND COLUMN @AT {raw}   a reject; {~raw} where it was spilled
 *   LINE OFFSET end                         or `failed MESSAGE`
 */
static inline void story_tell(struct story *story, struct records *records)
{
    struct record record;
    struct story spilled = {0};
    enum records_result result;
    records_spill(records, story_spill, &spilled);
    while ((result = records_next(records, &record)) == RECORDS_ROW || result == RECORDS_REJECT) {
        story_add(story, "%" PRIu64 " %" PRIu64 "-%" PRIu64 " ", record.line, record.offset,
                  record.end);
        if (result == RECORDS_REJECT) {
            story_add(story, "%s %zu @%" PRIu64 " {", records_kind_name(record.kind), record.column,
                      record.at);
            if (record.raw)
                story_add_bytes(story, record.raw, record.raw_length);
            else
                story_add(story, "~%s", spilled.text);
            story_add(story, "}");
            spilled.length = 0;
        }
        for (size_t i = 0; result == RECORDS_ROW && i < records_columns(records); i++) {
            const struct fields_field *field = &record.fields[i];
            if (field->text[field->length] != '\0')
                abort();
            if (field->absent) {
                story_add(story, "-");
                continue;
            }
            story_add(story, "[");
            story_add_bytes(story, field->text, field->length);
            story_add(story, "]");
        }
        story_add(story, "\n");
    }
    if (result == RECORDS_FAILED)
        story_add(story, "failed %s\n", records_error(records)->text);
    else
        story_add(story, "%" PRIu64 " %" PRIu64 " end\n", record.line, record.offset);
    free(spilled.text);
}

/* The whole story of some bytes: the header's columns on a line, then the records; or the error. To
 * be freed. */
static inline char *story_of(struct memory *memory, bool seekable,
                             const struct records_limits *limits)
{
    const struct input_source source = memory_source(memory, seekable);
    struct story story = {0};
    struct error error;
    struct records *records;

    memory->position = 0;
    records = records_open(&source, limits, &error);
    if (!records) {
        story_add(&story, "%s: %s\n", error.code == ERROR_INVALID ? "unreadable" : "error",
                  error.text);
        return story.text;
    }
    for (size_t i = 0; i < records_columns(records); i++) {
        story_add(&story, "%s", i ? "|" : "");
        story_add_bytes(&story, records_header(records)[i], strlen(records_header(records)[i]));
    }
    story_add(&story, "\n");
    story_tell(&story, records);
    records_close(records);
    return story.text;
}

#endif
