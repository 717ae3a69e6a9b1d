/* SPDX-License-Identifier: MIT */
/* success_body.h: what the body of an answer must say for it to be a success: an extended regular
 * expression, or a JSON pointer and what must stand there. */
#ifndef SUCCESS_BODY_H
#define SUCCESS_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"

struct success_body;

/* `text`: a POSIX ERE, or /JSON/POINTER=TEXT. NULL: `error` filled. */
struct success_body *success_body_open(const char *text, struct error *error);
void success_body_close(struct success_body *wanted);

/* A NUL ends `body`, also before `length`. */
bool success_body_holds(const struct success_body *wanted, const char *body, size_t length);

#endif
