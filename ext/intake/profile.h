/* SPDX-License-Identifier: MIT */
/* profile.h: which values of another system's export become which of our columns: a text file, not
 * code. samples/profiles/README.md describes its language.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "csv/records.h"
#include "json/json_tree.h"
#include "values/error.h"
#include "values/header.h"

/* `traits.name.first`, `identities[0].provider`, `credentials[type=password]`: one step after the
 * other; or the name of a CSV file's column; or `@now`; or `@name`, what was made of the record for
 * a column of ours before. */
struct profile_step {
    char *name;  /* of a member; NULL: of an item, by its place or by a member of its own: */
    char *where; /* the member's name, or NULL */
    char *is;    /* its text */
    size_t place;
};

#define PROFILE_NOW SIZE_MAX
struct profile_path {
    char *text; /* as it is written */
    struct profile_step *steps;
    size_t count;
    size_t column; /* of a CSV file, from 1; 0: it has none of that name */
    size_t target; /* what it is `@` of, from 1; 0: nothing; PROFILE_NOW: the time of the import */
};

/* PATH, !PATH, PATH = "TEXT", PATH is given, PATH is boolean, PATH is number. */
struct profile_condition {
    enum {
        PROFILE_HOLDS,
        PROFILE_HOLDS_NOT,
        PROFILE_EQUALS,
        PROFILE_GIVEN,
        PROFILE_BOOLEAN,
        PROFILE_NUMBER
    } test;
    struct profile_path path;
    char *word;
};

struct profile_conditions {
    struct profile_condition *list;
    size_t count;
};

/* A piece of a value: a text as it is, or what a path leads to. */
struct profile_piece {
    char *literal; /* NULL: */
    struct profile_path path;
};

/* One way to a value: given where all its paths lead to something and its conditions hold. */
struct profile_choice {
    struct profile_piece *pieces;
    size_t count;
    char *format; /* NULL: as it is; "seconds", "milliseconds", or a pattern of strptime() */
    struct profile_conditions only_if;
};

struct profile_target {
    char *name;    /* of our column */
    char *written; /* what it is made of, as it is written */
    struct profile_choice *choices;
    size_t count;
};

/* A value that means another one; `*` is any that is not named. */
struct profile_word {
    char *target, *from, *to;
};

struct profile {
    char *name;
    bool is_csv, is_json; /* neither is named: both will do */
    char **members;       /* that may hold the array of records */
    size_t member_count;
    char **header; /* the columns of a CSV file without a header */
    size_t header_count;
    struct profile_conditions *marks; /* one of which tells a file of that kind */
    size_t mark_count;
    struct profile_target *targets;
    size_t count;
    struct profile_word *words;
    size_t word_count;
};

/*
 * Reads a profile; `place` is its file or name in messages, and `names` are the columns that there
 * are. NULL: `error` names the line.
 */
struct profile *profile_read(const char *text, const char *place, const char *name,
                             const struct header_names *names, struct error *error);
void profile_free(struct profile *profile);

/* The built-in ones: their names, from 0 on, and NULL after the last. */
const char *profile_builtin_name(size_t n);
/* NULL: none of that name. */
const char *profile_builtin_text(const char *name);

/* A built-in one by its name, or else the file of that path. */
struct profile *profile_load(const char *name_or_path, const struct header_names *names,
                             struct error *error);

/* What a record has: its tree, or the fields of a CSV file. */
struct profile_record {
    const struct json_tree *tree; /* NULL: CSV */
    const struct fields_field *fields;
    size_t field_count;
};

/* Finds the columns of a CSV file. */
void profile_bind(struct profile *profile, const char *const *cells, size_t count);

/* Whether a record looks as one of that system's. Of a CSV file with a header, `record` is NULL and
 * its columns alone are asked for. */
bool profile_recognises(const struct profile *profile, const struct profile_record *record);

/* The texts that are made of a record. Wiped when it ends. */
struct profile_sheet {
    char *text;
    size_t used, capacity;
    bool no_memory;
    enum records_kind kind; /* why there is none: RECORDS_NUL, RECORDS_ENCODING, RECORDS_MEMBER */
    const char *fault;      /* the path it is about; NULL: all is well */
    const char *now;        /* the time of the import */
    const struct fields_field *made; /* those of the record in hand that are done: their lengths */
};
void profile_sheet_end(struct profile_sheet *sheet);

/* One field for each target, in order; they point into the sheet. False: `no_memory`, or `fault`.
 */
bool profile_apply(const struct profile *profile, const struct profile_record *record,
                   struct profile_sheet *sheet, struct fields_field *fields);

/* Whether some path begins with that member or column. */
bool profile_uses(const struct profile *profile, const char *name, size_t length);

#endif
