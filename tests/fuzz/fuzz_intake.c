/* SPDX-License-Identifier: MIT */
/* fuzz_intake: any bytes as a file of sign-ups, by any profile and in any encoding.
 *
 * The first three bytes choose those, and how many bytes a read gives. Beside what the sanitisers
 * see: fields are texts, and the rows are the same however the bytes come in. The same bytes are
 * read as a profile, too.
 */
#include "../unit/csv/records_memory.h"

#include "intake/intake.h"
#include "values/signup.h"

#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

static void tell_row(struct story *story, const struct intake *intake, const struct record *record)
{
    const struct header *header = intake_header(intake);
    story_add(story, "%" PRIu64 " %" PRIu64, record->line, record->end);
    for (size_t i = 0; i < header->count; i++) {
        const struct fields_field *field = &record->fields[i];
        require(strlen(field->text) == field->length);
        require(fields_first_bad_byte((const unsigned char *)field->text, field->length) ==
                field->length);
        story_add(story, " [%s]", field->text);
    }
    story_add(story, "\n");
}

static char *story_as(const struct memory *bytes, bool seekable,
                      const struct intake_options *options)
{
    struct memory memory = *bytes;
    const struct input_source source = memory_source(&memory, seekable);
    struct story story = {0};
    struct record record;
    struct error error = {.code = ERROR_NONE};
    char form[INTAKE_FORM];
    enum records_result result;
    struct intake *intake = intake_open(&source, options, &error);
    if (intake == NULL) {
        require(error.code == ERROR_INVALID && error.text[0] != '\0');
        story_add(&story, "unreadable: %s\n", error.text);
        return story.text;
    }
    intake_form(intake, form);
    story_add(&story, "%s %s\n", form, intake_unit(intake));
    while ((result = intake_next(intake, &record)) == RECORDS_ROW || result == RECORDS_REJECT)
        if (result == RECORDS_ROW)
            tell_row(&story, intake, &record);
        else
            story_add(&story, "%" PRIu64 " %s: %s\n", record.line, records_kind_name(record.kind),
                      record.message);
    story_add(&story, "%s\n", result == RECORDS_END ? "end" : intake_error(intake)->text);
    intake_close(intake);
    return story.text;
}

static void read_profile(const char *bytes, size_t length)
{
    char *text = strndup(bytes, length);
    struct error error;
    struct profile *profile =
        text == NULL ? NULL : profile_read(text, "a profile", "x", &signup_header, &error);
    profile_free(profile);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const profiles[] = {NULL,       "none",     "auth0", "cognito",
                                           "firebase", "keycloak", "kratos"};
    if (size < 3)
        return 0;
    const struct intake_options options = {
        .limits = {.max_field_bytes = data[2] >= 128 ? 64 : 4096,
                   .encoding = (enum recode_encoding)(data[1] % 6)},
        .names = &signup_header,
        .is_header = signup_header_names_people,
        .expected = signup_people_columns,
        .profile = profiles[data[0] % 7],
        .recognises = true};
    struct memory memory = {.bytes = (const char *)data + 3, .length = size - 3};
    read_profile(memory.bytes, memory.length);
    char *whole = story_as(&memory, true, &options);
    memory.step = data[2] % 16 + 1U;
    char *pieces = story_as(&memory, false, &options);
    /* `@now` may have passed on. */
    require(strcmp(whole, pieces) == 0 || strstr(whole, "Z]") != NULL);
    free(whole);
    free(pieces);
    return 0;
}
