/* SPDX-License-Identifier: MIT */
/* json_records.h: the records of a JSON file, one after the other, however long the file: the lines
 * of JSON Lines, or the items of an array, which may be a member of the document's object.
 *
 * - JSON Lines: a line is a record, as in a CSV file without quotes. A line that is no JSON is
 *   rejected, and reading goes on behind it; blank lines are skipped.
 * - An array is one document: where it is no JSON the reading fails there, since nobody knows what
 *   belongs to which record any more. json_records_check() finds that out beforehand. Its records
 *   have no line of their own: they are counted from 1 instead.
 * - A record is an object. What is none, has bytes that are no UTF-8, or is longer than may be
 *   held, is rejected alone.
 * Memory: about 1.5 times the longest record that may be held, and 64 bytes for each of its values.
 */
#ifndef JSON_RECORDS_H
#define JSON_RECORDS_H

#include "csv/input.h"
#include "csv/records.h"
#include "json/json_tree.h"

enum json_shape { JSON_LINES, JSON_ITEMS };

struct json_records_limits {
    uint64_t max_record_bytes;
    const char *const *members; /* that may hold the array, in a document that is an object */
    size_t member_count;
    /* Whether an object that is all of a file is a record itself, though one of its members may
     * hold records. NULL: it is not. */
    bool (*is_record)(void *context, const struct json_tree *tree);
    void *context;
};

struct json_records;

/* Whether a file begins as JSON does: with an object or an array. False with input->error set:
 * reading failed. */
bool json_records_look(struct input *input, bool *is_json);

/* The input, whose encoding is known, is the records' own from now on. NULL: it is no JSON, or has
 * no records, or reading failed. */
struct json_records *json_records_open(struct input *input,
                                       const struct json_records_limits *limits,
                                       struct error *error);
void json_records_close(struct json_records *records);

enum json_shape json_records_shape(const struct json_records *records);
/* The member that has the array; NULL: none. */
const char *json_records_member(const struct json_records *records);
bool json_records_are_converted(const struct json_records *records);

/* A row has `raw`; its `fields` are the caller's to make, from the tree. A reject has no column. */
enum records_result json_records_next(struct json_records *records, struct record *record);
const struct json_tree *json_records_tree(const struct json_records *records);
/* The next one is the one just given once more. */
void json_records_again(struct json_records *records);

/* Of a reject that is held: makes one line of an item that spans several, as JSON Lines has it. Its
 * raw bytes have blanks instead of line ends then. */
void json_records_flatten(struct json_records *records, const struct record *record);

const struct error *json_records_error(const struct json_records *records);
void json_records_spill(struct json_records *records, records_spill_function *spill, void *context);
bool json_records_resume(struct json_records *records, uint64_t offset, uint64_t line);

/* Of an array: reads to the document's end, after which only the closing is left. False: it is no
 * JSON, or ends early, or reading failed: json_records_error(). */
bool json_records_check(struct json_records *records);

#endif
