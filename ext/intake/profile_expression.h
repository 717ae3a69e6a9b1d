/* SPDX-License-Identifier: MIT */
/* profile_expression.h: the values of a profile: paths, conditions and choices.
 *
 *   choices     choice | choice | ...
 *   choice      PATH or "TEXT with {PATH}", then `as FORMAT`, then `if CONDITIONS`
 *   conditions  condition & condition & ...
 *   condition   PATH, !PATH, PATH = "TEXT", PATH is given, PATH is boolean, PATH is number
 *   path        name.name[0].name[member=text], names with other characters in '...';
 *               @column is what a column above has become
 */
#ifndef PROFILE_EXPRESSION_H
#define PROFILE_EXPRESSION_H

#include "intake/profile.h"

/* False: `error` says what was expected, without a place. What was read is freed all the same. */
bool profile_conditions_read(const char *text, struct profile_conditions *conditions,
                             struct error *error);
void profile_conditions_free(struct profile_conditions *conditions);

/* Adds to the choices that are there. */
bool profile_choices_read(const char *text, struct profile_choice **choices, size_t *count,
                          struct error *error);
void profile_choices_free(struct profile_choice *choices, size_t count);

#endif
