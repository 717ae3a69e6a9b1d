/* SPDX-License-Identifier: MIT */
/* records.h: the records of a CSV file, one after the other, strictly: the import's reader.
 *
 * What is a record
 * - RFC 4180 with `,` and `"`. A field is quoted as a whole or not at all; a quote in it is
 *   doubled; commas and line ends of any kind may stand in quotes and are kept byte for byte.
 *   Another separator than the comma is named, announced by a first line `sep=;`, or found from the
 *   header (separator.h).
 * - A record ends with LF or CRLF, or with the input. A carriage return elsewhere outside quotes
 *   is a quoting error (a file of bare CRs is refused at its header).
 * - Nothing is trimmed, folded or guessed: ` 007 ` stays ` 007 `.
 * - One byte order mark at the very beginning is skipped; anywhere else it is text. Text is UTF-8
 *   without NUL. Another encoding is named or marked, and converted (recode.h): all offsets and
 *   bytes are then those of the text in UTF-8, and the header is kept with a byte order mark.
 * - A line with nothing in it is no record, in a file of one column too (where an empty value must
 *   be written `""`). It is skipped, and counted as a line. So is, after records_skip_empty(), one
 * of nothing but commas and blanks.
 * - Each record has as many fields as the header, which is the first record. Column names
 *   differ, where they are given; there are 1000 of them at the most, and the header has 64 KiB at
 *   the most.
 * - Where records_allow_short() says so, a row may lack its last fields, unless it is the input's
 *   last line and has no line end (then it may have been cut off), and may have one empty field too
 *   many, as spreadsheets write them, unless a blank after a comma looks like a text that lacks
 *   its quotes.
 *
 * What happens to the rest (reject kinds)
 * - field_count, encoding, nul, too_long, header_again: the quoting is sound, so the record is
 * known to its end: that record is rejected and nothing else. Where several are true: a record too
 * long, else the earliest NUL or bad byte, else a field too long, else field_count.
 * - quoting: where the record was meant to end cannot be known. It is taken to end with the line on
 *   which the offending field begins, and reading goes on at the line after: a stray quote costs
 *   its line, and so does a lost one, however far on the reader gets before it is noticed. (Only
 *   where a later quote closes the field in good form can nobody tell that one was lost.)
 * - A record may be longer than memory allows. Where the source can be sought, it is read to its
 *   end all the same, without being held, to tell a long field (one reject: too_long) from a lost
 *   quote (quoting, as above). Where it cannot (a pipe), the limit ends it: too_long, up to the end
 *   of the line on which the field that met the limit begins. Lines inside an overlong quoted field
 *   are then read as records: import from a file what may hold hostile text.
 *
 * Memory: at most about 1.5 times max_record_bytes for bytes as read, and as much again for the
 * fields; a file of short records takes well under 1 MiB. Time: each byte is looked at a bounded
 * number of times, whatever the file holds.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include "csv/fields.h"
#include "csv/input.h"
#include "csv/recode.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes without the quotes and the line end for a field; as they stand in the file for a record. */
struct records_limits {
    uint64_t max_field_bytes;  /* 0: 1 MiB */
    uint64_t max_record_bytes; /* 0: four times max_field_bytes */
    bool discreet;             /* messages say where and what is wrong, and no byte of the input */
    enum recode_encoding encoding; /* where no byte order mark says another */
    unsigned char separator;       /* 0: as a first line `sep=;` says, or found from the header, */
    /* which may only make sense with one of comma, semicolon and tab. NULL: a comma. */
    bool (*is_header)(const void *context, const char *const *cells, size_t count);
    /* Whether what would be the header is a row, in a file that has no header. NULL: it is not. */
    bool (*is_row)(const void *context, const char *const *cells, size_t count);
    const void *context;
};

enum records_kind {
    RECORDS_QUOTING,
    RECORDS_FIELD_COUNT,
    RECORDS_ENCODING,
    RECORDS_NUL,
    RECORDS_TOO_LONG,
    RECORDS_HEADER_AGAIN, /* the header once more, as where two files were put together */
    /* Of JSON alone: */
    RECORDS_SYNTAX,     /* no JSON */
    RECORDS_NOT_OBJECT, /* an item that is none, and so no record */
    RECORDS_MEMBER      /* a member that is there twice, by one name or by two of one meaning */
};

/* `quoting`, `field_count`, `encoding`, `nul`, `too_long`, `header_again`, `syntax`,
 * `not_an_object`, `member`. */
const char *records_kind_name(enum records_kind kind);

struct record {
    uint64_t line;      /* physical line, from 1, on which it begins */
    uint64_t offset;    /* of its first byte */
    uint64_t end;       /* just after its line end: where reading goes on */
    uint64_t next_line; /* the line at `end` */
    /* The bytes [offset, end) as read. NULL: more than can be held (a reject); see records_spill. A
     * file's last record may lack its line end. */
    const char *raw;
    size_t raw_length;
    const struct fields_field *fields; /* one for each column; a row only */
    size_t lacks; /* a row: the first column that it lacks and those behind it, from 1; 0: none */
    /* A reject only: */
    enum records_kind kind;
    uint64_t at;   /* offset of the byte that is wrong, or where what is wrong begins */
    size_t column; /* from 1; one past the header's last where there are too many fields */
    const char *column_name; /* NULL: no such column. From the file: escape it before printing */
    const char *message;     /* what is wrong and what was expected. Holds at most the one byte that
                                is wrong, in hexadecimal digits */
};

enum records_result {
    RECORDS_ROW,
    RECORDS_REJECT,
    RECORDS_END,   /* `offset` and `end` are the input's length, `line` the line after the last */
    RECORDS_FAILED /* reading or memory failed, see records_error(): from now on always */
};

/* Takes the bytes of a reject that cannot be held, in order and in pieces, before records_next
 * returns it. False with errno ends the reading with a failure. */
typedef bool records_spill_function(void *context, const void *bytes, size_t length);

struct records;

/*
 * Reads the header. NULL: no header, a malformed one, empty or repeated column names
 * (ERROR_INVALID), or reading failed. records_close() frees it.
 */
struct records *records_open(const struct input_source *source, const struct records_limits *limits,
                             struct error *error);
/* The same of an input whose encoding is known: it is the records' own from now on, also after a
 * failure. */
struct records *records_open_input(struct input *input, bool marked,
                                   const struct records_limits *limits, struct error *error);

enum { RECORDS_FORM = 160 };
/* Whether the file has no header: what stands in its place is the first row. Its cells are given
 * all the same, as they are there. */
bool records_have_no_header(const struct records *records);
/* What was read another way than RFC 4180 says, and why, in words; "": nothing. */
void records_form(const struct records *records, char form[RECORDS_FORM]);
unsigned char records_separator(const struct records *records);
/* The bytes are not those of the source. */
bool records_are_converted(const struct records *records);

/* How many bytes a record may have while it is held, by its limits, and its line end. */
size_t records_window(const struct records_limits *limits);
void records_close(struct records *records);

/* What ended the reading; ERROR_NONE while it goes on. */
const struct error *records_error(const struct records *records);

size_t records_columns(const struct records *records);
/* The column names, records_columns() of them, until records_close(). */
const char *const *records_header(const struct records *records);
/* The header as read, without byte order mark; "" where there is none,, with its line end if it has
 * one: the first line of a file of rejects. */
const char *records_header_raw(const struct records *records, size_t *length);

/* Whether a row may lack that column, from 0, as if it were empty there. */
typedef bool records_may_lack_function(void *context, size_t column);

/* From now on a row of nothing but commas and blanks is skipped as a blank line is. */
void records_skip_empty(struct records *records);

/* From now on a row may lack columns or have an empty one too many; without it, neither. */
void records_allow_short(struct records *records, records_may_lack_function *may_lack,
                         void *context);

/* The line on which the header begins. */
uint64_t records_header_line(const struct records *records);

/* Where the overlong rejects go; without it they are only skipped. */
void records_spill(struct records *records, records_spill_function *spill, void *context);

/*
 * Goes on at `offset`, the `end` of a record read earlier from the same input, whose `next_line` is
 * `line`. A source that cannot be sought is read up to there. False: the place is not the end of a
 * record (before the header's end, after the input's, in the middle of a line) or reading failed:
 * records_error() says which; the records can only be closed then.
 */
bool records_resume(struct records *records, uint64_t offset, uint64_t line);

/* The next record or reject. Everything in `record` is valid until the next call. */
enum records_result records_next(struct records *records, struct record *record);

#endif
