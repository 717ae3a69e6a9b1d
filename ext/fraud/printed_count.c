/* SPDX-License-Identifier: MIT */
#include "fraud/printed_count.h"

#include <stddef.h>
#include <string.h>

#include "values/mend.h"

static const char digits[] = "0123456789";

/* How many bytes of a separator stand there; 0: none. */
static size_t separator(const char *text)
{
    static const char *const separators[] = {",", "\xC2\xA0", "\xE2\x80\x89", "\xE2\x80\xAF"};
    for (size_t i = 0; i < sizeof separators / sizeof *separators; i++)
        if (strncmp(text, separators[i], strlen(separators[i])) == 0)
            return strlen(separators[i]);
    return 0;
}

static void add_digits(const char *text, size_t length, int64_t *count)
{
    for (size_t i = 0; i < length; i++)
        *count = *count * 10 + (text[i] - '0');
}

/* Groups of three behind the first digits, all apart in one way; steps over them. */
static enum rule read_groups(const char **at, size_t first, int64_t *count)
{
    const char *with = *at;
    size_t length = separator(with), all = first;
    if (length > 0 && (first > 3 || *count == 0))
        return RULE_number;
    while (length > 0 && strncmp(*at, with, length) == 0) {
        *at += length;
        all += 3;
        if (strspn(*at, digits) != 3 || all > COUNT_MOST_DIGITS)
            return RULE_number;
        add_digits(*at, 3, count);
        *at += 3;
    }
    return RULE_as_given;
}

enum rule count_read(const char *text, int64_t *count)
{
    const char *at = text;
    size_t first = strspn(at, digits);
    *count = 0;
    if (mend_is_placeholder(text, strlen(text), false))
        return RULE_placeholder;
    if (mend_is_scientific(text))
        return RULE_scientific;
    if (first == 0 || first > COUNT_MOST_DIGITS)
        return RULE_number;
    add_digits(at, first, count);
    at += first;
    enum rule rule = read_groups(&at, first, count);
    if (rule_refuses(rule))
        return rule;
    if (*at == '.' && at == text + first && strspn(at + 1, digits) == 3)
        return RULE_ambiguous;
    if (strcmp(at, ".0") == 0 || strcmp(at, ".00") == 0)
        return rule;
    return *at == '\0' ? rule : RULE_number;
}
