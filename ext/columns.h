/* columns.h: the columns of a sign-up, checked one by one; what is missing is derived where the
 * product says from what. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

struct admission;

/*
 * Fills values, reasons and the folded forms of `admission` from its sign-up. A value that is not
 * of its form is kept as it was sent and gives
 * `<column>_invalid`; nothing is guessed. False only where the settings' country database cannot be
 * read (`error`).
 */
bool columns_check(struct admission *admission, char *error, size_t error_size);

#endif
