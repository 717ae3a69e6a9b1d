/* SPDX-License-Identifier: MIT */
#include "passwords/personal_data.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "values/utf.h"

enum {
    SHORTEST_PART = 3,         /* code points that count as a part at all */
    SHORTEST_TELLING_PART = 4, /* code points that are enough by themselves */
    TELLING_DIGITS = 7,        /* of a phone number's end: more than chance puts into a password */
    LONGEST_MEMBER = 512,      /* bytes of one member of the identity that are looked at */
    PARTS_TEXT = 8192,
    MOST_PARTS = 256
};

struct part {
    const UChar *text;
    int32_t length;
    int32_t points;
};

struct parts {
    UChar text[PARTS_TEXT]; /* what the parts point into */
    int32_t used;
    struct part list[MOST_PARTS];
    int count;
};

static const UNormalizer2 *folding(void)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer = unorm2_getNFKCCasefoldInstance(&status);

    return U_SUCCESS(status) ? normalizer : NULL;
}

static bool is_word_character(UChar32 c)
{
    return (U_GET_GC_MASK(c) & (U_GC_L_MASK | U_GC_M_MASK | U_GC_N_MASK)) != 0;
}

static void add_part(struct parts *parts, const UChar *text, int32_t length)
{
    struct part part = {text, length, u_countChar32(text, length)};

    if (part.points >= SHORTEST_PART && parts->count < MOST_PARTS)
        parts->list[parts->count++] = part;
}

/* Keeps only letters, marks and numbers; `kept` has room for `length` units. */
static int32_t squeeze(const UChar *text, int32_t length, UChar *kept)
{
    int32_t at = 0, used = 0;

    while (at < length) {
        UChar32 c = utf_next16(text, &at, length);

        if (is_word_character(c))
            utf_append16(kept, &used, c);
    }
    return used;
}

static void add_words(struct parts *parts, const UChar *text, int32_t length)
{
    int32_t at = 0, start = 0;

    while (at < length) {
        int32_t before = at;
        UChar32 c = utf_next16(text, &at, length);

        if (!is_word_character(c)) {
            add_part(parts, text + start, before - start);
            start = at;
        }
    }
    add_part(parts, text + start, length - start);
}

/* Folds a member into `parts->text`: NULL where there is none, or no room for it. */
static UChar *fold_member(struct parts *parts, const char *member, size_t bytes, int32_t *length)
{
    UChar wide[LONGEST_MEMBER];
    UChar *folded = parts->text + parts->used;
    UErrorCode status = U_ZERO_ERROR;
    int32_t wide_length;

    if (bytes > LONGEST_MEMBER)
        bytes = LONGEST_MEMBER;
    wide_length = utf_widen(member, (int32_t)bytes, wide);
    *length =
        unorm2_normalize(folding(), wide, wide_length, folded, PARTS_TEXT - parts->used, &status);
    if (U_FAILURE(status))
        return NULL;
    parts->used += *length;
    return folded;
}

static void add_member(struct parts *parts, const char *member, size_t bytes)
{
    int32_t length, joined;
    UChar *folded = fold_member(parts, member, bytes, &length);

    if (folded == NULL)
        return;
    add_part(parts, folded, length);
    add_words(parts, folded, length);
    if (length <= PARTS_TEXT - parts->used) {
        joined = squeeze(folded, length, parts->text + parts->used);
        add_part(parts, parts->text + parts->used, joined);
        parts->used += joined;
    }
}

static void add_text(struct parts *parts, const char *member)
{
    if (member != NULL)
        add_member(parts, member, strlen(member));
}

/* The number without what separates its digits. */
static int32_t phone_digits(const char *phone, UChar *digits, int32_t room)
{
    int32_t used = 0;

    for (; phone != NULL && *phone != '\0' && used < room; phone++)
        if (*phone >= '0' && *phone <= '9')
            digits[used++] = (UChar)*phone;
    return used;
}

static bool contains(const UChar *text, int32_t length, const UChar *part, int32_t part_length)
{
    return u_strFindFirst(text, length, part, part_length) != NULL;
}

/* Whether the parts cover more than half of the password's units. */
static bool mostly_parts(const struct parts *parts, const UChar *password, int32_t length,
                         bool *covered)
{
    int32_t count = 0;

    for (int i = 0; i < parts->count; i++) {
        const struct part *part = &parts->list[i];
        const UChar *at = password;

        while ((at = u_strFindFirst(at, (int32_t)(password + length - at), part->text,
                                    part->length)) != NULL) {
            for (int32_t unit = 0; unit < part->length; unit++)
                covered[at - password + unit] = true;
            at++;
        }
    }
    for (int32_t unit = 0; unit < length; unit++)
        count += covered[unit];
    return count * 2 > length;
}

static bool made_of_parts(const struct parts *parts, const UChar *password, int32_t length,
                          bool *covered)
{
    bool long_enough = u_countChar32(password, length) >= SHORTEST_PART;

    for (int i = 0; i < parts->count; i++) {
        const struct part *part = &parts->list[i];

        if (part->points >= SHORTEST_TELLING_PART &&
            contains(password, length, part->text, part->length))
            return true;
        if (long_enough && contains(part->text, part->length, password, length))
            return true;
    }
    return mostly_parts(parts, password, length, covered);
}

/* `squeezed` is the password without separators. */
static bool made_of_phone(const char *phone, const UChar *squeezed, int32_t length)
{
    UChar digits[LONGEST_MEMBER];
    int32_t count = phone_digits(phone, digits, LONGEST_MEMBER);
    int32_t telling = count < TELLING_DIGITS ? count : TELLING_DIGITS;

    if (telling < SHORTEST_TELLING_PART)
        return false;
    return contains(squeezed, length, digits + count - telling, telling) ||
           (length >= SHORTEST_PART && contains(digits, count, squeezed, length));
}

static void collect(struct parts *parts, const struct policy_identity *identity)
{
    parts->used = 0;
    parts->count = 0;
    if (identity->email != NULL)
        add_member(parts, identity->email, strcspn(identity->email, "@"));
    add_text(parts, identity->username);
    add_text(parts, identity->name);
    add_text(parts, identity->given_name);
    add_text(parts, identity->family_name);
}

bool personal_data_makes(const struct policy_identity *identity, const UChar *password,
                         int32_t length, bool *made_of)
{
    const UNormalizer2 *normalizer = folding();
    UErrorCode status = U_ZERO_ERROR;
    struct parts *parts = NULL;
    UChar *folded = NULL, *squeezed = NULL;
    bool *covered = NULL;
    int32_t room, folded_length, squeezed_length;
    bool done = false;

    if (normalizer == NULL)
        return false;
    room = unorm2_normalize(normalizer, password, length, NULL, 0, &status);
    if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
        return false;
    room++; /* no zero-sized allocation */
    parts = malloc(sizeof *parts);
    folded = calloc((size_t)room, sizeof *folded);
    squeezed = calloc((size_t)room, sizeof *squeezed);
    covered = calloc((size_t)room, sizeof *covered);
    if (parts == NULL || folded == NULL || squeezed == NULL || covered == NULL)
        goto out;
    status = U_ZERO_ERROR;
    folded_length = unorm2_normalize(normalizer, password, length, folded, room, &status);
    if (U_FAILURE(status))
        goto out;
    squeezed_length = squeeze(folded, folded_length, squeezed);
    collect(parts, identity);
    *made_of = made_of_parts(parts, folded, folded_length, covered) ||
               made_of_phone(identity->phone, squeezed, squeezed_length);
    done = true;
out:
    if (folded != NULL)
        sodium_memzero(folded, (size_t)room * sizeof *folded);
    if (squeezed != NULL)
        sodium_memzero(squeezed, (size_t)room * sizeof *squeezed);
    free(parts);
    free(folded);
    free(squeezed);
    free(covered);
    return done;
}
