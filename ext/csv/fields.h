/* SPDX-License-Identifier: MIT */
/* fields.h: the fields of one CSV record that is known to be whole and well quoted: where no quote
 * is doubled they are cut out of it, else libcsv has them, told to change nothing but the quoting.
 */
#ifndef FIELDS_H
#define FIELDS_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fields_field {
    const char *text; /* NUL-terminated, and without NUL inside */
    size_t length;
    bool absent; /* nothing at all between the commas; an empty text in quotes is not absent */
};

struct fields {
    struct csv_parser parser;
    char *text; /* all fields, one after the other, each with its NUL */
    size_t text_capacity, text_used;
    struct fields_field *field;
    size_t capacity;    /* fields that there is room for */
    size_t most;        /* fields wanted: more are only counted. 0: all */
    size_t found;       /* in the record */
    size_t last_length; /* of the record's last field */
    uint64_t max_size;  /* bytes that a field may have */
    size_t overlong;    /* number, from 0, of the first field that has more, or SIZE_MAX */
    bool no_memory;
};

void fields_begin(struct fields *fields, uint64_t max_size);
void fields_separate_by(struct fields *fields, unsigned char separator); /* instead of commas */
void fields_end(struct fields *fields);

/* Splits a record given without its line end; `field` and `found` hold until the next call. False:
 * `no_memory`, or libcsv does not take it, which is a fault of ours. */
bool fields_split(struct fields *fields, const unsigned char *bytes, size_t length);

/* Hands over the texts (for wiped_free()) of the record just split, and expects as many fields from
 * now on: it was the header. */
char *fields_keep_header(struct fields *fields);

/* The first byte that is no text: NUL, or where ill-formed UTF-8 begins (over-long forms,
 * surrogates and what lies above U+10FFFF included); `length` where all is well. */
size_t fields_first_bad_byte(const unsigned char *bytes, size_t length);

#endif
