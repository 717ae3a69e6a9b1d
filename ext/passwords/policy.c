/* SPDX-License-Identifier: MIT */
#include "passwords/policy.h"

#include <jansson.h>
#include <math.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>
#include <zxcvbn.h>

#include "values/document.h"
#include "passwords/blocklist.h"
#include "passwords/personal_data.h"
#include "values/text.h"
#include "values/utf.h"

enum {
    SHORTEST = 1,
    LONGEST = 1024, /* characters; see JUDGED_BYTES */
    HIGHEST_SCORE = 4,
    SHOWN_SIZE = 48, /* of a text from outside in a message */
    /* Only this much of a password is judged, so that a value of a gigabyte costs no more than
     * that: with at most 9 bytes to a composed character it is too long by then for any policy. (To
     * bring combining marks into their order takes the square of their number.) */
    JUDGED_BYTES = 10240,
    /* Code points that zxcvbn looks at: enough for its highest score many times over. What it does
     * with "1212..." takes the fifth power of their number, seconds for a hundred. */
    SCORED_POINTS = 40
};

static const struct profile {
    const char *name;
    struct policy policy;
} profiles[] = {
    /* The partner API's published rule. */
    {"classic",
     {.min_length = 8,
      .max_length = 32,
      .lowercase = true,
      .uppercase = true,
      .digit = true,
      .symbol = true}},
    /* Cleeng's published rule. */
    {"cleeng", {.min_length = 8, .max_length = 80, .letter = true, .digit_or_symbol = true}},
    /* SP 800-63B-4 for a password that stands alone: no rule of composition. */
    {"nist", {.min_length = 15, .max_length = 128, .identity = true, .normalise = true}},
};

static const char PROFILE_NAMES[] = "\"classic\", \"cleeng\" or \"nist\"";

static const struct switch_member {
    const char *name;
    size_t offset;
} switches[] = {
    {"lowercase", offsetof(struct policy, lowercase)},
    {"uppercase", offsetof(struct policy, uppercase)},
    {"letter", offsetof(struct policy, letter)},
    {"digit", offsetof(struct policy, digit)},
    {"symbol", offsetof(struct policy, symbol)},
    {"digitOrSymbol", offsetof(struct policy, digit_or_symbol)},
    {"identity", offsetof(struct policy, identity)},
    {"normalise", offsetof(struct policy, normalise)},
};

static const char *const rule_names[POLICY_RULES] = {
    [POLICY_TOO_SHORT] = "too_short",
    [POLICY_TOO_LONG] = "too_long",
    [POLICY_NO_LOWERCASE] = "no_lowercase",
    [POLICY_NO_UPPERCASE] = "no_uppercase",
    [POLICY_NO_LETTER] = "no_letter",
    [POLICY_NO_DIGIT] = "no_digit",
    [POLICY_NO_SYMBOL] = "no_symbol",
    [POLICY_NO_DIGIT_OR_SYMBOL] = "no_digit_or_symbol",
    [POLICY_CONTAINS_IDENTITY] = "contains_identity",
    [POLICY_GUESSABLE] = "guessable",
    [POLICY_BREACHED] = "breached",
};

/* What came from outside, harmless in a message: printable ASCII, and not much of it. */
static const char *shown(const char *text, char safe[SHOWN_SIZE])
{
    size_t used = 0;

    for (; *text != '\0' && used < SHOWN_SIZE - 1; text++)
        safe[used++] = *text >= ' ' && *text <= '~' ? *text : '?';
    safe[used] = '\0';
    return safe;
}

static bool start_from(const char *name, struct policy *policy)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(name, profiles[i].name) == 0) {
            *policy = profiles[i].policy;
            return true;
        }
    return false;
}

static bool read_profile(const json_t *object, struct policy *policy, struct error *error)
{
    const json_t *value = json_object_get(object, "profile");

    if (value == NULL)
        return start_from("classic", policy);
    if (json_is_string(value) && start_from(json_string_value(value), policy))
        return true;
    return error_set(error, ERROR_INVALID, "\"profile\" must be %s", PROFILE_NAMES);
}

static bool read_number(const char *name, const json_t *value, unsigned least, unsigned most,
                        unsigned *number, struct error *error)
{
    json_int_t integer = json_integer_value(value);

    if (!json_is_integer(value) || integer < (json_int_t)least || integer > (json_int_t)most)
        return error_set(error, ERROR_INVALID, "\"%s\" must be a whole number from %u to %u", name,
                         least, most);
    *number = (unsigned)integer;
    return true;
}

static bool read_switch(const char *name, const json_t *value, struct policy *policy, bool *known,
                        struct error *error)
{
    *known = false;
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (strcmp(name, switches[i].name) != 0)
            continue;
        *known = true;
        if (!json_is_boolean(value))
            return error_set(error, ERROR_INVALID, "\"%s\" must be true or false", name);
        *(bool *)((char *)policy + switches[i].offset) = json_is_true(value);
    }
    return true;
}

static bool read_blocklist(const json_t *value, struct policy *policy, struct error *error)
{
    if (!json_is_string(value) || json_string_length(value) >= sizeof policy->blocklist ||
        (json_string_length(value) > 0 &&
         !text_is_clean(json_string_value(value), POLICY_PATH_SIZE)))
        return error_set(error, ERROR_INVALID,
                         "\"blocklist\" must be the path of a file, of less than %d bytes and "
                         "without control characters",
                         POLICY_PATH_SIZE);
    memcpy(policy->blocklist, json_string_value(value), json_string_length(value) + 1);
    return true;
}

static bool read_member(const char *name, const json_t *value, struct policy *policy,
                        struct error *error)
{
    char safe[SHOWN_SIZE];
    unsigned score = 0;
    bool known;

    if (strcmp(name, "profile") == 0)
        return true; /* read before all others */
    if (strcmp(name, "minLength") == 0)
        return read_number(name, value, SHORTEST, LONGEST, &policy->min_length, error);
    if (strcmp(name, "maxLength") == 0)
        return read_number(name, value, SHORTEST, LONGEST, &policy->max_length, error);
    if (strcmp(name, "minScore") == 0) {
        if (!read_number(name, value, 0, HIGHEST_SCORE, &score, error))
            return false;
        policy->min_score = (int)score;
        return true;
    }
    if (strcmp(name, "blocklist") == 0)
        return read_blocklist(value, policy, error);
    if (!read_switch(name, value, policy, &known, error))
        return false;
    if (!known)
        (void)error_set(error, ERROR_INVALID,
                        "a password policy has no member \"%s\": it may have profile, minLength, "
                        "maxLength, lowercase, uppercase, letter, digit, symbol, digitOrSymbol, "
                        "identity, normalise, minScore and blocklist",
                        shown(name, safe));
    return known;
}

static bool parse_json(const char *text, struct policy *policy, struct error *error)
{
    json_error_t place;
    char safe[SHOWN_SIZE];
    json_t *object = document_parse(text, 0, &place, error);
    const char *name;
    json_t *value;
    bool parsed = false;

    if (object == NULL)
        return error_set(error, error->code, "not a JSON object (line %d, column %d): %s",
                         place.line, place.column, shown(error->text, safe));
    if (!read_profile(object, policy, error))
        goto out;
    json_object_foreach(object, name, value) if (!read_member(name, value, policy, error)) goto out;
    if (policy->min_length > policy->max_length) {
        (void)error_set(error, ERROR_INVALID,
                        "\"minLength\" (%u) must not be greater than \"maxLength\" (%u)",
                        policy->min_length, policy->max_length);
        goto out;
    }
    parsed = true;
out:
    json_decref(object);
    return parsed;
}

bool policy_parse(const char *text, struct policy *policy, struct error *error)
{
    char safe[SHOWN_SIZE];

    if (text[strspn(text, " \t\r\n")] == '{')
        return parse_json(text, policy, error);
    if (start_from(text, policy))
        return true;
    return error_set(error, ERROR_INVALID,
                     "there is no password policy \"%s\": give %s, or a JSON object",
                     shown(text, safe), PROFILE_NAMES);
}

/* The password as it is judged; freed by wipe(). */
struct candidate {
    UChar *text;
    int32_t length;
    int32_t room;
};

static void wipe(struct candidate *candidate)
{
    if (candidate->text != NULL)
        sodium_memzero(candidate->text, (size_t)candidate->room * sizeof *candidate->text);
    free(candidate->text);
    candidate->text = NULL;
}

static bool reserve(struct candidate *candidate, int32_t room)
{
    candidate->room = room + 1;
    candidate->text = calloc((size_t)candidate->room, sizeof *candidate->text);
    return candidate->text != NULL;
}

static bool normalise(struct candidate *candidate)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *normalizer = unorm2_getNFKCInstance(&status);
    struct candidate normal = {NULL, 0, 0};

    if (U_FAILURE(status))
        return false;
    normal.length =
        unorm2_normalize(normalizer, candidate->text, candidate->length, NULL, 0, &status);
    if (U_FAILURE(status) && status != U_BUFFER_OVERFLOW_ERROR)
        return false;
    if (!reserve(&normal, normal.length))
        return false;
    status = U_ZERO_ERROR;
    normal.length = unorm2_normalize(normalizer, candidate->text, candidate->length, normal.text,
                                     normal.room, &status);
    wipe(candidate);
    *candidate = normal;
    return U_SUCCESS(status);
}

static bool read_candidate(const struct policy *policy, const char *password, size_t length,
                           struct candidate *candidate)
{
    int32_t judged = length > JUDGED_BYTES ? JUDGED_BYTES : (int32_t)length;

    if (!reserve(candidate, judged))
        return false;
    candidate->length = utf_widen(password, judged, candidate->text);
    return !policy->normalise || normalise(candidate);
}

char *policy_form(const struct policy *policy, const char *password)
{
    UErrorCode status = U_ZERO_ERROR;
    size_t length = strlen(password);
    struct candidate candidate = {NULL, 0, 0};
    int32_t size = 0;
    char *form = NULL;

    /* What is longer is refused by every policy, and ASCII is NFKC. */
    if (!policy->normalise || length > JUDGED_BYTES || text_is_ascii(password, length))
        return strdup(password);
    if (read_candidate(policy, password, length, &candidate)) {
        size = candidate.length * 3 + 1;
        form = malloc((size_t)size);
    }
    if (form != NULL)
        u_strToUTF8(form, size, NULL, candidate.text, candidate.length, &status);
    wipe(&candidate);
    if (form != NULL && U_FAILURE(status)) {
        policy_wipe_form(form);
        form = NULL;
    }
    return form;
}

void policy_wipe_form(char *form)
{
    if (form != NULL)
        sodium_memzero(form, strlen(form));
    free(form);
}

bool policy_hash(const struct policy *policy, const char *password, struct password_cost cost,
                 char stored[PASSWORD_STORED_SIZE])
{
    char *form = policy_form(policy, password);
    bool hashed = form != NULL && password_hash(form, strlen(form), cost, stored);
    policy_wipe_form(form);
    return hashed;
}

struct composition {
    bool lowercase, uppercase, letter, digit, symbol;
};

/* A combining mark belongs to its letter; a control or a bad byte is nothing at all. */
static struct composition compose(const struct candidate *candidate)
{
    struct composition has = {false, false, false, false, false};
    int32_t at = 0;

    while (at < candidate->length) {
        UChar32 c = utf_next16(candidate->text, &at, candidate->length);
        uint32_t category = U_GET_GC_MASK(c);

        has.lowercase |= c >= 'a' && c <= 'z';
        has.uppercase |= c >= 'A' && c <= 'Z';
        has.letter |= (category & U_GC_L_MASK) != 0;
        has.digit |= (category & U_GC_ND_MASK) != 0;
        has.symbol |= c != UTF_REPLACEMENT &&
                      (category & (U_GC_P_MASK | U_GC_S_MASK | U_GC_NL_MASK | U_GC_NO_MASK)) != 0;
    }
    return has;
}

static void break_rule(uint32_t *broken, enum policy_rule rule, bool is_broken)
{
    if (is_broken)
        *broken |= UINT32_C(1) << rule;
}

static void check_form(const struct policy *policy, const struct candidate *candidate,
                       uint32_t *broken)
{
    uint32_t points = (uint32_t)u_countChar32(candidate->text, candidate->length);
    struct composition has = compose(candidate);

    break_rule(broken, POLICY_TOO_SHORT, points < policy->min_length);
    break_rule(broken, POLICY_TOO_LONG, points > policy->max_length);
    break_rule(broken, POLICY_NO_LOWERCASE, policy->lowercase && !has.lowercase);
    break_rule(broken, POLICY_NO_UPPERCASE, policy->uppercase && !has.uppercase);
    break_rule(broken, POLICY_NO_LETTER, policy->letter && !has.letter);
    break_rule(broken, POLICY_NO_DIGIT, policy->digit && !has.digit);
    break_rule(broken, POLICY_NO_SYMBOL, policy->symbol && !has.symbol);
    break_rule(broken, POLICY_NO_DIGIT_OR_SYMBOL,
               policy->digit_or_symbol && !has.digit && !has.symbol);
}

/*
 * zxcvbn's score of 0 to 4 from the guesses that its C version gives as bits, by the limits of
 * Wheeler, "zxcvbn: Low-Budget Password Strength Estimation" (USENIX Security 2016), each with the
 * reference program's 5 guesses on top.
 */
static int score(const struct candidate *candidate, const struct policy_identity *identity)
{
    static const double limits[HIGHEST_SCORE] = {1e3, 1e6, 1e8, 1e10};
    const char *own_words[7] = {NULL};
    char text[SCORED_POINTS * U8_MAX_LENGTH + 1];
    int32_t at = 0, used = 0;
    size_t words = 0;
    double guesses;
    int reached = 0;

    for (int point = 0; point < SCORED_POINTS && at < candidate->length; point++) {
        UChar32 c = utf_next16(candidate->text, &at, candidate->length);

        /* zxcvbn would stop at a NUL. */
        utf_append8(text, &used, c == 0 ? UTF_REPLACEMENT : c);
    }
    text[used] = '\0';
    if (identity != NULL) {
        const char *const members[] = {identity->email,       identity->username,
                                       identity->name,        identity->given_name,
                                       identity->family_name, identity->phone};

        for (size_t i = 0; i < sizeof members / sizeof *members; i++)
            if (members[i] != NULL && *members[i] != '\0')
                own_words[words++] = members[i];
    }
    guesses = exp2(ZxcvbnMatch(text, own_words, NULL));
    while (reached < HIGHEST_SCORE && guesses >= limits[reached] + 5)
        reached++;
    sodium_memzero(text, sizeof text);
    return reached;
}

/* As it was typed, and as it is judged where that is another text. */
static bool check_blocklist(const struct policy *policy, const struct candidate *candidate,
                            const char *password, size_t length, uint32_t *broken,
                            struct error *error)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t room = candidate->length * 3, used = 0;
    char *normal = NULL;
    bool found, checked;

    checked = blocklist_contains(policy->blocklist, password, length, &found, error);
    if (checked && !found && policy->normalise && room > 0) {
        normal = calloc((size_t)room, 1);
        if (normal == NULL)
            return error_no_memory(error, "checking the password");
        u_strToUTF8(normal, room, &used, candidate->text, candidate->length, &status);
        checked = blocklist_contains(policy->blocklist, normal, (size_t)used, &found, error);
        sodium_memzero(normal, (size_t)room);
        free(normal);
    }
    break_rule(broken, POLICY_BREACHED, checked && found);
    return checked;
}

bool policy_check(const struct policy *policy, const char *password, size_t length,
                  const struct policy_identity *identity, uint32_t *broken, struct error *error)
{
    struct candidate candidate = {NULL, 0, 0};
    bool made_of_identity, checked = false;

    *broken = 0;
    if (!read_candidate(policy, password, length, &candidate))
        goto no_memory;
    check_form(policy, &candidate, broken);
    if (policy->identity && identity != NULL) {
        if (!personal_data_makes(identity, candidate.text, candidate.length, &made_of_identity))
            goto no_memory;
        break_rule(broken, POLICY_CONTAINS_IDENTITY, made_of_identity);
    }
    break_rule(broken, POLICY_GUESSABLE,
               policy->min_score > 0 && score(&candidate, identity) < policy->min_score);
    checked = policy->blocklist[0] == '\0' ||
              check_blocklist(policy, &candidate, password, length, broken, error);
    goto out;
no_memory:
    (void)error_no_memory(error, "checking the password");
out:
    wipe(&candidate);
    return checked;
}

const char *policy_rule_name(enum policy_rule rule)
{
    return rule_names[rule];
}

/* Whether the policy asks for the rule. */
static bool asks_for(const struct policy *policy, enum policy_rule rule)
{
    const bool asked[POLICY_RULES] = {
        [POLICY_TOO_SHORT] = true,
        [POLICY_TOO_LONG] = true,
        [POLICY_NO_LOWERCASE] = policy->lowercase,
        [POLICY_NO_UPPERCASE] = policy->uppercase,
        [POLICY_NO_LETTER] = policy->letter,
        [POLICY_NO_DIGIT] = policy->digit,
        [POLICY_NO_SYMBOL] = policy->symbol,
        [POLICY_NO_DIGIT_OR_SYMBOL] = policy->digit_or_symbol,
        [POLICY_CONTAINS_IDENTITY] = policy->identity,
        [POLICY_GUESSABLE] = policy->min_score > 0,
        [POLICY_BREACHED] = policy->blocklist[0] != '\0',
    };

    return asked[rule];
}

bool policy_rule_requirement(const struct policy *policy, enum policy_rule rule, char *words,
                             size_t size)
{
    static const char *const fixed[POLICY_RULES] = {
        [POLICY_NO_LOWERCASE] = "a lower-case letter (a-z)",
        [POLICY_NO_UPPERCASE] = "an upper-case letter (A-Z)",
        [POLICY_NO_LETTER] = "a letter",
        [POLICY_NO_DIGIT] = "a digit",
        [POLICY_NO_SYMBOL] = "a symbol (not a letter, digit or space)",
        [POLICY_NO_DIGIT_OR_SYMBOL] = "a digit or a symbol",
        [POLICY_CONTAINS_IDENTITY] = "not made of the person's own e-mail, name or phone",
        [POLICY_BREACHED] = "not in the list of breached passwords",
    };

    if (!asks_for(policy, rule))
        return false;
    if (rule == POLICY_TOO_SHORT)
        (void)snprintf(words, size, "at least %u character%s", policy->min_length,
                       policy->min_length == 1 ? "" : "s");
    else if (rule == POLICY_TOO_LONG)
        (void)snprintf(words, size, "at most %u character%s", policy->max_length,
                       policy->max_length == 1 ? "" : "s");
    else if (rule == POLICY_GUESSABLE)
        (void)snprintf(words, size, "hard to guess (zxcvbn score %d or more of %d)",
                       policy->min_score, HIGHEST_SCORE);
    else
        (void)snprintf(words, size, "%s", fixed[rule]);
    return true;
}
