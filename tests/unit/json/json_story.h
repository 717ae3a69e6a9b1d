/* SPDX-License-Identifier: MIT */
/* json_story.h: what the reader of JSON makes of some bytes, as lines of text. */
#ifndef JSON_STORY_H
#define JSON_STORY_H

#include "../csv/records_memory.h"

#include "json/json_records.h"

struct json_spilled {
    uint64_t bytes;
};

static inline bool json_spill(void *context, const void *bytes, size_t length)
{
    struct json_spilled *spilled = context;
    (void)bytes;
    spilled->bytes += length;
    return true;
}

/* A text whose bytes that are no plain ASCII are shown in hexadecimal digits. */
static inline void json_story_text(struct story *story, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte > 0x7E)
            story_add(story, "\\%02x", byte);
        else
            story_add(story, "%c", byte);
    }
}

static inline void json_story_record(struct story *story, const struct json_tree *tree)
{
    for (size_t i = 1; i < tree->nodes[0].next; i = tree->nodes[i].next) {
        const struct json_node *node = &tree->nodes[i];
        story_add(story, " ");
        json_story_text(story, node->name, node->name_length);
        story_add(story, "=");
        json_story_text(story, node->text, node->length);
    }
}

/* From `resume` on, which is where the record before `line` ended; 0: from the beginning. To be
 * freed. */
static inline char *json_story(const struct memory *bytes, bool seekable,
                               const struct json_records_limits *limits, uint64_t resume,
                               uint64_t line)
{
    struct memory memory = *bytes;
    struct story story = {0};
    struct json_spilled spilled = {0};
    struct record record;
    struct error error;
    struct input input;
    bool marked, is_json;
    enum records_result result;
    const struct input_source source = memory_source(&memory, seekable);
    input_begin(&input, &source, (size_t)limits->max_record_bytes + 1);
    if (!input_recognise(&input, RECODE_UNNAMED, &marked) || !json_records_look(&input, &is_json) ||
        !is_json) {
        story_add(&story, "no JSON\n");
        input_end(&input);
        return story.text;
    }
    struct json_records *records = json_records_open(&input, limits, &error);
    if (!records) {
        story_add(&story, "unreadable: %s\n", error.text);
        return story.text;
    }
    json_records_spill(records, json_spill, &spilled);
    if (resume > 0 && !json_records_resume(records, resume, line)) {
        story_add(&story, "cannot go on: %s\n", json_records_error(records)->text);
        json_records_close(records);
        return story.text;
    }
    story_add(&story, "%s\n", json_records_shape(records) == JSON_LINES ? "lines" : "items");
    while ((result = json_records_next(records, &record)) == RECORDS_ROW ||
           result == RECORDS_REJECT) {
        story_add(&story, "%" PRIu64 " %" PRIu64 "-%" PRIu64, record.line, record.offset,
                  record.end);
        if (result == RECORDS_ROW)
            json_story_record(&story, json_records_tree(records));
        else
            story_add(&story, " %s @%" PRIu64, records_kind_name(record.kind), record.at);
        if (result == RECORDS_REJECT && !record.raw) {
            story_add(&story, " (%" PRIu64 ")", spilled.bytes);
            spilled.bytes = 0;
        }
        story_add(&story, "\n");
    }
    if (result == RECORDS_END)
        story_add(&story, "%" PRIu64 " %" PRIu64 " end\n", record.line, record.end);
    else
        story_add(&story, "failed: %s\n", json_records_error(records)->text);
    json_records_close(records);
    return story.text;
}

#endif
