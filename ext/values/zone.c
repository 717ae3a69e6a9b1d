/* SPDX-License-Identifier: MIT */
#include "values/zone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unicode/ucal.h>
#include <unistd.h>

#include "values/text.h"

enum { SHORTEST_NAME = 3, LONGEST_SHOWN = 100, ZONE_SIZE = 64 };

static const char system_zone[] = "/etc/localtime";
static const char system_folder[] = "/usr/share/zoneinfo";

/* -- a rule: POSIX.1-2017, 8.3 -- */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool skip(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    ++*at;
    return true;
}

static bool read_name(const char **at)
{
    size_t length = 0;
    bool quoted = skip(at, '<');
    for (; is_letter(**at) || (quoted && (is_digit(**at) || **at == '+' || **at == '-')); ++*at)
        length++;
    return length >= SHORTEST_NAME && (!quoted || skip(at, '>'));
}

static bool read_number(const char **at, int lowest, int highest)
{
    int number = 0;
    const char *start = *at;
    for (; is_digit(**at) && number <= highest; ++*at)
        number = number * 10 + (**at - '0');
    return *at > start && number >= lowest && number <= highest;
}

/* [+|-]hours[:minutes[:seconds]] */
static bool read_time(const char **at, int most_hours)
{
    if (!skip(at, '+'))
        (void)skip(at, '-');
    if (!read_number(at, 0, most_hours))
        return false;
    for (int part = 0; part < 2 && skip(at, ':'); part++)
        if (!read_number(at, 0, 59))
            return false;
    return true;
}

/* ,Mmonth.week.day or ,Jday or ,day, and perhaps /time */
static bool read_change(const char **at)
{
    if (!skip(at, ','))
        return false;
    bool good;
    if (skip(at, 'M'))
        good = read_number(at, 1, 12) && skip(at, '.') && read_number(at, 1, 5) && skip(at, '.') &&
               read_number(at, 0, 6);
    else if (skip(at, 'J'))
        good = read_number(at, 1, 365);
    else
        good = read_number(at, 0, 365);
    return good && (!skip(at, '/') || read_time(at, 167));
}

static bool is_rule(const char *text)
{
    const char *at = text;
    if (!read_name(&at) || !read_time(&at, 24))
        return false;
    if (*at == '\0')
        return true;
    if (!read_name(&at) || (*at != '\0' && *at != ',' && !read_time(&at, 24)))
        return false;
    return *at == '\0' || (read_change(&at) && read_change(&at) && *at == '\0');
}

/* -- a file -- */

static bool is_zone_file(const char *path)
{
    static const char magic[] = {'T', 'Z', 'i', 'f'};
    char begin[sizeof magic];
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (file < 0)
        return false;
    bool good = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode) &&
                read(file, begin, sizeof begin) == sizeof begin &&
                memcmp(begin, magic, sizeof magic) == 0;
    close(file);
    return good;
}

static bool has_file(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX];
    if (name[0] == '/')
        return is_zone_file(name);
    if (folder == NULL || folder[0] == '\0')
        folder = system_folder;
    return snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path &&
           is_zone_file(path);
}

/* What libc makes of these without a file is what they mean. */
static bool is_utc(const char *name)
{
    static const char *const names[] = {"UTC",     "GMT",     "UCT",      "Zulu",     "Etc/UTC",
                                        "Etc/GMT", "Etc/UCT", "Etc/Zulu", "Universal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

bool zone_is_known(struct error *error)
{
    const char *zone = getenv("TZ");
    struct stat facts;
    if (zone == NULL) {
        if (is_zone_file(system_zone) || (lstat(system_zone, &facts) != 0 && errno == ENOENT))
            return true;
        return error_set(error, ERROR_INVALID, "cannot read the time zone %s: set TZ", system_zone);
    }
    if (*zone == ':')
        zone++;
    if (*zone == '\0' || has_file(zone) || is_rule(zone) || is_utc(zone))
        return true;
    return error_set(error, ERROR_INVALID,
                     "this machine does not know the time zone TZ=%s: expected a name below %s, "
                     "such as Europe/Berlin, or a rule, such as CET-1CEST,M3.5.0,M10.5.0/3",
                     text_shown(zone, LONGEST_SHOWN, "..."),
                     getenv("TZDIR") == NULL ? system_folder : "TZDIR");
}

/* -- any zone, by its name -- */

/* RFC 9557 marks a zone that must be understood by a `!` before its name. */
static int32_t widen(const char *name, size_t length, UChar wide[ZONE_SIZE])
{
    int32_t used = 0;
    size_t from = length > 0 && name[0] == '!';
    if (length >= ZONE_SIZE)
        return 0;
    for (size_t i = from; i < length; i++)
        wide[used++] = (unsigned char)name[i];
    return used;
}

bool zone_offset(const char *name, size_t length, int64_t moment, int64_t *offset)
{
    UChar wide[ZONE_SIZE], canonical[ZONE_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    int32_t used = widen(name, length, wide);
    UBool in_use;
    /* ucal_open() takes a name that it does not know for GMT. */
    if (used == 0 ||
        ucal_getCanonicalTimeZoneID(wide, used, canonical, ZONE_SIZE, &in_use, &status) == 0 ||
        U_FAILURE(status))
        return false;
    UCalendar *calendar = ucal_open(wide, used, "en", UCAL_GREGORIAN, &status);
    ucal_setMillis(calendar, (UDate)moment, &status);
    *offset = (int64_t)ucal_get(calendar, UCAL_ZONE_OFFSET, &status) +
              ucal_get(calendar, UCAL_DST_OFFSET, &status);
    ucal_close(calendar);
    return U_SUCCESS(status) != 0;
}
