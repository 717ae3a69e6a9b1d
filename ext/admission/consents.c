/* SPDX-License-Identifier: MIT */
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

struct stated {
    char name[LONGEST_NAME + 1], version[LONGEST_VERSION + 1]; /* "": no version */
    const char *state;
};

/* What has been read so far, in the order in which it was stated. Most sign-ups have few. */
enum { FEW = 4 };
struct reading {
    struct stated few[FEW], *all;
    size_t count, capacity;
    enum rule rule;     /* what was made of it */
    bool out_of_memory; /* which is no fault of the consents */
};

static struct stated *find(const struct reading *reading, const char *name)
{
    for (size_t i = 0; i < reading->count; i++)
        if (strcmp(reading->all[i].name, name) == 0)
            return &reading->all[i];
    return NULL;
}

static struct stated *append(struct reading *reading)
{
    if (reading->count == reading->capacity) {
        bool first = reading->all == reading->few;
        size_t capacity = 2 * reading->capacity;
        struct stated *all = realloc(first ? NULL : reading->all, capacity * sizeof *all);
        if (all == NULL) {
            reading->out_of_memory = true;
            return NULL;
        }
        if (first)
            memcpy(all, reading->few, sizeof reading->few);
        reading->all = all;
        reading->capacity = capacity;
    }
    return &reading->all[reading->count++];
}

/* Keeps one consent; two that differ are no answer. */
static bool keep(struct reading *reading, const char *name, const char *state, const char *version)
{
    struct stated *one = find(reading, name);
    if (one != NULL && (strcmp(one->state, state) != 0 || strcmp(one->version, version) != 0)) {
        reading->count--;
        memmove(one, one + 1, (size_t)(reading->all + reading->count - one) * sizeof *one);
        reading->rule = RULE_ambiguous;
        return false;
    }
    if (one == NULL && (one = append(reading)) != NULL) {
        memcpy(one->name, name, strlen(name) + 1);
        memcpy(one->version, version, strlen(version) + 1);
        one->state = state;
    }
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
    return keep(reading, name, known, version == NULL ? "" : version);
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
        reading->count = 0;
    return right;
}

/* A header's words: `Consent Terms` is the consent that the settings call `terms`. One that neither
 * they nor a report knows is called as it is written. */
static const char *known_name(const struct settings *settings, const char *written)
{
    const char *name;
    json_t *version;
    for (size_t i = 0; (name = settings_required_consent(settings, i)) != NULL; i++)
        if (header_same_name(written, name))
            return name;
    json_object_foreach(settings->consent_versions, name, version)
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

static void judge_required(const struct reading *reading, const struct settings *settings,
                           struct reasons *reasons)
{
    const char *name;
    for (size_t i = 0; (name = settings_required_consent(settings, i)) != NULL; i++) {
        const struct stated *one = find(reading, name);
        if (one == NULL || strcmp(one->state, "accepted") != 0)
            reasons->others |= 1U << REASON_consent_required;
    }
}

static void judge_versions(const struct reading *reading, const struct settings *settings,
                           struct reasons *reasons)
{
    for (size_t i = 0; i < reading->count; i++) {
        const char *current = settings_consent_version(settings, reading->all[i].name);
        if (current != NULL && strcmp(current, reading->all[i].version) != 0)
            reasons->others |= 1U << REASON_consent_version_unknown;
    }
}

/* A clean text: nothing but quotes and backslashes needs an escape. */
static char *put_string(char *at, const char *text)
{
    *at++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at++ = '"';
    return at;
}

/* {"NAME":{"state":"accepted","version":"3"},...} */
static char *json_of(const struct reading *reading)
{
    enum { WORDS = 48 }; /* what is written besides a name and a version */
    char *json = malloc(reading->count * (2 * sizeof(struct stated) + WORDS) + sizeof "{}"),
         *at = json;
    if (json == NULL)
        return NULL;
    for (size_t i = 0; i < reading->count; i++) {
        const struct stated *one = &reading->all[i];
        *at++ = i == 0 ? '{' : ',';
        at = put_string(at, one->name);
        at = stpcpy(at, ":{\"state\":");
        at = put_string(at, one->state);
        if (one->version[0] != '\0') {
            at = stpcpy(at, ",\"version\":");
            at = put_string(at, one->version);
        }
        *at++ = '}';
    }
    memcpy(at, "}", sizeof "}");
    return json;
}

bool consents_read(const struct signup *signup, const struct settings *settings, bool judge,
                   struct reasons *reasons, enum rule *rule, char **json)
{
    const char *document = signup->text[SIGNUP_consents];
    struct reading reading;
    reading.all = reading.few;
    reading.count = 0;
    reading.capacity = FEW;
    reading.rule = RULE_as_given;
    reading.out_of_memory = false;
    *json = NULL;
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
        judge_required(&reading, settings, reasons);
        judge_versions(&reading, settings, reasons);
    }
    bool whole = !reading.out_of_memory;
    if (whole && reading.count > 0)
        whole = (*json = json_of(&reading)) != NULL;
    if (reading.all != reading.few)
        free(reading.all);
    return whole;
}
