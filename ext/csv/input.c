/* input.c: a source of bytes through a sliding window. */
#include "csv/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csv/wiped_memory.h"

enum { CHUNK = 256 * 1024 }; /* room for at least so much beside a full window */

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
    input->buffer = NULL;
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

/* Room for at least one byte more. Moves bytes only where that frees as much again, or where the
 * buffer may not grow any more and a third of it comes free: so a byte is moved a few times at
 * most, however long the records. */
static bool make_room(struct input *input)
{
    const size_t spare = input->window / 2 > CHUNK ? input->window / 2 : CHUNK;
    const size_t largest = input->window + spare;
    size_t capacity = input->capacity;
    unsigned char *larger;

    if (input->filled < capacity)
        return true;
    if (capacity >= largest || input_held(input) <= capacity / 2) {
        move_to_front(input);
        if (input->filled < capacity)
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

bool input_fill(struct input *input)
{
    ssize_t count;
    if (input->start == input->filled) /* nothing to keep: the whole buffer is free */
        move_to_front(input);
    if (!make_room(input))
        return false;
    do
        count = input->source.read(input->source.context, input->buffer + input->filled,
                                   input->capacity - input->filled);
    while (count < 0 && errno == EINTR);
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
