/* SPDX-License-Identifier: MIT */
#include "values/moment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "values/time_units.h"
#include "values/zone.h"

enum {
    FIRST_YEAR = 1970,
    LAST_YEAR = 9999,
    MOST_UNIX_DIGITS = 15 /* the last moment has 15 digits, so no more can be in range */
};

/* 9999-12-31T23:59:59.999Z. */
static const int64_t LAST_MOMENT = INT64_C(253402300799999);
/* 0000-01-01T00:00:00.000Z, the first that a four-digit year can show. */
static const int64_t FIRST_SHOWN = INT64_C(-62167219200000);
/* A bare number is in seconds below, in milliseconds from here on (seconds reach the year 5138,
 * milliseconds begin in 1973). */
static const int64_t UNIX_MILLISECONDS_FROM = INT64_C(100000000000);

/* Of a bare number from outside: 2000-01-01, and what a clock may be ahead or a term run. */
static const int64_t FIRST_PLAUSIBLE = INT64_C(946684800000);
static const int64_t A_YEAR = INT64_C(366) * DAY_MS;

struct date {
    int64_t year;
    int month;
    int day;
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND_MS + now.tv_nsec / MILLISECOND_NS;
}

int64_t moment_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t moment_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads exactly `count` digits and steps over them. */
static bool read_digits(const char **at, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++, (*at)++) {
        if (!is_digit(**at))
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool read_character(const char **at, char wanted)
{
    if (**at != wanted)
        return false;
    (*at)++;
    return true;
}

static int days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* `YYYY-MM-DD` that exists; steps over it. */
static bool read_date(const char **at, struct date *date)
{
    int year;

    if (!read_digits(at, 4, &year) || !read_character(at, '-') ||
        !read_digits(at, 2, &date->month) || !read_character(at, '-') ||
        !read_digits(at, 2, &date->day))
        return false;
    date->year = year;
    return year >= 1 && date->month >= 1 && date->month <= 12 && date->day >= 1 &&
           date->day <= days_in_month(year, date->month);
}

/*
 * Days since 1970-01-01 in the proleptic Gregorian calendar. Years are counted from March, so that
 * the leap day is a year's last, and in eras of 400 years (146097 days), after which the calendar
 * repeats; 719468 days lie between 0000-03-01 and 1970-01-01.
 */
static int64_t days_of_date(struct date date)
{
    int64_t year = date.month <= 2 ? date.year - 1 : date.year;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = (date.month + 9) % 12;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static struct date date_of_days(int64_t days)
{
    int64_t shifted = days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    struct date date;

    date.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date.month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
    return date;
}

/* The digits after a decimal sign, at least one; what is finer than a millisecond is cut off. */
static bool read_milliseconds(const char **at, int *milliseconds)
{
    int weight = 100;

    *milliseconds = 0;
    if (!is_digit(**at))
        return false;
    for (; is_digit(**at); (*at)++) {
        *milliseconds += (**at - '0') * weight;
        weight /= 10;
    }
    return true;
}

/* `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fraction` (ISO 8601 also writes the comma), as milliseconds of
 * the day. The 60th second is a leap second, which belongs at 23:59 UTC (see parse_iso). */
static bool read_time(const char **at, int64_t *milliseconds)
{
    int hour, minute, second = 0, fraction = 0;

    if (!read_digits(at, 2, &hour) || !read_character(at, ':') || !read_digits(at, 2, &minute))
        return false;
    if (read_character(at, ':')) {
        if (!read_digits(at, 2, &second))
            return false;
        if ((read_character(at, '.') || read_character(at, ',')) &&
            !read_milliseconds(at, &fraction))
            return false;
    }
    *milliseconds = (int64_t)hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS + fraction;
    return hour <= 23 && minute <= 59 && second <= 60;
}

static bool read_word(const char **at, const char *word)
{
    size_t length = strlen(word);
    if (strncmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

/* By how much local time is ahead of UTC, and the name of the zone where it is told too. */
struct offset {
    int64_t milliseconds;
    const char *zone; /* not ended with NUL */
    size_t zone_length;
};

static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* What stands behind an offset for people to read: ` UTC`, ` CET` (Go), `[Europe/Paris]` (Java). */
static void read_zone_name(const char **at, struct offset *offset)
{
    size_t length = **at == ' ' ? strspn(*at + 1, capitals) : 0;
    offset->zone = *at + 1;
    if (length >= 3 && length <= 5) {
        offset->zone_length = length;
        *at += 1 + length;
    } else if (**at == '[' && (*at)[strcspn(*at, "]")] == ']') {
        offset->zone_length = strcspn(*at, "]") - 1;
        *at += offset->zone_length + 2;
    }
}

/* `Z`, `UTC`, `GMT`, `+hh:mm`, `+hhmm`, `+hh` (or `-`), with or without a blank before it, or
 * nothing. */
static bool read_offset(const char **at, struct offset *offset)
{
    int hour, minute = 0;

    *offset = (struct offset){0, NULL, 0};
    if (**at == '\0')
        return true;
    (void)read_character(at, ' ');
    if (read_character(at, 'Z') || read_character(at, 'z') || read_word(at, "UTC") ||
        read_word(at, "GMT")) {
        if (**at == '[')
            read_zone_name(at, offset);
        return true;
    }
    bool behind = **at == '-';
    if (!read_character(at, '-') && !read_character(at, '+'))
        return false;
    if (!read_digits(at, 2, &hour))
        return false;
    if (read_character(at, ':') || is_digit(**at)) {
        if (!read_digits(at, 2, &minute))
            return false;
    }
    read_zone_name(at, offset);
    offset->milliseconds = (int64_t)hour * HOUR_MS + minute * MINUTE_MS;
    if (behind)
        offset->milliseconds = -offset->milliseconds;
    return hour <= 23 && minute <= 59;
}

/* Whether the zone's clocks showed another time than the offset says: one of the two is wrong. BST
 * and its like are several zones' letters, and decide nothing. */
static bool contradicts_zone(const struct offset *offset, int64_t moment)
{
    const char *zone = offset->zone;
    size_t length = offset->zone_length;
    int64_t known;
    bool utc = length == 3 && (strncmp(zone, "UTC", 3) == 0 || strncmp(zone, "GMT", 3) == 0);
    if (length == 0 || (!utc && strspn(zone, capitals) >= length))
        return false;
    return zone_offset(zone, length, moment, &known) && known != offset->milliseconds;
}

/* Behind `YYYY-MM-DDThh:mm:`, which has been read. */
static bool has_leap_second(const char *text)
{
    return strlen(text) > 18 && text[16] == ':' && text[17] == '6';
}

/* Behind the day: `T` or a blank, the time, and the offset; all of the text. */
static bool read_rest(const char **at, int64_t *time_of_day, struct offset *offset)
{
    return (read_character(at, 'T') || read_character(at, 't') || read_character(at, ' ')) &&
           read_time(at, time_of_day) && read_offset(at, offset) && **at == '\0';
}

static enum rule parse_iso(const char *text, int64_t *milliseconds)
{
    const char *at = text;
    struct date date;
    struct offset offset = {0, NULL, 0};
    int64_t time_of_day = 0, moment;

    if (!read_date(&at, &date) || date.year < FIRST_YEAR || date.year > LAST_YEAR)
        return RULE_time;
    if (*at != '\0' && !read_rest(&at, &time_of_day, &offset))
        return RULE_time;
    moment = days_of_date(date) * DAY_MS + time_of_day - offset.milliseconds;
    if (moment < 0 || moment > LAST_MOMENT)
        return RULE_time;
    /* The 60th second is read as the second after it, which begins a month in UTC. */
    if (has_leap_second(text) &&
        (moment % DAY_MS >= SECOND_MS || date_of_days(moment / DAY_MS).day != 1))
        return RULE_time;
    if (contradicts_zone(&offset, moment))
        return RULE_ambiguous;
    *milliseconds = moment;
    return RULE_as_given;
}

static bool parse_unix(const char *text, int64_t *milliseconds)
{
    const char *at = text;
    int64_t number = 0;
    int fraction = 0;

    for (; is_digit(*at); at++) {
        if (at - text >= MOST_UNIX_DIGITS)
            return false;
        number = number * 10 + (*at - '0');
    }
    if (at == text)
        return false;
    if (read_character(&at, '.') && !read_milliseconds(&at, &fraction))
        return false;
    if (*at != '\0')
        return false;
    if (number < UNIX_MILLISECONDS_FROM)
        number = number * SECOND_MS + fraction;
    if (number > LAST_MOMENT)
        return false;
    *milliseconds = number;
    return true;
}

static enum rule parse(const char *text, int64_t *milliseconds)
{
    const char *at = text;

    while (is_digit(*at))
        at++;
    if (*at == '-')
        return parse_iso(text, milliseconds);
    return parse_unix(text, milliseconds) ? RULE_as_given : RULE_time;
}

bool moment_parse(const char *text, int64_t *milliseconds)
{
    return !rule_refuses(parse(text, milliseconds));
}

/* -- what comes from outside -- */

/* `YYYYMMDD` of a day that exists, as `YYYY-MM-DD`. */
static bool read_eight_digits(const char *text, char day[MOMENT_DAY_SIZE])
{
    if (strspn(text, "0123456789") != 8 || text[8] != '\0')
        return false;
    (void)snprintf(day, MOMENT_DAY_SIZE, "%.4s-%.2s-%.2s", text, text + 4, text + 6);
    return moment_is_date(day);
}

/* Five digits, perhaps with a fraction: a spreadsheet counts days, from 1927 to 2173 in so many. */
static bool is_serial(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits == 5 && text[0] != '0' &&
           (text[digits] == '\0' ||
            (text[digits] == '.' &&
             strspn(text + digits + 1, "0123456789") == strlen(text + digits + 1)));
}

/* Why a text that is no time is none: what people write, too, is called by its name. */
static enum rule why_no_time(const char *text)
{
    int first, second, third, length = 0;
    if (is_serial(text))
        return RULE_spreadsheet_serial;
    if (sscanf(text, "%2d%*1[/.-]%2d%*1[/.-]%4d%n", &first, &second, &third, &length) != 3 ||
        length == 0 || (text[length] != '\0' && text[length] != ' ' && text[length] != ','))
        return RULE_time;
    bool either = first >= 1 && first <= 12 && second >= 1 && second <= 12 && first != second;
    return either ? RULE_ambiguous : RULE_date_order;
}

enum rule moment_read(const char *text, int64_t now, int64_t *milliseconds)
{
    char day[MOMENT_DAY_SIZE];
    bool number = text[strspn(text, "0123456789.")] == '\0';
    if (read_eight_digits(text, day))
        return moment_parse(day, milliseconds) ? RULE_eight_digits : RULE_time;
    if (strspn(text, "0123456789") == 8 && text[8] == '\0')
        return RULE_time;
    enum rule rule = parse(text, milliseconds);
    if (rule == RULE_ambiguous)
        return rule;
    if (rule_refuses(rule) || (number && is_serial(text)))
        return why_no_time(text);
    if (*milliseconds < DAY_MS)
        return RULE_unix_zero;
    if (number && (*milliseconds < FIRST_PLAUSIBLE || *milliseconds > now + A_YEAR))
        return RULE_unix_span;
    return !number && has_leap_second(text) ? RULE_leap_second : RULE_as_given;
}

enum rule moment_read_day(const char *text, char day[MOMENT_DAY_SIZE])
{
    struct offset offset;
    int64_t time_of_day;
    if (moment_is_date(text)) {
        memcpy(day, text, MOMENT_DAY_SIZE);
        return RULE_as_given;
    }
    if (read_eight_digits(text, day))
        return RULE_eight_digits;
    (void)snprintf(day, MOMENT_DAY_SIZE, "%.10s", text);
    if (!moment_is_date(day))
        return why_no_time(text);
    const char *at = text + strlen(day);
    return read_rest(&at, &time_of_day, &offset) && time_of_day == 0 ? RULE_midnight : RULE_time;
}

enum rule moment_read_counted_day(const char *text, int64_t now, int64_t *day)
{
    char date[MOMENT_DAY_SIZE];
    int64_t moment;
    enum rule rule = moment_read_day(text, date);
    if (!rule_refuses(rule))
        rule = moment_read(date, now, &moment);
    else if (text[strspn(text, "0123456789")] == '\0' && text[0] != '\0')
        rule = moment_read(text, now, &moment);
    if (rule_refuses(rule))
        return rule;
    *day = moment / DAY_MS;
    return moment % DAY_MS == 0 ? rule : RULE_time;
}

static char *write_digits(char *at, int64_t value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + count;
}

/* By hand, because it is done twice for each row that is shown and snprintf takes five times as
 * long. */
void moment_format(int64_t milliseconds, char text[MOMENT_SIZE])
{
    int64_t days, rest;
    struct date date;
    char *at = text;

    if (milliseconds < FIRST_SHOWN || milliseconds > LAST_MOMENT) {
        (void)snprintf(text, MOMENT_SIZE, "%" PRId64, milliseconds);
        return;
    }
    days = milliseconds / DAY_MS;
    rest = milliseconds % DAY_MS;
    if (rest < 0) {
        days--;
        rest += DAY_MS;
    }
    date = date_of_days(days);
    at = write_digits(at, date.year, 4);
    *at++ = '-';
    at = write_digits(at, date.month, 2);
    *at++ = '-';
    at = write_digits(at, date.day, 2);
    *at++ = 'T';
    at = write_digits(at, rest / HOUR_MS, 2);
    *at++ = ':';
    at = write_digits(at, rest / MINUTE_MS % 60, 2);
    *at++ = ':';
    at = write_digits(at, rest / SECOND_MS % 60, 2);
    *at++ = '.';
    at = write_digits(at, rest % SECOND_MS, 3);
    *at++ = 'Z';
    *at = '\0';
}

bool moment_is_date(const char *text)
{
    struct date date;

    return read_date(&text, &date) && *text == '\0';
}
