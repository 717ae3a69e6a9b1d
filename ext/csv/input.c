/* SPDX-License-Identifier: MIT */
/* input.c: a source of bytes through a sliding window. */
#include "csv/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv/wiped_memory.h"

enum {
    CHUNK = 256 * 1024, /* room for at least so much beside a full window */
    FOREIGN = 64 * 1024 /* bytes that wait to be converted */
};

static ssize_t read_descriptor(void *context, void *bytes, size_t size)
{
    const struct input_descriptor *holder = context;
    return read(holder->descriptor, bytes, size);
}

static bool seek_descriptor(void *context, uint64_t offset)
{
    const struct input_descriptor *holder = context;
    if (offset > (uint64_t)(INT64_MAX - holder->first)) {
        errno = EOVERFLOW;
        return false;
    }
    return lseek(holder->descriptor, holder->first + (off_t)offset, SEEK_SET) >= 0;
}

struct input_source input_from_descriptor(struct input_descriptor *holder, int descriptor)
{
    struct input_source source = {read_descriptor, NULL, holder};
    struct stat status;
    holder->descriptor = descriptor;
    holder->first = 0;
    /* Only a regular file: terminals and some devices take a seek and do not mean it. */
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
        const off_t first = lseek(descriptor, 0, SEEK_CUR);
        if (first >= 0) {
            holder->first = first;
            source.seek = seek_descriptor;
        }
    }
    return source;
}

void input_begin(struct input *input, const struct input_source *source, size_t window)
{
    memset(input, 0, sizeof *input);
    input->source = *source;
    input->window = window;
}

void input_end(struct input *input)
{
    wiped_free(input->buffer);
    wiped_free(input->foreign);
    input->buffer = input->foreign = NULL;
}

const unsigned char *input_bytes(const struct input *input)
{
    return input->buffer + input->start;
}

size_t input_held(const struct input *input)
{
    return input->filled - input->start;
}

uint64_t input_offset(const struct input *input)
{
    return input->base + input->start;
}

void input_take(struct input *input, size_t length)
{
    input->start += length;
}

static bool fail(struct input *input, const char *what)
{
    return error_set(&input->error, ERROR_IO, "%s at byte %" PRIu64 ": %s", what,
                     input->base + input->filled, strerror(errno));
}

static void move_to_front(struct input *input)
{
    if (input->start == 0)
        return;
    memmove(input->buffer, input->buffer + input->start, input_held(input));
    input->base += input->start;
    input->filled -= input->start;
    input->start = 0;
}

/* Room for at least one byte more, or one character. Moves bytes only where that frees as much
 * again, or where the buffer may not grow any more and a third of it comes free: so a byte is moved
 * a few times at most, however long the records. */
static bool make_room(struct input *input)
{
    const size_t spare = input->window / 2 > CHUNK ? input->window / 2 : CHUNK;
    const size_t largest = input->window + spare;
    const size_t needed = input->foreign ? RECODE_LONGEST : 1;
    size_t capacity = input->capacity;
    unsigned char *larger;

    if (capacity - input->filled >= needed)
        return true;
    if (capacity >= largest || input_held(input) <= capacity / 2) {
        move_to_front(input);
        if (capacity - input->filled >= needed)
            return true;
    }
    if (capacity == 0)
        capacity = CHUNK;
    else
        capacity = capacity > largest / 2 ? largest : capacity * 2;
    larger = wiped_resize(input->buffer, capacity);
    if (!larger)
        return error_set(&input->error, ERROR_NO_MEMORY,
                         "a longer record at byte %" PRIu64 ": out of memory",
                         input->base + input->filled);
    input->buffer = larger;
    input->capacity = capacity;
    return true;
}

static ssize_t read_source(struct input *input, void *bytes, size_t size)
{
    ssize_t count;
    do
        count = input->source.read(input->source.context, bytes, size);
    while (count < 0 && errno == EINTR);
    return count;
}

/* As read(2), of what the source's bytes become. */
static ssize_t read_converted(struct input *input, unsigned char *bytes, size_t size)
{
    size_t written = 0;
    while (written == 0) {
        size_t taken = recode(input->encoding, input->foreign, input->foreign_length,
                              input->foreign_ended, bytes, size, &written);
        input->foreign_length -= taken;
        memmove(input->foreign, input->foreign + taken, input->foreign_length);
        if (written > 0 || (input->foreign_ended && input->foreign_length == 0))
            break;
        ssize_t count = read_source(input, input->foreign + input->foreign_length,
                                    FOREIGN - input->foreign_length);
        if (count < 0)
            return -1;
        input->foreign_ended = count == 0;
        input->foreign_length += (size_t)count;
    }
    return (ssize_t)written;
}

/* What is held so far is converted, too. */
static bool convert_from_now_on(struct input *input, enum recode_encoding encoding)
{
    input->encoding = encoding;
    input->source.seek = NULL;
    input->foreign = wiped_resize(NULL, FOREIGN + input_held(input));
    if (!input->foreign)
        return error_no_memory(&input->error, "converting the input");
    input->foreign_length = input_held(input);
    memcpy(input->foreign, input_bytes(input), input->foreign_length);
    input->foreign_ended = input->ended;
    input->ended = false;
    input->start = input->filled = 0;
    input->base = 0;
    return true;
}

bool input_recognise(struct input *input, enum recode_encoding named, bool *marked)
{
    if (!input_have(input, 4))
        return false;
    const unsigned char *bytes = input_bytes(input);
    enum recode_encoding mark = recode_marked(bytes, input_held(input));
    bool utf_8 = input_held(input) >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0;
    *marked = utf_8 || mark != RECODE_UNNAMED;
    if (utf_8)
        input_take(input, 3);
    else if (mark != RECODE_UNNAMED)
        input_take(input, 2);
    if (utf_8 || (mark == RECODE_UNNAMED && named <= RECODE_UTF_8)) {
        input->encoding = RECODE_UTF_8;
        return true;
    }
    return convert_from_now_on(input, mark != RECODE_UNNAMED ? mark : named);
}

bool input_fill(struct input *input)
{
    ssize_t count;
    if (input->start == input->filled) /* nothing to keep: the whole buffer is free */
        move_to_front(input);
    if (!make_room(input))
        return false;
    unsigned char *room = input->buffer + input->filled;
    const size_t size = input->capacity - input->filled;
    count = input->foreign ? read_converted(input, room, size) : read_source(input, room, size);
    if (count < 0)
        return fail(input, "reading failed");
    if (count == 0)
        input->ended = true;
    input->filled += (size_t)count;
    return true;
}

bool input_have(struct input *input, size_t count)
{
    while (input_held(input) < count && !input->ended)
        if (!input_fill(input))
            return false;
    return true;
}

bool input_seek(struct input *input, uint64_t offset)
{
    /* What is still in memory is not read again: with small limits, going back is frequent. */
    if (offset >= input->base && offset <= input->base + input->filled) {
        input->start = (size_t)(offset - input->base);
        return true;
    }
    if (!input->source.seek(input->source.context, offset))
        return fail(input, "cannot seek back in the input");
    input->base = offset;
    input->start = input->filled = 0;
    input->ended = false;
    return true;
}

bool input_go_to(struct input *input, uint64_t offset)
{
    if (input->source.seek)
        return input_seek(input, offset);
    while (input_offset(input) < offset) {
        const uint64_t left = offset - input_offset(input);
        if (input_held(input) == 0) {
            if (input->ended)
                return true;
            if (!input_fill(input))
                return false;
        }
        input_take(input, left < input_held(input) ? (size_t)left : input_held(input));
    }
    return true;
}
