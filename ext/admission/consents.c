#include "admission/consents.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "values/document.h"
#include "values/mend.h"
#include "ledger/reasons.h"
#include "ledger/settings.h"
#include "values/signup.h"
#include "values/text.h"

/* The fraud API's marketingEmailsEnabled. */
static const char of_reports[] = "marketing";

enum { LONGEST_NAME = 64, LONGEST_VERSION = 64, LONGEST_CELL = 8 + 1 + LONGEST_VERSION };

static const char *state_named(const char *text, size_t length)
{
    static const struct {
        const char *word;
        const char *state;
    } words[] = {{"accepted", "accepted"}, {"true", "accepted"},     {"yes", "accepted"},
                 {"1", "accepted"},        {"declined", "declined"}, {"false", "declined"},
                 {"no", "declined"},       {"0", "declined"},        {"y", "accepted"},
                 {"n", "declined"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == length && text_same_start(words[i].word, text, length))
            return words[i].state;
    return NULL;
}

/* What has been read so far. */
struct reading {
    json_t *all;
    enum rule rule;     /* what was made of it */
    bool out_of_memory; /* which is no fault of the consents */
};

/* Keeps one consent; two that differ are no answer. */
static bool keep(struct reading *reading, const char *name, json_t *consent)
{
    const json_t *before = json_object_get(reading->all, name);
    if (before != NULL && consent != NULL && json_equal(before, consent) == 0) {
        json_decref(consent);
        json_object_del(reading->all, name);
        reading->rule = RULE_ambiguous;
        return false;
    }
    if (json_object_set_new(reading->all, name, consent) != 0)
        reading->out_of_memory = true;
    return true;
}

/* Adds one consent; false where it cannot be read. */
static bool add(struct reading *reading, const char *name, const char *state, size_t state_length,
                const char *version)
{
    size_t from = 0, to = state_length;
    if (mend_trim(state, &from, &to) && reading->rule == RULE_as_given)
        reading->rule = RULE_blanks;
    const char *known = state_named(state + from, to - from);
    if (known == NULL || !text_is_clean(name, LONGEST_NAME) ||
        (version != NULL && !text_is_clean(version, LONGEST_VERSION)))
        return false;
    /* Not by "s*", which leaves a version out where memory fails. */
    return keep(reading, name,
                version == NULL ? json_pack("{s:s}", "state", known)
                                : json_pack("{s:s, s:s}", "state", known, "version", version));
}

static bool add_member(struct reading *reading, const char *name, const json_t *value)
{
    const char *version = NULL, *state = json_string_value(value);
    if (json_is_boolean(value))
        state = json_is_true(value) ? "accepted" : "declined";
    if (json_is_object(value)) {
        const json_t *stated = json_object_get(value, "version");
        state = json_string_value(json_object_get(value, "state"));
        version = json_string_value(stated);
        if (stated != NULL && !json_is_null(stated) && version == NULL)
            return false;
    }
    return state != NULL && add(reading, name, state, strlen(state), version);
}

/* Cleeng sends an array of objects with a name, others an object by name. */
static bool add_document(struct reading *reading, const char *text)
{
    struct error error;
    if (strnlen(text, SIGNUP_LONGEST_CONSENTS + 1) > SIGNUP_LONGEST_CONSENTS)
        return false;
    json_t *document = document_parse(text, 0, NULL, &error);
    bool right = json_is_object(document) || json_is_array(document);
    if (document == NULL)
        reading->out_of_memory = error.code == ERROR_NO_MEMORY;
    const char *name;
    json_t *value;
    if (json_is_object(document))
        json_object_foreach(document, name, value) right =
            right && add_member(reading, name, value);
    for (size_t i = 0; right && i < json_array_size(document); i++) {
        name = json_string_value(json_object_get(json_array_get(document, i), "name"));
        right = name != NULL && add_member(reading, name, json_array_get(document, i));
    }
    json_decref(document);
    if (!right) /* what is not of its form is not kept, nor any part of it */
        json_object_clear(reading->all);
    return right;
}

/* A header's words: `Consent Terms` is the consent that the settings call `terms`. One that neither
 * they nor a report knows is called as it is written. */
static const char *known_name(const struct settings *settings, const char *written)
{
    const char *name;
    json_t *versions = json_object_get(settings->json, "consentVersions"), *version;
    for (size_t i = 0; (name = settings_required_consent(settings, i)) != NULL; i++)
        if (header_same_name(written, name))
            return name;
    json_object_foreach(versions, name, version)
    {
        if (header_same_name(written, name))
            return name;
    }
    return header_same_name(written, of_reports) ? of_reports : written;
}

/* STATE or STATE@VERSION, perhaps with blanks around it. */
static bool add_column(struct reading *reading, const char *name, const char *value)
{
    char cell[LONGEST_CELL + 1];
    size_t from = 0, to = strnlen(value, INT32_MAX / 2);
    bool blanks = mend_trim(value, &from, &to);
    if (from == to) /* nothing but blanks is an empty cell */
        return true;
    if (blanks && reading->rule == RULE_as_given)
        reading->rule = RULE_blanks;
    if (to - from > LONGEST_CELL)
        return false;
    memcpy(cell, value + from, to - from);
    cell[to - from] = '\0';
    const char *at = strchr(cell, '@');
    return add(reading, name, cell, at == NULL ? strlen(cell) : (size_t)(at - cell),
               at == NULL ? NULL : at + 1);
}

static void judge_required(const json_t *all, const struct settings *settings,
                           struct reasons *reasons)
{
    const char *name;
    for (size_t i = 0; (name = settings_required_consent(settings, i)) != NULL; i++) {
        const char *state = json_string_value(json_object_get(json_object_get(all, name), "state"));
        if (state == NULL || strcmp(state, "accepted") != 0)
            reasons->others |= 1U << REASON_consent_required;
    }
}

static void judge_versions(json_t *all, const struct settings *settings, struct reasons *reasons)
{
    const char *name;
    json_t *value;
    json_object_foreach(all, name, value)
    {
        const char *current = settings_consent_version(settings, name),
                   *stated = json_string_value(json_object_get(value, "version"));
        if (current != NULL && (stated == NULL || strcmp(current, stated) != 0))
            reasons->others |= 1U << REASON_consent_version_unknown;
    }
}

bool consents_read(const struct signup *signup, const struct settings *settings, bool judge,
                   struct reasons *reasons, enum rule *rule, char **json)
{
    const char *document = signup->text[SIGNUP_consents];
    struct reading reading = {.all = json_object()};
    json_t *all = reading.all;
    *json = NULL;
    if (all == NULL)
        return false;
    bool readable = document == NULL || add_document(&reading, document);
    for (size_t i = 0; i < signup->consent_count; i++)
        if (signup->consents[i].value != NULL)
            readable = add_column(&reading, known_name(settings, signup->consents[i].name),
                                  signup->consents[i].value) &&
                       readable;
    if (!readable) {
        reasons->invalid |= UINT64_C(1) << SIGNUP_consents;
        *rule = reading.rule == RULE_ambiguous ? RULE_ambiguous : RULE_form;
    } else {
        *rule = reading.rule;
    }
    if (judge) {
        judge_required(all, settings, reasons);
        judge_versions(all, settings, reasons);
    }
    bool whole = !reading.out_of_memory;
    if (whole && json_object_size(all) > 0)
        whole = (*json = document_text(all, JSON_COMPACT)) != NULL;
    json_decref(all);
    return whole;
}
