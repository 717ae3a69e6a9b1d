/* SPDX-License-Identifier: MIT */
/* input.h: a source of bytes seen through a window that slides over it: what is read and not yet
 * taken lies in one piece in memory.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "csv/recode.h"
#include "values/error.h"

/* Where bytes come from. Offsets count from the first byte that `read` gives. */
struct input_source {
    /* As read(2): bytes read, 0 at the end, -1 with errno. EINTR is tried again. */
    ssize_t (*read)(void *context, void *bytes, size_t size);
    /* Makes the next read begin at `offset`; false with errno. NULL: cannot. The same bytes may be
     * read more than once: one who adds up a digest in `read` leaves this NULL. */
    bool (*seek)(void *context, uint64_t offset);
    void *context;
};

/* An open, blocking descriptor as a source: a regular file from where it stands, a pipe, a socket.
 * `holder` must outlive the source; the descriptor stays the caller's. */
struct input_descriptor {
    int descriptor;
    off_t first;
};
struct input_source input_from_descriptor(struct input_descriptor *holder, int descriptor);

struct input {
    struct input_source source;
    size_t window;         /* so much, at least, can be held at once */
    unsigned char *buffer; /* [start, filled) is held */
    size_t capacity, start, filled;
    uint64_t base; /* offset of buffer[0] in the source */
    bool ended;    /* the source has no more */
    /* Where it is not in UTF-8: offsets are then those of the converted bytes. */
    enum recode_encoding encoding;
    unsigned char *foreign; /* as read, not yet converted */
    size_t foreign_length;
    bool foreign_ended;
    struct error error; /* after a failure */
};

void input_begin(struct input *input, const struct input_source *source, size_t window);
void input_end(struct input *input);

/*
 * Finds out the encoding, before anything is taken: the one that is named, unless a byte order mark
 * says another, or by the mark. What is not in UTF-8 is converted from now on, and cannot be sought
 * any more. The mark is taken. `marked`: there was one. False: failed.
 */
bool input_recognise(struct input *input, enum recode_encoding named, bool *marked);

/* What is held: its first byte (moves with every fill), its length, its offset in the source. */
const unsigned char *input_bytes(const struct input *input);
size_t input_held(const struct input *input);
uint64_t input_offset(const struct input *input);

/* Takes bytes that are held. They stay where they are until the next fill. */
void input_take(struct input *input, size_t length);

/* Reads on: at least one byte more, or `ended`. Not more than `window` may be held before. False:
 * failed. */
bool input_fill(struct input *input);

/* Holds at least `count` bytes, or all that are left. False: failed. */
bool input_have(struct input *input, size_t count);

/* Goes to `offset`, back or forth. For sources with `seek`. False: failed. */
bool input_seek(struct input *input, uint64_t offset);

/* Goes forth to `offset`: a source without `seek` is read up to there, or to its end where that
 * comes before. False: failed. */
bool input_go_to(struct input *input, uint64_t offset);

#endif
