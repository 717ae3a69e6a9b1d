/* SPDX-License-Identifier: MIT */
/* intake.h: a file of sign-ups or confirmations, in whatever form it comes, as rows of columns: CSV
 * in its dialects, JSON Lines and arrays, and the exports of other systems by their profiles.
 *
 * What is assumed of a file is found from its beginning and said (intake_form); where two readings
 * make sense, it is refused. May use csv/, json/ and values/.
 */
#ifndef INTAKE_H
#define INTAKE_H

#include "csv/records.h"
#include "intake/profile.h"
#include "values/header.h"

enum { INTAKE_FORM = 256, INTAKE_MOST_COLUMNS = 1000 };

struct intake_options {
    struct records_limits limits; /* without `is_header`, which is: */
    const struct header_names *names;
    bool (*is_header)(const struct header *header); /* the columns name what rows need */
    const char *expected;                           /* which would, in words */
    const char *profile; /* the name or path of one; "none": none; NULL: as is recognised, */
    bool recognises;     /* where it is to be, among the built-in ones */
    bool strict;         /* a JSON record with a member that means nothing is rejected */
};

struct intake;

/* NULL: it has no rows of that kind, can be read in two ways, or reading failed. */
struct intake *intake_open(const struct input_source *source, const struct intake_options *options,
                           struct error *error);
void intake_close(struct intake *intake);
const struct error *intake_error(const struct intake *intake);

/*
 * As records_next(). A row has a field for each column that there is now: in JSON without a profile
 * a record may bring new ones, which are added at the end.
 */
enum records_result intake_next(struct intake *intake, struct record *record);

/* What the columns mean, and their names: for a profile, what they are made of. */
const struct header *intake_header(const struct intake *intake);
const char *const *intake_cells(const struct intake *intake);

/* The file's own columns or members that a profile does not use, as many as have been met. */
const char *const *intake_unused(const struct intake *intake, size_t *count);

/* "CSV separated by semicolons (found from the header)"; "": CSV as RFC 4180 has it. */
void intake_form(const struct intake *intake, char form[INTAKE_FORM]);
/* Whether two of those mean the same, for whatever reason it was found. */
bool intake_same_form(const char *left, const char *right);
/* What `line` of a record counts: "line", or "record" in an array. */
const char *intake_unit(const struct intake *intake);
bool intake_has_profile(const struct intake *intake);

/* The reader of a CSV file without a profile, for title_found(); NULL: it is something else. */
struct records *intake_records(struct intake *intake);

/* As records_skip_empty(), records_allow_short(), records_spill(), records_resume(). */
void intake_allow_short(struct intake *intake, records_may_lack_function *may_lack, void *context);
void intake_spill(struct intake *intake, records_spill_function *spill, void *context);
bool intake_resume(struct intake *intake, uint64_t offset, uint64_t line);

/* What stands before the rejects of a file, so that they can be read again. */
const char *intake_header_raw(const struct intake *intake, size_t *length);
/* The bytes are not those of the source: another encoding. */
bool intake_is_converted(const struct intake *intake);

/* Whether the file is one document, of which nothing is taken if it is damaged anywhere. Then
 * intake_check() reads it to its end, after which it can only be closed. */
bool intake_is_document(const struct intake *intake);
bool intake_check(struct intake *intake);

#endif
