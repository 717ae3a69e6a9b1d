/* SPDX-License-Identifier: MIT */
/* field_checks.h: the columns of a sign-up, checked one by one; what is missing is derived where
 * the product says from what. */
#ifndef FIELD_CHECKS_H
#define FIELD_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "values/error.h"
#include "values/signup.h"

struct admission;

/* The bytes that a column has room for; 0 where nothing of it is kept (a password). */
size_t columns_longest(enum signup_column column);

/*
 * Fills values, reasons and the folded forms of `admission` from its sign-up. A value that is not
 * of its form is not kept and gives `<column>_invalid`; nothing is guessed. False only where the
 * settings' country database cannot be read.
 */
bool field_checks_run(struct admission *admission, struct error *error);

#endif
