#include "values/subject.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "values/phone.h"
#include "values/text.h"
#include "values/utf.h"

enum {
    MOST_LOCAL = 64,     /* octets, RFC 5321 4.5.3.1.1 */
    MOST_EMAIL = 254,    /* octets, RFC 5321 4.5.3.1.3 without the angle brackets */
    MOST_LABEL = 63,     /* octets, RFC 1035 2.3.4 */
    MOST_USERNAME = 255, /* octets */
    LEAST_DIGITS = 8,
    MOST_DIGITS = 15,  /* ITU-T E.164 */
    MOST_SPELLING = 48 /* characters of a phone number with everything that separates digits */
};

static struct {
    const UNormalizer2 *nfc;
    const UNormalizer2 *nfkc_folding;
    UIDNA *idna; /* kept for the life of the process; ICU allows its use from any thread */
} icu;
static pthread_once_t icu_once = PTHREAD_ONCE_INIT;
static bool icu_ready;

static void open_icu(void)
{
    UErrorCode status = U_ZERO_ERROR;

    icu.nfc = unorm2_getNFCInstance(&status);
    icu.nfkc_folding = unorm2_getNFKCCasefoldInstance(&status);
    icu.idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                   UIDNA_NONTRANSITIONAL_TO_ASCII,
                               &status);
    icu_ready = U_SUCCESS(status);
}

static bool start_icu(void)
{
    (void)pthread_once(&icu_once, open_icu);
    return icu_ready;
}

static void __attribute__((destructor)) close_icu(void)
{
    uidna_close(icu.idna);
}

static char ascii_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_ascii_letter_or_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* RFC 5322 `atext`: no blanks, quotes, brackets or commas, which could end a header's address. */
static bool is_atext(UChar32 c)
{
    switch (c) {
    case '!':
    case '#':
    case '$':
    case '%':
    case '&':
    case '\'':
    case '*':
    case '+':
    case '-':
    case '/':
    case '=':
    case '?':
    case '^':
    case '_':
    case '`':
    case '{':
    case '|':
    case '}':
    case '~':
        return true;
    default:
        return c > 0 && c < 0x80 && is_ascii_letter_or_digit((char)c);
    }
}

/* RFC 6531 allows every other character; what cannot be seen, or has no fixed meaning yet, would
 * give two addresses that look the same. */
static bool is_visible(UChar32 c)
{
    return c >= 0x80 && (U_GET_GC_MASK(c) & (U_GC_C_MASK | U_GC_Z_MASK)) == 0;
}

/* A dot-string: atoms with single dots between. */
static bool is_local_part(const char *text, size_t length)
{
    int32_t at = 0;
    bool after_atom = false;

    while (at < (int32_t)length) {
        UChar32 c = (unsigned char)text[at];

        if (c < 0x80)
            at++;
        else
            c = utf_next8(text, &at, (int32_t)length);

        if (c == '.') {
            if (!after_atom)
                return false;
            after_atom = false;
        } else if (is_atext(c) || is_visible(c)) {
            after_atom = true;
        } else {
            return false;
        }
    }
    return after_atom;
}

static bool narrow(const UChar *wide, int32_t length, char *text, size_t size)
{
    UErrorCode status = U_ZERO_ERROR;

    u_strToUTF8(text, (int32_t)size, NULL, wide, length, &status);
    return U_SUCCESS(status) && status != U_STRING_NOT_TERMINATED_WARNING;
}

/* NFC, full case folding, and NFC again, because folding may take a composed character apart. */
static bool fold_local_part(const char *text, size_t length, char *folded, size_t size)
{
    UChar given[MOST_LOCAL], composed[MOST_LOCAL * 3], lower[MOST_LOCAL * 9], again[SUBJECT_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    int32_t units;

    if (text_is_ascii(text, length)) {
        for (size_t i = 0; i < length; i++)
            folded[i] = ascii_lower(text[i]);
        folded[length] = '\0';
        return true;
    }
    if (!start_icu())
        return false;
    units = utf_widen(text, (int32_t)length, given);
    units = unorm2_normalize(icu.nfc, given, units, composed, MOST_LOCAL * 3, &status);
    units = u_strFoldCase(lower, MOST_LOCAL * 9, composed, units, U_FOLD_CASE_DEFAULT, &status);
    units = unorm2_normalize(icu.nfc, lower, units, again, SUBJECT_SIZE, &status);
    /* Some characters are another one in NFC: the Greek question mark is a semicolon. */
    return U_SUCCESS(status) && narrow(again, units, folded, size) &&
           is_local_part(folded, strlen(folded));
}

/*
 * What UTS 46 makes of a domain that is plain ASCII, without asking ICU. `*decided` is false where
 * it must be asked after all: hyphens in the third and fourth place are reserved, and "xn--" has a
 * meaning.
 */
static bool fold_ascii_domain(const char *text, size_t length, char *folded, bool *decided)
{
    size_t label = 0;

    *decided = true;
    for (size_t i = 0; i <= length; i++) {
        size_t in_label = i - label;

        if (i < length && text[i] != '.') {
            if (!is_ascii_letter_or_digit(text[i]) && text[i] != '-')
                return false;
            folded[i] = ascii_lower(text[i]);
            continue;
        }
        if (in_label == 0 || in_label > MOST_LABEL || text[label] == '-' || text[i - 1] == '-')
            return false;
        if (in_label >= 4 && text[label + 2] == '-' && text[label + 3] == '-')
            *decided = false;
        folded[i] = '.';
        label = i + 1;
    }
    folded[length] = '\0';
    return true;
}

static bool fold_domain(const char *text, size_t length, char *folded, size_t size)
{
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UErrorCode status = U_ZERO_ERROR;
    bool decided;
    int32_t written;

    if (length == 0 || length >= size)
        return false;
    if (text_is_ascii(text, length)) {
        if (!fold_ascii_domain(text, length, folded, &decided))
            return false;
        if (decided)
            return true;
    }
    if (!start_icu())
        return false;
    written = uidna_nameToASCII_UTF8(icu.idna, text, (int32_t)length, folded, (int32_t)size, &info,
                                     &status);
    return U_SUCCESS(status) && info.errors == 0 && written > 0 && written < (int32_t)size &&
           folded[written - 1] != '.';
}

/* RFC 5321 2.3.5 asks for a fully qualified name, so there is a dot; a last label of digits alone
 * is an address literal without its brackets. */
static bool is_qualified(const char *domain)
{
    const char *last = strrchr(domain, '.');

    return last != NULL && strspn(last + 1, "0123456789") != strlen(last + 1);
}

bool subject_fold_email(const char *text, char folded[SUBJECT_SIZE])
{
    const char *at = strchr(text, '@');
    size_t local = at == NULL ? 0 : (size_t)(at - text);
    char domain[SUBJECT_SIZE];
    size_t domain_length, folded_local;

    if (at == NULL || local > MOST_LOCAL || !is_local_part(text, local))
        return false;
    if (strnlen(at + 1, SUBJECT_SIZE) == SUBJECT_SIZE ||
        !fold_domain(at + 1, strlen(at + 1), domain, sizeof domain) || !is_qualified(domain))
        return false;
    domain_length = strlen(domain);
    if (local + 1 + domain_length > MOST_EMAIL ||
        !fold_local_part(text, local, folded, SUBJECT_SIZE))
        return false;
    folded_local = strlen(folded);
    if (folded_local + 1 + domain_length >= SUBJECT_SIZE)
        return false;
    folded[folded_local] = '@';
    memcpy(folded + folded_local + 1, domain, domain_length + 1);
    return true;
}

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
        folded[i] = ascii_lower(text[i]);
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
    if (!text_is_clean(text, MOST_USERNAME) || !is_username(text, length) || !start_icu())
        return false;
    units = utf_widen(text, (int32_t)length, given);
    units = unorm2_normalize(icu.nfkc_folding, given, units, wide, SUBJECT_SIZE, &status);
    /* Folding drops what cannot be seen and takes compatibility characters apart: what is left must
     * be a username too. */
    return U_SUCCESS(status) && narrow(wide, units, folded, SUBJECT_SIZE) &&
           is_username(folded, strlen(folded));
}

enum subject_kind subject_meaning(const char *text, const char *country, char folded[SUBJECT_SIZE])
{
    if (subject_fold_email(text, folded))
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
