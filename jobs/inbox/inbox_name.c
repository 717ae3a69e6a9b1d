/* SPDX-License-Identifier: MIT */
#include "inbox/inbox_name.h"

#include <stdio.h>
#include <string.h>

#include "values/text.h"

/* In any case: other systems write PEOPLE.CSV. */
static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t tail = strlen(end);
    return length > tail && text_same_start(name + length - tail, end, tail);
}

/* The first `length` bytes of a name. */
static bool is_sign_ups(const char *name, size_t length)
{
    static const char *const ends[] = {".csv", ".json", ".jsonl", ".ndjson"};
    static const char *const packed[] = {".gz", ".zst"};
    if (name[0] == '.')
        return false;
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        if (ends_with(name, length, packed[i])) {
            length -= strlen(packed[i]);
            break;
        }
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_with(name, length, ends[i]))
            return true;
    return false;
}

bool inbox_name_is_sign_ups(const char *name)
{
    return is_sign_ups(name, strlen(name));
}

bool inbox_name_is_compressed(const char *name)
{
    size_t length = strlen(name);
    return inbox_name_is_sign_ups(name) &&
           (ends_with(name, length, ".gz") || ends_with(name, length, ".zst"));
}

/* Without `.` and digits at its end. */
static size_t without_number(const char *name, size_t length)
{
    size_t digits = 0;
    while (digits < length && strchr("0123456789", name[length - 1 - digits]) != NULL)
        digits++;
    return digits > 0 && digits < length && name[length - 1 - digits] == '.' ? length - 1 - digits
                                                                             : length;
}

static bool is_rejects(const char *name)
{
    static const char end[] = ".rejects";
    size_t length = without_number(name, strlen(name));
    return ends_with(name, length, end) &&
           is_sign_ups(name, without_number(name, length - (sizeof end - 1)));
}

static bool begins_with_date(const char *name)
{
    for (const char *form = "dddd-dd-dd."; *form != '\0'; form++, name++)
        if (*form == 'd' ? *name < '0' || *name > '9' : *name != *form)
            return false;
    return true;
}

bool inbox_name_is_done(const char *name)
{
    return is_rejects(name) || (begins_with_date(name) && inbox_name_is_sign_ups(name + 11));
}
