/* SPDX-License-Identifier: MIT */
/* moment.h: moments as integer Unix milliseconds (UTC), read from text and written as text. */
#ifndef MOMENT_H
#define MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "values/rule.h"

enum { MOMENT_SIZE = 32, MOMENT_DAY_SIZE = 11 };

/* Now, by CLOCK_REALTIME. */
int64_t moment_now(void);

/* Milliseconds that no setting of the clock moves, for how long something took. */
int64_t moment_monotonic(void);

/*
 * ISO 8601 (date alone, or date, `T` or a blank, time to minutes, seconds or fractions; `Z`, `UTC`,
 * `GMT` or an offset, none: UTC), as RFC 3339, databases and languages write it, or Unix seconds
 * (integer, may have a fraction), from 1e11 on milliseconds. Years 1970 to 9999, days that exist,
 * 24:00 refused; a leap second is the second after it. A zone's name behind the offset
 * (`+01:00[Europe/Paris]`) must not contradict it. The whole text must be used; anything else is
 * false.
 */
bool moment_parse(const char *text, int64_t *milliseconds);

/*
 * The same of a value from outside, where a number may be anything: eight digits are that day, Unix
 * time lies between 2000 and a year from now, five digits are a spreadsheet's days, and the zero of
 * Unix time is none that anybody meant.
 */
enum rule moment_read(const char *text, int64_t now, int64_t *milliseconds);

/* A calendar date from outside: `YYYY-MM-DD`, `YYYYMMDD`, or the first with a midnight behind it,
 * whatever zone that is in. */
enum rule moment_read_day(const char *text, char day[MOMENT_DAY_SIZE]);

/* The same as days since 1970-01-01, which itself is none that anybody meant; also the Unix time of
 * a midnight in UTC, as plausible as above. */
enum rule moment_read_counted_day(const char *text, int64_t now, int64_t *day);

/* `2017-12-09T14:16:28.826Z`; outside the years 0 to 9999, which moment_parse never gives, the bare
 * number. */
void moment_format(int64_t milliseconds, char text[MOMENT_SIZE]);

/* A calendar date `YYYY-MM-DD` that exists (no guessing of other orders), years 1 to 9999. */
bool moment_is_date(const char *text);

#endif
