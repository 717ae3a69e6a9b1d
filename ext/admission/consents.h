/* SPDX-License-Identifier: MIT */
/* consents.h: the consents stated with a sign-up: named, versioned, accepted or declined. */
#ifndef CONSENTS_H
#define CONSENTS_H

#include <stdbool.h>

#include "values/rule.h"

struct reasons;
struct settings;
struct signup;

/*
 * Reads the `consents` column and the `consent_<name>` columns into one JSON object {"NAME":
 * {"state": ..., "version": ...}}. A column's value is STATE or STATE@VERSION, blanks around it do
 * not matter; STATE is accepted, declined, or true, false, yes, no, y, n, 1, 0. Where the settings
 * name a version for a consent, another version, or none, is `consent_version_unknown`. Unreadable,
 * or one name with two answers: `consents_invalid`. `judge` false (told outcomes): nothing is
 * required. `*rule` is what was made of them.
 * `*json` is NULL where none was stated; the caller frees it. False when out of memory.
 */
bool consents_read(const struct signup *signup, const struct settings *settings, bool judge,
                   struct reasons *reasons, enum rule *rule, char **json);

#endif
