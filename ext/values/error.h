/* SPDX-License-Identifier: MIT */
/* error.h: what went wrong, as a code for the program and a sentence for the user, which travel
 * together.
 *
 * A function that can fail takes a `struct error *`, returns false (or NULL), and fills it in then.
 * Nobody recovers the code from the sentence.
 */
#ifndef ERROR_H
#define ERROR_H

#include <stdbool.h>

enum error_code {
    ERROR_NONE,
    ERROR_INVALID, /* what was given is wrong, and is wrong the next time, too */
    ERROR_IO,      /* it could not be read, written or reached: another time it may */
    ERROR_NO_MEMORY,
};

enum { ERROR_SIZE = 5120 /* the longest path, and a sentence about it */ };

struct error {
    enum error_code code;
    char text[ERROR_SIZE]; /* one line, cut short where it does not fit; "" without an error */
};

/* Fills in both. The text may use what stood in `error->text` before, as an argument. Returns false
 * for the caller to return. */
bool error_set(struct error *error, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "WHAT: out of memory"; `what` may be NULL. Returns false. */
bool error_no_memory(struct error *error, const char *what);

/* Puts where it happened in front: "PLACE: TEXT". Returns false. */
bool error_at(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
