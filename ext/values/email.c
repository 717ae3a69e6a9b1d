/* SPDX-License-Identifier: MIT */
#include "values/email.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "values/text.h"
#include "values/utf.h"

enum {
    MOST_LOCAL = 64,  /* octets, RFC 5321 4.5.3.1.1 */
    MOST_EMAIL = 254, /* octets, RFC 5321 4.5.3.1.3 without the angle brackets */
    MOST_LABEL = 63   /* octets, RFC 1035 2.3.4 */
};

static UIDNA *idna; /* kept for the life of the process; ICU allows its use from any thread */
static pthread_once_t idna_once = PTHREAD_ONCE_INIT;

static void open_idna(void)
{
    UErrorCode status = U_ZERO_ERROR;

    idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                               UIDNA_NONTRANSITIONAL_TO_ASCII,
                           &status);
}

static void __attribute__((destructor)) close_idna(void)
{
    uidna_close(idna);
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
    return c >= 0x80 && (U_GET_GC_MASK(c) & (U_GC_C_MASK | U_GC_Z_MASK)) == 0 &&
           !u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT);
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

/* NFC, full case folding, and NFC again, because folding may take a composed character apart. */
static bool fold_local_part(const char *text, size_t length, char *folded, size_t size)
{
    UChar given[MOST_LOCAL], composed[MOST_LOCAL * 3], lower[MOST_LOCAL * 9], again[EMAIL_SIZE];
    UErrorCode status = U_ZERO_ERROR;
    int32_t units;

    if (text_is_ascii(text, length)) {
        for (size_t i = 0; i < length; i++)
            folded[i] = text_lower(text[i]);
        folded[length] = '\0';
        return true;
    }
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
    units = utf_widen(text, (int32_t)length, given);
    units = unorm2_normalize(nfc, given, units, composed, MOST_LOCAL * 3, &status);
    units = u_strFoldCase(lower, MOST_LOCAL * 9, composed, units, U_FOLD_CASE_DEFAULT, &status);
    units = unorm2_normalize(nfc, lower, units, again, EMAIL_SIZE, &status);
    /* Some characters are another one in NFC: the Greek question mark is a semicolon. */
    return U_SUCCESS(status) && utf_narrow(again, units, folded, size) &&
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
            folded[i] = text_lower(text[i]);
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
    (void)pthread_once(&idna_once, open_idna);
    if (idna == NULL)
        return false;
    written =
        uidna_nameToASCII_UTF8(idna, text, (int32_t)length, folded, (int32_t)size, &info, &status);
    /* Hyphens in the third and fourth place are reserved, and in use all the same. */
    return U_SUCCESS(status) && (info.errors & ~(uint32_t)UIDNA_ERROR_HYPHEN_3_4) == 0 &&
           written > 0 && written < (int32_t)size && folded[written - 1] != '.';
}

/* RFC 5321 2.3.5 asks for a fully qualified name, so there is a dot, but for a mailbox of this
 * machine; a last label of digits alone is an address literal without its brackets. */
static bool is_domain_name(const char *domain, bool qualified)
{
    const char *dot = strrchr(domain, '.'), *last = dot == NULL ? domain : dot + 1;

    return (dot != NULL || !qualified) && last[strspn(last, "0123456789")] != '\0';
}

/* The parts of an address: the local part's length, its form that is compared, and the domain. */
struct parts {
    size_t local;
    char folded[EMAIL_SIZE], domain[EMAIL_SIZE];
};

static bool split(const char *text, bool qualified, struct parts *parts)
{
    const char *at = strchr(text, '@');

    parts->local = at == NULL ? 0 : (size_t)(at - text);
    return at != NULL && parts->local <= MOST_LOCAL && is_local_part(text, parts->local) &&
           strnlen(at + 1, EMAIL_SIZE) < EMAIL_SIZE &&
           fold_domain(at + 1, strlen(at + 1), parts->domain, EMAIL_SIZE) &&
           is_domain_name(parts->domain, qualified) &&
           parts->local + 1 + strlen(parts->domain) <= MOST_EMAIL &&
           fold_local_part(text, parts->local, parts->folded, EMAIL_SIZE);
}

static bool join(char address[EMAIL_SIZE], const char *local, size_t length, const char *domain)
{
    size_t domain_length = strlen(domain);

    if (length + 1 + domain_length >= EMAIL_SIZE)
        return false;
    memcpy(address, local, length);
    address[length] = '@';
    memcpy(address + length + 1, domain, domain_length + 1);
    return true;
}

bool email_fold(const char *text, char folded[EMAIL_SIZE])
{
    struct parts parts;

    return split(text, true, &parts) &&
           join(folded, parts.folded, strlen(parts.folded), parts.domain);
}

bool email_address(const char *text, char address[EMAIL_SIZE])
{
    struct parts parts;

    return split(text, true, &parts) && join(address, text, parts.local, parts.domain);
}

bool email_mailbox(const char *text, struct email_mailbox *mailbox)
{
    const char *open = strchr(text, '<'), *start = open == NULL ? text : open + 1;
    size_t length = strlen(start), end = open == NULL ? 0 : (size_t)(open - text);
    char address[EMAIL_SIZE];
    struct parts parts;

    if (open != NULL && (length == 0 || start[--length] != '>'))
        return false;
    if (length >= sizeof address)
        return false;
    memcpy(address, start, length);
    address[length] = '\0';
    while (end > 0 && text[end - 1] == ' ')
        end--;
    bool quoted = end >= 2 && text[0] == '"' && text[end - 1] == '"';
    mailbox->name = text + quoted;
    mailbox->name_length = end - 2U * quoted;
    return split(address, false, &parts) &&
           join(mailbox->address, address, parts.local, parts.domain);
}

const char *email_domain(const char *address)
{
    return strchr(address, '@') + 1;
}
