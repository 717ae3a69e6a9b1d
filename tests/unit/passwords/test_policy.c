/* SPDX-License-Identifier: MIT */
/* Password policies: profiles, JSON, each rule, and the words for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "passwords/policy.h"

static struct policy parsed(const char *text)
{
    struct policy policy;
    struct error error;

    if (!policy_parse(text, &policy, &error))
        fail_msg("%s: %s", text, error.text);
    return policy;
}

/* The names of the rules broken, in order, with commas between. */
static const char *broken_of(const char *policy_text, const char *password, size_t length,
                             const struct policy_identity *identity)
{
    static char names[512];
    struct policy policy = parsed(policy_text);
    struct error error;
    uint32_t broken;
    size_t used = 0;

    if (!policy_check(&policy, password, length, identity, &broken, &error))
        fail_msg("%s: %s", policy_text, error.text);
    names[0] = '\0';
    for (int rule = 0; rule < POLICY_RULES; rule++)
        if ((broken & (UINT32_C(1) << rule)) != 0)
            used +=
                (size_t)snprintf(names + used, sizeof names - used, "%s%s", used == 0 ? "" : ",",
                                 policy_rule_name((enum policy_rule)rule));
    assert_true(broken < UINT32_C(1) << POLICY_RULES);
    return names;
}

static void expect(const char *policy, const char *password, const char *broken)
{
    const char *found = broken_of(policy, password, strlen(password), NULL);

    if (strcmp(found, broken) != 0)
        fail_msg("%s: \"%s\" breaks \"%s\", not \"%s\"", policy, password, found, broken);
}

static void classic_is_the_default_rule(void **state)
{
    (void)state;
    expect("classic", "A9#bL8@z", "");
    expect("{}", "A9#bL8@z", "");
    expect("classic", "short", "too_short,no_uppercase,no_digit,no_symbol");
    expect("classic", "", "too_short,no_lowercase,no_uppercase,no_digit,no_symbol");
    expect("classic", "A9#bL8@", "too_short");
    expect("classic", "A9#bL8@zA9#bL8@zA9#bL8@zA9#bL8@z", "");
    expect("classic", "A9#bL8@zA9#bL8@zA9#bL8@zA9#bL8@zx", "too_long");
    expect("classic", "A9#BL8@Z", "no_lowercase");
    expect("classic", "a9#bl8@z", "no_uppercase");
    expect("classic", "Ax#bLy@z", "no_digit");
    expect("classic", "A9xbL8yz", "no_symbol");
    expect("classic", "A9 bL8 z", "no_symbol");
    /* Latin letters are asked for: these are letters, but not a-z and A-Z. */
    expect("classic", "Ä9#ЖÖ8@Ü", "no_lowercase,no_uppercase");
    expect("classic", "ä9#жö8@ü", "no_lowercase,no_uppercase");
}

static void lengths_count_characters(void **state)
{
    (void)state;
    /* Eight code points of 4 bytes; seven with a composed one. */
    expect("{\"minLength\":8,\"lowercase\":false,\"uppercase\":false,\"digit\":false}", "😀😀😀😀😀😀😀😀",
           "");
    expect("{\"minLength\":9,\"lowercase\":false,\"uppercase\":false,\"digit\":false}", "😀😀😀😀😀😀😀😀",
           "too_short");
    expect("{\"maxLength\":8,\"lowercase\":false,\"uppercase\":false,\"digit\":false}", "😀😀😀😀😀😀😀😀😀",
           "too_long");
}

static void cleeng_asks_less(void **state)
{
    (void)state;
    expect("cleeng", "password1", "");
    expect("cleeng", "password!", "");
    expect("cleeng", "пароль-й", "");
    expect("cleeng", "password", "no_digit_or_symbol");
    expect("cleeng", "1234567!", "no_letter");
    expect("cleeng", "pass1", "too_short");
    expect("cleeng",
           "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", "");
    expect("cleeng",
           "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a",
           "too_long");
}

static void nist_asks_length(void **state)
{
    char longest[130];

    (void)state;
    expect("nist", "fifteen letters", "");
    expect("nist", "fourteen lette", "too_short");
    memset(longest, 'x', sizeof longest);
    longest[128] = '\0';
    expect("nist", longest, "");
    longest[128] = 'x';
    longest[129] = '\0';
    expect("nist", longest, "too_long");
    /* Normalised first: an e and its accent are one character. */
    expect("{\"profile\":\"nist\",\"maxLength\":15}",
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81",
           "");
    expect("{\"profile\":\"nist\",\"maxLength\":15,\"normalise\":false}",
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81"
           "e\xcc\x81",
           "too_long");
}

/* Members of a policy that asks for nothing but a length. */
#define FREE "\"profile\":\"nist\",\"normalise\":false"
#define OFF FREE ",\"minLength\":1"

static void classes_are_unicode(void **state)
{
    (void)state;
    expect("{" OFF ",\"letter\":true}", "ж", "");
    expect("{" OFF ",\"letter\":true}", "文", "");
    expect("{" OFF ",\"letter\":true}", "1", "no_letter");
    expect("{" OFF ",\"digit\":true}", "٣", "");
    expect("{" OFF ",\"digit\":true}", "x", "no_digit");
    expect("{" OFF ",\"symbol\":true}", "€", "");
    expect("{" OFF ",\"symbol\":true}", "😀", "");
    expect("{" OFF ",\"symbol\":true}", "_", "");
    expect("{" OFF ",\"symbol\":true}", "x", "no_symbol");
    expect("{" OFF ",\"symbol\":true}", "\xc2\xa0", "no_symbol");
    expect("{" OFF ",\"symbol\":true}", "\x01", "no_symbol");
    expect("{" OFF ",\"symbol\":true}", "e\xcc\x81", "no_symbol");
    expect("{" OFF ",\"digitOrSymbol\":true}", "7", "");
    expect("{" OFF ",\"digitOrSymbol\":true}", "-", "");
    expect("{" OFF ",\"digitOrSymbol\":true}", "x", "no_digit_or_symbol");
}

static void bad_utf8_counts_byte_by_byte(void **state)
{
    char noise[300];

    (void)state;
    expect("{" FREE ",\"minLength\":3}", "\xff\xff\xff", "");
    expect("{" FREE ",\"minLength\":4}", "\xff\xff\xff", "too_short");
    expect("{" OFF ",\"maxLength\":3}", "\xf0\x9f\x98", "");
    expect("{" OFF ",\"maxLength\":2}", "\xf0\x9f\x98", "too_long");
    expect("{" FREE ",\"minLength\":3,\"symbol\":true,\"letter\":true}", "\xed\xa0\x80",
           "no_letter,no_symbol");
    assert_string_equal(broken_of("{" FREE ",\"minLength\":3}", "a\0b", 3, NULL), "");
    assert_string_equal(broken_of("{" FREE ",\"minLength\":4}", "a\0b", 3, NULL), "too_short");
    /* Any bytes at all, through every rule. */
    srand(7);
    for (int round = 0; round < 2000; round++) {
        const struct policy_identity identity = {"\xffjoe@x", "\x80\x80\x80\x80", noise, "",
                                                 NULL,        "+\xff\x31"};
        size_t length = (size_t)(rand() % (int)(sizeof noise - 1));

        for (size_t i = 0; i < length; i++)
            noise[i] = (char)(rand() % 255 + 1);
        noise[length] = '\0';
        (void)broken_of("{\"profile\":\"nist\",\"minScore\":4}", noise, length, &identity);
    }
}

static void a_huge_password_is_too_long(void **state)
{
    size_t length = 10 * 1000 * 1000;
    char *huge = malloc(length);

    (void)state;
    assert_non_null(huge);
    memset(huge, 'a', length);
    assert_string_equal(broken_of("{" OFF ",\"identity\":true,\"minScore\":1,\"maxLength\":1024}",
                                  huge, length, NULL),
                        "too_long,guessable");
    /* Marks compose: even so it is too long. */
    for (size_t i = 0; i + 1 < length; i += 2)
        memcpy(huge + i, "\xcc\x81", 2);
    assert_string_equal(broken_of("nist", huge, length, NULL), "too_long");
    free(huge);
}

static void made_of(bool wanted, const char *password, struct policy_identity identity)
{
    const char *found =
        broken_of("{" OFF ",\"identity\":true}", password, strlen(password), &identity);

    if (strcmp(found, wanted ? "contains_identity" : "") != 0)
        fail_msg("\"%s\" is %s made of the identity", password, wanted ? "not" : "");
}

static void an_identity_is_no_password(void **state)
{
    const struct policy_identity john = {.email = "J.Smith123@example.com",
                                         .username = "jonnie",
                                         .name = "John Maria Smith",
                                         .given_name = "John",
                                         .family_name = "Smith",
                                         .phone = "+16045551234"};
    const struct policy_identity ann = {.name = "Ann Li", .email = "al@example.com"};
    const struct policy_identity jose = {.given_name = "José", .family_name = "Groß"};
    const struct policy_identity nobody = {NULL, NULL, NULL, NULL, NULL, NULL};

    (void)state;
    made_of(true, "J.Smith123", john);
    made_of(true, "j.smith123-and-more-words", john);
    made_of(true, "xx-SMITH123-xx", john);
    made_of(true, "JSmith123", john);
    made_of(true, "my name is jonnie, hello", john);
    made_of(true, "john1990!", john);
    made_of(true, "Maria-Maria-Maria", john);
    made_of(true, "JohnMariaSmith", john);
    made_of(true, "\xef\xbc\xaa\xef\xbd\x8f\xef\xbd\x88\xef\xbd\x8e 1990", john); /* full width */
    made_of(true, "6045551234", john);
    made_of(true, "call 555-1234 now", john);
    made_of(true, "+1 (604) 555-1234", john);
    made_of(true, "mith12", john); /* a piece of the identity */
    made_of(false, "555-1235 and 604", john);
    made_of(false, "correct horse battery staple", john);
    made_of(false, "example.com rules", john);
    made_of(false, "j", john);
    /* A name of three letters within a passphrase is chance; a password of nothing else is not. */
    made_of(false, "planning annexes", ann);
    made_of(true, "AnnAnnAnn", ann);
    made_of(true, "Ann1Ann2Ann3", ann);
    made_of(true, "annli-2024", ann);
    made_of(false, "li-li-li-li", ann);
    made_of(true, "JOSE\xcc\x81 1990", jose);
    made_of(true, "gross-artig", jose);
    made_of(false, "anything at all", nobody);
    assert_string_equal(broken_of("{" OFF ",\"identity\":false}", "john1990!", 9, &john), "");
    assert_string_equal(broken_of("nist", "john smith and his wife", 23, NULL), "");
    assert_string_equal(broken_of("nist", "john smith and his wife", 23, &john),
                        "contains_identity");
}

static void a_long_identity_is_looked_at_in_part(void **state)
{
    struct policy_identity identity = {NULL, NULL, NULL, NULL, NULL, NULL};
    char *name = malloc(100001);

    (void)state;
    assert_non_null(name);
    for (size_t i = 0; i < 100000; i++)
        name[i] = i % 4 == 3 ? ' ' : (char)('a' + i / 4 % 26);
    name[100000] = '\0';
    identity.name = identity.username = identity.email = identity.phone = name;
    made_of(true, "aaabbbccc", identity);
    made_of(false, "a completely other password", identity);
    free(name);
}

/* The score is the highest that a password may be asked for. */
static void expect_score(const char *password, int score)
{
    for (int asked = 0; asked <= 4; asked++) {
        char text[128];

        (void)snprintf(text, sizeof text, "{" OFF ",\"minScore\":%d}", asked);
        expect(text, password, asked <= score ? "" : "guessable");
    }
}

static void guesses_are_scored(void **state)
{
    const struct policy_identity identity = {.username = "Xq7Vw2Rk9Lp"};

    (void)state;
    expect_score("password123", 0);
    expect_score("qwertyuiop", 1);            /* 2^10.6 guesses */
    expect_score("D0g..................", 1); /* 2^19 */
    expect_score("kzqvw", 2);                 /* 2^23.5 */
    expect_score("kzqvwp", 3);                /* 2^28.2 */
    expect_score("kzqvwpxj", 4);              /* 2^37.6 */
    expect_score("correct horse battery staple", 4);
    expect_score("A9#bL8@z", 4);
    assert_string_equal(
        broken_of("{" OFF ",\"identity\":false,\"minScore\":3}", "Xq7Vw2Rk9Lp", 11, NULL), "");
    assert_string_equal(
        broken_of("{" OFF ",\"identity\":false,\"minScore\":3}", "Xq7Vw2Rk9Lp", 11, &identity),
        "guessable");
    /* Only the first hundred characters are estimated, and a NUL does not end them. */
    assert_string_equal(broken_of("{" OFF ",\"minScore\":4}", "\0correct horse battery", 22, NULL),
                        "");
}

static void members_change_a_profile(void **state)
{
    struct policy policy;

    (void)state;
    policy =
        parsed(" \n{\"profile\":\"nist\",\"minLength\":8,\"minScore\":3,\"blocklist\":\"/x\"}");
    assert_int_equal(policy.min_length, 8);
    assert_int_equal(policy.max_length, 128);
    assert_int_equal(policy.min_score, 3);
    assert_string_equal(policy.blocklist, "/x");
    assert_true(policy.identity && policy.normalise);
    assert_false(policy.lowercase || policy.uppercase || policy.letter || policy.digit ||
                 policy.symbol || policy.digit_or_symbol);
    /* The profile comes first, wherever it stands. */
    policy = parsed("{\"minLength\":9,\"digit\":true,\"profile\":\"cleeng\"}");
    assert_int_equal(policy.min_length, 9);
    assert_int_equal(policy.max_length, 80);
    assert_true(policy.letter && policy.digit && policy.digit_or_symbol);
    policy = parsed("{\"lowercase\":false,\"uppercase\":false,\"letter\":true,\"digit\":false,"
                    "\"symbol\":false,\"digitOrSymbol\":true,\"identity\":true,\"normalise\":true,"
                    "\"maxLength\":1024}");
    assert_true(policy.letter && policy.digit_or_symbol && policy.identity && policy.normalise);
    assert_false(policy.lowercase || policy.uppercase || policy.digit || policy.symbol);
    assert_int_equal(policy.max_length, 1024);
    assert_string_equal(policy.blocklist, "");
}

static void wrong_policies_are_explained(void **state)
{
    static const struct {
        const char *text;
        const char *said[2];
    } cases[] = {
        {"", {"no password policy", "\"classic\", \"cleeng\" or \"nist\""}},
        {"Classic", {"\"Classic\"", "JSON"}},
        {"evil\x1b[2J\nname", {"evil?[2J?name", "classic"}},
        {"[]", {"\"[]\"", "JSON"}},
        {"{", {"not a JSON object", "line 1"}},
        {"{} x", {"not a JSON object", ""}},
        {"{\"digit\":true,\"digit\":false}", {"not a JSON object", "duplicate"}},
        {"{\"minlength\":8}", {"\"minlength\"", "minLength"}},
        {"{\"a\\u001bb\":8}", {"\"a?b\"", "digitOrSymbol"}},
        {"{\"profile\":\"x\"}", {"\"profile\"", "\"nist\""}},
        {"{\"profile\":1}", {"\"profile\"", "\"nist\""}},
        {"{\"profile\":null}", {"\"profile\"", "\"nist\""}},
        {"{\"minLength\":0}", {"\"minLength\"", "1 to 1024"}},
        {"{\"minLength\":-1}", {"\"minLength\"", "1 to 1024"}},
        {"{\"minLength\":1025}", {"\"minLength\"", "1 to 1024"}},
        {"{\"minLength\":4294967304}", {"\"minLength\"", "1 to 1024"}},
        {"{\"minLength\":8.0}", {"\"minLength\"", "whole number"}},
        {"{\"minLength\":\"8\"}", {"\"minLength\"", "whole number"}},
        {"{\"maxLength\":true}", {"\"maxLength\"", "1 to 1024"}},
        {"{\"minLength\":40}", {"\"minLength\" (40)", "\"maxLength\" (32)"}},
        {"{\"maxLength\":7}", {"\"minLength\" (8)", "\"maxLength\" (7)"}},
        {"{\"minScore\":5}", {"\"minScore\"", "0 to 4"}},
        {"{\"minScore\":-1}", {"\"minScore\"", "0 to 4"}},
        {"{\"lowercase\":1}", {"\"lowercase\"", "true or false"}},
        {"{\"uppercase\":null}", {"\"uppercase\"", "true or false"}},
        {"{\"letter\":\"\"}", {"\"letter\"", "true or false"}},
        {"{\"digit\":0}", {"\"digit\"", "true or false"}},
        {"{\"symbol\":[]}", {"\"symbol\"", "true or false"}},
        {"{\"digitOrSymbol\":{}}", {"\"digitOrSymbol\"", "true or false"}},
        {"{\"identity\":2}", {"\"identity\"", "true or false"}},
        {"{\"normalise\":2}", {"\"normalise\"", "true or false"}},
        {"{\"blocklist\":true}", {"\"blocklist\"", "path"}},
        {"{\"blocklist\":null}", {"\"blocklist\"", "path"}},
    };
    char path[POLICY_PATH_SIZE + 64], text[POLICY_PATH_SIZE + 128];
    struct error error;
    struct policy policy;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (policy_parse(cases[i].text, &policy, &error))
            fail_msg("%s was accepted", cases[i].text);
        assert_int_equal(error.code, ERROR_INVALID);
        for (int part = 0; part < 2; part++)
            if (strstr(error.text, cases[i].said[part]) == NULL)
                fail_msg("%s: \"%s\" does not say %s", cases[i].text, error.text,
                         cases[i].said[part]);
    }
    memset(path, 'p', sizeof path);
    path[POLICY_PATH_SIZE] = '\0';
    (void)snprintf(text, sizeof text, "{\"blocklist\":\"%s\"}", path);
    assert_false(policy_parse(text, &policy, &error));
    path[POLICY_PATH_SIZE - 1] = '\0';
    (void)snprintf(text, sizeof text, "{\"blocklist\":\"%s\"}", path);
    assert_true(policy_parse(text, &policy, &error));
    assert_string_equal(policy.blocklist, path);
}

static void rules_have_words(void **state)
{
    static const char *const wanted[POLICY_RULES] = {
        "at least 9 characters",
        "at most 32 characters",
        "a lower-case letter (a-z)",
        "an upper-case letter (A-Z)",
        "a letter",
        "a digit",
        "a symbol (not a letter, digit or space)",
        "a digit or a symbol",
        "not made of the person's own e-mail, name or phone",
        "hard to guess (zxcvbn score 3 or more of 4)",
        "not in the list of breached passwords",
    };
    const struct policy all = parsed("{\"minLength\":9,\"letter\":true,\"digitOrSymbol\":true,"
                                     "\"identity\":true,\"minScore\":3,\"blocklist\":\"b\"}");
    const struct policy none = parsed("{" OFF ",\"maxLength\":1,\"identity\":false}");
    char words[128];

    (void)state;
    for (int rule = 0; rule < POLICY_RULES; rule++) {
        assert_true(policy_rule_requirement(&all, (enum policy_rule)rule, words, sizeof words));
        assert_string_equal(words, wanted[rule]);
        assert_int_equal(
            policy_rule_requirement(&none, (enum policy_rule)rule, words, sizeof words),
            rule <= POLICY_TOO_LONG);
    }
    assert_true(policy_rule_requirement(&none, POLICY_TOO_SHORT, words, sizeof words));
    assert_string_equal(words, "at least 1 character");
}

static void rules_are_named_in_order(void **state)
{
    static const char *const names[POLICY_RULES] = {
        "too_short",         "too_long",  "no_lowercase", "no_uppercase",
        "no_letter",         "no_digit",  "no_symbol",    "no_digit_or_symbol",
        "contains_identity", "guessable", "breached",
    };

    (void)state;
    for (int rule = 0; rule < POLICY_RULES; rule++)
        assert_string_equal(policy_rule_name((enum policy_rule)rule), names[rule]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classic_is_the_default_rule),
        cmocka_unit_test(lengths_count_characters),
        cmocka_unit_test(cleeng_asks_less),
        cmocka_unit_test(nist_asks_length),
        cmocka_unit_test(classes_are_unicode),
        cmocka_unit_test(bad_utf8_counts_byte_by_byte),
        cmocka_unit_test(a_huge_password_is_too_long),
        cmocka_unit_test(an_identity_is_no_password),
        cmocka_unit_test(a_long_identity_is_looked_at_in_part),
        cmocka_unit_test(guesses_are_scored),
        cmocka_unit_test(members_change_a_profile),
        cmocka_unit_test(wrong_policies_are_explained),
        cmocka_unit_test(rules_have_words),
        cmocka_unit_test(rules_are_named_in_order),
    };

    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
