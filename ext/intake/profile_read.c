/* SPDX-License-Identifier: MIT */
/* profile_read.c: a profile's text. Its lines are read here, not by libinih, whose limits are
 * variables of the whole process, which the host of an extension may want otherwise.
 */
#include "intake/profile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "intake/profile_expression.h"

enum { SECTION = 80, LONGEST_PROFILE = 1 << 20, MOST_TARGETS = 200 };

struct reading {
    struct profile *profile;
    const struct header_names *names;
    const char *place;
    unsigned line;
    char section[SECTION];
    struct error *error;
};

static bool complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool complain(struct reading *reading, const char *format, ...)
{
    char what[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    return error_set(reading->error, ERROR_INVALID, "%.300s, line %u: %s", reading->place,
                     reading->line, what);
}

static bool out_of_memory(struct reading *reading)
{
    return error_no_memory(reading->error, "reading a profile");
}

/* Makes room for one more in an array. NULL: out of memory. */
static void *grow(void *array, size_t *count, size_t size)
{
    char *more = reallocarray(array, *count + 1, size);
    if (more != NULL) {
        memset(more + *count * size, 0, size);
        ++*count;
    }
    return more;
}

static bool add_text(struct reading *reading, char ***list, size_t *count, const char *text,
                     size_t length)
{
    char **more = grow(*list, count, sizeof *more);
    if (more == NULL)
        return out_of_memory(reading);
    *list = more;
    more[*count - 1] = strndup(text, length);
    return more[*count - 1] != NULL || out_of_memory(reading);
}

/* Names separated by commas; one may be empty. */
static bool add_list(struct reading *reading, char ***list, size_t *count, const char *value)
{
    for (const char *at = value;;) {
        size_t length = strcspn(at, ",");
        const char *next = at + length;
        at += strspn(at, " \t");
        size_t kept = next > at ? (size_t)(next - at) : 0;
        while (kept > 0 && (at[kept - 1] == ' ' || at[kept - 1] == '\t'))
            kept--;
        if (!add_text(reading, list, count, at, kept))
            return false;
        if (*next == '\0')
            return true;
        at = next + 1;
    }
}

static bool fail_expression(struct reading *reading, const struct error *why)
{
    return why->code == ERROR_NO_MEMORY ? out_of_memory(reading)
                                        : complain(reading, "%.400s", why->text);
}

static bool set_about(struct reading *reading, const char *key, const char *value)
{
    struct profile *profile = reading->profile;
    struct error why;
    if (strcmp(key, "form") == 0) {
        profile->is_csv = strcmp(value, "csv") == 0;
        profile->is_json = strcmp(value, "json") == 0;
        return profile->is_csv || profile->is_json ||
               complain(reading, "form: expected csv or json");
    }
    if (strcmp(key, "records") == 0)
        return add_list(reading, &profile->members, &profile->member_count, value);
    if (strcmp(key, "header") == 0)
        return add_list(reading, &profile->header, &profile->header_count, value);
    if (strcmp(key, "mark") != 0)
        return complain(reading, "unknown key `%.60s`: expected form, records, header or mark",
                        key);
    struct profile_conditions *marks =
        grow(profile->marks, &profile->mark_count, sizeof *profile->marks);
    if (marks == NULL)
        return out_of_memory(reading);
    profile->marks = marks;
    return profile_conditions_read(value, &marks[profile->mark_count - 1], &why) ||
           fail_expression(reading, &why);
}

static bool is_column(const struct header_names *names, const char *name)
{
    size_t prefix = names->prefix == NULL ? 0 : strlen(names->prefix);
    return header_find(names, name) >= 0 ||
           (prefix > 0 && strncmp(name, names->prefix, prefix) == 0 && name[prefix] != '\0');
}

static struct profile_target *target_named(struct reading *reading, const char *name)
{
    struct profile *profile = reading->profile;
    for (size_t i = 0; i < profile->count; i++)
        if (strcmp(profile->targets[i].name, name) == 0)
            return &profile->targets[i];
    struct profile_target *more = grow(profile->targets, &profile->count, sizeof *more);
    if (more == NULL) {
        out_of_memory(reading);
        return NULL;
    }
    profile->targets = more;
    more += profile->count - 1;
    more->name = strdup(name);
    more->written = strdup("");
    if (more->name != NULL && more->written != NULL)
        return more;
    out_of_memory(reading);
    return NULL;
}

/* Finds the column that a path is `@` of. */
static bool resolve_path(struct reading *reading, struct profile_path *path)
{
    const struct profile *profile = reading->profile;
    if (path->text == NULL || path->text[0] != '@')
        return true;
    if (strcmp(path->text, "@now") == 0)
        path->target = PROFILE_NOW;
    for (size_t i = 0; i + 1 < profile->count; i++) /* the last one is being made */
        if (strcmp(profile->targets[i].name, path->text + 1) == 0)
            path->target = i + 1;
    return path->target > 0 ||
           complain(reading, "unknown `%.60s`: expected @now, or a column of the lines above",
                    path->text);
}

static bool resolve(struct reading *reading, const struct profile_target *target)
{
    for (size_t i = 0; i < target->count; i++) {
        struct profile_choice *choice = &target->choices[i];
        for (size_t k = 0; k < choice->count; k++)
            if (!resolve_path(reading, &choice->pieces[k].path))
                return false;
        for (size_t k = 0; k < choice->only_if.count; k++)
            if (!resolve_path(reading, &choice->only_if.list[k].path))
                return false;
    }
    return true;
}

/* A further line about the same column is a further choice. */
static bool set_column(struct reading *reading, const char *key, const char *value)
{
    struct error why;
    char *written;
    if (!is_column(reading->names, key))
        return complain(reading, "unknown column `%.60s`: expected one that a sign-up has", key);
    if (reading->profile->count == MOST_TARGETS)
        return complain(reading, "expected at most %d columns", MOST_TARGETS);
    struct profile_target *target = target_named(reading, key);
    if (target == NULL)
        return false;
    if (!profile_choices_read(value, &target->choices, &target->count, &why))
        return fail_expression(reading, &why);
    if (!resolve(reading, target))
        return false;
    if (asprintf(&written, "%s%s%s", target->written, target->written[0] == '\0' ? "" : " | ",
                 value) < 0)
        return out_of_memory(reading);
    free(target->written);
    target->written = written;
    return true;
}

static bool set_word(struct reading *reading, const char *key, const char *value)
{
    struct profile *profile = reading->profile;
    struct profile_word *more = grow(profile->words, &profile->word_count, sizeof *more);
    if (more == NULL)
        return out_of_memory(reading);
    profile->words = more;
    more += profile->word_count - 1;
    more->target = strdup(reading->section + strlen("values "));
    more->from = strdup(key);
    more->to = strdup(value);
    return (more->target != NULL && more->from != NULL && more->to != NULL) ||
           out_of_memory(reading);
}

static bool begin_section(struct reading *reading, const char *line)
{
    size_t length = strcspn(line + 1, "]");
    if (line[1 + length] != ']' || line[2 + length] != '\0' || length >= SECTION)
        return complain(reading, "expected a section in brackets");
    snprintf(reading->section, sizeof reading->section, "%.*s", (int)length, line + 1);
    if (strcmp(reading->section, "profile") == 0 || strcmp(reading->section, "columns") == 0)
        return true;
    if (strncmp(reading->section, "values ", 7) == 0 &&
        is_column(reading->names, reading->section + 7))
        return true;
    return complain(reading,
                    "unknown section [%.60s]: expected [profile], [columns] or [values COLUMN]",
                    reading->section);
}

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

static bool read_line(struct reading *reading, char *text)
{
    char *line = trim(text);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';')
        return true;
    if (line[0] == '[')
        return begin_section(reading, line);
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return complain(reading, "expected NAME = VALUE");
    *equals = '\0';
    const char *key = trim(line), *value = trim(equals + 1);
    if (strcmp(reading->section, "profile") == 0)
        return set_about(reading, key, value);
    if (strcmp(reading->section, "columns") == 0)
        return set_column(reading, key, value);
    if (reading->section[0] != '\0')
        return set_word(reading, key, value);
    return complain(reading, "expected a section such as [profile] before the first value");
}

static bool read_lines(struct reading *reading, char *text)
{
    for (char *line = text; line != NULL;) {
        char *feed = strchr(line, '\n');
        if (feed != NULL)
            *feed = '\0';
        reading->line++;
        if (!read_line(reading, line))
            return false;
        line = feed == NULL ? NULL : feed + 1;
    }
    if (reading->profile->count == 0)
        return complain(reading, "expected columns in a section [columns]");
    return true;
}

struct profile *profile_read(const char *text, const char *place, const char *name,
                             const struct header_names *names, struct error *error)
{
    struct profile *profile = calloc(1, sizeof *profile);
    struct reading reading = {.profile = profile, .names = names, .place = place, .error = error};
    char *copy = strdup(text);
    if (profile != NULL)
        profile->name = strdup(name);
    bool good = profile != NULL && copy != NULL && profile->name != NULL;
    if (!good)
        out_of_memory(&reading);
    good = good && read_lines(&reading, copy);
    free(copy);
    if (good)
        return profile;
    profile_free(profile);
    return NULL;
}

static void free_list(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

void profile_free(struct profile *profile)
{
    if (profile == NULL)
        return;
    for (size_t i = 0; i < profile->mark_count; i++)
        profile_conditions_free(&profile->marks[i]);
    for (size_t i = 0; i < profile->count; i++) {
        free(profile->targets[i].name);
        free(profile->targets[i].written);
        profile_choices_free(profile->targets[i].choices, profile->targets[i].count);
    }
    for (size_t i = 0; i < profile->word_count; i++) {
        free(profile->words[i].target);
        free(profile->words[i].from);
        free(profile->words[i].to);
    }
    free(profile->marks);
    free(profile->targets);
    free(profile->words);
    free_list(profile->members, profile->member_count);
    free_list(profile->header, profile->header_count);
    free(profile->name);
    free(profile);
}

/* -- where profiles are -- */

static char *read_file(const char *path, struct error *error)
{
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = NULL;
    size_t length = 0;
    ssize_t got = -1;
    if (file < 0 || fstat(file, &facts) != 0)
        error_set(error, ERROR_INVALID, "profile %.300s: %s", path, strerror(errno));
    else if (!S_ISREG(facts.st_mode) || facts.st_size > LONGEST_PROFILE)
        error_set(error, ERROR_INVALID, "profile %.300s: expected a file of at most %d bytes", path,
                  LONGEST_PROFILE);
    else if ((text = calloc(1, LONGEST_PROFILE + 2)) == NULL)
        error_no_memory(error, "reading a profile");
    while (text != NULL && length <= LONGEST_PROFILE &&
           (got = read(file, text + length, LONGEST_PROFILE + 1 - length)) > 0)
        length += (size_t)got;
    if (text != NULL && (got < 0 || length > LONGEST_PROFILE || memchr(text, '\0', length))) {
        error_set(error, got < 0 ? ERROR_IO : ERROR_INVALID, "profile %.300s: %s", path,
                  got < 0 ? strerror(errno) : "expected a text");
        free(text);
        text = NULL;
    }
    if (file >= 0)
        close(file);
    return text;
}

/* The built-in ones, in words. */
static void list_builtins(char *list, size_t size)
{
    size_t length = 0;
    list[0] = '\0';
    for (size_t i = 0; profile_builtin_name(i) != NULL && length < size; i++)
        length += (size_t)snprintf(list + length, size - length, "%s%s", i == 0 ? "" : ", ",
                                   profile_builtin_name(i));
}

struct profile *profile_load(const char *name_or_path, const struct header_names *names,
                             struct error *error)
{
    char place[128], builtins[256];
    const char *text = profile_builtin_text(name_or_path);
    if (text != NULL) {
        snprintf(place, sizeof place, "profile %s", name_or_path);
        return profile_read(text, place, name_or_path, names, error);
    }
    char *file = read_file(name_or_path, error);
    if (file == NULL) {
        list_builtins(builtins, sizeof builtins);
        if (strchr(name_or_path, '/') == NULL && error->code == ERROR_INVALID)
            error_set(error, ERROR_INVALID, "%s; the built-in ones are %s", error->text, builtins);
        return NULL;
    }
    const char *slash = strrchr(name_or_path, '/');
    struct profile *profile =
        profile_read(file, name_or_path, slash == NULL ? name_or_path : slash + 1, names, error);
    free(file);
    return profile;
}
