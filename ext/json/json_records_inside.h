/* SPDX-License-Identifier: MIT */
/* json_records_inside.h: what the reader of JSON (json_records.c) and its beginning
 * (json_records_open.c) share.
 */
#ifndef JSON_RECORDS_INSIDE_H
#define JSON_RECORDS_INSIDE_H

#include "json/json_records.h"

struct json_records {
    struct input input;
    enum json_shape shape;
    char *member;   /* that has the array; NULL: none */
    unsigned depth; /* of the array's items */
    uint64_t line;  /* of the next record; or its number */
    uint64_t first; /* where the first record may begin */
    uint64_t max_record;
    size_t window;             /* so many bytes of a record are held */
    size_t text_length;        /* of the record in hand, without its line feed */
    struct json_scan scan;     /* of the document that has the array */
    struct json_scan at_first; /* as it was there */
    struct json_tree tree;
    records_spill_function *spill;
    void *spill_context;
    bool again, over;
    struct record last;
    enum records_result last_result;
    char message[256];
    struct error error;
};

static inline enum records_result json_records_fail_by_input(struct json_records *records)
{
    records->error = records->input.error;
    return RECORDS_FAILED;
}

/* The next token of the document. The bytes from `keep_from` on, and with `hold` those of the
 * token, stay held, unless they become more than may be: SCAN_MORE, which otherwise means the
 * document's end. SCAN_BAD: `error`. */
enum json_event json_records_token(struct json_records *records, uint64_t keep_from, bool hold);

/* The next token of any length, and the name where it is one of the document's own members. */
enum json_event json_records_any_token(struct json_records *records, const char **name,
                                       size_t *length);

/* Says what was expected. Returns SCAN_BAD. */
enum json_event json_records_fail_by_scan(struct json_records *records);

#endif
