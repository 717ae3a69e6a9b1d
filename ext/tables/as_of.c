/* SPDX-License-Identifier: MIT */
#include "tables/as_of.h"

#include "values/moment.h"
#include "values/text.h"

enum { LONGEST_SHOWN = 64 };

static const char *shown(const char *text)
{
    return text == NULL ? "NULL" : text_shown(text, LONGEST_SHOWN, "the text given");
}

bool as_of_read_moment(sqlite3_value *value, const char *name, int64_t *moment, struct error *error)
{
    int type = sqlite3_value_type(value); /* before asking for its text, which may change it */
    double real = type == SQLITE_FLOAT ? sqlite3_value_double(value) : 0;
    int64_t integer = sqlite3_value_int64(value);
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL && type != SQLITE_NULL)
        return error_no_memory(error, NULL);
    if (type == SQLITE_INTEGER || (type == SQLITE_FLOAT && (double)integer == real)) {
        *moment = integer;
        return true;
    }
    return (type == SQLITE_TEXT && moment_parse(text, moment)) ||
           error_set(error, ERROR_INVALID,
                     "%s: %s is not a moment: expected ISO 8601 text or Unix milliseconds", name,
                     shown(text));
}

bool as_of_read(sqlite3_value *value, int64_t now, int64_t *as_of, struct error *error)
{
    return as_of_read_moment(value, "as_of", as_of, error) &&
           (*as_of <= now || error_set(error, ERROR_INVALID, "as_of: %s is in the future",
                                       shown((const char *)sqlite3_value_text(value))));
}
