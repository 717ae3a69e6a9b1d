/* SPDX-License-Identifier: MIT */
#include "values/subject.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include "values/phone.h"
#include "values/text.h"
#include "values/utf.h"

enum {
    MOST_USERNAME = 255, /* octets */
    LEAST_DIGITS = 8,
    LEAST_NATIONAL = 6, /* digits before a point that may be a decimal one */
    MOST_DIGITS = 15,   /* ITU-T E.164 */
    MOST_SPELLING = 48, /* characters with everything that separates digits */
    CODES = 1000        /* country codes have up to three digits */
};

bool phone_number_is_e164(const char *text)
{
    if (text[0] != '+' || text[1] < '1' || text[1] > '9')
        return false;
    size_t digits = strspn(text + 1, "0123456789");
    return text[1 + digits] == '\0' && digits >= LEAST_DIGITS && digits <= MOST_DIGITS;
}

/*
 * Asking the library costs more than the rest of a sign-up. By country code: the first digits of a
 * national number with which E.164 means itself, so that nothing is left to ask but whether its
 * length is possible. With the others it may hold a trunk or carrier prefix that has to go; codes
 * that are not here are asked in full. tests/unit/values/test_phone_number.c compares.
 */
#define BUT_ZERO 0x3fe
static const uint16_t plain[CODES] = {
    [1] = BUT_ZERO & ~(1U << 1),
    [7] = BUT_ZERO & ~(1U << 8),
    [20] = BUT_ZERO,
    [27] = BUT_ZERO,
    [30] = BUT_ZERO,
    [31] = BUT_ZERO,
    [32] = BUT_ZERO,
    [33] = BUT_ZERO,
    [34] = BUT_ZERO,
    [39] = BUT_ZERO,
    [40] = BUT_ZERO,
    [41] = BUT_ZERO,
    [43] = BUT_ZERO,
    [44] = BUT_ZERO,
    [45] = BUT_ZERO,
    [46] = BUT_ZERO,
    [47] = BUT_ZERO,
    [48] = BUT_ZERO,
    [49] = BUT_ZERO,
    [51] = BUT_ZERO,
    [60] = BUT_ZERO,
    [61] = BUT_ZERO & ~(1U << 1),
    [62] = BUT_ZERO,
    [63] = BUT_ZERO,
    [64] = BUT_ZERO,
    [65] = BUT_ZERO,
    [66] = BUT_ZERO,
    [81] = BUT_ZERO,
    [82] = BUT_ZERO,
    [84] = BUT_ZERO,
    [90] = BUT_ZERO,
    [91] = BUT_ZERO,
    [92] = BUT_ZERO,
    [94] = BUT_ZERO,
    [98] = BUT_ZERO,
    [351] = BUT_ZERO,
    [352] = BUT_ZERO & ~(1U << 1),
    [353] = BUT_ZERO,
    [354] = BUT_ZERO,
    [358] = BUT_ZERO,
    [359] = BUT_ZERO,
    [370] = BUT_ZERO & ~(1U << 8),
    [371] = BUT_ZERO,
    [372] = BUT_ZERO,
    [380] = BUT_ZERO,
    [385] = BUT_ZERO,
    [386] = BUT_ZERO,
    [420] = BUT_ZERO,
    [421] = BUT_ZERO,
};

/* The lengths that the library calls possible, once it has been asked. */
static _Atomic uint32_t lengths[CODES];
static const uint32_t KNOWN = UINT32_C(1) << 31;

static bool is_possible(int code, size_t digits)
{
    uint32_t found = atomic_load_explicit(&lengths[code], memory_order_relaxed);
    if (found == 0) {
        found = KNOWN | phone_lengths(code);
        atomic_store_explicit(&lengths[code], found, memory_order_relaxed);
    }
    return (found >> digits & 1) != 0;
}

/* Whether E.164 can be answered without the library, and if so, how. */
static bool is_plain(const char *e164, enum rule *rule)
{
    int code = 0;
    for (size_t digits = 1; digits <= 3; digits++) {
        code = code * 10 + (e164[digits] - '0');
        if (plain[code] == 0)
            continue;
        if ((plain[code] >> (e164[digits + 1] - '0') & 1) == 0)
            return false;
        *rule = is_possible(code, strlen(e164) - 1 - digits) ? RULE_as_given : RULE_phone_length;
        return true;
    }
    return false;
}

/* One character of a number as ASCII; 0: it does not matter; -1: it does not belong there. */
static int plain_character(UChar32 c)
{
    int32_t digit = u_charDigitValue(c);
    if (digit >= 0)
        return '0' + digit;
    if (u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) ||
        (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
        return 0;
    if (u_hasBinaryProperty(c, UCHAR_DASH))
        return '-';
    if (u_charType(c) == U_SPACE_SEPARATOR)
        return ' ';
    return c == 0xff0b ? '+' : c > 0 && c < 0x80 && strchr("+ .-/()", c) != NULL ? c : -1;
}

/*
 * A spelling that libphonenumber may be asked about. It would also take vanity letters, extensions
 * and numbers found within other text, and ignore what it does not know: none of that is a number
 * that someone meant to register with.
 */
static bool spell(const char *text, char spelling[MOST_SPELLING + 2])
{
    int32_t at = 0, length = (int32_t)strnlen(text, INT32_MAX / 2);
    size_t used = 0;
    while (at < length) {
        int c = plain_character(utf_next8(text, &at, length));
        if (c == '(' && used == 0) /* (+49) 151 */
            continue;
        if (c < 0 || (c == '+' && used > 0) || used == MOST_SPELLING)
            return false;
        if (c > 0)
            spelling[used++] = (char)c;
    }
    spelling[used] = '\0';
    return used > 0;
}

/* A program that took the digits for a number to count with puts `.0` behind them, which is no
 * digit of the number. What has more zeros there may be grouped by its point. */
static enum rule drop_decimal(char *spelling)
{
    char *point = spelling + (spelling[0] == '+');
    size_t whole = strspn(point, "0123456789");
    point += whole;
    size_t zeros = *point == '.' ? strspn(point + 1, "0") : 0;
    if (whole < LEAST_NATIONAL || zeros == 0 || point[1 + zeros] != '\0')
        return RULE_as_given;
    *point = '\0';
    return zeros == 1 ? RULE_decimal : RULE_ambiguous;
}

enum rule phone_number(const char *text, const char *country, bool valid, char *e164, size_t size)
{
    char spelling[MOST_SPELLING + 2], region[3] = "";
    enum rule rule;
    if (!valid && phone_number_is_e164(text) && strlen(text) < size && is_plain(text, &rule)) {
        memcpy(e164, text, strlen(text) + 1);
        return rule;
    }
    if (!spell(text, spelling))
        return RULE_phone;
    enum rule decimal = drop_decimal(spelling);
    if (rule_refuses(decimal))
        return decimal;
    bool abroad = spelling[0] == '0' && spelling[1] == '0';
    if (spelling[0] != '+' && country != NULL && strnlen(country, 3) == 2)
        for (int i = 0; i < 2; i++)
            region[i] = text_upper(country[i]);
    else if (spelling[0] != '+' && !abroad)
        return RULE_phone_country;
    rule = phone_e164(spelling, region[0] != '\0' ? region : NULL, valid, e164, size);
    if (rule_refuses(rule))
        return rule;
    if (!phone_number_is_e164(e164))
        return RULE_phone_length;
    if (decimal != RULE_as_given)
        return decimal;
    return rule == RULE_as_given && !text_is_ascii(text, strlen(text)) ? RULE_phone_spelling : rule;
}

bool subject_phone(const char *text, const char *country, char e164[SUBJECT_SIZE])
{
    return !rule_refuses(phone_number(text, country, false, e164, SUBJECT_SIZE));
}

static bool is_white_space(UChar32 c)
{
    return u_isUWhiteSpace(c) != 0;
}

/* Well-formed, every character assigned, no control and no line or paragraph separator among them,
 * and no white space at either end. */
static bool is_username(const char *text, size_t length)
{
    const uint32_t refused =
        U_GC_CC_MASK | U_GC_CN_MASK | U_GC_CS_MASK | U_GC_ZL_MASK | U_GC_ZP_MASK;
    int32_t at = 0;
    UChar32 last = ' ';

    if (length == 0)
        return false;
    while (at < (int32_t)length) {
        bool first = at == 0;

        last = utf_next8(text, &at, (int32_t)length);
        if (last < 0 || (U_GET_GC_MASK(last) & refused) != 0 || (first && is_white_space(last)) ||
            u_hasBinaryProperty(last, UCHAR_DEFAULT_IGNORABLE_CODE_POINT))
            return false;
    }
    return !is_white_space(last);
}

/* As is_username for plain ASCII; `folded` is written as it goes. */
static bool fold_ascii_username(const char *text, size_t length, char *folded)
{
    if (length == 0 || text[0] == ' ' || text[length - 1] == ' ')
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
        folded[i] = text_lower(text[i]);
    }
    folded[length] = '\0';
    return true;
}

bool subject_fold_username(const char *text, char folded[SUBJECT_SIZE])
{
    size_t length = strnlen(text, MOST_USERNAME + 1);
    UChar given[MOST_USERNAME], wide[SUBJECT_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    int32_t units;

    if (length > MOST_USERNAME)
        return false;
    if (text_is_ascii(text, length))
        return fold_ascii_username(text, length, folded);
    if (!text_is_clean(text, MOST_USERNAME) || !is_username(text, length))
        return false;
    if (email_fold(text, folded))
        return true;
    units = utf_widen(text, (int32_t)length, given);
    units = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&status), given, units, wide,
                             SUBJECT_SIZE, &status);
    /* Folding drops what cannot be seen and takes compatibility characters apart: what is left must
     * be a username too. */
    return U_SUCCESS(status) && utf_narrow(wide, units, folded, SUBJECT_SIZE) &&
           is_username(folded, strlen(folded));
}

enum subject_kind subject_meaning(const char *text, const char *country, char folded[SUBJECT_SIZE])
{
    if (email_fold(text, folded))
        return SUBJECT_EMAIL;
    /* Digits that a country completes are a number only where it is one in use: they may well be a
     * name. */
    if (!rule_refuses(phone_number(text, country, text[0] != '+', folded, SUBJECT_SIZE)))
        return SUBJECT_PHONE;
    return subject_fold_username(text, folded) ? SUBJECT_USERNAME : SUBJECT_NOTHING;
}

struct masked {
    char *text;
    size_t size;
    size_t used;
};

/* Writes the whole piece or, where there is no room, nothing more at all. */
static void put(struct masked *masked, const char *piece, size_t length)
{
    if (masked->used + length >= masked->size) {
        masked->size = 0;
        return;
    }
    memcpy(masked->text + masked->used, piece, length);
    masked->used += length;
    masked->text[masked->used] = '\0';
}

/* The next character, or `?` for one that is ill-formed or must not reach a terminal. */
static int32_t put_character(struct masked *masked, const char *text, int32_t length)
{
    int32_t at = 0;
    UChar32 c = utf_next8(text, &at, length);

    if (text_class(c) == TEXT_SEEN)
        put(masked, text, (size_t)at);
    else
        put(masked, "?", 1);
    return at;
}

/* The leading digits that hold country code and area, at most four, and the last two; at least
 * five between them are hidden. */
static void mask_phone(struct masked *masked, const char *text)
{
    size_t digits = strlen(text) - 1;
    size_t tail = 2, hidden = 5;
    size_t head = digits - tail - hidden < 4 ? digits - tail - hidden : 4;

    put(masked, text, 1 + head);
    for (size_t i = head; i < digits - tail; i++)
        put(masked, "*", 1);
    put(masked, text + 1 + digits - tail, tail);
}

void subject_mask(const char *text, char *masked, size_t size)
{
    struct masked out = {masked, size, 0};
    size_t whole = strnlen(text, INT32_MAX / 2);
    int32_t length = (int32_t)whole;
    const char *at = strchr(text, '@');

    if (size == 0)
        return;
    masked[0] = '\0';
    if (phone_number_is_e164(text)) {
        mask_phone(&out, text);
        return;
    }
    if (length == 0)
        return;
    (void)put_character(&out, text, length);
    /* As many stars whatever the length, which would tell something too. */
    put(&out, "***", 3);
    if (at == NULL || at == text || strchr(at + 1, '@') != NULL)
        return;
    for (int32_t next = (int32_t)(at - text); next < length;)
        next += put_character(&out, text + next, length - next);
}
