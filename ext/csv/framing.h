/* SPDX-License-Identifier: MIT */
/* framing.h: where a CSV record ends, by RFC 4180's quoting alone, over bytes that come in pieces.
 *
 * libcsv splits a record into fields, but it stops for good at the first bad byte, knows no lines
 * and has to be given the end of the input to notice an unclosed quote. So the records are cut out
 * here first, and only whole, well-quoted ones are split (fields.h).
 */
#ifndef FRAMING_H
#define FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum framing_verdict {
    FRAMING_MORE,         /* no end yet: feed on, or finish at the end of the input */
    FRAMING_WHOLE,        /* the record ends just before `position`, line end included */
    FRAMING_STRAY_QUOTE,  /* a quote inside an unquoted field */
    FRAMING_STRAY_RETURN, /* a carriage return that no line feed follows, outside quotes */
    FRAMING_AFTER_QUOTE,  /* something else than a separator or a line end after a closing quote */
    FRAMING_UNCLOSED      /* the input ends inside a quoted field */
};

/* Positions count from the record's first byte. */
struct framing {
    unsigned char separator; /* of fields */
    enum {
        FRAMING_AT_FIELD,  /* before a field's first byte */
        FRAMING_IN_FIELD,  /* in an unquoted field */
        FRAMING_IN_QUOTES, /* in a quoted field */
        FRAMING_AT_QUOTE,  /* after a quote in a quoted field: its end, or half of a doubled one */
        FRAMING_AT_RETURN  /* after a carriage return outside quotes */
    } state;
    uint64_t position;      /* bytes taken so far */
    uint64_t field_start;   /* where the field in hand begins */
    uint64_t bad;           /* where the offending byte is, if the verdict is a bad one, */
    unsigned char bad_byte; /* and what it is after a closing quote */
    uint64_t field;         /* number of the field in hand, from 0 */
    unsigned line_end; /* bytes of the line end of a whole record: 0 at the input's end, 1, 2 */
    bool quoted;       /* some field is quoted: the record may hold line feeds */
};

/* Before a record's first byte. */
void framing_begin(struct framing *framing, unsigned char separator);

/* Takes bytes up to a verdict other than FRAMING_MORE, or all of them. */
enum framing_verdict framing_feed(struct framing *framing, const unsigned char *bytes,
                                  size_t length);

/* The input ends here. Never FRAMING_MORE. */
enum framing_verdict framing_finish(struct framing *framing);

/* In a record that framed well: the number, from 0, of the field that the byte at `position`
 * belongs to, and where field `field` begins. The latter goes byte by byte: for rejects. */
uint64_t framing_field_at(const unsigned char *bytes, size_t position, unsigned char separator);
uint64_t framing_field_start(const unsigned char *bytes, size_t length, uint64_t field,
                             unsigned char separator);

#endif
