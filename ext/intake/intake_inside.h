/* SPDX-License-Identifier: MIT */
/* intake_inside.h: what the parts of intake.c share. */
#ifndef INTAKE_INSIDE_H
#define INTAKE_INSIDE_H

#include "intake/intake.h"
#include "json/json_records.h"
#include "values/moment.h"

/* A name that a record had, and the column that it is. */
struct intake_name {
    char *text;
    size_t length;
    size_t column; /* from 1; 0: none, since there are too many that mean nothing */
};

struct intake {
    struct intake_options options;
    struct records *csv;
    struct json_records *json;
    struct profile *profile;
    bool was_named; /* the profile */
    struct header header;
    const char **cells; /* of the header */
    /* JSON without a profile: the names so far, and which is likely to come next. */
    struct intake_name *names;
    size_t name_count, guess;
    bool knows_people; /* its columns name what rows need */
    char now[MOMENT_SIZE];
    struct profile_sheet sheet;
    struct fields_field *fields;
    size_t field_room;
    char **unused;
    size_t unused_count;
    uint64_t first_line; /* of a CSV file without a header */
    char message[256];
    struct error error;
};

/* Makes fields of the JSON record in hand; RECORDS_ROW, RECORDS_REJECT or RECORDS_FAILED. */
enum records_result intake_take_members(struct intake *intake, struct record *record);
enum records_result intake_take_profile(struct intake *intake, struct record *record);

enum records_result intake_reject(struct intake *intake, struct record *record,
                                  enum records_kind kind, uint64_t at);
enum records_result intake_out_of_memory(struct intake *intake);

/* Remembers a name that a profile does not use. False: out of memory. */
bool intake_note_unused(struct intake *intake, const char *name, size_t length);

/* The profile that the options name, or the one that recognises the record or columns. False:
 * `error`. */
bool intake_load_profile(struct intake *intake);
bool intake_find_profile(struct intake *intake, const struct profile_record *record,
                         const char *const *cells, size_t count);

#endif
