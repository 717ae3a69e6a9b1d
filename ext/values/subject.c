#include "values/subject.h"

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
    MOST_DIGITS = 15,  /* ITU-T E.164 */
    MOST_SPELLING = 48 /* characters of a phone number with everything that separates digits */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_e164(const char *text)
{
    size_t digits;

    if (text[0] != '+' || text[1] < '1' || text[1] > '9')
        return false;
    digits = strnlen(text + 1, MOST_DIGITS + 1);
    for (size_t i = 1; i <= digits; i++)
        if (!is_digit(text[i]))
            return false;
    return digits >= LEAST_DIGITS && digits <= MOST_DIGITS;
}

/*
 * A spelling that libphonenumber may be asked about. It would also take vanity letters, extensions
 * and numbers found within other text, and ignore what it does not know: none of that is a number
 * that someone meant to register with.
 */
static bool is_phone_spelling(const char *text)
{
    size_t length = strnlen(text, MOST_SPELLING + 1);

    return length > 0 && length <= MOST_SPELLING && strspn(text, "+0123456789 .-/()") == length &&
           strchr(text + 1, '+') == NULL;
}

bool subject_phone(const char *text, const char *country, char e164[SUBJECT_SIZE])
{
    char spelling[MOST_SPELLING + 2];
    char region[3] = "";

    if (is_e164(text)) {
        memcpy(e164, text, strlen(text) + 1);
        return true;
    }
    if (!is_phone_spelling(text))
        return false;
    if (text[0] == '0' && text[1] == '0') {
        spelling[0] = '+';
        memcpy(spelling + 1, text + 2, strlen(text + 2) + 1);
    } else {
        memcpy(spelling, text, strlen(text) + 1);
    }
    if (spelling[0] != '+') {
        if (country == NULL || strnlen(country, 3) != 2)
            return false;
        for (int i = 0; i < 2; i++)
            region[i] = text_upper(country[i]);
    }
    return phone_e164(spelling, region[0] != '\0' ? region : NULL, e164, SUBJECT_SIZE) &&
           is_e164(e164);
}

bool subject_phone_country(const char *e164, char country[3])
{
    return is_e164(e164) && phone_country(e164, country);
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
        if (last < 0 || (U_GET_GC_MASK(last) & refused) != 0 || (first && is_white_space(last)))
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
    if (subject_phone(text, country, folded))
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
    if (is_e164(text)) {
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
