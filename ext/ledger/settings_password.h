/* SPDX-License-Identifier: MIT */
/* settings_password.h: the settings about password hashes: what they cost, what a hash from outside
 * may cost, and a Firebase project's parameters. For settings.c. */
#ifndef SETTINGS_PASSWORD_H
#define SETTINGS_PASSWORD_H

#include <jansson.h>

#include "ledger/settings.h"
#include "values/error.h"

/* Each takes its member's value; false with an error that says what is expected. */
bool settings_take_cost(struct password_cost *cost, const json_t *value, struct error *error);
/* What is made must be verified again: the cost is taken before. */
bool settings_take_limit(struct settings *settings, const json_t *value, struct error *error);
bool settings_take_firebase(struct settings *settings, const json_t *value, struct error *error);

/* The limit that was not sent holds the cost that was; so do settings that are older than it. */
bool settings_widen_limit(const struct settings *settings, json_t *limit);

#endif
