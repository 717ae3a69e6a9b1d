/* SPDX-License-Identifier: MIT */
/* given_texts.h: cleans the texts of a sign-up before they are checked. */
#ifndef GIVEN_TEXTS_H
#define GIVEN_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

struct admission;

/* Fills `given` from the sign-up: mended (values/mend.h), and NULL where nothing was meant, with a
 * note. Passwords and codes stay as they are. False: out of memory. */
bool given_take(struct admission *admission);

/* Whether a text stands for nothing in this column, and whether it is kept all the same, to be
 * refused: strict ones do not take it so. */
bool given_keeps_placeholder(const struct admission *admission, int column);
bool given_is_placeholder(int column, const char *text, size_t length);

#endif
