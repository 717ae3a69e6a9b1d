/* SPDX-License-Identifier: MIT */
/* fields.c: the fields of one CSV record. */
#include "csv/fields.h"

#include <stdlib.h>
#include <string.h>

#include "values/utf.h"
#include "csv/wiped_memory.h"

enum { PIECE = 64 * 1024, FIRST_FIELDS = 64 };

/* libcsv trims what counts as space, and lets it stand after a closing quote. */
static int never_space(unsigned char byte)
{
    (void)byte;
    return 0;
}

void fields_begin(struct fields *fields, uint64_t max_size)
{
    memset(fields, 0, sizeof *fields);
    fields->max_size = max_size;
    csv_init(&fields->parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_EMPTY_IS_NULL);
    csv_set_space_func(&fields->parser, never_space);
    csv_set_realloc_func(&fields->parser, wiped_resize);
    csv_set_free_func(&fields->parser, wiped_free);
    csv_set_blk_size(&fields->parser, PIECE); /* by default it grows 128 bytes at a time */
}

void fields_separate_by(struct fields *fields, unsigned char separator)
{
    csv_set_delim(&fields->parser, separator);
}

void fields_end(struct fields *fields)
{
    csv_free(&fields->parser);
    wiped_free(fields->text);
    free(fields->field);
}

static bool make_room(struct fields *fields)
{
    const size_t capacity = fields->capacity ? fields->capacity * 2 : FIRST_FIELDS;
    struct fields_field *more = reallocarray(fields->field, capacity, sizeof *more);
    if (!more)
        return false;
    fields->field = more;
    fields->capacity = capacity;
    return true;
}

static void take(struct fields *fields, const void *bytes, size_t length)
{
    struct fields_field *field;
    const size_t number = fields->found++;

    fields->last_length = length;
    if (length > fields->max_size && fields->overlong == SIZE_MAX)
        fields->overlong = number;
    if (fields->no_memory || (fields->most > 0 && number >= fields->most))
        return;
    if (number == fields->capacity && !make_room(fields)) {
        fields->no_memory = true;
        return;
    }
    field = &fields->field[number];
    field->absent = bytes == NULL; /* CSV_EMPTY_IS_NULL */
    field->text = fields->text + fields->text_used;
    field->length = length;
    if (length > 0)
        memcpy(fields->text + fields->text_used, bytes, length);
    fields->text[fields->text_used + length] = '\0';
    fields->text_used += length + 1;
}

static void take_field(void *bytes, size_t length, void *fields)
{
    take(fields, bytes, length);
}

static void take_row_end(int byte, void *context)
{
    (void)byte;
    (void)context;
}

static void restart(struct fields *fields)
{
    fields->text_used = fields->found = 0;
    fields->overlong = SIZE_MAX;
    fields->no_memory = false;
}

/* Whether each field stands in the record as it is meant, so that it need but be cut out: there is
 * no quote in it, though there may be one at either end. */
static bool cut(struct fields *fields, const unsigned char *bytes, size_t length)
{
    const unsigned char *at = bytes, *end = bytes + length;
    const unsigned char separator = csv_get_delim(&fields->parser);
    if (length == 0)
        return false; /* it has no field, not an empty one */
    for (;;) {
        const bool quoted = at < end && *at == '"';
        const unsigned char *stop = at += quoted;
        if (quoted)
            stop = memchr(at, '"', (size_t)(end - at));
        else
            while (stop < end && *stop != separator && *stop != '"')
                stop++;
        const unsigned char *next = stop == NULL ? NULL : stop + quoted;
        if (next == NULL || (next < end && *next != separator))
            return false;
        take(fields, quoted || stop > at ? at : NULL, (size_t)(stop - at));
        if (next == end)
            return true;
        at = next + 1;
    }
}

bool fields_split(struct fields *fields, const unsigned char *bytes, size_t length)
{
    restart(fields);
    /* Each field and its NUL fit where the field and its comma stood; the last one needs a byte. So
     * the pointers into `text` hold while fields come in. */
    if (fields->text_capacity < length + 1) {
        const size_t capacity = length < PIECE ? PIECE : length + length / 2;
        char *text = wiped_resize(fields->text, capacity);
        fields->no_memory = !text;
        if (!text)
            return false;
        fields->text = text;
        fields->text_capacity = capacity;
    }
    /* libcsv looks at a record byte by byte, by a table of states: a quarter of what it takes to
     * read and judge a sign-up. It is left to it where a quote is doubled. */
    if (cut(fields, bytes, length))
        return !fields->no_memory;
    restart(fields);
    if (csv_parse(&fields->parser, bytes, length, take_field, take_row_end, fields) != length ||
        csv_parse(&fields->parser, "\n", 1, take_field, take_row_end, fields) != 1) {
        const int reason = csv_error(&fields->parser);
        fields->no_memory = reason == CSV_ENOMEM || reason == CSV_ETOOBIG;
        return false;
    }
    return !fields->no_memory;
}

char *fields_keep_header(struct fields *fields)
{
    char *text = fields->text;
    fields->text = NULL;
    fields->text_capacity = 0;
    fields->most = fields->found;
    return text;
}

size_t fields_first_bad_byte(const unsigned char *bytes, size_t length)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    size_t at = 0;
    while (at < length) {
        uint64_t word;
        int32_t taken = 0;
        while (length - at >= sizeof word) { /* eight plain characters at once */
            memcpy(&word, bytes + at, sizeof word);
            if (((word | (word - ones)) & tops) != 0)
                break;
            at += sizeof word;
        }
        if (at == length)
            break;
        if (utf_next8((const char *)bytes + at, &taken,
                      (int32_t)(length - at < 4 ? length - at : 4)) <= 0)
            return at;
        at += (size_t)taken;
    }
    return at;
}
