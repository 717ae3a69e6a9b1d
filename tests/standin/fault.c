/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    enum fault_kind kind;
    unsigned status;
    int64_t wait_ms;
    const char *location;
} names[] = {{"slow", FAULT_NONE, 0, 1000, ""},
             {"never", FAULT_NEVER, 0, 0, ""},
             {"twice", FAULT_TWICE, 0, 0, ""},
             {"null", FAULT_NULL, 0, 0, ""},
             {"truncated", FAULT_TRUNCATED, 0, 0, ""},
             {"short", FAULT_SHORT, 0, 0, ""},
             {"unknown", FAULT_UNKNOWN, 0, 0, ""},
             {"not-json", FAULT_NOT_JSON, 0, 0, ""},
             {"nul", FAULT_NUL, 0, 0, ""},
             {"huge", FAULT_HUGE, 0, 0, ""},
             {"redirect", FAULT_NONE, 302, 0, "/redirected"},
             {"hangup-before", FAULT_HANGUP_BEFORE, 0, 0, ""},
             {"hangup-after", FAULT_HANGUP_AFTER, 0, 0, ""}};

/* Three digits from 200 to 999, then `rest`. */
static unsigned status_of(const char *text, const char *rest)
{
    char *end;
    unsigned long status = strtoul(text, &end, 10);
    bool digits = strspn(text, "0123456789") == 3 && end == text + 3;
    return digits && status >= 200 && strcmp(end, rest) == 0 ? (unsigned)status : 0;
}

static bool take_name(struct fault *fault, const char *name)
{
    if (snprintf(fault->name, sizeof fault->name, "%s", name) >= (int)sizeof fault->name) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i].name) == 0) {
            fault->kind = names[i].kind;
            fault->status = names[i].status;
            fault->wait_ms = names[i].wait_ms;
            snprintf(fault->location, sizeof fault->location, "%s", names[i].location);
            return true;
        }
    }
    fault->status = strncmp(name, "status-", 7) == 0 ? status_of(name + 7, "") : 0;
    if (fault->status == 0) {
        fault->status = status_of(name, "-accepted");
        fault->accepted = true;
    }
    return fault->status != 0;
}

static bool take_text(char *target, const json_t *value)
{
    return json_is_string(value) &&
           snprintf(target, FAULT_TEXT, "%s", json_string_value(value)) < FAULT_TEXT;
}

static bool take_integer(int64_t *target, const json_t *value, int64_t least, int64_t most)
{
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most) {
        return false;
    }
    *target = json_integer_value(value);
    return true;
}

static bool take_number(double *target, const json_t *value, double most)
{
    if (!json_is_number(value) || json_number_value(value) < 0 || json_number_value(value) > most) {
        return false;
    }
    *target = json_number_value(value);
    return true;
}

/* One day: longer than any test. */
enum { LONGEST_SECONDS = 86400 };

static bool take_member(struct fault *fault, const char *key, const json_t *value,
                        double *milliseconds)
{
    double number = 0;
    int64_t integer = 0;
    bool taken = true;
    if (strcmp(key, "fault") == 0) {
        return true;
    } else if (strcmp(key, "path") == 0) {
        taken = take_text(fault->path, value);
    } else if (strcmp(key, "location") == 0) {
        taken = take_text(fault->location, value);
    } else if (strcmp(key, "after") == 0) {
        taken = take_integer(&fault->after, value, 0, INT64_MAX);
    } else if (strcmp(key, "count") == 0) {
        taken = take_integer(&fault->count, value, 0, INT64_MAX);
    } else if (strcmp(key, "probability") == 0) {
        taken = take_number(&fault->probability, value, 1);
    } else if (strcmp(key, "seconds") == 0) {
        taken = take_number(&number, value, LONGEST_SECONDS);
        *milliseconds = (*milliseconds < 0 ? 0 : *milliseconds) + number * 1000;
    } else if (strcmp(key, "milliseconds") == 0) {
        taken = take_number(&number, value, LONGEST_SECONDS * 1000.0);
        *milliseconds = (*milliseconds < 0 ? 0 : *milliseconds) + number;
    } else if (strcmp(key, "retry_after") == 0) {
        taken = take_integer(&fault->retry_after, value, 0, INT_MAX);
    } else if (strcmp(key, "mebibytes") == 0) {
        taken = take_integer(&fault->mebibytes, value, 1, 65536);
    } else if (strcmp(key, "status") == 0) {
        taken = take_integer(&integer, value, 200, 999);
        fault->status = (unsigned)integer;
    } else {
        return false;
    }
    return taken;
}

static bool take_fault(struct fault *fault, const json_t *object, char *error, size_t error_size)
{
    const char *name = json_string_value(json_object_get(object, "fault"));
    *fault = (struct fault){.count = -1, .probability = 1, .retry_after = -1, .mebibytes = 64};
    if (name == NULL || !take_name(fault, name)) {
        snprintf(error, error_size, "fault: unknown name \"%.60s\"", name == NULL ? "" : name);
        return false;
    }
    double milliseconds = -1;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        if (!take_member(fault, key, value, &milliseconds)) {
            snprintf(error, error_size, "fault %s: %.60s: unknown key or bad value", name, key);
            return false;
        }
    }
    if (milliseconds >= 0) {
        fault->wait_ms = (int64_t)milliseconds;
    }
    return true;
}

/* A word of the command line as JSON: a number where it is one and the key wants one. */
static json_t *word_value(const char *key, const char *word)
{
    if (strcmp(key, "path") == 0 || strcmp(key, "location") == 0) {
        return json_string(word);
    }
    char *end;
    long long integer = strtoll(word, &end, 10);
    if (end != word && *end == '\0') {
        return json_integer(integer);
    }
    double real = strtod(word, &end);
    return end != word && *end == '\0' ? json_real(real) : json_string(word);
}

bool fault_add_text(struct fault_list *list, const char *text, char *error, size_t error_size)
{
    bool added = false;
    char *copy = strdup(text);
    json_t *object = json_object();
    if (copy == NULL || object == NULL || list->count == FAULT_LIST) {
        snprintf(error, error_size, "fault: no room, at most %d faults", FAULT_LIST);
        goto out;
    }
    char *rest = strchr(copy, ':');
    if (rest != NULL) {
        *rest++ = '\0';
    }
    json_object_set_new(object, "fault", json_string(copy));
    while (rest != NULL && *rest != '\0') {
        char *next = strchr(rest, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        char *word = strchr(rest, '=');
        if (word == NULL) {
            snprintf(error, error_size, "fault %s: \"%.60s\" must be key=value", copy, rest);
            goto out;
        }
        *word++ = '\0';
        json_object_set_new(object, rest, word_value(rest, word));
        rest = next;
    }
    struct fault fault;
    if (take_fault(&fault, object, error, error_size)) {
        list->faults[list->count++] = fault;
        added = true;
    }
out:
    json_decref(object);
    free(copy);
    return added;
}

bool fault_replace(struct fault_list *list, const json_t *array, char *error, size_t error_size)
{
    static struct fault faults[FAULT_LIST];
    if (!json_is_array(array) || json_array_size(array) > FAULT_LIST) {
        snprintf(error, error_size, "faults: must be an array of at most %d objects", FAULT_LIST);
        return false;
    }
    size_t count = json_array_size(array);
    for (size_t i = 0; i < count; i++) {
        if (!take_fault(&faults[i], json_array_get(array, i), error, error_size)) {
            return false;
        }
    }
    memcpy(list->faults, faults, count * sizeof faults[0]);
    list->count = count;
    return true;
}

json_t *fault_describe(const struct fault_list *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct fault *fault = &list->faults[i];
        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:I, s:I, s:I, s:I}", "fault", fault->name,
                                        "path", fault->path, "after", (json_int_t)fault->after,
                                        "count", (json_int_t)fault->count, "seen",
                                        (json_int_t)fault->seen, "hits", (json_int_t)fault->hits));
    }
    return array;
}

/* Splitmix64: the same seed gives the same faults on every machine. */
uint64_t fault_random(struct fault_list *list)
{
    list->random += 0x9e3779b97f4a7c15u;
    uint64_t value = list->random;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

const struct fault *fault_choose(struct fault_list *list, const char *path, bool standard)
{
    for (size_t i = 0; i < list->count; i++) {
        struct fault *fault = &list->faults[i];
        bool applies = fault->path[0] == '\0'
                           ? standard
                           : strncmp(path, fault->path, strlen(fault->path)) == 0;
        if (!applies || (fault->count >= 0 && fault->hits >= fault->count) ||
            fault->seen++ < fault->after) {
            continue;
        }
        if (fault->probability < 1 &&
            (double)(fault_random(list) >> 11) * 0x1p-53 >= fault->probability) {
            continue;
        }
        fault->hits++;
        return fault;
    }
    return NULL;
}

bool fault_keeps(const struct fault *fault)
{
    if (fault == NULL || fault->accepted || fault->kind == FAULT_NEVER ||
        fault->kind == FAULT_HANGUP_AFTER) {
        return true;
    }
    /* The vendor keeps and processes what it answers 429 to. */
    return fault->status == 0 || (fault->status >= 200 && fault->status < 300) ||
           fault->status == 429;
}

unsigned fault_status(const struct fault *fault, unsigned usual)
{
    if (fault == NULL) {
        return usual;
    }
    if (fault->kind == FAULT_NEVER || fault->kind == FAULT_HANGUP_BEFORE ||
        fault->kind == FAULT_HANGUP_AFTER) {
        return 0;
    }
    return fault->status == 0 ? usual : fault->status;
}
