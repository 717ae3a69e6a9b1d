/* SPDX-License-Identifier: MIT */
/* records_inside.h: what the reader of records (records.c) and its beginning (records_open.c)
 * share.
 */
#ifndef RECORDS_INSIDE_H
#define RECORDS_INSIDE_H

#include "csv/fields.h"
#include "csv/framing.h"
#include "csv/input.h"
#include "csv/records.h"
#include "values/error.h"

enum { RECORDS_MESSAGE = 256, RECORDS_LINE_END = 2 /* the longest */ };

struct records {
    struct input input;
    uint64_t line; /* at the input's offset */
    uint64_t max_field, max_record;
    size_t window; /* bytes that a record may have at most, line end included, while it is held */
    records_spill_function *spill;
    void *spill_context;
    unsigned char separator;
    bool separator_found;    /* from the header */
    char announced[8];       /* the line `sep=;` before it, as it is read */
    size_t announced_length; /* 0: there is none */
    bool marked;             /* it begins with a byte order mark */
    bool skips_empty;
    records_may_lack_function *may_lack; /* NULL: every row has the header's number of fields */
    void *may_lack_context;
    bool discreet;
    char message[RECORDS_MESSAGE]; /* of a reject */
    struct error error;            /* what ended the reading: for good */

    struct fields fields; /* of the record in hand */
    size_t columns;       /* 0 while the header is read */
    const char **names;
    char *header_text, *header_raw;
    size_t header_raw_length;
    uint64_t header_end, header_line;
    bool headerless;
};

static inline bool records_has_failed(const struct records *records)
{
    return records->error.code != ERROR_NONE;
}

static inline bool records_fail_by_input(struct records *records)
{
    records->error = records->input.error;
    return false;
}

/* Frames the record in hand among the bytes that may be held. FRAMING_MORE: it has more than those,
 * or reading failed. */
enum framing_verdict records_frame(struct records *records, struct framing *framing);

bool records_fail_without_memory(struct records *records);

#endif
