/* SPDX-License-Identifier: MIT */
#include "intake/intake.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/intake_inside.h"
#include "values/moment.h"

enum { MOST_MEMBERS = 32 };
static const uint64_t FIELD_BYTES = UINT64_C(1) << 20; /* where no limit is given */

/* -- opening -- */

static bool fail_like(struct intake *intake, const struct error *error)
{
    intake->error = *error;
    return false;
}

/* A profile's targets are the columns. */
static bool make_header(struct intake *intake)
{
    const struct profile *profile = intake->profile;
    const char **names = calloc(profile->count, sizeof *names);
    intake->cells = calloc(profile->count, sizeof *intake->cells);
    intake->fields = calloc(profile->count, sizeof *intake->fields);
    intake->field_room = profile->count;
    for (size_t i = 0; names != NULL && intake->cells != NULL && i < profile->count; i++) {
        names[i] = profile->targets[i].name;
        intake->cells[i] = profile->targets[i].written;
    }
    const bool good = names != NULL && intake->cells != NULL && intake->fields != NULL &&
                      header_read(&intake->header, intake->options.names, names, profile->count);
    free(names);
    if (!good)
        return intake_out_of_memory(intake) == RECORDS_ROW;
    return intake->options.is_header(&intake->header) ||
           error_set(&intake->error, ERROR_INVALID,
                     "the profile %s makes none of the columns that say who a row is about: "
                     "expected %s",
                     profile->name, intake->options.expected);
}

/* Members that may hold the array of records: those of the profile, or of all that may be
 * recognised. */
struct members {
    const char *names[MOST_MEMBERS];
    size_t count;
    struct profile *owners[MOST_MEMBERS];
    size_t owner_count;
};

static bool collect_members(struct intake *intake, struct members *members)
{
    const char *name;
    if (intake->profile != NULL)
        members->owners[members->owner_count++] = intake->profile;
    for (size_t i = 0;
         intake->profile == NULL && intake->options.recognises && intake->options.profile == NULL &&
         i < MOST_MEMBERS && (name = profile_builtin_name(i)) != NULL;
         i++) {
        struct profile *profile = profile_load(name, intake->options.names, &intake->error);
        if (profile == NULL)
            return false;
        members->owners[members->owner_count++] = profile;
    }
    for (size_t i = 0; i < members->owner_count; i++)
        for (size_t k = 0; k < members->owners[i]->member_count && members->count < MOST_MEMBERS;
             k++)
            members->names[members->count++] = members->owners[i]->members[k];
    return true;
}

static void free_members(struct intake *intake, struct members *members)
{
    for (size_t i = 0; i < members->owner_count; i++)
        if (members->owners[i] != intake->profile)
            profile_free(members->owners[i]);
}

/* The first record tells whose export it is, and which columns there are. */
static bool look_at_first_record(struct intake *intake)
{
    struct record record;
    switch (json_records_next(intake->json, &record)) {
    case RECORDS_FAILED:
        return fail_like(intake, json_records_error(intake->json));
    case RECORDS_END:
        json_records_again(intake->json);
        return intake->profile == NULL || make_header(intake);
    case RECORDS_REJECT:
        if (intake->profile == NULL)
            return error_set(&intake->error, ERROR_INVALID,
                             "the first record (%s %" PRIu64 ", byte %" PRIu64 "): %s: mend it "
                             "first, or name the profile",
                             intake_unit(intake), record.line, record.at + 1, record.message);
        break;
    case RECORDS_ROW: {
        const struct profile_record first = {.tree = json_records_tree(intake->json)};
        if (!intake_find_profile(intake, &first, NULL, 0))
            return false;
        if (intake->profile == NULL && intake_take_members(intake, &record) == RECORDS_FAILED)
            return false;
    }
    }
    json_records_again(intake->json);
    return intake->profile == NULL || make_header(intake);
}

/* As json_records_open() asks: does an object say who it is about, by itself or to a profile? */
static bool is_record(void *context, const struct json_tree *tree)
{
    struct intake *intake = context;
    struct intake trial = {.options = intake->options};
    const struct profile_record record = {.tree = tree};
    if (intake->profile != NULL)
        return profile_recognises(intake->profile, &record);
    bool found = intake_find_profile(&trial, &record, NULL, 0) && trial.profile != NULL;
    profile_free(trial.profile);
    for (size_t i = 1; i < tree->nodes[0].next && !found; i = tree->nodes[i].next) {
        char *name = strndup(tree->nodes[i].name, tree->nodes[i].name_length);
        const char *const cells[] = {name};
        struct header header;
        found = name != NULL && header_read(&header, intake->options.names, cells, 1) &&
                intake->options.is_header(&header);
        if (name != NULL)
            header_end(&header);
        free(name);
    }
    return found;
}

static bool open_json(struct intake *intake, struct input *input)
{
    struct members members = {.count = 0};
    if (intake->profile != NULL && intake->profile->is_csv) {
        input_end(input);
        return error_set(&intake->error, ERROR_INVALID,
                         "the file is JSON, and the profile %s is for CSV", intake->profile->name);
    }
    if (!collect_members(intake, &members)) {
        free_members(intake, &members);
        input_end(input);
        return false;
    }
    const struct json_records_limits limits = {.max_record_bytes =
                                                   records_window(&intake->options.limits),
                                               .members = members.names,
                                               .member_count = members.count,
                                               .is_record = is_record,
                                               .context = intake};
    intake->json = json_records_open(input, &limits, &intake->error);
    free_members(intake, &members);
    return intake->json != NULL && look_at_first_record(intake);
}

/* As records_open() asks: does a header name what rows need, by itself or to a profile? One with
 * more columns than a header may have is not compared: that would take the square of their number.
 */
static bool names_rows(const void *context, const char *const *cells, size_t count)
{
    const struct intake *intake = context;
    struct header header;
    struct intake trial = {.options = intake->options};
    bool makes_sense;
    if (count > INTAKE_MOST_COLUMNS)
        return false;
    if (intake->profile != NULL) {
        makes_sense = false;
        for (size_t i = 0; i < count && !makes_sense; i++)
            makes_sense = profile_uses(intake->profile, cells[i], strlen(cells[i]));
        return makes_sense;
    }
    makes_sense = header_read(&header, intake->options.names, cells, count) &&
                  intake->options.is_header(&header);
    header_end(&header);
    if (makes_sense)
        return true;
    makes_sense = intake_find_profile(&trial, NULL, cells, count) && trial.profile != NULL;
    profile_free(trial.profile);
    return makes_sense;
}

/* What was taken for a header may be the first row of an export that has none. */
static bool find_headerless(struct intake *intake, const char *const *cells, size_t count)
{
    struct fields_field *fields = calloc(count, sizeof *fields);
    if (fields == NULL)
        return intake_out_of_memory(intake) == RECORDS_ROW;
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct fields_field){.text = cells[i], .length = strlen(cells[i])};
    const struct profile_record first = {.fields = fields, .field_count = count};
    const bool good = intake_find_profile(intake, &first, cells, count);
    free(fields);
    return good;
}

/* As records_open() asks: a row in the place of the header? */
static bool is_first_row(const void *context, const char *const *cells, size_t count)
{
    const struct intake *intake = context;
    struct intake trial = {.options = intake->options};
    if (intake->profile != NULL)
        return intake->profile->header_count > 0;
    if (count > INTAKE_MOST_COLUMNS || names_rows(context, cells, count) ||
        !find_headerless(&trial, cells, count))
        return false;
    const bool found = trial.profile != NULL;
    profile_free(trial.profile);
    return found;
}

/* Whether the first row of a file without a header is as its profile says. */
static bool check_first_row(struct intake *intake, const char *const *cells, size_t count)
{
    struct profile *profile = intake->profile;
    struct fields_field *fields = calloc(count, sizeof *fields);
    if (fields == NULL)
        return intake_out_of_memory(intake) == RECORDS_ROW;
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct fields_field){.text = cells[i], .length = strlen(cells[i])};
    profile_bind(profile, (const char *const *)profile->header, profile->header_count);
    const struct profile_record first = {.fields = fields, .field_count = count};
    const bool counts = count == profile->header_count || count == profile->header_count + 1;
    const bool good = counts && (profile->mark_count == 0 || profile_recognises(profile, &first));
    free(fields);
    return good ||
           error_set(&intake->error, ERROR_INVALID,
                     "the first line is no row of the profile %s, whose files have no header%s",
                     profile->name, counts ? "" : " and another number of columns");
}

static bool note_columns(struct intake *intake)
{
    const char *const *cells = records_header(intake->csv);
    for (size_t i = 0; i < records_columns(intake->csv); i++)
        if (!profile_uses(intake->profile, cells[i], strlen(cells[i])) &&
            !intake_note_unused(intake, cells[i], strlen(cells[i])))
            return intake_out_of_memory(intake) == RECORDS_ROW;
    return true;
}

static bool read_header(struct intake *intake)
{
    const char *const *cells = records_header(intake->csv);
    const size_t count = records_columns(intake->csv);
    if (!records_have_no_header(intake->csv) && !intake_find_profile(intake, NULL, cells, count))
        return false;
    if (intake->profile == NULL && records_have_no_header(intake->csv) &&
        !find_headerless(intake, cells, count))
        return false;
    if (intake->profile == NULL) {
        intake->cells = calloc(count, sizeof *intake->cells);
        for (size_t i = 0; intake->cells != NULL && i < count; i++)
            intake->cells[i] = cells[i];
        return (intake->cells != NULL &&
                header_read(&intake->header, intake->options.names, cells, count)) ||
               intake_out_of_memory(intake) == RECORDS_ROW;
    }
    if (records_have_no_header(intake->csv)) {
        if (!check_first_row(intake, cells, count))
            return false;
    } else {
        profile_bind(intake->profile, cells, count);
        if (!note_columns(intake))
            return false;
    }
    return make_header(intake);
}

static bool open_csv(struct intake *intake, struct input *input, bool marked)
{
    struct records_limits limits = intake->options.limits;
    limits.is_header =
        intake->profile != NULL && intake->profile->header_count > 0 ? NULL : names_rows;
    limits.is_row = is_first_row;
    limits.context = intake;
    if (intake->profile != NULL && intake->profile->is_json) {
        input_end(input);
        return error_set(&intake->error, ERROR_INVALID,
                         "the file is CSV, and the profile %s is for JSON", intake->profile->name);
    }
    intake->csv = records_open_input(input, marked, &limits, &intake->error);
    return intake->csv != NULL && read_header(intake);
}

struct intake *intake_open(const struct input_source *source, const struct intake_options *options,
                           struct error *error)
{
    struct input input;
    bool marked, is_json, good;
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL) {
        error_no_memory(error, NULL);
        return NULL;
    }
    intake->options = *options;
    moment_format(moment_now(), intake->now);
    intake->sheet.now = intake->now;
    if (intake->options.limits.max_field_bytes == 0)
        intake->options.limits.max_field_bytes = FIELD_BYTES;
    input_begin(&input, source, records_window(&intake->options.limits) + 1);
    if (!intake_load_profile(intake) ||
        !input_recognise(&input, options->limits.encoding, &marked) ||
        !json_records_look(&input, &is_json)) {
        if (intake->error.code == ERROR_NONE)
            intake->error = input.error;
        input_end(&input);
        good = false;
    } else {
        good = is_json ? open_json(intake, &input) : open_csv(intake, &input, marked);
    }
    if (good)
        return intake;
    *error = intake->error;
    intake_close(intake);
    return NULL;
}

void intake_close(struct intake *intake)
{
    if (intake == NULL)
        return;
    const bool is_learned = intake->json != NULL && intake->profile == NULL;
    records_close(intake->csv);
    json_records_close(intake->json);
    profile_free(intake->profile);
    for (size_t i = 0; is_learned && i < intake->header.count; i++)
        free((char *)(uintptr_t)intake->cells[i]);
    header_end(&intake->header);
    profile_sheet_end(&intake->sheet);
    for (size_t i = 0; i < intake->name_count; i++)
        free(intake->names[i].text);
    for (size_t i = 0; i < intake->unused_count; i++)
        free(intake->unused[i]);
    free(intake->names);
    free(intake->unused);
    free(intake->cells);
    free(intake->fields);
    free(intake);
}

/* -- rows -- */

enum records_result intake_next(struct intake *intake, struct record *record)
{
    if (intake->json == NULL && intake->profile == NULL)
        return records_next(intake->csv, record);
    if (intake->error.code != ERROR_NONE)
        return RECORDS_FAILED;
    enum records_result result = intake->json != NULL ? json_records_next(intake->json, record)
                                                      : records_next(intake->csv, record);
    if (result == RECORDS_FAILED)
        intake->error =
            intake->json != NULL ? *json_records_error(intake->json) : *records_error(intake->csv);
    if (result == RECORDS_ROW)
        result = intake->profile != NULL ? intake_take_profile(intake, record)
                                         : intake_take_members(intake, record);
    if (result == RECORDS_REJECT && intake->json != NULL)
        json_records_flatten(intake->json, record);
    return result;
}

const struct error *intake_error(const struct intake *intake)
{
    return intake->json == NULL && intake->profile == NULL ? records_error(intake->csv)
                                                           : &intake->error;
}

bool intake_resume(struct intake *intake, uint64_t offset, uint64_t line)
{
    const bool good = intake->json != NULL ? json_records_resume(intake->json, offset, line)
                                           : records_resume(intake->csv, offset, line);
    if (!good)
        intake->error =
            intake->json != NULL ? *json_records_error(intake->json) : *records_error(intake->csv);
    return good;
}

void intake_allow_short(struct intake *intake, records_may_lack_function *may_lack, void *context)
{
    if (intake->csv == NULL)
        return;
    records_skip_empty(intake->csv);
    if (intake->profile == NULL)
        records_allow_short(intake->csv, may_lack, context);
}

void intake_spill(struct intake *intake, records_spill_function *spill, void *context)
{
    if (intake->json != NULL)
        json_records_spill(intake->json, spill, context);
    else
        records_spill(intake->csv, spill, context);
}

/* -- what it is -- */

const struct header *intake_header(const struct intake *intake)
{
    return &intake->header;
}

const char *const *intake_cells(const struct intake *intake)
{
    return intake->cells;
}

const char *const *intake_unused(const struct intake *intake, size_t *count)
{
    *count = intake->unused_count;
    return (const char *const *)intake->unused;
}

void intake_form(const struct intake *intake, char form[INTAKE_FORM])
{
    char dialect[RECORDS_FORM] = "";
    int length = 0;
    form[0] = '\0';
    if (intake->csv != NULL)
        records_form(intake->csv, dialect);
    if (intake->json != NULL) {
        const char *member = json_records_member(intake->json);
        length = snprintf(
            form, INTAKE_FORM, "%s%s%.60s%s",
            json_records_shape(intake->json) == JSON_LINES ? "JSON Lines" : "a JSON array",
            member == NULL ? "" : " in `", member == NULL ? "" : member, member == NULL ? "" : "`");
    } else if (dialect[0] != '\0' || intake->profile != NULL) {
        length = snprintf(form, INTAKE_FORM, "CSV%s%s", dialect[0] == '\0' ? "" : " ", dialect);
    }
    if (intake->profile != NULL)
        snprintf(form + length, (size_t)(INTAKE_FORM - length), ", profile %.60s (%s)",
                 intake->profile->name, intake->was_named ? "as it was named" : "recognised");
}

/* Steps over what is in parentheses: why it is so. */
static const char *skip_reasons(const char *at)
{
    while (*at == '(')
        at += strcspn(at, ")") + 1;
    return at;
}

bool intake_same_form(const char *left, const char *right)
{
    for (;;) {
        left = skip_reasons(left);
        right = skip_reasons(right);
        if (*left != *right || *left == '\0')
            return *left == *right;
        left++;
        right++;
    }
}

const char *intake_unit(const struct intake *intake)
{
    return intake->json != NULL && json_records_shape(intake->json) == JSON_ITEMS ? "record"
                                                                                  : "line";
}

bool intake_has_profile(const struct intake *intake)
{
    return intake->profile != NULL;
}

struct records *intake_records(struct intake *intake)
{
    return intake->profile == NULL ? intake->csv : NULL;
}

const char *intake_header_raw(const struct intake *intake, size_t *length)
{
    *length = 0;
    if (intake->csv != NULL)
        return records_header_raw(intake->csv, length);
    return "";
}

bool intake_is_converted(const struct intake *intake)
{
    return intake->json != NULL ? json_records_are_converted(intake->json)
                                : records_are_converted(intake->csv);
}

bool intake_is_document(const struct intake *intake)
{
    return intake->json != NULL && json_records_shape(intake->json) == JSON_ITEMS;
}

bool intake_check(struct intake *intake)
{
    if (!intake_is_document(intake) || json_records_check(intake->json))
        return true;
    intake->error = *json_records_error(intake->json);
    return false;
}
