/* SPDX-License-Identifier: MIT */
/* E-mail addresses, usernames and phone numbers: what is accepted, how it is compared, how it is
 * masked; and the short way for ASCII against ICU itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uidna.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "values/subject.h"

static void email(const char *text, const char *wanted)
{
    char folded[SUBJECT_SIZE], again[SUBJECT_SIZE];

    if (!email_fold(text, folded))
        fail_msg("\"%s\" was refused", text);
    assert_string_equal(folded, wanted);
    assert_true(email_fold(folded, again));
    assert_string_equal(again, wanted);
}

static void emails_are_folded(void **state)
{
    (void)state;
    email("jsmith123@example.com", "jsmith123@example.com");
    email("J.Smith+Tag@EXAMPLE.Com", "j.smith+tag@example.com");
    email("!#$%&'*+-/=?^_`{|}~@example.com", "!#$%&'*+-/=?^_`{|}~@example.com");
    email("x@a--b.example.com", "x@a--b.example.com");
    email("x@1.2.3.example", "x@1.2.3.example");
    email("x@qa-force-prevent.com", "x@qa-force-prevent.com");
    email("GROSS@Bücher.example", "gross@xn--bcher-kva.example");
    email("x@XN--BCHER-KVA.example", "x@xn--bcher-kva.example");
    email("x@faß.de", "x@xn--fa-hia.de");
    email("x@例え。テスト", "x@xn--r8jz45g.xn--zckzah");
    email("ÄÖÜ@example.com", "äöü@example.com");
    email("Straße@example.com", "strasse@example.com");
    email("A\xcc\x88@example.com", "ä@example.com");
    email("ΣΊΣΥΦΟΣ@example.com", "σίσυφοσ@example.com");
    email("用户@example.com", "用户@example.com");
    email("\xf0\x9f\x98\x80@example.com", "\xf0\x9f\x98\x80@example.com");
}

static void bad_emails_are_refused(void **state)
{
    static const char *const refused[] = {
        "",
        "@",
        "x",
        "x@",
        "@example.com",
        "example.com",
        "x@example",
        "x@localhost",
        "x@@example.com",
        "x@y@example.com",
        " x@example.com",
        "x@example.com ",
        "x @example.com",
        "x@ example.com",
        "x@exam ple.com",
        "x\t@example.com",
        "x@example.com\r\nBcc: y@example.com",
        "x\n@example.com",
        "x\x7f@example.com",
        "x\x01@example.com",
        "\"x\"@example.com",
        "<x@example.com>",
        "x,y@example.com",
        "x;y@example.com",
        "x:y@example.com",
        "(x)@example.com",
        "x\\@example.com",
        "[x]@example.com",
        ".x@example.com",
        "x.@example.com",
        "x..y@example.com",
        ".@example.com",
        "x@.example.com",
        "x@example..com",
        "x@example.com.",
        "x@-example.com",
        "x@example-.com",
        "x@example.-com",
        "x@exam_ple.com",
        "x@exam!ple.com",
        "x@example.com,y",
        "x@[127.0.0.1]",
        "x@127.0.0.1",
        "x@xn--a.example",
        "x@xn--.example",
        "x@例え。",
        "x@\xe2\x80\x8b.example",
        "x@a\xe2\x80\x8d.example",
        "x\xc2\xa0y@example.com",    /* a blank */
        "x\xe2\x80\xae@example.com", /* right-to-left override */
        "x\xe2\x80\x8b@example.com", /* nothing to be seen */
        "x\xe2\x80\xa8@example.com", /* line separator */
        "x\xc2\x85@example.com",     /* next line */
        "x\xcd\xbey@example.com",    /* a semicolon in NFC */
        "x\xff@example.com",         /* not UTF-8 */
        "x\xc3@example.com",
        "x\xed\xa0\x80@example.com",
        "x\xc0\x80@example.com",
        "x@ex\xff.com",
    };
    char folded[SUBJECT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (email_fold(refused[i], folded))
            fail_msg("\"%s\" was accepted as \"%s\"", refused[i], folded);
}

/* An address with a local part and domain labels of these lengths. */
static bool accepted(size_t local, const size_t *labels, size_t count)
{
    char text[2000], folded[SUBJECT_SIZE];
    size_t used = 0;

    memset(text, 'x', local);
    used = local;
    for (size_t i = 0; i < count; i++) {
        text[used++] = i == 0 ? '@' : '.';
        memset(text + used, 'y', labels[i]);
        used += labels[i];
    }
    text[used] = '\0';
    return email_fold(text, folded);
}

static void lengths_are_octets(void **state)
{
    char text[200], folded[SUBJECT_SIZE];

    (void)state;
    assert_true(accepted(64, (size_t[]){8, 3}, 2));
    assert_false(accepted(65, (size_t[]){8, 3}, 2));
    assert_true(accepted(1, (size_t[]){63, 3}, 2));
    assert_false(accepted(1, (size_t[]){64, 3}, 2));
    assert_true(accepted(64, (size_t[]){63, 63, 61}, 3)); /* 254 */
    assert_false(accepted(64, (size_t[]){63, 63, 62}, 3));
    assert_false(accepted(1, (size_t[]){63, 63, 63, 63, 63, 63, 63, 63, 63}, 9));
    assert_false(accepted(1500, (size_t[]){8, 3}, 2));
    /* 32 letters of two octets; the 33rd is too many, whatever folding makes of it. */
    memset(text, 0, sizeof text);
    for (int i = 0; i < 32; i++)
        memcpy(text + 2 * i, "ß", 2);
    memcpy(text + 64, "@example.com", 13);
    assert_true(email_fold(text, folded));
    memcpy(text + 64, "ß@example.com", 15);
    assert_false(email_fold(text, folded));
}

static void username(const char *text, const char *wanted)
{
    char folded[SUBJECT_SIZE], again[SUBJECT_SIZE];

    if (!subject_fold_username(text, folded))
        fail_msg("\"%s\" was refused", text);
    assert_string_equal(folded, wanted);
    assert_true(subject_fold_username(folded, again));
    assert_string_equal(again, wanted);
}

static void usernames_are_folded(void **state)
{
    char longest[257], folded[SUBJECT_SIZE];

    (void)state;
    username("JSmith", "jsmith");
    username("J. Smith <3", "j. smith <3");
    username("+16045555555", "+16045555555");
    username("Größe", "grösse");
    username("ＪＳｍｉｔｈ", "jsmith");
    username("Zoe\xcc\x88", "zoë");
    username("ﬁsh", "fish");
    username("ЖЕНЯ", "женя");
    assert_false(subject_fold_username("a\xe2\x80\x8d"
                                       "b",
                                       folded)); /* nobody sees the joiner */
    memset(longest, 'a', 255);
    longest[255] = '\0';
    username(longest, longest);
    longest[255] = 'a';
    longest[256] = '\0';
    assert_false(subject_fold_username(longest, folded));
    /* One of these is 33 octets after folding: what does not fit is refused, not cut. */
    for (int i = 0; i < 85; i++)
        memcpy(longest + 3 * i, "\xef\xb7\xba", 3);
    longest[255] = '\0';
    assert_false(subject_fold_username(longest, folded));
}

static void bad_usernames_are_refused(void **state)
{
    static const char *const refused[] = {
        "",
        " ",
        " a",
        "a ",
        "\ta",
        "a\n",
        "a\nb",
        "a\x7f",
        "\x01",
        "\xc2\xa0"
        "a",
        "a\xe3\x80\x80",
        "a\xc2\x85"
        "b",
        "a\xe2\x80\xa8"
        "b",
        "\xff",
        "a\xc3",
        "\xed\xa0\x80",
        "\xc0\x80",
        "\xe2\x80\x8b",   /* folds to nothing */
        "\xe2\x80\x8b a", /* folds to a leading blank */
        "\xc2\xa8"
        "a",                                 /* a diaeresis by itself folds to a blank and a mark */
        "a\xf3\xb0\x80\x80\xf4\x8f\xbf\xbf", /* ends in a noncharacter */
    };
    char folded[SUBJECT_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (subject_fold_username(refused[i], folded))
            fail_msg("\"%s\" was accepted as \"%s\"", refused[i], folded);
}

/* What ICU makes of a text by a normaliser, and case folding where it does not fold itself. */
static void by_icu(const char *text, const UNormalizer2 *normalizer, bool fold, char *result)
{
    UChar wide[1024], normal[1024], folded[1024];
    UErrorCode status = U_ZERO_ERROR;
    int32_t length;

    u_strFromUTF8(wide, 1024, &length, text, -1, &status);
    length = unorm2_normalize(normalizer, wide, length, normal, 1024, &status);
    if (fold)
        length = u_strFoldCase(folded, 1024, normal, length, U_FOLD_CASE_DEFAULT, &status);
    u_strToUTF8(result, SUBJECT_SIZE, NULL, fold ? folded : normal, length, &status);
    assert_true(U_SUCCESS(status));
}

static void generate(char *text, int most, const char *alphabet)
{
    int length = rand() % most, letters = (int)strlen(alphabet);

    for (int i = 0; i < length; i++)
        text[i] = alphabet[rand() % letters];
    text[length] = '\0';
}

/* The domain as UTS 46 has it, by ICU alone. */
static bool domain_by_icu(const UIDNA *idna, const char *domain, char *ascii)
{
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    UErrorCode status = U_ZERO_ERROR;
    int32_t length = uidna_nameToASCII_UTF8(idna, domain, -1, ascii, SUBJECT_SIZE, &info, &status);
    const char *dot;

    if (U_FAILURE(status) || (info.errors & ~(uint32_t)UIDNA_ERROR_HYPHEN_3_4) != 0 ||
        length == 0 || ascii[length - 1] == '.')
        return false;
    dot = strrchr(ascii, '.');
    return dot != NULL && strspn(dot + 1, "0123456789") < strlen(dot + 1);
}

static void ascii_domains_are_what_icu_says(void **state)
{
    UErrorCode status = U_ZERO_ERROR;
    UIDNA *idna = uidna_openUTS46(UIDNA_USE_STD3_RULES | UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ |
                                      UIDNA_NONTRANSITIONAL_TO_ASCII,
                                  &status);
    int agreed = 0;

    (void)state;
    srand(11);
    for (int round = 0; round < 300000; round++) {
        static const char *const alphabets[] = {"aZ0-.",     "abcXYZ019--..",
                                                "xn-.bcher", "aB.",
                                                "a-.!_ ~",   "abcdefghijklmnopqrstuvwxyzABC."};
        char text[256] = "x@", wanted[SUBJECT_SIZE], folded[SUBJECT_SIZE];
        bool by_library, by_us;

        generate(text + 2, round % 50 == 0 ? 200 : 12, alphabets[rand() % 6]);
        by_library = domain_by_icu(idna, text + 2, wanted) && strlen(wanted) + 2 <= 254;
        by_us = email_fold(text, folded);
        if (by_us != by_library)
            fail_msg("\"%s\": ICU %d, we %d", text, by_library, by_us);
        if (by_us)
            assert_string_equal(folded + 2, wanted);
        agreed += by_us;
    }
    assert_true(agreed > 10000); /* the generator makes domains, not only noise */
    uidna_close(idna);
}

static void ascii_local_parts_are_what_icu_says(void **state)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);

    (void)state;
    assert_true(U_SUCCESS(status));
    srand(12);
    for (int round = 0; round < 50000; round++) {
        char text[128], wanted[SUBJECT_SIZE], folded[SUBJECT_SIZE];

        generate(text, 64,
                 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                 "!#$%&'*+-/=?^_`{|}~");
        if (text[0] == '\0')
            continue;
        by_icu(text, nfc, true, wanted);
        memcpy(text + strlen(text), "@x.y", 5);
        assert_true(email_fold(text, folded));
        *strchr(folded, '@') = '\0';
        assert_string_equal(folded, wanted);
    }
}

static void ascii_usernames_are_what_icu_says(void **state)
{
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *folding = unorm2_getNFKCCasefoldInstance(&status);

    (void)state;
    assert_true(U_SUCCESS(status));
    srand(13);
    for (int round = 0; round < 100000; round++) {
        char text[300], wanted[SUBJECT_SIZE], folded[SUBJECT_SIZE];
        int length = rand() % 40 + 1;
        bool valid = true;

        for (int i = 0; i < length; i++) {
            text[i] = (char)(round % 10 == 0 ? rand() % 127 + 1 : rand() % 95 + ' ');
            valid &= text[i] >= ' ' && text[i] != 0x7f;
        }
        text[length] = '\0';
        valid &= text[0] != ' ' && text[length - 1] != ' ';
        assert_int_equal(subject_fold_username(text, folded), valid);
        if (!valid)
            continue;
        by_icu(text, folding, false, wanted);
        assert_string_equal(folded, wanted);
    }
}

/* Bytes of every kind. */
static void noise_is_survived(void **state)
{
    (void)state;
    srand(14);
    for (int round = 0; round < 100000; round++) {
        char text[64], folded[SUBJECT_SIZE], again[SUBJECT_SIZE], masked[80];
        int length = rand() % 60;

        for (int i = 0; i < length; i++)
            text[i] = (char)(rand() % 3 == 0 ? "@.+-0a\xc3\xa9"[rand() % 8] : rand() % 255 + 1);
        text[length] = '\0';
        if (email_fold(text, folded)) {
            assert_true(email_fold(folded, again));
            assert_string_equal(folded, again);
        }
        if (subject_fold_username(text, folded)) {
            assert_true(subject_fold_username(folded, again));
            assert_string_equal(folded, again);
        }
        subject_mask(text, masked, sizeof masked);
        assert_true(strlen(masked) <= strlen(text) + 8);
    }
}

/* The form in which subjects are compared is its own form, for every character there is. */
static void folding_twice_changes_nothing(void **state)
{
    int accepted_ones = 0;

    (void)state;
    for (UChar32 c = 0x80; c < 0x20000; c++) {
        UChar wide[3] = {'a', 0, 0};
        char text[64], folded[SUBJECT_SIZE], again[SUBJECT_SIZE];
        UErrorCode status = U_ZERO_ERROR;
        int32_t length;

        if (c >= 0xd800 && c < 0xe000)
            continue;
        wide[1] = (UChar)(c < 0x10000 ? c : 0xd7c0 + (c >> 10));
        wide[2] = (UChar)(c < 0x10000 ? 0 : 0xdc00 + (c & 0x3ff));
        u_strToUTF8(text, sizeof text, &length, wide, c < 0x10000 ? 2 : 3, &status);
        if (subject_fold_username(text, folded)) {
            accepted_ones++;
            assert_true(subject_fold_username(folded, again));
            assert_string_equal(folded, again);
        }
        memcpy(text + length, "@x.y", 5);
        if (email_fold(text, folded)) {
            accepted_ones++;
            assert_true(email_fold(folded, again));
            assert_string_equal(folded, again);
        }
    }
    assert_true(accepted_ones > 100000);
}

static void phone(const char *text, const char *country, const char *wanted)
{
    char e164[SUBJECT_SIZE] = "";

    if (!subject_phone(text, country, e164))
        fail_msg("\"%s\" was refused", text);
    assert_string_equal(e164, wanted);
}

static void no_phone(const char *text, const char *country)
{
    char e164[SUBJECT_SIZE] = "";

    if (subject_phone(text, country, e164))
        fail_msg("\"%s\" was accepted as %s", text, e164);
}

static void phones_become_e164(void **state)
{
    (void)state;
    phone("+16045555555", NULL, "+16045555555");
    phone("+16045555555", "ZZ", "+16045555555");
    phone("+1 604 123 4567", NULL, "+16041234567"); /* no exchange begins with 1 yet */
    phone("0016042345678", NULL, "+16042345678");
    phone("00 1 604 234 5678", "ID", "+16042345678");
    phone("+1 (604) 234-5678", NULL, "+16042345678");
    phone("+1.604.234.5678", "ID", "+16042345678");
    phone("081234567890", "ID", "+6281234567890");
    phone("0812-3456-7890", "id", "+6281234567890");
    phone("(604) 234 5678", "CA", "+16042345678");
    phone("030/123456", "DE", "+4930123456");
    phone("+44 (0)20 7946 0123", NULL, "+442079460123");
}

static void bad_phones_are_refused(void **state)
{
    char many[200];

    (void)state;
    no_phone("", "ID");
    no_phone("081234567890", NULL);
    no_phone("081234567890", "");
    no_phone("081234567890", "IDN");
    no_phone("081234567890", "XX");
    no_phone("+1234567", NULL);
    no_phone("+1234567890123456", NULL);
    no_phone("+0123456789", NULL);
    no_phone("+", NULL);
    no_phone("++16045555555", NULL);
    no_phone("+12345678", NULL); /* no number of its country has so many digits */
    no_phone("+123456789012345", NULL);
    no_phone("+999999999999", NULL); /* no country */
    no_phone("12", "ID");
    no_phone("1-800-FLOWERS", "US");
    no_phone("604 234 5678 ext. 9", "CA");
    no_phone("tel:+16042345678", NULL);
    no_phone("+1604234567a", NULL);
    no_phone("+1604\n2345678", NULL);
    no_phone("+1604;2345678", NULL);
    no_phone("call 604 234 5678", "CA");
    no_phone("604 + 234 5678", "CA");
    no_phone("\xd9\xa6", "CA");
    memset(many, '1', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    no_phone(many, "CA");
    many[0] = '+';
    no_phone(many, "CA");
}

static void mask(const char *text, const char *wanted)
{
    char masked[128];

    subject_mask(text, masked, sizeof masked);
    assert_string_equal(masked, wanted);
}

static void masks_hide(void **state)
{
    (void)state;
    mask("j.doe@example.com", "j***@example.com");
    mask("j@example.com", "j***@example.com");
    mask("jacqueline.dolittle@example.com", "j***@example.com");
    mask("Élise@bücher.example", "É***@bücher.example");
    mask("+16045555555", "+1604*****55");
    mask("+6281234567890", "+6281*******90");
    mask("+12345678", "+1*****78");
    mask("+123456789", "+12*****89");
    mask("jsmith", "j***");
    mask("日本", "日***");
    mask("", "");
    mask("@example.com", "@***");
    mask("a@b@example.com", "a***");
    mask("+1 604 555 5555", "+***");
    mask("\xff\xfe", "?***");
    mask("x@\x1b[2J\xc2\x9b.example\n", "x***@?[2J?.example?");
}

static void masks_fit_their_room(void **state)
{
    char masked[32];

    (void)state;
    for (size_t size = 1; size < sizeof masked; size++) {
        memset(masked, '#', sizeof masked);
        subject_mask("é.doe@bücher.example", masked, size);
        assert_true(strlen(masked) < size);
        assert_int_equal(masked[size], '#');
        /* Never half a character: what is there is the beginning of the whole. */
        assert_int_equal(strncmp("é***@bücher.example", masked, strlen(masked)), 0);
        assert_true(strlen(masked) != 1 && strlen(masked) != 8);
    }
    masked[0] = '#';
    subject_mask("x", masked, 0);
    assert_int_equal(masked[0], '#');
}

static void means(const char *text, const char *country, enum subject_kind kind, const char *wanted)
{
    char folded[SUBJECT_SIZE];
    assert_int_equal(subject_meaning(text, country, folded), kind);
    if (kind != SUBJECT_NOTHING)
        assert_string_equal(folded, wanted);
}

static void a_text_means_what_its_form_says(void **state)
{
    (void)state;
    means("Ada@Example.com", NULL, SUBJECT_EMAIL, "ada@example.com");
    means("ada@home", NULL, SUBJECT_USERNAME, "ada@home");
    means("+1 604 555 0001", NULL, SUBJECT_PHONE, "+16045550001");
    means("0016045550001", NULL, SUBJECT_PHONE, "+16045550001");
    means("6045550001", NULL, SUBJECT_USERNAME, "6045550001");
    means("6045550001", "CA", SUBJECT_PHONE, "+16045550001");
    means("12345678", "CA", SUBJECT_USERNAME, "12345678"); /* no number there */
    means("Ada", "CA", SUBJECT_USERNAME, "ada");
    means("", "CA", SUBJECT_NOTHING, "");
    means(" ada@example.com", "CA", SUBJECT_NOTHING, "");
    means("+1604555000x", "CA", SUBJECT_USERNAME, "+1604555000x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(emails_are_folded),
        cmocka_unit_test(bad_emails_are_refused),
        cmocka_unit_test(lengths_are_octets),
        cmocka_unit_test(usernames_are_folded),
        cmocka_unit_test(bad_usernames_are_refused),
        cmocka_unit_test(ascii_domains_are_what_icu_says),
        cmocka_unit_test(ascii_local_parts_are_what_icu_says),
        cmocka_unit_test(ascii_usernames_are_what_icu_says),
        cmocka_unit_test(noise_is_survived),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(phones_become_e164),
        cmocka_unit_test(bad_phones_are_refused),
        cmocka_unit_test(a_text_means_what_its_form_says),
        cmocka_unit_test(masks_hide),
        cmocka_unit_test(masks_fit_their_room),
    };

    return cmocka_run_group_tests_name("subject", tests, NULL, NULL);
}
