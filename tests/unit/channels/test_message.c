/* SPDX-License-Identifier: MIT */
/* Templates and the messages made from them. */
#include "channels/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../folder.h"

static const char plain_mail[] = "Subject: Your code is {code}\n"
                                 "Subject: Confirm\n"
                                 "\n"
                                 "Hello {name},\n"
                                 "\n"
                                 "code {code}, {minutes} minutes, until {expires}\n"
                                 "\n"
                                 "link {link}\n"
                                 "for {subject} [{prefix}]\n";

static struct message_templates *open_mail(void)
{
    struct error error;
    struct message_templates *templates = message_open(folder, MESSAGE_EMAIL, &error);
    if (!templates)
        print_error("%s\n", error.text);
    assert_non_null(templates);
    return templates;
}

static const struct message_values full = {
    .code = "123456",
    .name = "Jane",
    .subject = "jane@example.com",
    .link = "https://example.com/?t=a&b=c",
    .prefix = "UhY",
    .minutes = 5,
    .expires = 1512828988000,
};

static void test_all_values(void **state)
{
    (void)state;
    struct message_text text;
    folder_write("email.en.txt", plain_mail);
    folder_write("email.en.html", "<p>{name} {code}</p>\n<a href=\"{link}\">{link}</a>\n");
    struct message_templates *templates = open_mail();
    assert_true(message_render(templates, "en", &full, &text));
    assert_string_equal(text.locale, "en");
    assert_string_equal(text.subject, "Your code is 123456");
    assert_string_equal(text.text, "Hello Jane,\n"
                                   "\n"
                                   "code 123456, 5 minutes, until December 9, 2017 at 2:16 PM UTC\n"
                                   "\n"
                                   "link https://example.com/?t=a&b=c\n"
                                   "for jane@example.com [UhY]\n");
    assert_string_equal(text.html,
                        "<p>Jane 123456</p>\n<a href=\"https://example.com/?t=a&amp;b=c\">"
                        "https://example.com/?t=a&amp;b=c</a>\n");
    message_end(&text);
    message_close(templates);
}

static void test_missing_values(void **state)
{
    (void)state;
    struct message_text text;
    struct message_values values = {.subject = "x", .link = "https://e/"};
    folder_write("email.en.txt", plain_mail);
    struct message_templates *templates = open_mail();
    assert_true(message_render(templates, NULL, &values, &text));
    assert_string_equal(text.subject, "Confirm");
    assert_string_equal(text.text, "link https://e/\nfor x []\n");
    assert_null(text.html);
    message_end(&text);
    message_close(templates);
}

static void test_hostile_values(void **state)
{
    static const struct {
        const char *name;
        const char *shown;
    } table[] = {
        {"Eve\r\nBcc: all@example.com", ""}, /* an address: looks like an advert */
        {"Eve\r\nBcc: all", "Eve  Bcc: all"},
        {"a\tb\x01\x7f"
         "c",
         "a bc"},
        {"\xc2\x85next\xe2\x80\xa8line", "nextline"},
        {"over\xe2\x80\xae"
         "ride",
         "override"},
        {"bad \xff utf8", "bad \xef\xbf\xbd utf8"},
        {"Win now https://evil.example", ""},
        {"visit evil.example", ""},
        {"evil/x", ""},
        {"J. R. Smith", "J. R. Smith"},
        {"J.R. Smith", "J.R. Smith"},
        {"O'Neil & <b>Sons</b", ""},
        {"{code}", "{code}"},
        {"Siti Nurbaya 日本", "Siti Nurbaya 日本"},
    };
    (void)state;
    folder_write("email.en.txt", "Subject: to [{name}]\nSubject: []\n\nto [{name}]\n-\n");
    folder_write("email.en.html", "to [{name}]\n");
    struct message_templates *templates = open_mail();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct message_text text;
        char expected[256];
        struct message_values values = {.code = "123456", .name = table[i].name};
        assert_true(message_render(templates, "en", &values, &text));
        bool shown = table[i].shown[0] != 0;
        snprintf(expected, sizeof expected, "%s[%s]", shown ? "to " : "", table[i].shown);
        assert_string_equal(text.subject, expected);
        assert_null(strpbrk(text.subject, "\r\n"));
        message_end(&text);
    }
    message_close(templates);
}

static void test_html_is_escaped(void **state)
{
    (void)state;
    struct message_text text;
    struct message_values values = {.name = "<b>\"O'Neil\" & Co", .code = "<script>"};
    folder_write("email.en.txt", "Subject: x\n\n{name}{code}\n");
    folder_write("email.en.html", "{name}{code}\n");
    struct message_templates *templates = open_mail();
    assert_true(message_render(templates, "en", &values, &text));
    assert_string_equal(text.html, "&lt;b&gt;&quot;O&#39;Neil&quot; &amp; Co&lt;script&gt;\n");
    assert_string_equal(text.text, "<b>\"O'Neil\" & Co<script>\n");
    message_end(&text);
    message_close(templates);
}

static void test_long_values(void **state)
{
    (void)state;
    struct message_text text;
    char name[5000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    struct message_values values = {.name = name, .code = name};
    folder_write("email.en.txt", "Subject: x\n\n{name}\n{code}\n");
    struct message_templates *templates = open_mail();
    assert_true(message_render(templates, "en", &values, &text));
    assert_int_equal(strcspn(text.text, "\n"), 100);
    assert_true(strlen(text.text) < 2300);
    message_end(&text);
    message_close(templates);
}

static void test_locales(void **state)
{
    static const struct {
        const char *locale;
        const char *template;
    } table[] = {
        {"id-ID", "id-ID"}, {"id_id", "id-ID"}, {"id-MY", "id"},           {"id", "id"},
        {"fr-FR", "en"},    {"en-GB", "en"},    {"zh-Hant-TW", "zh-Hant"}, {"zh-TW", "en"},
        {"", "en"},         {NULL, "en"},       {"../../x", "en"},         {"x", "en"},
    };
    (void)state;
    folder_write("email.en.txt", "Subject: x\n\nx\n");
    folder_write("email.id.txt", "Subject: x\n\nx\n");
    folder_write("email.id-ID.txt", "Subject: x\n\nx\n");
    folder_write("email.zh-Hant.txt", "Subject: x\n\nx\n");
    folder_write("email.broken.txt~", "not read");
    folder_write("notes.txt", "not read");
    struct message_templates *templates = open_mail();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct message_text text;
        assert_true(message_render(templates, table[i].locale, &full, &text));
        assert_string_equal(text.locale, table[i].template);
        message_end(&text);
    }
    message_close(templates);
}

static void test_dates(void **state)
{
    static const struct {
        const char *locale;
        const char *shown;
    } table[] = {
        {"en-US", "December 9, 2017 at 2:16 PM UTC\n"},
        {"en-GB", "9 December 2017 at 14:16 UTC\n"},
        {"id-ID", "9 Desember 2017 pukul 14.16 UTC\n"},
        {"ja-JP", "December 9, 2017 at 2:16 PM UTC\n"}, /* within the English text */
    };
    (void)state;
    folder_write("email.en.txt", "Subject: x\n\n{expires}\n");
    folder_write("email.id.txt", "Subject: x\n\n{expires}\n");
    struct message_templates *templates = open_mail();
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct message_text text;
        assert_true(message_render(templates, table[i].locale, &full, &text));
        assert_string_equal(text.text, table[i].shown);
        message_end(&text);
    }
    message_close(templates);
}

static void fails_with(const char *name, const char *content, enum message_kind kind,
                       const char *expected)
{
    struct error error = {0};
    folder_write(name, content);
    assert_null(message_open(folder, kind, &error));
    if (!strstr(error.text, expected))
        print_error("%s\n", error.text);
    assert_non_null(strstr(error.text, expected));
    assert_int_equal(error.code, ERROR_INVALID);
}

static void test_errors(void **state)
{
    char path[FOLDER_PATH];
    struct error error;
    (void)state;
    assert_null(message_open("/nonexistent", MESSAGE_SMS, &error));
    assert_string_equal(error.text, "/nonexistent: No such file or directory");
    assert_int_equal(error.code, ERROR_IO);
    fails_with("email.de.txt", "Subject: x\n\nx\n", MESSAGE_EMAIL, ": no email.en.txt");
    fails_with("email.en.txt", "Subject: x\n\nx\n{cod}\n", MESSAGE_EMAIL,
               "/email.en.txt:4: unknown placeholder {cod}: use {code}");
    fails_with("email.en.txt", "Subject: {subjekt}\n\nx\n", MESSAGE_EMAIL, "email.en.txt:1: ");
    fails_with("email.en.txt", "Subject: x\nBcc: y\n\nx\n", MESSAGE_EMAIL, "email.en.txt:2: ");
    fails_with("email.en.txt", "Hello\n", MESSAGE_EMAIL, "email.en.txt:1: ");
    fails_with("email.en.txt", "\nHello\n", MESSAGE_EMAIL, "email.en.txt:1: ");
    fails_with("email.en.txt", "Subject:\n\nx\n", MESSAGE_EMAIL, "the subject is empty");
    fails_with("email.en.txt", "Subject: x\n\n", MESSAGE_EMAIL, "no text");
    fails_with("email.en.txt", "Subject: x", MESSAGE_EMAIL, "no text");
    fails_with("email.en.txt", "Subject: x\n\nok\nbad \xff\n", MESSAGE_EMAIL,
               "email.en.txt:4: not UTF-8");
    folder_write("email.en.txt", "Subject: x\n\nx\n");
    fails_with("email.en.html", "<p>\n<b>{nam}</b>\n", MESSAGE_EMAIL,
               "email.en.html:2: unknown placeholder {nam}");
    fails_with("sms.id.txt", "x", MESSAGE_SMS, ": no sms.en.txt");
    fails_with("sms.en.txt", "", MESSAGE_SMS, "no text");
    snprintf(path, sizeof path, "%s/sms.en.txt", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 30000; i++)
        fputs("0123456789", file);
    fclose(file);
    assert_null(message_open(folder, MESSAGE_SMS, &error));
    assert_non_null(strstr(error.text, "larger than 256 KiB"));
}

static void test_line_ends_and_bom(void **state)
{
    (void)state;
    struct message_text text;
    folder_write("email.en.txt", "\xef\xbb\xbfSubject: x\r\n\r\nline {code}\r\nlast");
    folder_write("email.en.html", "<style>p { color:red } a {b}</style>\n");
    struct error error;
    assert_null(message_open(folder, MESSAGE_EMAIL, &error)); /* {b} */
    folder_write("email.en.html", "<style>p { color:red } a { }</style>\n");
    struct message_templates *templates = open_mail();
    assert_true(message_render(templates, "en", &full, &text));
    assert_string_equal(text.text, "line 123456\nlast\n");
    assert_string_equal(text.html, "<style>p { color:red } a { }</style>\n");
    message_end(&text);
    message_close(templates);
}

static void test_samples(void **state)
{
    static const char *const locales[] = {"en", "id", "de", "es", "fr", "ja"};
    struct message_values pin = full;
    struct message_values token = full;
    struct error error;
    (void)state;
    pin.link = NULL;
    token.code = NULL;
    struct message_templates *mail = message_open("samples/templates", MESSAGE_EMAIL, &error);
    struct message_templates *sms = message_open("samples/templates", MESSAGE_SMS, &error);
    assert_non_null(mail);
    assert_non_null(sms);
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        struct message_text text;
        assert_true(message_render(mail, locales[i], &pin, &text));
        assert_string_equal(text.locale, locales[i]);
        assert_non_null(strstr(text.subject, "123456"));
        assert_non_null(strstr(text.text, "123456"));
        assert_non_null(strstr(text.html, "123456"));
        assert_null(strstr(text.text, "http"));
        assert_null(strstr(text.html, "href"));
        message_end(&text);
        assert_true(message_render(mail, locales[i], &token, &text));
        assert_null(strstr(text.subject, "123456"));
        assert_non_null(strstr(text.text, "https://example.com/?t=a&b=c"));
        assert_non_null(strstr(text.html, "href=\"https://example.com/?t=a&amp;b=c\""));
        message_end(&text);
        assert_true(message_render(sms, locales[i], &pin, &text));
        assert_string_equal(text.locale, locales[i]);
        assert_null(text.subject);
        assert_non_null(strstr(text.text, "123456"));
        assert_null(strstr(text.text, "http"));
        message_end(&text);
        assert_true(message_render(sms, locales[i], &token, &text));
        assert_non_null(strstr(text.text, "https://example.com/?t=a&b=c"));
        message_end(&text);
    }
    message_close(mail);
    message_close(sms);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    static const struct CMUnitTest tests[] = {
        TEST(test_all_values),      TEST(test_missing_values), TEST(test_hostile_values),
        TEST(test_html_is_escaped), TEST(test_long_values),    TEST(test_locales),
        TEST(test_dates),           TEST(test_errors),         TEST(test_line_ends_and_bom),
        TEST(test_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
