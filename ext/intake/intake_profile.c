/* SPDX-License-Identifier: MIT */
/* intake_profile.c: which profile a file is read by, and its records by that. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/intake_inside.h"

enum { MOST_UNUSED = 100 };

bool intake_load_profile(struct intake *intake)
{
    const char *name = intake->options.profile;
    if (name == NULL || name[0] == '\0' || strcmp(name, "none") == 0)
        return true;
    intake->profile = profile_load(name, intake->options.names, &intake->error);
    intake->was_named = intake->profile != NULL;
    return intake->profile != NULL;
}

/* Of the built-in ones. A NULL without an error: it is another one. */
static struct profile *load_if_recognised(struct intake *intake, const char *name,
                                          const struct profile_record *record,
                                          const char *const *cells, size_t count)
{
    struct profile *profile = profile_load(name, intake->options.names, &intake->error);
    if (profile == NULL)
        return NULL;
    const bool headerless = record != NULL && record->tree == NULL;
    if (headerless && profile->header_count > 0)
        profile_bind(profile, (const char *const *)profile->header, profile->header_count);
    else
        profile_bind(profile, cells, count);
    if ((!headerless || profile->header_count == count ||
         profile->header_count + 1 == count) && /* a comma behind the last field */
        (!headerless || profile->header_count > 0) &&
        profile_recognises(profile, record))
        return profile;
    profile_free(profile);
    return NULL;
}

bool intake_find_profile(struct intake *intake, const struct profile_record *record,
                         const char *const *cells, size_t count)
{
    const char *name;
    if (intake->profile != NULL || intake->options.profile != NULL || !intake->options.recognises)
        return true;
    for (size_t i = 0; (name = profile_builtin_name(i)) != NULL; i++) {
        struct profile *profile = load_if_recognised(intake, name, record, cells, count);
        if (intake->error.code != ERROR_NONE)
            return false;
        if (profile != NULL && intake->profile != NULL) {
            error_set(&intake->error, ERROR_INVALID,
                      "the file looks like an export of %s and like one of %s: say which by "
                      "--profile",
                      intake->profile->name, profile->name);
            profile_free(profile);
            return false;
        }
        if (profile != NULL)
            intake->profile = profile;
    }
    return true;
}

bool intake_note_unused(struct intake *intake, const char *name, size_t length)
{
    for (size_t i = 0; i < intake->unused_count; i++)
        if (strlen(intake->unused[i]) == length && memcmp(intake->unused[i], name, length) == 0)
            return true;
    if (intake->unused_count == MOST_UNUSED)
        return true;
    if (intake->unused == NULL)
        intake->unused = calloc(MOST_UNUSED, sizeof *intake->unused);
    char *kept = intake->unused == NULL ? NULL : strndup(name, length);
    if (kept == NULL)
        return false;
    intake->unused[intake->unused_count++] = kept;
    return true;
}

static bool note_members(struct intake *intake, const struct json_tree *tree)
{
    for (size_t i = 1; i < tree->nodes[0].next; i = tree->nodes[i].next)
        if (!profile_uses(intake->profile, tree->nodes[i].name, tree->nodes[i].name_length) &&
            !intake_note_unused(intake, tree->nodes[i].name, tree->nodes[i].name_length))
            return false;
    return true;
}

enum records_result intake_take_profile(struct intake *intake, struct record *record)
{
    const struct json_tree *tree = intake->json == NULL ? NULL : json_records_tree(intake->json);
    const struct profile_record source = {
        .tree = tree,
        .fields = record->fields,
        .field_count = intake->csv == NULL ? 0 : records_columns(intake->csv)};
    if (intake->unused_count < MOST_UNUSED && tree != NULL && !note_members(intake, tree))
        return intake_out_of_memory(intake);
    if (profile_apply(intake->profile, &source, &intake->sheet, intake->fields)) {
        for (size_t i = 0; i < intake->profile->count; i++)
            if (intake->fields[i].length > intake->options.limits.max_field_bytes) {
                snprintf(intake->message, sizeof intake->message,
                         "the value of %s is longer than %" PRIu64 " bytes: expected a shorter "
                         "one, or a higher max_field_bytes",
                         intake->profile->targets[i].name, intake->options.limits.max_field_bytes);
                return intake_reject(intake, record, RECORDS_TOO_LONG, record->offset);
            }
        record->fields = intake->fields;
        record->lacks = 0;
        return RECORDS_ROW;
    }
    if (intake->sheet.no_memory)
        return intake_out_of_memory(intake);
    snprintf(intake->message, sizeof intake->message, "%s `%.80s`",
             intake->sheet.kind == RECORDS_MEMBER ? "a member is there twice on the way to"
             : intake->sheet.kind == RECORDS_NUL  ? "a NUL character in"
                                                  : "half a character (an unpaired surrogate) in",
             intake->sheet.fault);
    return intake_reject(intake, record, intake->sheet.kind, record->offset);
}
